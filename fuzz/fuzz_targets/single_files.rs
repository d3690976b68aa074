//! Files of a repository without a trusted root, each with what is said of it: what they make is a trusted
//! root like any other, and whatever is trusted by it is in a file that counts.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use waxwing_model::TrustedRoot;
use waxwing_model::trusted_root::single_files::SingleFiles;

fuzz_target!(|json: &[u8]| {
    let Ok(targets) = serde_json::from_slice::<BTreeMap<String, (Option<Value>, String)>>(json)
    else {
        return;
    };
    let said = targets.iter();
    let Ok(files) = SingleFiles::choose(said.map(|(path, file)| (path.as_str(), file.0.as_ref())))
    else {
        return;
    };
    let paths = files.paths().map(str::to_owned);
    let contents: BTreeMap<String, Vec<u8>> = paths
        .map(|path| (path.clone(), targets[&path].1.clone().into_bytes()))
        .collect();
    let Ok(mut root) = files.trusted_root(&contents) else {
        return;
    };
    let texts: String = contents
        .values()
        .map(|text| String::from_utf8_lossy(text))
        .collect();
    assert!(texts.contains("-----BEGIN "));
    root.passed_over.clear();
    let written = root.to_json().expect("what was made can be written");
    let again = TrustedRoot::from_json(&written).expect("what was written can be read");
    assert_eq!(again, root);
});

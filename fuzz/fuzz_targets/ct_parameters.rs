//! Parameters that are read are read the same when they are written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_ctlog::Parameters;
use waxwing_encoding::base64;

fuzz_target!(|query: &str| {
    let parameters = Parameters::new(query);
    for name in ["first", "second", "start", "end", "leaf_index", "tree_size"] {
        if let Ok(number) = parameters.number(name) {
            assert!(number <= i64::MAX as u64);
            let again = format!("{name}={number}");
            assert_eq!(Parameters::new(&again).number(name), Ok(number));
        }
    }
    if let Ok(hash) = parameters.hash() {
        let again = format!("hash={}", base64::encode(&hash));
        assert_eq!(Parameters::new(&again).hash(), Ok(hash));
    }
});

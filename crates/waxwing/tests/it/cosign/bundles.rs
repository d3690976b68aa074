//! `bundle create` and `bundle upgrade`: what ours makes is what cosign makes.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::Bench;

/// Without the members that say nothing: cosign leaves them out.
fn said(value: Value) -> Value {
    let is_nothing = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(array) => array.is_empty(),
        Value::Object(object) => object.is_empty(),
        _ => false,
    };
    match value {
        Value::Object(object) => {
            let members = object.into_iter().map(|(name, value)| (name, said(value)));
            Value::Object(members.filter(|(_, value)| !is_nothing(value)).collect())
        }
        Value::Array(array) => array.into_iter().map(said).collect(),
        other => other,
    }
}

#[test]
fn older_bundles_are_upgraded_as_cosign_upgrades_them() {
    let Some(bench) = Bench::new() else { return };
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    for (version, file) in [("version-0.1", "one.json"), ("version-0.2", "two.json")] {
        let bundle = fs::read(vectors.join(version).join("bundle.sigstore.json")).unwrap();
        fs::write(bench.path(file), bundle).unwrap();
        let line = format!("bundle upgrade {file} --out");
        bench.ours(&format!("{line} ours.json"));
        bench.theirs(&bench.sid, &format!("{line} theirs.json"));
        let read = |name| said(serde_json::from_slice(&bench.read(name)).unwrap());
        let (ours, theirs) = (read("ours.json"), read("theirs.json"));
        assert_eq!(ours, theirs, "\nours: {ours:#}\ntheirs: {theirs:#}");
        // One that is upgraded stays as it is.
        bench.ours("bundle upgrade ours.json --out again.json");
        assert_eq!(bench.read("again.json"), bench.read("ours.json"));
    }
    bench.ours_refuses("bundle upgrade blob --out x.json", "blob");
}

#[test]
fn a_bundle_of_pieces_is_that_of_cosign() {
    let Some(bench) = Bench::new() else { return };
    bench.ours("generate-key-pair");
    bench.theirs(
        &bench.trixie,
        "sign-blob --yes --key cosign.key --tlog-upload=false --output-signature sig blob",
    );
    let create = "bundle create --artifact blob --signature sig --key cosign.pub";
    bench.ours(&format!("{create} --ignore-tlog --out ours.json"));
    bench.theirs(
        &bench.sid,
        &format!("{create} --ignore-tlog --out theirs.json"),
    );
    let read = |name: &str| {
        let mut bundle = said(serde_json::from_slice(&bench.read(name)).unwrap());
        // The two spellings of one version.
        bundle["mediaType"] = "0.3".into();
        bundle
    };
    assert_eq!(read("ours.json"), read("theirs.json"));
    for bundle in ["ours.json", "theirs.json"] {
        let verify =
            format!("verify-blob --key cosign.pub --insecure-ignore-tlog --bundle {bundle}");
        bench.ours(&format!("{verify} blob"));
        bench.theirs(&bench.sid, &format!("{verify} blob"));
        bench.ours_refuses(&format!("{verify} other"), "signature");
    }
    // A log is asked unless it is said not to, and nothing is made up where none answers.
    let log = "--rekor-url http://127.0.0.1:9";
    bench.ours_refuses(&format!("{create} {log} --out none.json"), "127.0.0.1:9");
    assert!(!bench.path("none.json").exists());
}

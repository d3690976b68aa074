//! A chain that a CT log takes is taken again, with the same entry, and none of its certificates can be
//! left out but the root.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use waxwing_ctlog::{Admission, Endpoint, Submission};
use waxwing_encoding::base64;
use waxwing_pki::Certificate;

const SEED: &[u8] = include_bytes!("../corpus/ct_submission/pre_chain.json");

/// The root of the seeds is their last certificate.
static ADMISSION: LazyLock<Admission> = LazyLock::new(|| {
    let seed: Value = serde_json::from_slice(SEED).expect("the seed is JSON");
    let root = seed["chain"].as_array().and_then(|chain| chain.last());
    let root = root.and_then(Value::as_str).expect("a chain");
    let root = base64::decode(root).expect("base64");
    Admission::under(vec![Certificate::from_der(&root).expect("a certificate")])
});

fuzz_target!(|body: &[u8]| {
    let now = waxwing_fuzz::at("2026-06-01T12:00:00Z");
    let read = |endpoint, body: &[u8]| Submission::read(endpoint, body, &ADMISSION, now);
    for endpoint in [Endpoint::Chain, Endpoint::PreChain] {
        let Ok(submission) = read(endpoint, body) else {
            continue;
        };
        let other = match endpoint {
            Endpoint::Chain => Endpoint::PreChain,
            Endpoint::PreChain => Endpoint::Chain,
        };
        assert!(read(other, body).is_err());
        let chain: Value = serde_json::from_slice(body).expect("it was read");
        let again = json!({"chain": chain["chain"]}).to_string();
        let again = read(endpoint, again.as_bytes()).expect("it was read");
        assert_eq!(again.entry(), submission.entry());
        let links = chain["chain"].as_array().expect("it was read");
        let without_leaf = json!({"chain": links.get(1..)}).to_string();
        let without_leaf = read(endpoint, without_leaf.as_bytes());
        assert!(without_leaf.is_err() || endpoint == Endpoint::Chain);
    }
});

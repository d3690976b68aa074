//! Whoever trusts an issuer by https is sent nowhere else in the clear.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_client::login::fuzzing::discovery;

fuzz_target!(|json: &[u8]| {
    for endpoint in discovery(json, "https://i").into_iter().flatten() {
        assert!(endpoint.starts_with("https://"), "{endpoint}");
    }
    for endpoint in discovery(json, "http://i").into_iter().flatten() {
        let scheme = endpoint.split_once("://").map(|(scheme, _)| scheme);
        assert!(matches!(scheme, Some("http" | "https")), "{endpoint}");
    }
});

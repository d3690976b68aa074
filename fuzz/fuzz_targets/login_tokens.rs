//! An answer of a token endpoint is read, and claims that are accepted are those that were asked for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_client::login::Expected;
use waxwing_client::login::fuzzing::{claims, token_answer};
use waxwing_encoding::time::UnixTime;

const NOW: i64 = 1_764_000_000;

fuzz_target!(|json: &[u8]| {
    if let Some(token) = token_answer(json) {
        let text = String::from_utf8_lossy(json);
        assert!(token.len() <= text.len());
    }
    let expected = Expected {
        issuer: "https://i",
        client_id: "sigstore",
        nonce: Some("n"),
        now: UnixTime::from_seconds(NOW).expect("a year that can be written"),
    };
    let Some(claims) = claims(json, &expected) else {
        return;
    };
    assert_eq!(claims["iss"], "https://i");
    assert_eq!(claims["nonce"], "n");
    let audience = &claims["aud"];
    let is_ours = |one: &serde_json::Value| one == "sigstore";
    assert!(
        is_ours(audience)
            || audience
                .as_array()
                .is_some_and(|all| all.iter().any(is_ours))
    );
    assert!(
        claims["exp"]
            .as_f64()
            .is_some_and(|until| until > NOW as f64)
    );
});

//! The kind that the bundle names, and the kind that the body names.

use serde_json::json;
use waxwing_encoding::canonical_json;
use waxwing_entries::binding::{BindingError, check};

use crate::world::{SIGNER, set};

#[test]
fn a_kind_that_is_not_known_is_refused_before_its_body_is_read() {
    for (kind, version) in [
        ("hashedrekord", "0.0.3"),
        ("hashedrekord", "0.0.1 "),
        ("hashedrekord", ""),
        ("HashedRekord", "0.0.1"),
        ("dsse", "0.0.3"),
        ("intoto", "0.0.3"),
        ("rekord", "0.0.1"),
        ("rfc3161", "0.0.1"),
        ("", ""),
    ] {
        let error = check(kind, version, b"no body", &SIGNER.message()).unwrap_err();
        assert!(matches!(error, BindingError::Kind { .. }), "{error}");
    }
}

#[test]
fn a_body_of_another_kind_than_the_bundle_says_is_refused_by_both_names() {
    let (message, envelope) = (SIGNER.message(), SIGNER.envelope());
    let bodies = [
        (SIGNER.hashedrekord(), message),
        (SIGNER.hashedrekord_v2(&message), message),
        (SIGNER.dsse(), envelope),
        (SIGNER.dsse_v2(&envelope), envelope),
        (SIGNER.intoto_0_0_1(""), envelope),
        (SIGNER.intoto_0_0_2(), envelope),
    ];
    let mut pairs = 0;
    for (body, _) in &bodies {
        let text = canonical_json::to_vec(body).unwrap();
        for (named, signature) in &bodies {
            let (kind, version) = (named["kind"].as_str().unwrap(), &named["apiVersion"]);
            let version = version.as_str().unwrap();
            if (&body["kind"], &body["apiVersion"]) == (&named["kind"], &named["apiVersion"]) {
                continue;
            }
            let error = check(kind, version, &text, signature).unwrap_err();
            assert!(matches!(error, BindingError::OtherKind { .. }), "{error}");
            pairs += 1;
        }
    }
    assert_eq!(pairs, 30);
    // One letter, or the version alone.
    for (body, signature) in &bodies {
        for (field, value) in [("/kind", "other"), ("/apiVersion", "0.0.9"), ("/kind", "")] {
            let (kind, version) = (body["kind"].as_str().unwrap(), &body["apiVersion"]);
            let text = canonical_json::to_vec(&set(body, field, json!(value))).unwrap();
            let error = check(kind, version.as_str().unwrap(), &text, signature).unwrap_err();
            assert!(matches!(error, BindingError::OtherKind { .. }), "{error}");
        }
    }
}

//! The kinds of Rekor v2: one body for each signature, byte for byte.

use serde_json::{Value, json};
use waxwing_crypto::{KeyType, SignatureAlgorithm};
use waxwing_encoding::canonical_json;
use waxwing_entries::binding::{BindingError, Signed, VerifiedSignature, check};

use crate::world::{OTHER, SIGNER, Signer, bind, differs};

const KINDS: [KeyType; 4] = [
    KeyType::EcdsaP256,
    KeyType::EcdsaP384,
    KeyType::EcdsaP521,
    KeyType::Ed25519,
];

#[test]
fn a_hashedrekord_holds_an_artifact_or_an_envelope_by_any_prehashed_key() {
    for kind in KINDS {
        let signer = Signer::new(kind);
        for signature in [signer.message(), signer.envelope()] {
            for signature in [signature, signer.by_key(signature)] {
                bind(&signer.hashedrekord_v2(&signature), &signature).unwrap();
            }
        }
        // Each is about its own signature alone.
        let (message, envelope) = (signer.message(), signer.envelope());
        differs(&signer.hashedrekord_v2(&message), &envelope, "body");
        differs(&signer.hashedrekord_v2(&envelope), &message, "body");
        differs(
            &signer.hashedrekord_v2(&message),
            &signer.by_key(message),
            "body",
        );
        let other = OTHER.message();
        differs(&OTHER.hashedrekord_v2(&other), &message, "body");
    }
}

#[test]
fn a_dsse_holds_an_envelope() {
    let signature = SIGNER.envelope();
    for signature in [signature, SIGNER.by_key(signature)] {
        bind(&SIGNER.dsse_v2(&signature), &signature).unwrap();
    }
    differs(&OTHER.dsse_v2(&OTHER.envelope()), &signature, "body");
    let error = bind(&SIGNER.dsse_v2(&signature), &SIGNER.message()).unwrap_err();
    assert!(matches!(error, BindingError::Content { .. }), "{error}");
}

#[test]
fn no_text_in_the_body_may_be_another() {
    let (message, envelope) = (SIGNER.message(), SIGNER.envelope());
    for (body, signature) in [
        (SIGNER.hashedrekord_v2(&message), message),
        (SIGNER.dsse_v2(&envelope), envelope),
    ] {
        let mut texts = Vec::new();
        collect(&body["spec"], "/spec", &mut texts);
        assert_eq!(texts.len(), 5);
        for pointer in texts {
            for text in ["", "AAAA", "SHA2_512", "PKIX_ECDSA_P384_SHA_384"] {
                let mut changed = body.clone();
                *changed.pointer_mut(&pointer).unwrap() = json!(text);
                differs(&changed, &signature, "body");
            }
        }
        // Nor another spelling of the same.
        let kind = body["kind"].as_str().unwrap();
        let text = String::from_utf8(canonical_json::to_vec(&body).unwrap()).unwrap();
        check(kind, "0.0.2", text.as_bytes(), &signature).unwrap();
        for spelled in [
            format!("{text}\n"),
            text.replacen(':', ": ", 1),
            text.replacen("SHA2", "\\u0053HA2", 1),
            text.replacen('/', "\\/", 1),
            text.replacen("\"spec\":{", "\"spec\":{\"more\":1,", 1),
        ] {
            assert_ne!(spelled, text);
            let error = check(kind, "0.0.2", spelled.as_bytes(), &signature).unwrap_err();
            assert!(
                matches!(error, BindingError::Other { part: "body" }),
                "{error}"
            );
        }
    }
}

fn collect(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(pointer.to_owned()),
        Value::Object(members) => {
            for (name, value) in members {
                collect(value, &format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (number, value) in items.iter().enumerate() {
                collect(value, &format!("{pointer}/{number}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn a_signature_over_no_digest_has_no_entry() {
    let signer = Signer::new(KeyType::Ed25519);
    let message = signer.message();
    let body = signer.hashedrekord_v2(&message);
    for signed in [
        Signed::Message(None),
        Signed::Envelope(&signer.envelope, None),
    ] {
        let pure = VerifiedSignature {
            algorithm: SignatureAlgorithm::Ed25519,
            signed,
            ..message
        };
        let error = bind(&body, &pure).unwrap_err();
        assert!(matches!(error, BindingError::Algorithm { .. }), "{error}");
    }
}

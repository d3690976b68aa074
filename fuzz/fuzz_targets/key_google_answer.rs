//! A public key of Google Cloud KMS is one that is read again, by an algorithm of its kind; a newest version is one of the list.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_crypto::PublicKey;
use waxwing_keys::fuzzing::{google_newest, google_public_key, google_signature};

fuzz_target!(|json: &[u8]| {
    if let Some((key, algorithm)) = google_public_key(json) {
        assert!(algorithm.goes_with(key.key_type()));
        assert_eq!(PublicKey::from_spki_der(key.spki_der()), Ok(key));
    }
    if let Some(signature) = google_signature(json) {
        assert!(signature.len() <= json.len());
    }
    if let Some(newest) = google_newest(json) {
        let version = serde_json::json!({"name": format!("k/{newest}"), "state": "ENABLED"});
        let list = serde_json::json!({ "cryptoKeyVersions": [version] });
        assert_eq!(google_newest(list.to_string().as_bytes()), Some(newest));
    }
});

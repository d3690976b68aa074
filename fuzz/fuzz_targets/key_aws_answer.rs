//! A public key of AWS KMS is one that is read again, by an algorithm of its kind.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_crypto::PublicKey;
use waxwing_keys::fuzzing::{aws_public_key, aws_signature};

fuzz_target!(|json: &[u8]| {
    if let Some((key, algorithm)) = aws_public_key(json) {
        assert!(algorithm.goes_with(key.key_type()));
        assert_eq!(PublicKey::from_spki_der(key.spki_der()), Ok(key));
    }
    if let Some(signature) = aws_signature(json) {
        assert!(signature.len() <= json.len());
    }
});

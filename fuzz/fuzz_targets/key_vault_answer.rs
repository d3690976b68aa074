//! A public key of Vault is one that is read again, by an algorithm of its kind.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_crypto::PublicKey;
use waxwing_keys::fuzzing::{vault_public_key, vault_signature};

fuzz_target!(|json: &[u8]| {
    if let Some(((key, algorithm), _)) = vault_public_key(json) {
        assert!(algorithm.goes_with(key.key_type()));
        assert_eq!(PublicKey::from_spki_der(key.spki_der()), Ok(key));
    }
    if let Some(signature) = vault_signature(json) {
        assert!(signature.len() <= json.len());
    }
});

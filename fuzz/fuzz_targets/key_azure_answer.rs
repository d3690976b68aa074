//! A public key of Azure's is one that is read again, its address is below the one that was asked for, and a signature is DER of
//! two positive numbers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_crypto::PublicKey;
use waxwing_keys::fuzzing::{azure_public_key, azure_signature, azure_token};

fuzz_target!(|json: &[u8]| {
    if let Some(((key, algorithm), version)) = azure_public_key(json) {
        assert!(algorithm.goes_with(key.key_type()));
        assert_eq!(PublicKey::from_spki_der(key.spki_der()), Ok(key));
        let version = version.as_str().to_ascii_lowercase();
        let version = version
            .strip_prefix("https://v.vault.azure.net/keys/k/")
            .unwrap();
        assert!(version.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
    if let Some(signature) = azure_signature(json) {
        assert!((8..=72).contains(&signature.len()));
        assert_eq!(
            (signature[0], usize::from(signature[1])),
            (0x30, signature.len() - 2)
        );
        let (r, s) = signature[2..].split_at(2 + usize::from(signature[3]));
        for number in [r, s] {
            assert_eq!(
                (number[0], usize::from(number[1])),
                (0x02, number.len() - 2)
            );
            let (first, rest) = number[2..].split_first().unwrap();
            // Positive, and written in the fewest bytes.
            assert!((1..0x80).contains(first) || (*first == 0 && rest[0] >= 0x80));
        }
    }
    if let Some((_, Some(end))) = azure_token(json, 1_764_000_000) {
        assert!(end >= -62_135_596_800);
    }
});

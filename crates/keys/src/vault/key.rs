//! What the transit engine calls keys and hashes, and the form in which it gives Ed25519 keys.

use waxwing_crypto::{HashAlgorithm, KeyType};
use waxwing_encoding::base64;

use super::SERVICE;
use crate::error::ServiceError;

/// What stands before the 32 bytes of an Ed25519 key in its SubjectPublicKeyInfo (RFC 8410 section 4).
const ED25519_HEAD: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";

pub(super) fn key_type(name: &str) -> Option<KeyType> {
    Some(match name {
        "ecdsa-p256" => KeyType::EcdsaP256,
        "ecdsa-p384" => KeyType::EcdsaP384,
        "ecdsa-p521" => KeyType::EcdsaP521,
        "ed25519" => KeyType::Ed25519,
        "rsa-2048" => KeyType::Rsa(2048),
        "rsa-3072" => KeyType::Rsa(3072),
        "rsa-4096" => KeyType::Rsa(4096),
        _ => return None,
    })
}

pub(super) fn hash_name(hash: HashAlgorithm) -> &'static str {
    match hash {
        HashAlgorithm::Sha384 => "sha2-384",
        HashAlgorithm::Sha512 => "sha2-512",
        _ => "sha2-256",
    }
}

/// The engine gives Ed25519 keys as their 32 bytes in base64.
pub(super) fn of_ed25519(text: &str) -> Result<Vec<u8>, ServiceError> {
    match base64::decode(text.trim()) {
        Ok(bytes) if bytes.len() == 32 => Ok([ED25519_HEAD, &bytes].concat()),
        _ => Err(ServiceError::Answer {
            service: SERVICE,
            found: "something else as the public key".to_owned(),
            expected: "the 32 bytes of an Ed25519 key in base64",
        }),
    }
}

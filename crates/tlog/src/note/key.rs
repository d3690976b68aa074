//! The IDs of the keys that sign notes, and their written form.
//!
//! ```text
//! example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k
//! name            key ID   base64 of the signature type (01) and the public key
//! ```

use waxwing_crypto::{KeyError, KeyType, PublicKey, PublicKeyError, sha256, sha256_of_parts};
use waxwing_encoding::base64;

use crate::checkpoint::CheckpointError;

/// The type of an Ed25519 signature over the text.
pub(super) const TYPE_ED25519: u8 = 0x01;
/// The type of an ECDSA signature over the text.
pub(super) const TYPE_ECDSA: u8 = 0x02;
/// The type of a witness's timestamped Ed25519 signature.
pub(super) const TYPE_COSIGNATURE: u8 = 0x04;
/// The type of a witness's timestamped ML-DSA-44 signature.
pub(super) const TYPE_COSIGNATURE_ML_DSA: u8 = 0x06;
/// The type of an RFC 6962 tree head signature.
pub(super) const TYPE_TREE_HEAD: u8 = 0x05;
/// The type whose name follows.
pub(super) const TYPE_NAMED: u8 = 0xff;
/// The name of Rekor v2's RSA signatures, behind [`TYPE_NAMED`].
pub(super) const NAME_RSA: &[u8] = b"PKIX-RSA-PKCS#1v1.5";

/// Everything of a DER `SubjectPublicKeyInfo` of Ed25519 in front of the key's 32 bytes.
pub(super) const ED25519_SPKI_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// Everything of a DER `SubjectPublicKeyInfo` of ML-DSA-44 (RFC 9881) in front of the key's 1312
/// bytes.
pub(super) const ML_DSA_44_SPKI_PREFIX: [u8; 22] = [
    0x30, 0x82, 0x05, 0x32, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03,
    0x11, 0x03, 0x82, 0x05, 0x21, 0x00,
];

/// Why a key cannot sign or verify notes, or why its written form is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteKeyError {
    /// A key of a kind that this signature type does not take.
    #[error("a {found:?} key cannot make note signatures of this kind; expected {expected}")]
    KeyType {
        /// The kind of key at hand.
        found: KeyType,
        /// The kinds that would do.
        expected: &'static str,
    },
    /// A key name that is empty or has a blank or a `+`.
    #[error("{found:?} is no key name: empty, or with a blank or a plus sign")]
    KeyName {
        /// The name found.
        found: String,
    },
    /// Not `<name>+<ID>+<key>`.
    #[error("a verifier key has the form <name>+<8 hexadecimal digits>+<base64>")]
    Form,
    /// The key is not base64.
    #[error("the verifier key's last part: {0}")]
    Base64(#[from] base64::Base64Error),
    /// A signature type that is not known here.
    #[error("the signature type {found:#04x} is not known; expected 0x01, 0x02, 0x04 or 0x06")]
    SignatureType {
        /// The type's byte.
        found: u8,
    },
    /// The ID does not follow from the name and the key.
    #[error("the verifier key's ID is {found}; its name and key have {expected}")]
    KeyId {
        /// The digits found.
        found: String,
        /// The digits expected.
        expected: String,
    },
    /// The bytes are no public key.
    #[error(transparent)]
    PublicKey(#[from] PublicKeyError),
    /// The text to sign is not that of a tree head: a checkpoint of the key's own name, without
    /// extension lines.
    #[error("a tree head signature needs a checkpoint of {expected} without extension lines")]
    NotATreeHead {
        /// The origin that the checkpoint must have.
        expected: String,
    },
    /// The text to sign is no checkpoint, and a witness speaks of nothing else.
    #[error("a witness signs checkpoints alone: {0}")]
    NotACheckpoint(#[from] CheckpointError),
    /// A witness or a log whose name an ML-DSA-44 cosignature cannot hold.
    #[error("an ML-DSA-44 cosignature holds names of at most 255 bytes; {name:?} is longer")]
    LongName {
        /// The name of the witness, or the log's origin.
        name: String,
    },
    /// The key made no signature.
    #[error("signing failed: {0}")]
    Signing(#[from] KeyError),
}

/// The ID of a key by its name, its signature type and what that type says about it.
pub fn key_id(name: &str, signature_type: &[u8], key: &[u8]) -> [u8; 4] {
    let digest = sha256_of_parts(&[name.as_bytes(), b"\n", signature_type, key]);
    first_four(&digest)
}

/// The identifier of a log by its name and key: the whole hash whose first four bytes are the key's ID in
/// notes (C2SP signed-note for Ed25519, the original's `note` package for ECDSA and RSA).
///
/// ```text
/// Ed25519   SHA-256(origin ‖ 0A ‖ 01 ‖ key)
/// ECDSA     SHA-256(SubjectPublicKeyInfo)
/// RSA       SHA-256(origin ‖ 0A ‖ FF ‖ "PKIX-RSA-PKCS#1v1.5" ‖ SubjectPublicKeyInfo)
/// ```
pub fn log_id(origin: &str, key: &PublicKey) -> [u8; 32] {
    let origin = origin.as_bytes();
    match key.key_type() {
        KeyType::EcdsaP256 | KeyType::EcdsaP384 | KeyType::EcdsaP521 => sha256(key.spki_der()),
        KeyType::Rsa(_) => sha256_of_parts(&[origin, b"\n\xffPKIX-RSA-PKCS#1v1.5", key.spki_der()]),
        _ => sha256_of_parts(&[origin, b"\n\x01", key.bits()]),
    }
}

/// The ID of ECDSA keys, and of every key of a Rekor v1 log: the name plays no part.
pub fn key_id_of_spki(spki: &[u8]) -> [u8; 4] {
    first_four(&sha256(spki))
}

fn first_four(digest: &[u8; 32]) -> [u8; 4] {
    let [a, b, c, d, ..] = *digest;
    [a, b, c, d]
}

//! Public keys in metadata, and their identifiers.
//!
//! ```text
//! {"keytype":"ecdsa","keyval":{"public":"-----BEGIN PUBLIC KEY-----\nMFkw…"},"scheme":"ecdsa-sha2-nistp256"}
//! ```
//!
//! An identifier is the SHA-256 of the canonical key object where this program makes one, and an
//! opaque text where it reads one: public roots have keys under identifiers that do not follow from
//! their content, and what binds the two is the signature over the document that lists them. What
//! counts for a threshold is the key itself, so that one key under two names counts once.
//!
//! A key of a kind that is unknown, or that cannot be read, is no fault of the document: it is kept,
//! and verifies nothing. So are RSA keys of other sizes than 2048, 3072 and 4096 bits. A PSS signature
//! holds only with a salt as long as the hash, which is how securesystemslib signs.

use std::fmt;

use serde_json::{Map, Value, json};
use waxwing_crypto::{KeyType, PublicKey, SignatureAlgorithm, sha256};
use waxwing_encoding::{hex, olpc_json, pem};

use super::MetadataError;
use super::members::Members;

/// DER in front of the point of an ECDSA key on P-256 (RFC 5480 section 2).
const P256_SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// DER in front of an Ed25519 key (RFC 8410 section 4).
const ED25519_SPKI_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// The name of a key in metadata: any text, usually 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

impl KeyId {
    /// The name, as it stands in metadata.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A kind of key for which TUF has no scheme.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "TUF metadata has no scheme for {found:?} keys; expected ECDSA P-256 or P-384, Ed25519, RSA or ML-DSA"
)]
pub struct KeyKindError {
    /// The kind of key.
    pub found: KeyType,
}

/// A public key as it stands in metadata, with its identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    id: KeyId,
    /// The whole object, unknown members included.
    object: Map<String, Value>,
    verifier: Option<(PublicKey, SignatureAlgorithm)>,
}

impl Key {
    /// The metadata of a key, with the type, scheme and identifier that securesystemslib gives it.
    pub fn new(key: &PublicKey) -> Result<Self, KeyKindError> {
        let found = key.key_type();
        let (key_type, scheme) = match found {
            KeyType::EcdsaP256 => ("ecdsa", "ecdsa-sha2-nistp256"),
            KeyType::EcdsaP384 => ("ecdsa", "ecdsa-sha2-nistp384"),
            KeyType::Ed25519 => ("ed25519", "ed25519"),
            KeyType::Rsa(_) => ("rsa", "rsassa-pss-sha256"),
            KeyType::MlDsa44 => ("ml-dsa", "ml-dsa-44/1"),
            KeyType::MlDsa65 => ("ml-dsa", "ml-dsa-65/1"),
            KeyType::MlDsa87 => ("ml-dsa", "ml-dsa-87/1"),
            _ => return Err(KeyKindError { found }),
        };
        let public = match found {
            KeyType::Ed25519 => hex::encode(key.bits()),
            _ => key.to_pem(),
        };
        let algorithm = algorithm(key_type, scheme).ok_or(KeyKindError { found })?;
        let object = Map::from_iter([
            ("keytype".to_owned(), json!(key_type)),
            ("keyval".to_owned(), json!({ "public": public })),
            ("scheme".to_owned(), json!(scheme)),
        ]);
        let object = Value::Object(object);
        // Only numbers that are not integers have no canonical form.
        let canonical = olpc_json::to_vec(&object).unwrap_or_default();
        let Value::Object(object) = object else {
            return Err(KeyKindError { found });
        };
        Ok(Self {
            id: KeyId(hex::encode(&sha256(&canonical))),
            object,
            verifier: Some((key.clone(), algorithm)),
        })
    }

    /// Reads a key under the name that the document gives it.
    pub(super) fn read(id: String, value: Value, place: String) -> Result<Self, MetadataError> {
        let mut members = Members::of(value.clone(), place)?;
        let key_type = members.text("keytype")?;
        let scheme = members.text("scheme")?;
        let mut key_value = members.object("keyval")?;
        let verifier = match (algorithm(&key_type, &scheme), key_value.optional("public")) {
            (Some(algorithm), Some(Value::String(public))) => {
                let key = public_key(algorithm, &public);
                key.filter(|key| algorithm.goes_with(key.key_type()))
                    .map(|key| (key, algorithm))
            }
            _ => None,
        };
        let object = match value {
            Value::Object(object) => object,
            _ => Map::new(),
        };
        Ok(Self {
            id: KeyId(id),
            object,
            verifier,
        })
    }

    /// The identifier under which the document lists it.
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// The key, unless it is of a kind that is unknown here or cannot be read.
    pub fn public_key(&self) -> Option<&PublicKey> {
        self.verifier.as_ref().map(|(key, _)| key)
    }

    /// How it signs; none where [`public_key`](Self::public_key) has none.
    pub fn algorithm(&self) -> Option<SignatureAlgorithm> {
        self.verifier.as_ref().map(|(_, algorithm)| *algorithm)
    }

    /// The key, if it made this signature.
    pub(crate) fn verify(&self, payload: &[u8], signature: &[u8]) -> Option<&PublicKey> {
        let (key, algorithm) = self.verifier.as_ref()?;
        key.verify(*algorithm, payload, signature).ok()?;
        Some(key)
    }

    pub(super) fn write(&self) -> Value {
        Value::Object(self.object.clone())
    }
}

/// What a type and a scheme mean. The types that are named like their scheme are older than `ecdsa`.
fn algorithm(key_type: &str, scheme: &str) -> Option<SignatureAlgorithm> {
    Some(match (key_type, scheme) {
        ("ecdsa" | "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256") => {
            SignatureAlgorithm::EcdsaP256Sha256
        }
        ("ecdsa" | "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384") => {
            SignatureAlgorithm::EcdsaP384Sha384
        }
        ("ed25519", "ed25519") => SignatureAlgorithm::Ed25519,
        ("rsa", "rsassa-pss-sha256") => SignatureAlgorithm::RsaPssSha256,
        ("rsa", "rsa-pkcs1v15-sha256") => SignatureAlgorithm::RsaPkcs1Sha256,
        ("ml-dsa", "ml-dsa-44/1") => SignatureAlgorithm::MlDsa44,
        ("ml-dsa", "ml-dsa-65/1") => SignatureAlgorithm::MlDsa65,
        ("ml-dsa", "ml-dsa-87/1") => SignatureAlgorithm::MlDsa87,
        _ => return None,
    })
}

fn public_key(algorithm: SignatureAlgorithm, public: &str) -> Option<PublicKey> {
    let raw = |prefix: &[u8], length: usize| {
        let bits = hex::decode(public).ok()?;
        let spki = [prefix, &bits].concat();
        let key = PublicKey::from_spki_der(&spki).ok();
        key.filter(|_| bits.len() == length)
    };
    match algorithm {
        SignatureAlgorithm::Ed25519 => raw(&ED25519_SPKI_PREFIX, 32),
        // The public root of 2021 has the point itself.
        SignatureAlgorithm::EcdsaP256Sha256 if public.starts_with("04") => {
            raw(&P256_SPKI_PREFIX, 65)
        }
        _ => match pem::decode(public).ok()? {
            block if block.label == "RSA PUBLIC KEY" => PublicKey::from_pkcs1_der(&block.der).ok(),
            _ => PublicKey::from_pem(public).ok(),
        },
    }
}

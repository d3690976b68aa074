//! The keys under which a note is opened.

use std::fmt;

use waxwing_crypto::{KeyType, PublicKey, SignatureAlgorithm};
use waxwing_encoding::{base64, hex};

use crate::hash::decode_base64;

use super::key::{
    ED25519_SPKI_PREFIX, ML_DSA_44_SPKI_PREFIX, NAME_RSA, TYPE_COSIGNATURE,
    TYPE_COSIGNATURE_ML_DSA, TYPE_ECDSA, TYPE_ED25519, TYPE_NAMED, TYPE_TREE_HEAD,
};
use super::{NoteKeyError, NoteSignature, VerifiedSignature, cosignature, tree_head};
use super::{check_key_name, key_id, key_id_of_spki};

/// A public key, the name it goes by in notes, and how it signs them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteVerifier {
    /// Empty for the key of a Rekor v1 log, which goes by any name.
    name: String,
    key_id: [u8; 4],
    key: PublicKey,
    signed: Signed,
}

/// What a signature covers, and by which algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signed {
    /// The text of the note.
    Text(SignatureAlgorithm),
    /// The tree head that the text states.
    TreeHead(SignatureAlgorithm),
    /// A time and the text, or the tree head that it states.
    Cosignature(SignatureAlgorithm),
}

impl NoteVerifier {
    /// A key of signature type 1: Ed25519 over the text, as Rekor v2 logs sign.
    pub fn ed25519(name: &str, key: &PublicKey) -> Result<Self, NoteKeyError> {
        let algorithm = match key.key_type() {
            KeyType::Ed25519 => SignatureAlgorithm::Ed25519,
            found => return Err(wrong_key(found, "Ed25519")),
        };
        let key_id = key_id(name, &[TYPE_ED25519], key.bits());
        Self::new(name, key_id, key, Signed::Text(algorithm))
    }

    /// A key of signature type 2: ECDSA with SHA-256 over the text, on P-256, P-384 or P-521.
    pub fn ecdsa(name: &str, key: &PublicKey) -> Result<Self, NoteKeyError> {
        let algorithm = ecdsa_with_sha256(key.key_type())?;
        let key_id = key_id_of_spki(key.spki_der());
        Self::new(name, key_id, key, Signed::Text(algorithm))
    }

    /// An RSA key of a Rekor v2 log: PKCS#1 v1.5 with SHA-256 over the text.
    pub fn rsa(name: &str, key: &PublicKey) -> Result<Self, NoteKeyError> {
        let algorithm = match key.key_type() {
            KeyType::Rsa(_) => SignatureAlgorithm::RsaPkcs1Sha256,
            found => return Err(wrong_key(found, "RSA")),
        };
        let signature_type = [&[TYPE_NAMED], NAME_RSA].concat();
        let key_id = key_id(name, &signature_type, key.spki_der());
        Self::new(name, key_id, key, Signed::Text(algorithm))
    }

    /// A key as Rekor v2 logs use it: Ed25519, ECDSA or RSA, each by its own rule.
    pub fn rekor_v2(name: &str, key: &PublicKey) -> Result<Self, NoteKeyError> {
        match key.key_type() {
            KeyType::Ed25519 => Self::ed25519(name, key),
            KeyType::Rsa(_) => Self::rsa(name, key),
            _ => Self::ecdsa(name, key),
        }
    }

    /// A key of a Rekor v1 log: whatever its kind, its ID comes from the `SubjectPublicKeyInfo`
    /// alone, where signed-note would have other rules for Ed25519. Its lines carry whatever host
    /// name the server took itself to have, so the ID alone says that a line is by this key.
    pub fn rekor_v1(key: &PublicKey) -> Result<Self, NoteKeyError> {
        let algorithm = match key.key_type() {
            KeyType::Ed25519 => SignatureAlgorithm::Ed25519,
            KeyType::Rsa(_) => SignatureAlgorithm::RsaPkcs1Sha256,
            ecdsa => ecdsa_with_sha256(ecdsa)?,
        };
        Ok(Self {
            name: String::new(),
            key_id: key_id_of_spki(key.spki_der()),
            key: key.clone(),
            signed: Signed::Text(algorithm),
        })
    }

    /// A key of signature type 4: a witness's Ed25519, over a time and the text.
    pub fn cosignature_v1(name: &str, key: &PublicKey) -> Result<Self, NoteKeyError> {
        let algorithm = match key.key_type() {
            KeyType::Ed25519 => SignatureAlgorithm::Ed25519,
            found => return Err(wrong_key(found, "Ed25519")),
        };
        let key_id = key_id(name, &[TYPE_COSIGNATURE], key.bits());
        Self::new(name, key_id, key, Signed::Cosignature(algorithm))
    }

    /// A key of signature type 6: a witness's ML-DSA-44, over a time, the names of witness and log,
    /// and the tree head that the text states.
    pub fn cosignature_ml_dsa(name: &str, key: &PublicKey) -> Result<Self, NoteKeyError> {
        let algorithm = match key.key_type() {
            KeyType::MlDsa44 => SignatureAlgorithm::MlDsa44,
            found => return Err(wrong_key(found, "ML-DSA-44")),
        };
        cosignature::check_name(name)?;
        let key_id = key_id(name, &[TYPE_COSIGNATURE_ML_DSA], key.bits());
        Self::new(name, key_id, key, Signed::Cosignature(algorithm))
    }

    /// A key of signature type 5: a Certificate Transparency log's, ECDSA on P-256 or RSA, over the
    /// tree head. The name is the log's origin.
    pub fn tree_head(name: &str, key: &PublicKey) -> Result<Self, NoteKeyError> {
        let algorithm = match key.key_type() {
            KeyType::EcdsaP256 => SignatureAlgorithm::EcdsaP256Sha256,
            KeyType::Rsa(_) => SignatureAlgorithm::RsaPkcs1Sha256,
            found => return Err(wrong_key(found, "ECDSA P-256 or RSA")),
        };
        let key_id = key_id(name, &[TYPE_TREE_HEAD], &key.sha256_of_spki());
        Self::new(name, key_id, key, Signed::TreeHead(algorithm))
    }

    /// Reads the written form of an Ed25519 or ECDSA key, or of a witness's.
    pub fn parse(text: &str) -> Result<Self, NoteKeyError> {
        // The base64 part may contain more plus signs.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteKeyError::Form);
        };
        let digits = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if id.len() != 8 || !id.bytes().all(digits) {
            return Err(NoteKeyError::Form);
        }
        let key = decode_base64(key)?;
        let verifier = match key.split_first() {
            Some((&TYPE_ED25519, bits)) => Self::ed25519(name, &ed25519_key(bits)?)?,
            Some((&TYPE_COSIGNATURE, bits)) => Self::cosignature_v1(name, &ed25519_key(bits)?)?,
            Some((&TYPE_COSIGNATURE_ML_DSA, bits)) => {
                Self::cosignature_ml_dsa(name, &ml_dsa_44_key(bits)?)?
            }
            Some((&TYPE_ECDSA, spki)) => Self::ecdsa(name, &PublicKey::from_spki_der(spki)?)?,
            Some((&found, _)) => return Err(NoteKeyError::SignatureType { found }),
            None => return Err(NoteKeyError::Form),
        };
        let expected = hex::encode(&verifier.key_id);
        if id != expected {
            return Err(NoteKeyError::KeyId {
                found: id.to_owned(),
                expected,
            });
        }
        Ok(verifier)
    }

    /// The key's name; empty for that of a Rekor v1 log, which goes by any name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's ID.
    pub fn key_id(&self) -> [u8; 4] {
        self.key_id
    }

    /// The same key under an ID that was given out for it (`checkpointKeyId` of a trusted root)
    /// instead of the one that follows from name and key.
    pub fn with_key_id(mut self, key_id: [u8; 4]) -> Self {
        self.key_id = key_id;
        self
    }

    /// The public key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Whether this is a witness's key, whose signatures are cosignatures.
    pub fn is_cosigner(&self) -> bool {
        matches!(self.signed, Signed::Cosignature(_))
    }

    pub(super) fn signed(&self) -> Signed {
        self.signed
    }

    /// Whether a signature line claims to be by this key.
    pub fn made(&self, signature: &NoteSignature) -> bool {
        self.key_id == signature.key_id && (self.name.is_empty() || self.name == signature.name)
    }

    /// Checks a signature that claims to be by this key.
    pub(crate) fn verify<'a>(
        &self,
        text: &str,
        signature: &'a NoteSignature,
    ) -> Option<VerifiedSignature<'a>> {
        let timestamp = match self.signed {
            Signed::Text(algorithm) => {
                let checked = self
                    .key
                    .verify(algorithm, text.as_bytes(), signature.bytes());
                checked.ok().map(|()| None)
            }
            Signed::TreeHead(algorithm) => self.verify_tree_head(algorithm, text, signature),
            Signed::Cosignature(algorithm) => self.verify_cosignature(algorithm, text, signature),
        };
        timestamp.map(|timestamp| VerifiedSignature {
            signature,
            timestamp,
        })
    }

    fn verify_tree_head(
        &self,
        algorithm: SignatureAlgorithm,
        text: &str,
        signature: &NoteSignature,
    ) -> Option<Option<u64>> {
        let head = tree_head::tree_head(text, &self.name)?;
        let number = tree_head::signature_number(algorithm);
        let (timestamp, signature) = tree_head::parse(signature.bytes(), number)?;
        let input = tree_head::tree_head_signature_input(timestamp, head.size(), &head.root());
        self.key.verify(algorithm, &input, signature).ok()?;
        Some(Some(timestamp))
    }

    fn verify_cosignature(
        &self,
        algorithm: SignatureAlgorithm,
        text: &str,
        signature: &NoteSignature,
    ) -> Option<Option<u64>> {
        let (seconds, signature) = cosignature::parse(algorithm, signature.bytes())?;
        let milliseconds = cosignature::milliseconds(seconds)?;
        let signed = cosignature::signed_bytes(algorithm, &self.name, seconds, text).ok()?;
        self.key.verify(algorithm, &signed, signature).ok()?;
        Some(Some(milliseconds))
    }

    fn new(
        name: &str,
        key_id: [u8; 4],
        key: &PublicKey,
        signed: Signed,
    ) -> Result<Self, NoteKeyError> {
        check_key_name(name).map_err(|_| NoteKeyError::KeyName {
            found: name.to_owned(),
        })?;
        Ok(Self {
            name: name.to_owned(),
            key_id,
            key: key.clone(),
            signed,
        })
    }
}

/// Writes the key as [`NoteVerifier::parse`] reads it. Keys that have no such form, those of tree
/// heads, RSA and Rekor v1 logs, are written with a type or a name that it refuses.
impl fmt::Display for NoteVerifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = match (self.signed, self.key.key_type()) {
            (Signed::TreeHead(_), _) => [&[TYPE_TREE_HEAD], self.key.spki_der()].concat(),
            (Signed::Cosignature(_), KeyType::MlDsa44) => {
                [&[TYPE_COSIGNATURE_ML_DSA], self.key.bits()].concat()
            }
            (Signed::Cosignature(_), _) => [&[TYPE_COSIGNATURE], self.key.bits()].concat(),
            (Signed::Text(_), KeyType::Ed25519) => [&[TYPE_ED25519], self.key.bits()].concat(),
            (Signed::Text(_), KeyType::Rsa(_)) => {
                [&[TYPE_NAMED], NAME_RSA, self.key.spki_der()].concat()
            }
            (Signed::Text(_), _) => [&[TYPE_ECDSA], self.key.spki_der()].concat(),
        };
        let id = hex::encode(&self.key_id);
        write!(formatter, "{}+{id}+{}", self.name, base64::encode(&key))
    }
}

/// The key of the 32 bytes that are left of it in its written form.
fn ed25519_key(bits: &[u8]) -> Result<PublicKey, NoteKeyError> {
    let spki = [&ED25519_SPKI_PREFIX, bits].concat();
    Ok(PublicKey::from_spki_der(&spki)?)
}

/// The key of the 1312 bytes that are left of it in its written form.
fn ml_dsa_44_key(bits: &[u8]) -> Result<PublicKey, NoteKeyError> {
    let spki = [&ML_DSA_44_SPKI_PREFIX, bits].concat();
    Ok(PublicKey::from_spki_der(&spki)?)
}

fn ecdsa_with_sha256(key: KeyType) -> Result<SignatureAlgorithm, NoteKeyError> {
    match key {
        KeyType::EcdsaP256 => Ok(SignatureAlgorithm::EcdsaP256Sha256),
        KeyType::EcdsaP384 => Ok(SignatureAlgorithm::EcdsaP384Sha256),
        KeyType::EcdsaP521 => Ok(SignatureAlgorithm::EcdsaP521Sha256),
        found => Err(wrong_key(found, "ECDSA")),
    }
}

fn wrong_key(found: KeyType, expected: &'static str) -> NoteKeyError {
    NoteKeyError::KeyType { found, expected }
}

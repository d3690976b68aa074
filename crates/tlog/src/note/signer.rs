//! The keys that sign notes.

use std::sync::Arc;

use waxwing_crypto::{PrivateKey, SignatureAlgorithm};
use waxwing_encoding::hex;
use waxwing_encoding::time::UnixTime;
use zeroize::Zeroizing;

use super::key::TYPE_ED25519;
use super::verifier::Signed;
use super::{Note, NoteKeyError, NoteSignature, NoteVerifier, check_key_name};
use super::{cosignature, tree_head};
use crate::checkpoint::Checkpoint;
use crate::hash::decode_base64;

/// A private key, the name it goes by in notes, and how it signs them.
#[derive(Debug, Clone)]
pub struct NoteSigner {
    name: String,
    verifier: NoteVerifier,
    key: Arc<PrivateKey>,
}

impl NoteSigner {
    /// Signs the text with Ed25519 (signature type 1), as Rekor v2 logs do.
    pub fn ed25519(name: &str, key: Arc<PrivateKey>) -> Result<Self, NoteKeyError> {
        Self::new(NoteVerifier::ed25519(name, key.public_key())?, key)
    }

    /// Reads the written form of a private key, as Go's `note.GenerateKey` makes it for Ed25519:
    ///
    /// ```text
    /// PRIVATE+KEY+example.com/log+1d5a5b0c+AWd9v…     name, ID, and in base64 the byte 1 and the seed
    /// ```
    pub fn parse(text: &str) -> Result<Self, NoteKeyError> {
        let rest = text.strip_prefix("PRIVATE+KEY+");
        let mut parts = rest.ok_or(NoteKeyError::Form)?.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteKeyError::Form);
        };
        let key = Zeroizing::new(decode_base64(key)?);
        let seed = match key.split_first() {
            Some((&TYPE_ED25519, seed)) => seed,
            Some((&found, _)) => return Err(NoteKeyError::SignatureType { found }),
            None => return Err(NoteKeyError::Form),
        };
        let seed = seed.try_into().map_err(|_| NoteKeyError::Form)?;
        let key = PrivateKey::from_ed25519_seed(seed).map_err(|_| NoteKeyError::Form)?;
        let signer = Self::ed25519(name, Arc::new(key))?;
        let expected = hex::encode(&signer.verifier.key_id());
        if id != expected {
            return Err(NoteKeyError::KeyId {
                found: id.to_owned(),
                expected,
            });
        }
        Ok(signer)
    }

    /// The name that its signatures go by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Signs the text with ECDSA P-256 (signature type 2).
    pub fn ecdsa(name: &str, key: Arc<PrivateKey>) -> Result<Self, NoteKeyError> {
        Self::new(NoteVerifier::ecdsa(name, key.public_key())?, key)
    }

    /// Signs the text as Rekor v1 logs do, with ECDSA P-256 or Ed25519. The name is on the line and
    /// means nothing to the verifier.
    pub fn rekor_v1(name: &str, key: Arc<PrivateKey>) -> Result<Self, NoteKeyError> {
        check_key_name(name).map_err(|_| NoteKeyError::KeyName {
            found: name.to_owned(),
        })?;
        let signer = Self::new(NoteVerifier::rekor_v1(key.public_key())?, key)?;
        Ok(Self {
            name: name.to_owned(),
            ..signer
        })
    }

    /// Signs a time and a checkpoint with Ed25519 (signature type 4), as witnesses do.
    pub fn cosignature_v1(name: &str, key: Arc<PrivateKey>) -> Result<Self, NoteKeyError> {
        Self::new(NoteVerifier::cosignature_v1(name, key.public_key())?, key)
    }

    /// Signs a time and a checkpoint with ML-DSA-44 (signature type 6), as witnesses do that
    /// prepare for quantum computers. The checkpoint's extension lines are not covered.
    pub fn cosignature_ml_dsa(name: &str, key: Arc<PrivateKey>) -> Result<Self, NoteKeyError> {
        Self::new(
            NoteVerifier::cosignature_ml_dsa(name, key.public_key())?,
            key,
        )
    }

    /// Signs the tree head that the text states, as Certificate Transparency logs do (signature
    /// type 5), with ECDSA P-256. The name is the log's origin.
    pub fn tree_head(name: &str, key: Arc<PrivateKey>) -> Result<Self, NoteKeyError> {
        Self::new(NoteVerifier::tree_head(name, key.public_key())?, key)
    }

    /// The public side of this signer.
    pub fn verifier(&self) -> &NoteVerifier {
        &self.verifier
    }

    /// Whether it signs tree heads (signature type 5), which have no place for extension lines.
    pub fn signs_tree_heads(&self) -> bool {
        matches!(self.verifier.signed(), Signed::TreeHead(_))
    }

    /// Signs a note. The time goes into signatures that have a time, and nowhere else.
    pub fn sign(&self, note: &Note, time: UnixTime) -> Result<NoteSignature, NoteKeyError> {
        let bytes = match self.verifier.signed() {
            Signed::Text(_) => self.key.sign(note.text().as_bytes())?,
            Signed::TreeHead(algorithm) => self.sign_tree_head(algorithm, note, time)?,
            Signed::Cosignature(algorithm) => self.cosign(algorithm, note, time)?,
        };
        Ok(NoteSignature {
            name: self.name.clone(),
            key_id: self.verifier.key_id(),
            bytes,
        })
    }

    fn sign_tree_head(
        &self,
        algorithm: SignatureAlgorithm,
        note: &Note,
        time: UnixTime,
    ) -> Result<Vec<u8>, NoteKeyError> {
        let origin = self.verifier.name();
        let not_a_head = || NoteKeyError::NotATreeHead {
            expected: origin.to_owned(),
        };
        let head = tree_head::tree_head(note.text(), origin).ok_or_else(not_a_head)?;
        let timestamp = time.milliseconds();
        let input = tree_head::tree_head_signature_input(timestamp, head.size(), &head.root());
        let signature = self.key.sign(&input)?;
        let number = tree_head::signature_number(algorithm);
        tree_head::encode(timestamp, number, &signature).map_err(|_| not_a_head())
    }

    fn cosign(
        &self,
        algorithm: SignatureAlgorithm,
        note: &Note,
        time: UnixTime,
    ) -> Result<Vec<u8>, NoteKeyError> {
        Checkpoint::parse(note.text())?;
        let seconds = cosignature::seconds(time.milliseconds());
        let signed = cosignature::signed_bytes(algorithm, &self.name, seconds, note.text())?;
        Ok(cosignature::encode(seconds, &self.key.sign(&signed)?))
    }

    fn new(verifier: NoteVerifier, key: Arc<PrivateKey>) -> Result<Self, NoteKeyError> {
        let (Signed::Text(algorithm)
        | Signed::TreeHead(algorithm)
        | Signed::Cosignature(algorithm)) = verifier.signed();
        // A P-384 key signs with SHA-384, and notes want SHA-256.
        if algorithm != key.algorithm() {
            return Err(NoteKeyError::KeyType {
                found: key.public_key().key_type(),
                expected: "ECDSA P-256 or Ed25519",
            });
        }
        Ok(Self {
            name: verifier.name().to_owned(),
            verifier,
            key,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of golang.org/x/mod/sumdb/note.
    const PRIVATE: &str =
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn a_written_private_key_belongs_to_its_public_one() {
        let signer = NoteSigner::parse(PRIVATE).unwrap();
        assert_eq!(signer.verifier().to_string(), PUBLIC);
        assert_eq!(signer.name(), "PeterNeumann");
    }

    #[test]
    fn other_forms_of_private_keys_are_refused() {
        let refused = |text: &str| NoteSigner::parse(text).unwrap_err();
        assert!(matches!(refused(PUBLIC), NoteKeyError::Form));
        assert!(matches!(
            refused("PRIVATE+KEY+a+00000000"),
            NoteKeyError::Form
        ));
        let other = PRIVATE.replace("c74f20a3", "c74f20a4");
        assert!(matches!(refused(&other), NoteKeyError::KeyId { .. }));
        let other = PRIVATE.replace("+AYEK", "+AoEK");
        assert!(matches!(
            refused(&other),
            NoteKeyError::SignatureType { found: 2 }
        ));
        let short = PRIVATE.strip_suffix("KDFz").unwrap();
        assert!(matches!(refused(short), NoteKeyError::Form));
    }
}

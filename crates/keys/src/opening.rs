//! What a key is opened with, and what every service does with its public half.

use waxwing_crypto::{HashAlgorithm, KeyType, PublicKey, SignatureAlgorithm};

use crate::error::{OpenError, ServiceError};
use crate::{KeyReference, Surroundings};

/// What a key is opened with.
pub(crate) struct Opening<'a> {
    pub(crate) reference: &'a KeyReference,
    pub(crate) hash: Option<HashAlgorithm>,
    pub(crate) surroundings: &'a Surroundings,
}

impl Opening<'_> {
    pub(crate) fn key(&self) -> String {
        self.reference.to_string()
    }

    pub(crate) fn failed(&self, source: impl Into<ServiceError>) -> OpenError {
        OpenError::Service {
            key: self.key(),
            source: source.into(),
        }
    }

    /// Reads a public key; one that is too weak is refused there.
    pub(crate) fn public_key(&self, spki: &[u8]) -> Result<PublicKey, OpenError> {
        PublicKey::from_spki_der(spki).map_err(|source| OpenError::PublicKey {
            key: self.key(),
            source,
        })
    }

    /// The same for an RSA key in PKCS#1.
    pub(crate) fn public_key_of_pkcs1(&self, der: &[u8]) -> Result<PublicKey, OpenError> {
        PublicKey::from_pkcs1_der(der).map_err(|source| OpenError::PublicKey {
            key: self.key(),
            source,
        })
    }

    /// The same in PEM, whether a newline ends it or not.
    pub(crate) fn public_key_of_pem(&self, text: &str) -> Result<PublicKey, OpenError> {
        PublicKey::from_pem(&format!("{}\n", text.trim())).map_err(|source| OpenError::PublicKey {
            key: self.key(),
            source,
        })
    }

    /// The algorithm if it goes with the key.
    pub(crate) fn fitting(
        &self,
        algorithm: SignatureAlgorithm,
        key: &PublicKey,
    ) -> Result<SignatureAlgorithm, OpenError> {
        match algorithm.goes_with(key.key_type()) {
            true => Ok(algorithm),
            false => Err(OpenError::Mismatch {
                key: self.key(),
                algorithm,
                found: key.key_type(),
            }),
        }
    }

    /// By the hash that was asked for, or by the one that Sigstore has for such a key.
    pub(crate) fn by_hash(&self, key: KeyType) -> Result<SignatureAlgorithm, OpenError> {
        let Some(default) = SignatureAlgorithm::default_for(key) else {
            return Err(self.unknown(format!("{key:?}")));
        };
        match self.hash {
            Some(hash) if default.hash().is_some() => SignatureAlgorithm::with_hash(key, hash)
                .ok_or_else(|| OpenError::Hash {
                    key: self.key(),
                    found: key,
                    hash,
                }),
            _ => Ok(default),
        }
    }

    pub(crate) fn unknown(&self, found: impl Into<String>) -> OpenError {
        OpenError::Algorithm {
            key: self.key(),
            found: waxwing_net::printable(&found.into()),
            expected: "ECDSA on P-256, P-384 or P-521, RSA of 2048, 3072 or 4096 bits, or Ed25519, as this service has them",
        }
    }
}

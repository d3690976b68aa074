//! Private keys held in memory: made here, read and written as PKCS#8, wiped when dropped.

use aws_lc_rs::encoding::{AsBigEndian, AsDer, Curve25519SeedBin, PublicKeyX509Der};
use aws_lc_rs::signature::{self as provider, KeyPair};
use waxwing_encoding::pem;
use zeroize::Zeroizing;

use crate::prehashed::Prehashed;
use crate::{Digest, HashAlgorithm, KeyType, PublicKey, SignatureAlgorithm};

/// Why a private key cannot be made, read or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Keys of this kind are verified, not made.
    #[error("keys of the kind {key:?} cannot be made here; expected P-256, P-384 or Ed25519")]
    Kind {
        /// The kind asked for.
        key: KeyType,
    },
    /// Not PEM.
    #[error("expected a PEM block PRIVATE KEY: {0}")]
    Pem(#[from] pem::PemError),
    /// Not PKCS#8 of a P-256, P-384 or Ed25519 key.
    #[error("not an unencrypted PKCS#8 key on P-256, P-384 or Ed25519")]
    Pkcs8,
    /// A digest by another hash than the key signs with, or any digest for a key that signs
    /// messages whole.
    #[error("a digest of {found:?} cannot be signed with this key; expected {expected:?}")]
    Digest {
        /// The digest's hash.
        found: HashAlgorithm,
        /// The key's hash; none for Ed25519.
        expected: Option<HashAlgorithm>,
    },
    /// The provider refused to make a key or a signature.
    #[error("the cryptography provider failed")]
    Provider,
}

/// A private key with its public half.
pub struct PrivateKey {
    pair: Pair,
    public: PublicKey,
}

enum Pair {
    Ecdsa(provider::EcdsaKeyPair),
    Ed25519(provider::Ed25519KeyPair),
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "PrivateKey({:?}, secret)",
            self.public.key_type()
        )
    }
}

impl PrivateKey {
    /// A fresh key.
    pub fn generate(key: KeyType) -> Result<Self, KeyError> {
        let pair = match key {
            KeyType::EcdsaP256 => ecdsa(&provider::ECDSA_P256_SHA256_ASN1_SIGNING)?,
            KeyType::EcdsaP384 => ecdsa(&provider::ECDSA_P384_SHA384_ASN1_SIGNING)?,
            KeyType::Ed25519 => {
                Pair::Ed25519(provider::Ed25519KeyPair::generate().map_err(|_| KeyError::Provider)?)
            }
            other => return Err(KeyError::Kind { key: other }),
        };
        Self::from_pair(pair)
    }

    /// Reads unencrypted PKCS#8.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyError> {
        let p256 = || {
            provider::EcdsaKeyPair::from_pkcs8(&provider::ECDSA_P256_SHA256_ASN1_SIGNING, der)
                .map(Pair::Ecdsa)
        };
        let p384 = || {
            provider::EcdsaKeyPair::from_pkcs8(&provider::ECDSA_P384_SHA384_ASN1_SIGNING, der)
                .map(Pair::Ecdsa)
        };
        let ed25519 = || {
            // OpenSSL writes PKCS#8 version 1, without the public half.
            provider::Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Pair::Ed25519)
        };
        let pair = p256().or_else(|_| p384()).or_else(|_| ed25519());
        Self::from_pair(pair.map_err(|_| KeyError::Pkcs8)?)
    }

    /// Reads a PEM block `PRIVATE KEY`.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let block = pem::decode(text)?;
        let der = Zeroizing::new(block.der);
        if block.label != "PRIVATE KEY" {
            return Err(KeyError::Pkcs8);
        }
        Self::from_pkcs8_der(&der)
    }

    /// Writes a PEM block `PRIVATE KEY` (PKCS#8, unencrypted).
    pub fn to_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        let document = match &self.pair {
            Pair::Ecdsa(pair) => pair.to_pkcs8v1(),
            Pair::Ed25519(pair) => pair.to_pkcs8v1(),
        };
        let document = document.map_err(|_| KeyError::Provider)?;
        Ok(Zeroizing::new(pem::encode(
            "PRIVATE KEY",
            document.as_ref(),
        )))
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The algorithm that [`sign`](Self::sign) uses: SHA-256 with P-256, SHA-384 with P-384.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        match self.public.key_type() {
            KeyType::EcdsaP384 => SignatureAlgorithm::EcdsaP384Sha384,
            KeyType::Ed25519 => SignatureAlgorithm::Ed25519,
            _ => SignatureAlgorithm::EcdsaP256Sha256,
        }
    }

    /// Signs `message`: ECDSA signatures as ASN.1 DER, Ed25519 as 64 bytes.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = aws_lc_rs::rand::SystemRandom::new();
        let signature = match &self.pair {
            Pair::Ecdsa(pair) => pair.sign(&random, message),
            Pair::Ed25519(pair) => pair.try_sign(message),
        };
        Ok(signature.map_err(|_| KeyError::Provider)?.as_ref().to_vec())
    }

    /// Signs a message of which only the digest is at hand, with [`algorithm`](Self::algorithm); the
    /// digest must be by that algorithm's hash.
    pub fn sign_digest(&self, digest: &Digest) -> Result<Vec<u8>, KeyError> {
        let expected = self.algorithm().hash();
        let Pair::Ecdsa(pair) = &self.pair else {
            return Err(KeyError::Digest {
                found: digest.algorithm(),
                expected,
            });
        };
        if expected != Some(digest.algorithm()) {
            return Err(KeyError::Digest {
                found: digest.algorithm(),
                expected,
            });
        }
        let imported = aws_lc_rs::digest::Digest::import_less_safe(
            digest.as_bytes(),
            digest.algorithm().provider(),
        );
        let imported = imported.map_err(|_| KeyError::Provider)?;
        let signature = pair
            .sign_digest(&imported)
            .map_err(|_| KeyError::Provider)?;
        Ok(signature.as_ref().to_vec())
    }

    /// Signs the SHA-512 digest of `message` with Ed25519ph; other keys cannot.
    pub fn sign_ed25519ph(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let Pair::Ed25519(pair) = &self.pair else {
            return Err(KeyError::Kind {
                key: self.public.key_type(),
            });
        };
        let seed = pair.seed().map_err(|_| KeyError::Provider)?;
        let seed: Curve25519SeedBin<'_> = seed.as_be_bytes().map_err(|_| KeyError::Provider)?;
        let seed: &[u8; 32] = seed.as_ref().try_into().map_err(|_| KeyError::Provider)?;
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        let digest = HashAlgorithm::Sha512.digest(message);
        let signature = key.sign_prehashed(Prehashed::new(&digest), None);
        Ok(signature
            .map_err(|_| KeyError::Provider)?
            .to_bytes()
            .to_vec())
    }

    fn from_pair(pair: Pair) -> Result<Self, KeyError> {
        let spki: Result<PublicKeyX509Der<'_>, _> = match &pair {
            Pair::Ecdsa(pair) => pair.public_key().as_der(),
            Pair::Ed25519(pair) => pair.public_key().as_der(),
        };
        let spki = spki.map_err(|_| KeyError::Provider)?;
        let public = PublicKey::from_spki_der(spki.as_ref()).map_err(|_| KeyError::Provider)?;
        Ok(Self { pair, public })
    }
}

fn ecdsa(algorithm: &'static provider::EcdsaSigningAlgorithm) -> Result<Pair, KeyError> {
    provider::EcdsaKeyPair::generate(algorithm)
        .map(Pair::Ecdsa)
        .map_err(|_| KeyError::Provider)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PublicKeyError, SignatureError};

    fn keys() -> Vec<PrivateKey> {
        [KeyType::EcdsaP256, KeyType::EcdsaP384, KeyType::Ed25519]
            .map(|kind| PrivateKey::generate(kind).unwrap())
            .into()
    }

    #[test]
    fn what_a_key_signs_its_public_half_verifies_and_nothing_else() {
        for key in keys() {
            let algorithm = key.algorithm();
            let signature = key.sign(b"message").unwrap();
            let public = PublicKey::from_pem(&key.public_key().to_pem()).unwrap();
            assert_eq!(public.verify(algorithm, b"message", &signature), Ok(()));
            let mismatch = Err(SignatureError::Mismatch);
            assert_eq!(public.verify(algorithm, b"messagf", &signature), mismatch);
            let mut flipped = signature.clone();
            *flipped.last_mut().unwrap() ^= 1;
            assert_eq!(public.verify(algorithm, b"message", &flipped), mismatch);
            let other = PrivateKey::generate(public.key_type()).unwrap();
            assert_eq!(
                other.public_key().verify(algorithm, b"message", &signature),
                mismatch
            );
            if let Some(hash) = algorithm.hash() {
                let digest = hash.digest(b"message");
                assert_eq!(public.verify_digest(algorithm, &digest, &signature), Ok(()));
                let signature = key.sign_digest(&digest).unwrap();
                assert_eq!(public.verify(algorithm, b"message", &signature), Ok(()));
                let other = HashAlgorithm::Sha512.digest(b"message");
                assert!(matches!(
                    key.sign_digest(&other),
                    Err(KeyError::Digest { .. })
                ));
            }
        }
    }

    #[test]
    fn ed25519ph_and_ed25519_are_not_confused() {
        let key = PrivateKey::generate(KeyType::Ed25519).unwrap();
        let prehashed = key.sign_ed25519ph(b"message").unwrap();
        let pure = key.sign(b"message").unwrap();
        let check =
            |algorithm, signature: &[u8]| key.public_key().verify(algorithm, b"message", signature);
        assert_eq!(check(SignatureAlgorithm::Ed25519ph, &prehashed), Ok(()));
        assert_eq!(check(SignatureAlgorithm::Ed25519, &pure), Ok(()));
        let mismatch = Err(SignatureError::Mismatch);
        assert_eq!(check(SignatureAlgorithm::Ed25519, &prehashed), mismatch);
        assert_eq!(check(SignatureAlgorithm::Ed25519ph, &pure), mismatch);
        let digest = HashAlgorithm::Sha256.digest(b"message");
        assert!(matches!(
            key.public_key()
                .verify_digest(SignatureAlgorithm::Ed25519ph, &digest, &prehashed),
            Err(SignatureError::DigestOnly { .. })
        ));
    }

    /// RFC 8032 section 7.3, the test vector of Ed25519ph.
    #[test]
    fn the_ed25519ph_vector_of_rfc_8032() {
        let seed = "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42";
        let pkcs8 = format!("302e020100300506032b657004220420{seed}");
        let der = waxwing_encoding::hex::decode(&pkcs8).unwrap();
        let key = PrivateKey::from_pkcs8_der(&der).unwrap();
        assert_eq!(
            waxwing_encoding::hex::encode(&key.sign_ed25519ph(b"abc").unwrap()),
            "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41\
             31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406"
        );
    }

    #[test]
    fn private_keys_survive_pem() {
        for key in keys() {
            let pem = key.to_pem().unwrap();
            let read = PrivateKey::from_pem(&pem).unwrap();
            assert_eq!(read.public_key(), key.public_key());
            assert!(!format!("{key:?}").contains(&pem[40..60]));
        }
        assert!(matches!(
            PrivateKey::from_pkcs8_der(&[0x30, 0]),
            Err(KeyError::Pkcs8)
        ));
    }

    #[test]
    fn an_algorithm_of_another_key_is_refused_before_the_signature_is_looked_at() {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        assert_eq!(
            key.public_key()
                .verify(SignatureAlgorithm::EcdsaP384Sha384, b"", b""),
            Err(SignatureError::Algorithm {
                algorithm: SignatureAlgorithm::EcdsaP384Sha384,
                key: KeyType::EcdsaP256
            })
        );
    }

    #[test]
    fn malformed_public_keys_are_refused_by_name() {
        let spki = PrivateKey::generate(KeyType::EcdsaP256)
            .unwrap()
            .public_key()
            .spki_der()
            .to_vec();
        let off_curve = |spki: &[u8]| {
            let mut spki = spki.to_vec();
            *spki.last_mut().unwrap() ^= 1;
            PublicKey::from_spki_der(&spki)
        };
        assert_eq!(
            off_curve(&spki),
            Err(PublicKeyError::Bits {
                key: KeyType::EcdsaP256
            })
        );
        let trailing = [spki.as_slice(), &[0]].concat();
        assert!(matches!(
            PublicKey::from_spki_der(&trailing),
            Err(PublicKeyError::Der(_))
        ));
        assert_eq!(
            PublicKey::from_spki_der(&[0; 1025]),
            Err(PublicKeyError::TooLong { length: 1025 })
        );
        assert!(PublicKey::from_spki_der(&spki).is_ok());
    }
}

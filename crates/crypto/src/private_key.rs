//! Private keys held in memory: made here, read and written as PKCS#8, wiped when dropped.

use aws_lc_rs::encoding::{AsBigEndian, AsDer, Curve25519SeedBin, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self as provider, KeyPair, RsaEncoding};
use der::{Decode, Header, Reader, SliceReader};
use waxwing_encoding::pem;
use zeroize::Zeroizing;

use crate::prehashed::Prehashed;
use crate::spki::{self, Algorithm};
use crate::{Digest, HashAlgorithm, KeyType, PublicKey, PublicKeyError, SignatureAlgorithm};

/// Why a private key cannot be made, read or used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A size that Sigstore's registry does not know.
    #[error("keys of the kind {key:?} are not used here; expected RSA 2048, 3072 or 4096")]
    Kind {
        /// The kind asked for.
        key: KeyType,
    },
    /// Not PEM.
    #[error("expected a PEM block PRIVATE KEY: {0}")]
    Pem(#[from] pem::PemError),
    /// Not PKCS#8, encrypted, or not the key that it announces.
    #[error("not a well-formed, unencrypted PKCS#8 key")]
    Pkcs8,
    /// An encrypted key and no password.
    #[error("the private key is encrypted, and no password was given")]
    NoPassword,
    /// A password that does not open the key.
    #[error("the password does not open the encrypted private key")]
    Password,
    /// An encryption that is not read here.
    #[error(
        "the key is encrypted with {found}; expected PBES2 with PBKDF2 and AES-CBC, as openssl pkcs8 -topk8 -v2 aes-256-cbc writes it"
    )]
    Encryption {
        /// What was found.
        found: String,
    },
    /// A PEM block of another kind.
    #[error(
        "unsupported PEM type {found:?}; expected a key in cosign's own form: import another one by \
         `cosign import-key-pair`"
    )]
    Label {
        /// The label.
        found: String,
    },
    /// A PEM block of another kind, where a plain key was expected.
    #[error(
        "unsupported PEM type {found:?}; expected PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY"
    )]
    Plain {
        /// The label.
        found: String,
    },
    /// An EC key that does not say its curve.
    #[error("the EC PRIVATE KEY does not name its curve; convert it by `openssl pkcs8 -topk8`")]
    Curve,
    /// A key file of cosign's that is not read.
    #[error(
        "a key file of cosign's has {found}; expected scrypt with N of 32768, 65536 or 131072, r=8, p=1, and \
         nacl/secretbox"
    )]
    SigstoreKey {
        /// What was found.
        found: String,
    },
    /// A key outside Sigstore's registry.
    #[error(transparent)]
    Public(#[from] PublicKeyError),
    /// The algorithm does not go with the key.
    #[error("{algorithm:?} cannot be signed with a {key:?} key")]
    Algorithm {
        /// The algorithm asked for.
        algorithm: SignatureAlgorithm,
        /// The kind of key at hand.
        key: KeyType,
    },
    /// A digest by another hash than the algorithm's, or any digest for an algorithm that signs
    /// messages whole.
    #[error("a digest of {found:?} cannot be signed with this key; expected {expected:?}")]
    Digest {
        /// The digest's hash.
        found: HashAlgorithm,
        /// The algorithm's hash; none for Ed25519 and ML-DSA.
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
    algorithm: SignatureAlgorithm,
}

enum Pair {
    Ecdsa(provider::EcdsaKeyPair),
    Ed25519(provider::Ed25519KeyPair),
    Rsa(provider::RsaKeyPair),
    MlDsa(provider::PqdsaKeyPair),
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
    /// A fresh key. RSA takes its time: a second or more with 4096 bits.
    pub fn generate(key: KeyType) -> Result<Self, KeyError> {
        let failed = |_| KeyError::Provider;
        let ecdsa = |algorithm| provider::EcdsaKeyPair::generate(algorithm).map(Pair::Ecdsa);
        let rsa = |size| provider::RsaKeyPair::generate(size).map(Pair::Rsa);
        let ml_dsa = |algorithm| provider::PqdsaKeyPair::generate(algorithm).map(Pair::MlDsa);
        let pair = match key {
            KeyType::EcdsaP256 => ecdsa(&provider::ECDSA_P256_SHA256_ASN1_SIGNING),
            KeyType::EcdsaP384 => ecdsa(&provider::ECDSA_P384_SHA384_ASN1_SIGNING),
            KeyType::EcdsaP521 => ecdsa(&provider::ECDSA_P521_SHA512_ASN1_SIGNING),
            KeyType::Ed25519 => provider::Ed25519KeyPair::generate().map(Pair::Ed25519),
            KeyType::Rsa(2048) => rsa(KeySize::Rsa2048),
            KeyType::Rsa(3072) => rsa(KeySize::Rsa3072),
            KeyType::Rsa(4096) => rsa(KeySize::Rsa4096),
            KeyType::Rsa(_) => return Err(KeyError::Kind { key }),
            KeyType::MlDsa44 => ml_dsa(&provider::ML_DSA_44_SIGNING),
            KeyType::MlDsa65 => ml_dsa(&provider::ML_DSA_65_SIGNING),
            KeyType::MlDsa87 => ml_dsa(&provider::ML_DSA_87_SIGNING),
        };
        Self::from_pair(pair.map_err(failed)?)
    }

    /// Reads unencrypted PKCS#8.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyError> {
        let announced = announced(der).map_err(|_| KeyError::Pkcs8)?;
        let ecdsa = |algorithm| provider::EcdsaKeyPair::from_pkcs8(algorithm, der).map(Pair::Ecdsa);
        let ml_dsa =
            |algorithm| provider::PqdsaKeyPair::from_pkcs8(algorithm, der).map(Pair::MlDsa);
        let pair = if announced.oid == spki::RSA_ENCRYPTION {
            provider::RsaKeyPair::from_pkcs8(der).map(Pair::Rsa)
        } else {
            match spki::key_type(&announced, &[])? {
                KeyType::EcdsaP256 => ecdsa(&provider::ECDSA_P256_SHA256_ASN1_SIGNING),
                KeyType::EcdsaP384 => ecdsa(&provider::ECDSA_P384_SHA384_ASN1_SIGNING),
                KeyType::EcdsaP521 => ecdsa(&provider::ECDSA_P521_SHA512_ASN1_SIGNING),
                // OpenSSL writes PKCS#8 version 1, without the public half.
                KeyType::Ed25519 => {
                    provider::Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Pair::Ed25519)
                }
                KeyType::MlDsa44 => ml_dsa(&provider::ML_DSA_44_SIGNING),
                KeyType::MlDsa65 => ml_dsa(&provider::ML_DSA_65_SIGNING),
                KeyType::MlDsa87 => ml_dsa(&provider::ML_DSA_87_SIGNING),
                KeyType::Rsa(_) => return Err(KeyError::Pkcs8),
            }
        };
        Self::from_pair(pair.map_err(|_| KeyError::Pkcs8)?)
    }

    /// The Ed25519 key of a seed (RFC 8032 section 5.1.5), as signed notes and SSH write it.
    pub fn from_ed25519_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        // RFC 8410 section 7: version 0, the algorithm, and the seed in two octet strings.
        let head = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
        let mut der = Zeroizing::new(Vec::with_capacity(head.len() + seed.len()));
        der.extend_from_slice(head);
        der.extend_from_slice(seed);
        Self::from_pkcs8_der(&der)
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

    /// Writes a PEM block `PRIVATE KEY` (PKCS#8, unencrypted). An ML-DSA key is written as its seed,
    /// and so cannot be if it was read without one.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        let failed = |_| KeyError::Provider;
        let encoded = |der: &[u8]| Zeroizing::new(pem::encode("PRIVATE KEY", der));
        let document = match &self.pair {
            Pair::Ecdsa(pair) => pair.to_pkcs8v1(),
            Pair::Ed25519(pair) => pair.to_pkcs8v1(),
            Pair::MlDsa(pair) => pair.to_pkcs8v1(),
            Pair::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
                return Ok(encoded(der.as_ref()));
            }
        };
        Ok(encoded(document.map_err(failed)?.as_ref()))
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The algorithm that [`sign`](Self::sign) uses: [`SignatureAlgorithm::default_for`] this kind.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// Signs `message`: ECDSA signatures as ASN.1 DER, all others as their bytes.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.sign_with(self.algorithm, message)
    }

    /// Signs `message` with one of the algorithms that the registry knows for this kind of key.
    pub fn sign_with(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, KeyError> {
        self.check_algorithm(algorithm)?;
        let failed = |_| KeyError::Provider;
        // The provider wants one and does not use it.
        let random = aws_lc_rs::rand::SystemRandom::new();
        let native = algorithm == self.algorithm;
        match (&self.pair, algorithm.hash()) {
            (Pair::Rsa(pair), _) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(rsa_encoding(algorithm), &random, message, &mut signature)
                    .map_err(failed)?;
                Ok(signature)
            }
            (Pair::Ecdsa(pair), _) if native => {
                let signature = pair.sign(&random, message).map_err(failed)?;
                Ok(signature.as_ref().to_vec())
            }
            (Pair::Ed25519(pair), None) => {
                let signature = pair.try_sign(message).map_err(failed)?;
                Ok(signature.as_ref().to_vec())
            }
            (Pair::MlDsa(pair), _) => {
                let mut signature = vec![0; pair.algorithm().signature_len()];
                let length = pair.sign(message, &mut signature).map_err(failed)?;
                signature.truncate(length);
                Ok(signature)
            }
            (Pair::Ecdsa(_) | Pair::Ed25519(_), Some(hash)) => {
                self.sign_digest_with(algorithm, &hash.digest(message))
            }
            (Pair::Ecdsa(_), None) => Err(KeyError::Provider),
        }
    }

    /// Signs a message of which only the digest is at hand, with [`algorithm`](Self::algorithm); the
    /// digest must be by that algorithm's hash.
    pub fn sign_digest(&self, digest: &Digest) -> Result<Vec<u8>, KeyError> {
        self.sign_digest_with(self.algorithm, digest)
    }

    /// Signs a message of which only the digest is at hand, with one of the algorithms that the
    /// registry knows for this kind of key; the digest must be by that algorithm's hash.
    pub fn sign_digest_with(
        &self,
        algorithm: SignatureAlgorithm,
        digest: &Digest,
    ) -> Result<Vec<u8>, KeyError> {
        self.check_algorithm(algorithm)?;
        let failed = |_| KeyError::Provider;
        let expected = algorithm.hash();
        let other_digest = KeyError::Digest {
            found: digest.algorithm(),
            expected,
        };
        if expected != Some(digest.algorithm()) {
            return Err(other_digest);
        }
        match &self.pair {
            Pair::Ecdsa(pair) => {
                let bound = self.algorithm.hash().unwrap_or(digest.algorithm());
                let signature = pair.sign_digest(&imported(digest, bound)?);
                Ok(signature.map_err(failed)?.as_ref().to_vec())
            }
            Pair::Rsa(pair) => {
                let digest = imported(digest, digest.algorithm())?;
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(rsa_encoding(algorithm), &digest, &mut signature)
                    .map_err(failed)?;
                Ok(signature)
            }
            Pair::Ed25519(pair) => ed25519ph(pair, digest),
            Pair::MlDsa(_) => Err(other_digest),
        }
    }

    /// Signs the SHA-512 digest of `message` with Ed25519ph; other keys cannot.
    pub fn sign_ed25519ph(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.sign_with(SignatureAlgorithm::Ed25519ph, message)
    }

    fn check_algorithm(&self, algorithm: SignatureAlgorithm) -> Result<(), KeyError> {
        let key = self.public.key_type();
        match algorithm.key_details(key) {
            Some(_) => Ok(()),
            None => Err(KeyError::Algorithm { algorithm, key }),
        }
    }

    fn from_pair(pair: Pair) -> Result<Self, KeyError> {
        let spki: Result<PublicKeyX509Der<'_>, _> = match &pair {
            Pair::Ecdsa(pair) => pair.public_key().as_der(),
            Pair::Ed25519(pair) => pair.public_key().as_der(),
            Pair::Rsa(pair) => pair.public_key().as_der(),
            Pair::MlDsa(pair) => pair.public_key().as_der(),
        };
        let spki = spki.map_err(|_| KeyError::Provider)?;
        let public = PublicKey::from_spki_der(spki.as_ref())?;
        let key = public.key_type();
        let algorithm = SignatureAlgorithm::default_for(key).ok_or(KeyError::Kind { key })?;
        Ok(Self {
            pair,
            public,
            algorithm,
        })
    }
}

/// The algorithm that a PKCS#8 `PrivateKeyInfo` announces; the rest is the provider's to read.
fn announced(der: &[u8]) -> der::Result<Algorithm<'_>> {
    let mut reader = SliceReader::new(der)?;
    let header = Header::decode(&mut reader)?;
    header.tag().assert_eq(der::Tag::Sequence)?;
    // The provider does not mind bytes after the end.
    if header.length() != reader.remaining_len() {
        return Err(reader.error(der::ErrorKind::Failed));
    }
    u8::decode(&mut reader)?;
    Algorithm::decode(&mut reader)
}

/// The digest in the provider's form, as long as the hash that an ECDSA pair is bound to. Where the
/// digest is shorter, zeros go in front of it: the curve's order is no shorter than `bound`, ECDSA
/// takes the digest as a number, and so the signature is the shorter digest's.
fn imported(digest: &Digest, bound: HashAlgorithm) -> Result<aws_lc_rs::digest::Digest, KeyError> {
    let zeros = bound.length().saturating_sub(digest.as_bytes().len());
    let bytes = [&vec![0; zeros], digest.as_bytes()].concat();
    aws_lc_rs::digest::Digest::import_less_safe(&bytes, bound.provider())
        .map_err(|_| KeyError::Provider)
}

fn rsa_encoding(algorithm: SignatureAlgorithm) -> &'static dyn RsaEncoding {
    match algorithm {
        SignatureAlgorithm::RsaPssSha256 => &provider::RSA_PSS_SHA256,
        _ => &provider::RSA_PKCS1_SHA256,
    }
}

/// Ed25519ph, which the provider lacks.
fn ed25519ph(pair: &provider::Ed25519KeyPair, digest: &Digest) -> Result<Vec<u8>, KeyError> {
    let failed = |_| KeyError::Provider;
    let seed = pair.seed().map_err(failed)?;
    let seed: Curve25519SeedBin<'_> = seed.as_be_bytes().map_err(failed)?;
    let seed: &[u8; 32] = seed.as_ref().try_into().map_err(|_| KeyError::Provider)?;
    let key = ed25519_dalek::SigningKey::from_bytes(seed);
    let signature = key.sign_prehashed(Prehashed::new(digest), None);
    Ok(signature
        .map_err(|_| KeyError::Provider)?
        .to_bytes()
        .to_vec())
}

//! Public keys, read from `SubjectPublicKeyInfo`, and signatures checked with them.
//!
//! ```text
//! SEQUENCE { SEQUENCE { OBJECT IDENTIFIER, parameters }, BIT STRING }
//! ```
//!
//! Refused: other algorithms and curves, compressed points, RSA moduli that are not 2048, 3072 or
//! 4096 bits, unused bits, trailing bytes.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::signature::{self as provider, ParsedPublicKey};
use der::asn1::{AnyRef, BitStringRef};
use der::{Decode, Encode};
use waxwing_encoding::{hex, pem};

use crate::spki::{self, Algorithm, SubjectPublicKeyInfo};
use crate::{Digest, HashAlgorithm, KeyType, SignatureAlgorithm, sha256};

/// Longest `SubjectPublicKeyInfo` that is read: ML-DSA-87 takes 2614 bytes.
const LONGEST_SPKI: usize = 3072;

/// Why bytes are not a public key that Sigstore allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// Not DER `SubjectPublicKeyInfo`.
    #[error("not a DER SubjectPublicKeyInfo: {0}")]
    Der(#[from] der::Error),
    /// More bytes than any allowed key has.
    #[error("a public key of {length} bytes; at most {LONGEST_SPKI} are read")]
    TooLong {
        /// How many bytes there are.
        length: usize,
    },
    /// An algorithm, curve or modulus outside the registry.
    #[error(
        "the key's algorithm is {found}; expected ECDSA P-256, P-384 or P-521, Ed25519, RSA 2048, 3072 or 4096, or ML-DSA-44, 65 or 87"
    )]
    Algorithm {
        /// The object identifier, or the size.
        found: String,
    },
    /// The key's bits are not a key of that algorithm.
    #[error("the bits of the {key:?} key are malformed")]
    Bits {
        /// The kind of key that was announced.
        key: KeyType,
    },
    /// Not PEM, or another label than `PUBLIC KEY`.
    #[error("expected a PEM block PUBLIC KEY: {0}")]
    Pem(#[from] pem::PemError),
    /// A PEM block with another label.
    #[error("expected a PEM block PUBLIC KEY, found {found}")]
    Label {
        /// The label found.
        found: String,
    },
}

/// A signature that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The algorithm does not go with the key.
    #[error("{algorithm:?} cannot be checked with a {key:?} key")]
    Algorithm {
        /// The algorithm asked for.
        algorithm: SignatureAlgorithm,
        /// The kind of key at hand.
        key: KeyType,
    },
    /// A digest where the message is needed, or of another hash than the algorithm's.
    #[error("{algorithm:?} cannot be checked over a digest of {digest:?}")]
    DigestOnly {
        /// The algorithm asked for.
        algorithm: SignatureAlgorithm,
        /// The digest's function.
        digest: HashAlgorithm,
    },
    /// The signature is not one of this key over these bytes.
    #[error("the signature does not match the key and the signed bytes")]
    Mismatch,
}

/// A public key: the DER bytes as they came, and what kind they hold. It is parsed once, when it is
/// read; clones share the outcome, so that a log's key can go with every one of its entries. Two
/// keys are equal when their bytes are.
#[derive(Clone)]
pub struct PublicKey(Arc<Parsed>);

struct Parsed {
    spki: Vec<u8>,
    key_type: KeyType,
    /// For the algorithm that is this kind's default.
    default: ParsedPublicKey,
    /// The provider binds a parsed key to one algorithm; these are for the others that some kinds
    /// allow, by their hash. Few keys ever need one.
    others: [OnceLock<Option<ParsedPublicKey>>; 3],
    /// For Ed25519ph, which another provider serves.
    prehashed: OnceLock<Option<ed25519_dalek::VerifyingKey>>,
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.spki == other.0.spki
    }
}

impl Eq for PublicKey {}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = hex::encode(&self.sha256_of_spki());
        write!(formatter, "PublicKey({:?}, {name})", self.0.key_type)
    }
}

impl PublicKey {
    /// Reads DER `SubjectPublicKeyInfo`.
    pub fn from_spki_der(spki: &[u8]) -> Result<Self, PublicKeyError> {
        if spki.len() > LONGEST_SPKI {
            return Err(PublicKeyError::TooLong { length: spki.len() });
        }
        let info = SubjectPublicKeyInfo::from_der(spki)?;
        let bits = info.subject_public_key.as_bytes().unwrap_or_default();
        let key_type = spki::key_type(&info.algorithm, bits)?;
        let well_formed = match key_type {
            // Only the uncompressed form: one key, one encoding.
            KeyType::EcdsaP256 => bits.len() == 65 && bits.first() == Some(&4),
            KeyType::EcdsaP384 => bits.len() == 97 && bits.first() == Some(&4),
            KeyType::EcdsaP521 => bits.len() == 133 && bits.first() == Some(&4),
            KeyType::Ed25519 => bits.len() == 32,
            KeyType::Rsa(_) => true,
            // Here because the provider would take another form of key in the place of the bytes.
            KeyType::MlDsa44 => bits.len() == 1312,
            KeyType::MlDsa65 => bits.len() == 1952,
            KeyType::MlDsa87 => bits.len() == 2592,
        };
        let default = SignatureAlgorithm::default_for(key_type)
            .filter(|_| well_formed)
            .and_then(|algorithm| parse(algorithm, bits))
            .ok_or(PublicKeyError::Bits { key: key_type })?;
        Ok(Self(Arc::new(Parsed {
            spki: spki.to_vec(),
            key_type,
            default,
            others: Default::default(),
            prehashed: OnceLock::new(),
        })))
    }

    /// Reads an RSA key in the PKCS#1 form (RFC 8017 appendix A.1.1), in which the public staging
    /// root of 2021 publishes its CT log.
    pub fn from_pkcs1_der(key: &[u8]) -> Result<Self, PublicKeyError> {
        let info = SubjectPublicKeyInfo {
            algorithm: Algorithm {
                oid: spki::RSA_ENCRYPTION,
                parameters: Some(AnyRef::NULL),
            },
            subject_public_key: BitStringRef::from_bytes(key)?,
        };
        Self::from_spki_der(&info.to_der()?)
    }

    /// Reads a PEM block `PUBLIC KEY`.
    pub fn from_pem(text: &str) -> Result<Self, PublicKeyError> {
        let block = pem::decode(text)?;
        if block.label != "PUBLIC KEY" {
            return Err(PublicKeyError::Label { found: block.label });
        }
        Self::from_spki_der(&block.der)
    }

    /// The DER `SubjectPublicKeyInfo`, byte for byte as read.
    pub fn spki_der(&self) -> &[u8] {
        &self.0.spki
    }

    /// The content of the BIT STRING: the point, the bytes of an Ed25519 or ML-DSA key, or
    /// the RSA key in DER.
    pub fn bits(&self) -> &[u8] {
        self.0.default.as_ref()
    }

    /// The PEM block `PUBLIC KEY`.
    pub fn to_pem(&self) -> String {
        pem::encode("PUBLIC KEY", &self.0.spki)
    }

    /// What kind of key this is.
    pub fn key_type(&self) -> KeyType {
        self.0.key_type
    }

    /// SHA-256 of the DER `SubjectPublicKeyInfo`: the log ID of RFC 6962, and the usual key hint.
    pub fn sha256_of_spki(&self) -> [u8; 32] {
        sha256(&self.0.spki)
    }

    /// Checks `signature` over `message`.
    pub fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        self.check_algorithm(algorithm)?;
        if let (SignatureAlgorithm::Ed25519ph, Some(hash)) = (algorithm, algorithm.hash()) {
            return self.verify_digest(algorithm, &hash.digest(message), signature);
        }
        self.parsed(algorithm)?
            .verify_sig(message, signature)
            .map_err(|_| SignatureError::Mismatch)
    }

    /// Checks `signature` over a message of which only the digest is at hand.
    pub fn verify_digest(
        &self,
        algorithm: SignatureAlgorithm,
        digest: &Digest,
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        self.check_algorithm(algorithm)?;
        if algorithm.hash() != Some(digest.algorithm()) {
            return Err(SignatureError::DigestOnly {
                algorithm,
                digest: digest.algorithm(),
            });
        }
        if algorithm == SignatureAlgorithm::Ed25519ph {
            return self.verify_ed25519ph(digest, signature);
        }
        let imported = aws_lc_rs::digest::Digest::import_less_safe(
            digest.as_bytes(),
            digest.algorithm().provider(),
        )
        .map_err(|_| SignatureError::Mismatch)?;
        self.parsed(algorithm)?
            .verify_digest_sig(&imported, signature)
            .map_err(|_| SignatureError::Mismatch)
    }

    fn check_algorithm(&self, algorithm: SignatureAlgorithm) -> Result<(), SignatureError> {
        match algorithm.goes_with(self.0.key_type) {
            true => Ok(()),
            false => Err(SignatureError::Algorithm {
                algorithm,
                key: self.0.key_type,
            }),
        }
    }

    /// The key, bound to an algorithm that was found to go with it: the default, or another.
    fn parsed(&self, algorithm: SignatureAlgorithm) -> Result<&ParsedPublicKey, SignatureError> {
        if SignatureAlgorithm::default_for(self.0.key_type) == Some(algorithm) {
            return Ok(&self.0.default);
        }
        // No kind of key has two others by one hash: PSS stands where the default would.
        let [by_256, by_384, by_512] = &self.0.others;
        let other = match algorithm.hash() {
            Some(HashAlgorithm::Sha384) => by_384,
            Some(HashAlgorithm::Sha512) => by_512,
            _ => by_256,
        };
        let other = other.get_or_init(|| parse(algorithm, self.bits()));
        other.as_ref().ok_or(SignatureError::Mismatch)
    }

    /// Ed25519ph is the one algorithm that the provider lacks; `ed25519-dalek` serves it alone.
    fn verify_ed25519ph(&self, digest: &Digest, signature: &[u8]) -> Result<(), SignatureError> {
        let mismatch = |_| SignatureError::Mismatch;
        let key = self.0.prehashed.get_or_init(|| {
            let bits = self.bits().try_into().ok()?;
            ed25519_dalek::VerifyingKey::from_bytes(bits).ok()
        });
        let key = key.as_ref().ok_or(SignatureError::Mismatch)?;
        let signature = ed25519_dalek::Signature::from_slice(signature).map_err(mismatch)?;
        let prehashed = crate::prehashed::Prehashed::new(digest);
        key.verify_prehashed_strict(prehashed, None, &signature)
            .map_err(mismatch)
    }
}

fn parse(algorithm: SignatureAlgorithm, bits: &[u8]) -> Option<ParsedPublicKey> {
    ParsedPublicKey::new(provider_algorithm(algorithm), bits).ok()
}

fn provider_algorithm(
    algorithm: SignatureAlgorithm,
) -> &'static dyn provider::VerificationAlgorithm {
    match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => &provider::ECDSA_P256_SHA256_ASN1,
        SignatureAlgorithm::EcdsaP256Sha384 => &provider::ECDSA_P256_SHA384_ASN1,
        SignatureAlgorithm::EcdsaP256Sha512 => &provider::ECDSA_P256_SHA512_ASN1,
        SignatureAlgorithm::EcdsaP384Sha512 => &provider::ECDSA_P384_SHA512_ASN1,
        SignatureAlgorithm::EcdsaP521Sha384 => &provider::ECDSA_P521_SHA384_ASN1,
        SignatureAlgorithm::RsaPkcs1Sha384 => &provider::RSA_PKCS1_2048_8192_SHA384,
        SignatureAlgorithm::RsaPkcs1Sha512 => &provider::RSA_PKCS1_2048_8192_SHA512,
        SignatureAlgorithm::EcdsaP384Sha384 => &provider::ECDSA_P384_SHA384_ASN1,
        SignatureAlgorithm::EcdsaP384Sha256 => &provider::ECDSA_P384_SHA256_ASN1,
        SignatureAlgorithm::EcdsaP521Sha512 => &provider::ECDSA_P521_SHA512_ASN1,
        SignatureAlgorithm::EcdsaP521Sha256 => &provider::ECDSA_P521_SHA256_ASN1,
        SignatureAlgorithm::Ed25519 | SignatureAlgorithm::Ed25519ph => &provider::ED25519,
        SignatureAlgorithm::RsaPkcs1Sha256 => &provider::RSA_PKCS1_2048_8192_SHA256,
        SignatureAlgorithm::MlDsa44 => &provider::ML_DSA_44,
        SignatureAlgorithm::MlDsa65 => &provider::ML_DSA_65,
        SignatureAlgorithm::MlDsa87 => &provider::ML_DSA_87,
        SignatureAlgorithm::RsaPssSha256 => &provider::RSA_PSS_2048_8192_SHA256,
    }
}

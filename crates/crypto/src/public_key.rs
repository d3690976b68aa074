//! Public keys, read from `SubjectPublicKeyInfo`, and signatures checked with them.
//!
//! ```text
//! SEQUENCE { SEQUENCE { OBJECT IDENTIFIER, parameters }, BIT STRING }
//! ```
//!
//! Refused: other algorithms and curves, compressed points, RSA moduli that are not 2048, 3072 or
//! 4096 bits, unused bits, trailing bytes.

use aws_lc_rs::signature as provider;
use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use der::{Decode, Encode, Sequence};
use waxwing_encoding::pem;

use crate::{Digest, KeyType, SignatureAlgorithm, sha256};

const ID_EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const SECP521R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const ID_ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Longest `SubjectPublicKeyInfo` that is read: RSA 4096 takes 550 bytes.
const LONGEST_SPKI: usize = 1024;

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
        "the key's algorithm is {found}; expected ECDSA P-256, P-384 or P-521, Ed25519, or RSA 2048, 3072 or 4096"
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
        digest: crate::HashAlgorithm,
    },
    /// The signature is not one of this key over these bytes.
    #[error("the signature does not match the key and the signed bytes")]
    Mismatch,
}

/// A public key: the DER bytes as they came, and what kind they hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    spki: Vec<u8>,
    bits: Vec<u8>,
    key_type: KeyType,
}

#[derive(Sequence)]
struct SubjectPublicKeyInfo<'a> {
    algorithm: Algorithm<'a>,
    subject_public_key: BitStringRef<'a>,
}

#[derive(Sequence)]
struct Algorithm<'a> {
    oid: ObjectIdentifier,
    parameters: Option<AnyRef<'a>>,
}

#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}

impl PublicKey {
    /// Reads DER `SubjectPublicKeyInfo`.
    pub fn from_spki_der(spki: &[u8]) -> Result<Self, PublicKeyError> {
        if spki.len() > LONGEST_SPKI {
            return Err(PublicKeyError::TooLong { length: spki.len() });
        }
        let info = SubjectPublicKeyInfo::from_der(spki)?;
        let bits = info.subject_public_key.as_bytes().unwrap_or_default();
        let key_type = key_type(&info.algorithm, bits)?;
        let key = Self {
            spki: spki.to_vec(),
            bits: bits.to_vec(),
            key_type,
        };
        let well_formed = match key_type {
            // Only the uncompressed form: one key, one encoding.
            KeyType::EcdsaP256 => bits.len() == 65 && bits.first() == Some(&4),
            KeyType::EcdsaP384 => bits.len() == 97 && bits.first() == Some(&4),
            KeyType::EcdsaP521 => bits.len() == 133 && bits.first() == Some(&4),
            KeyType::Ed25519 => bits.len() == 32,
            KeyType::Rsa(_) => true,
        };
        let parsed = SignatureAlgorithm::default_for(key_type)
            .map(|algorithm| key.provider(provider_algorithm(algorithm)));
        match parsed {
            Some(Ok(_)) if well_formed => Ok(key),
            _ => Err(PublicKeyError::Bits { key: key_type }),
        }
    }

    /// Reads an RSA key in the PKCS#1 form (RFC 8017 appendix A.1.1), in which the public staging
    /// root of 2021 publishes its CT log.
    pub fn from_pkcs1_der(key: &[u8]) -> Result<Self, PublicKeyError> {
        let info = SubjectPublicKeyInfo {
            algorithm: Algorithm {
                oid: RSA_ENCRYPTION,
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
        &self.spki
    }

    /// The content of the BIT STRING: the point, the Ed25519 key, or the RSA key in DER.
    pub fn bits(&self) -> &[u8] {
        &self.bits
    }

    /// The PEM block `PUBLIC KEY`.
    pub fn to_pem(&self) -> String {
        pem::encode("PUBLIC KEY", &self.spki)
    }

    /// What kind of key this is.
    pub fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// SHA-256 of the DER `SubjectPublicKeyInfo`: the log ID of RFC 6962, and the usual key hint.
    pub fn sha256_of_spki(&self) -> [u8; 32] {
        sha256(&self.spki)
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
        self.provider(provider_algorithm(algorithm))
            .and_then(|key| {
                key.verify_sig(message, signature)
                    .map_err(|_| SignatureError::Mismatch)
            })
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
        self.provider(provider_algorithm(algorithm))
            .and_then(|key| {
                key.verify_digest_sig(&imported, signature)
                    .map_err(|_| SignatureError::Mismatch)
            })
    }

    fn check_algorithm(&self, algorithm: SignatureAlgorithm) -> Result<(), SignatureError> {
        match algorithm.key_details(self.key_type) {
            Some(_) => Ok(()),
            None => Err(SignatureError::Algorithm {
                algorithm,
                key: self.key_type,
            }),
        }
    }

    fn provider(
        &self,
        algorithm: &'static dyn provider::VerificationAlgorithm,
    ) -> Result<provider::ParsedPublicKey, SignatureError> {
        provider::ParsedPublicKey::new(algorithm, &self.bits).map_err(|_| SignatureError::Mismatch)
    }

    /// Ed25519ph is the one algorithm that the provider lacks; `ed25519-dalek` serves it alone.
    fn verify_ed25519ph(&self, digest: &Digest, signature: &[u8]) -> Result<(), SignatureError> {
        let mismatch = |_| SignatureError::Mismatch;
        let bits: [u8; 32] = self
            .bits
            .as_slice()
            .try_into()
            .map_err(|_| SignatureError::Mismatch)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&bits).map_err(mismatch)?;
        let signature = ed25519_dalek::Signature::from_slice(signature).map_err(mismatch)?;
        let prehashed = crate::prehashed::Prehashed::new(digest);
        key.verify_prehashed_strict(prehashed, None, &signature)
            .map_err(mismatch)
    }
}

fn key_type(algorithm: &Algorithm<'_>, bits: &[u8]) -> Result<KeyType, PublicKeyError> {
    let unknown = |found: String| PublicKeyError::Algorithm { found };
    match algorithm.oid {
        ID_EC_PUBLIC_KEY => {
            let curve = algorithm
                .parameters
                .ok_or_else(|| unknown("ECDSA without a curve".into()))?;
            match curve.decode_as::<ObjectIdentifier>()? {
                SECP256R1 => Ok(KeyType::EcdsaP256),
                SECP384R1 => Ok(KeyType::EcdsaP384),
                SECP521R1 => Ok(KeyType::EcdsaP521),
                other => Err(unknown(format!("ECDSA on the curve {other}"))),
            }
        }
        ID_ED25519 if algorithm.parameters.is_none() => Ok(KeyType::Ed25519),
        RSA_ENCRYPTION => {
            let modulus = RsaPublicKey::from_der(bits)?.modulus;
            let leading = modulus
                .as_bytes()
                .first()
                .map_or(0, |byte| byte.leading_zeros() as usize);
            match modulus.as_bytes().len() * 8 - leading {
                size @ (2048 | 3072 | 4096) => Ok(KeyType::Rsa(size)),
                size => Err(unknown(format!("RSA with {size} bits"))),
            }
        }
        other => Err(unknown(other.to_string())),
    }
}

fn provider_algorithm(
    algorithm: SignatureAlgorithm,
) -> &'static dyn provider::VerificationAlgorithm {
    match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => &provider::ECDSA_P256_SHA256_ASN1,
        SignatureAlgorithm::EcdsaP384Sha384 => &provider::ECDSA_P384_SHA384_ASN1,
        SignatureAlgorithm::EcdsaP384Sha256 => &provider::ECDSA_P384_SHA256_ASN1,
        SignatureAlgorithm::EcdsaP521Sha512 => &provider::ECDSA_P521_SHA512_ASN1,
        SignatureAlgorithm::EcdsaP521Sha256 => &provider::ECDSA_P521_SHA256_ASN1,
        SignatureAlgorithm::Ed25519 | SignatureAlgorithm::Ed25519ph => &provider::ED25519,
        SignatureAlgorithm::RsaPkcs1Sha256 => &provider::RSA_PKCS1_2048_8192_SHA256,
    }
}

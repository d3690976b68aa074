//! `SubjectPublicKeyInfo` as it is written, and which kinds of keys are read from it.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use der::{Decode, Sequence};

use crate::{KeyType, PublicKeyError};

pub(crate) const ID_EC_PUBLIC_KEY: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const SECP521R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const ID_ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
pub(crate) const RSA_ENCRYPTION: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

// RFC 9881 section 2.
const ID_ML_DSA_44: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.17");
const ID_ML_DSA_65: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.18");
const ID_ML_DSA_87: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.3.19");

#[derive(Sequence)]
pub(crate) struct SubjectPublicKeyInfo<'a> {
    pub(crate) algorithm: Algorithm<'a>,
    pub(crate) subject_public_key: BitStringRef<'a>,
}

#[derive(Sequence)]
pub(crate) struct Algorithm<'a> {
    pub(crate) oid: ObjectIdentifier,
    pub(crate) parameters: Option<AnyRef<'a>>,
}

#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}

/// The kind of key that an identifier announces; the size of an RSA key is in its bits.
pub(crate) fn key_type(algorithm: &Algorithm<'_>, bits: &[u8]) -> Result<KeyType, PublicKeyError> {
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
        ID_ED25519 | ID_ML_DSA_44 | ID_ML_DSA_65 | ID_ML_DSA_87
            if algorithm.parameters.is_some() =>
        {
            Err(unknown(format!("{} with parameters", algorithm.oid)))
        }
        ID_ED25519 => Ok(KeyType::Ed25519),
        ID_ML_DSA_44 => Ok(KeyType::MlDsa44),
        ID_ML_DSA_65 => Ok(KeyType::MlDsa65),
        ID_ML_DSA_87 => Ok(KeyType::MlDsa87),
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

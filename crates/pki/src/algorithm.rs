//! `AlgorithmIdentifier` (RFC 5280 section 4.1.1.2), as far as Sigstore's algorithms go.
//!
//! ```text
//! SEQUENCE { OBJECT IDENTIFIER ecdsa-with-SHA256 }        ECDSA and Ed25519: no parameters
//! SEQUENCE { OBJECT IDENTIFIER sha256WithRSA, NULL }      RSA PKCS#1 v1.5: NULL
//! ```

use der::asn1::ObjectIdentifier;
use waxwing_crypto::{HashAlgorithm, KeyType, SignatureAlgorithm};

use crate::read::{MalformedDer, NULL, Reader, SEQUENCE};
use crate::{oid, write};

/// Reads one identifier; parameters must be absent or NULL.
pub(crate) fn read(reader: &mut Reader<'_>) -> Result<ObjectIdentifier, MalformedDer> {
    let mut inside = reader.enter(SEQUENCE, "AlgorithmIdentifier")?;
    let algorithm = inside.object_identifier("the algorithm")?;
    inside.optional(NULL, "algorithm parameters")?;
    inside.finish("AlgorithmIdentifier")?;
    Ok(algorithm)
}

/// The hash function of an identifier.
pub(crate) fn hash(algorithm: ObjectIdentifier) -> Option<HashAlgorithm> {
    match algorithm {
        oid::SHA_256 => Some(HashAlgorithm::Sha256),
        oid::SHA_384 => Some(HashAlgorithm::Sha384),
        oid::SHA_512 => Some(HashAlgorithm::Sha512),
        _ => None,
    }
}

/// The signature algorithm that an identifier means with a key of this kind.
///
/// CMS may name only the kind of key (`id-ecPublicKey`, `rsaEncryption`); the hash is then that of
/// the signer's digest algorithm, given as `digest`.
pub(crate) fn signature(
    algorithm: ObjectIdentifier,
    key: KeyType,
    digest: Option<HashAlgorithm>,
) -> Option<SignatureAlgorithm> {
    let ecdsa = |hash| match (key, hash) {
        (KeyType::EcdsaP256, HashAlgorithm::Sha256) => Some(SignatureAlgorithm::EcdsaP256Sha256),
        (KeyType::EcdsaP384, HashAlgorithm::Sha256) => Some(SignatureAlgorithm::EcdsaP384Sha256),
        (KeyType::EcdsaP384, HashAlgorithm::Sha384) => Some(SignatureAlgorithm::EcdsaP384Sha384),
        (KeyType::EcdsaP521, HashAlgorithm::Sha256) => Some(SignatureAlgorithm::EcdsaP521Sha256),
        (KeyType::EcdsaP521, HashAlgorithm::Sha512) => Some(SignatureAlgorithm::EcdsaP521Sha512),
        _ => None,
    };
    let rsa = |hash| match (key, hash) {
        (KeyType::Rsa(_), HashAlgorithm::Sha256) => Some(SignatureAlgorithm::RsaPkcs1Sha256),
        _ => None,
    };
    match algorithm {
        oid::ECDSA_WITH_SHA_256 => ecdsa(HashAlgorithm::Sha256),
        oid::ECDSA_WITH_SHA_384 => ecdsa(HashAlgorithm::Sha384),
        oid::ECDSA_WITH_SHA_512 => ecdsa(HashAlgorithm::Sha512),
        oid::EC_PUBLIC_KEY => digest.and_then(ecdsa),
        oid::SHA_256_WITH_RSA => rsa(HashAlgorithm::Sha256),
        oid::RSA_ENCRYPTION => digest.and_then(rsa),
        oid::ED25519 if key == KeyType::Ed25519 => Some(SignatureAlgorithm::Ed25519),
        _ => None,
    }
}

/// Writes the identifier of a signature algorithm.
pub(crate) fn write_signature(algorithm: SignatureAlgorithm) -> Vec<u8> {
    let identifier = |oid| write::sequence(&[&write::object_identifier(oid)]);
    match algorithm {
        SignatureAlgorithm::EcdsaP384Sha384 => identifier(oid::ECDSA_WITH_SHA_384),
        SignatureAlgorithm::EcdsaP521Sha512 => identifier(oid::ECDSA_WITH_SHA_512),
        SignatureAlgorithm::Ed25519 => identifier(oid::ED25519),
        SignatureAlgorithm::RsaPkcs1Sha256 => {
            write::sequence(&[&write::object_identifier(oid::SHA_256_WITH_RSA), &[NULL, 0]])
        }
        _ => identifier(oid::ECDSA_WITH_SHA_256),
    }
}

/// Writes the identifier of a hash function without parameters, as RFC 5754 asks.
pub(crate) fn write_hash(hash: HashAlgorithm) -> Vec<u8> {
    write::sequence(&[&write::object_identifier(hash_identifier(hash))])
}

/// The object identifier of a hash function.
pub(crate) fn hash_identifier(hash: HashAlgorithm) -> ObjectIdentifier {
    match hash {
        HashAlgorithm::Sha384 => oid::SHA_384,
        HashAlgorithm::Sha512 => oid::SHA_512,
        _ => oid::SHA_256,
    }
}

//! What the algorithms of AWS KMS are called, and which of a key's is used.

use waxwing_crypto::{KeyType, SignatureAlgorithm};

use crate::error::OpenError;
use crate::open::Opening;

/// The algorithm among those of the key.
pub(super) fn choose(
    names: Option<&[String]>,
    key: KeyType,
    opening: &Opening<'_>,
) -> Result<(&'static str, SignatureAlgorithm), OpenError> {
    let names = names.unwrap_or_default();
    let known: Vec<_> = names.iter().map(|name| algorithm(name, key)).collect();
    let wished = opening.hash.and_then(|hash| {
        let with_hash = known.iter().flatten();
        with_hash.copied().find(|(_, one)| one.hash() == Some(hash))
    });
    match (wished, known.first().copied().flatten()) {
        (Some(found), _) | (None, Some(found)) => Ok(found),
        (None, None) => Err(opening.unknown(match names.first() {
            Some(name) => name.as_str(),
            None => "no algorithm at all",
        })),
    }
}

/// What the service's names mean.
fn algorithm(name: &str, key: KeyType) -> Option<(&'static str, SignatureAlgorithm)> {
    use SignatureAlgorithm as Algorithm;
    Some(match (name, key) {
        ("ECDSA_SHA_256", _) => ("ECDSA_SHA_256", Algorithm::EcdsaP256Sha256),
        ("ECDSA_SHA_384", _) => ("ECDSA_SHA_384", Algorithm::EcdsaP384Sha384),
        ("ECDSA_SHA_512", _) => ("ECDSA_SHA_512", Algorithm::EcdsaP521Sha512),
        ("RSASSA_PKCS1_V1_5_SHA_256", _) => {
            ("RSASSA_PKCS1_V1_5_SHA_256", Algorithm::RsaPkcs1Sha256)
        }
        ("RSASSA_PKCS1_V1_5_SHA_384", _) => {
            ("RSASSA_PKCS1_V1_5_SHA_384", Algorithm::RsaPkcs1Sha384)
        }
        ("RSASSA_PKCS1_V1_5_SHA_512", _) => {
            ("RSASSA_PKCS1_V1_5_SHA_512", Algorithm::RsaPkcs1Sha512)
        }
        ("RSASSA_PSS_SHA_256", _) => ("RSASSA_PSS_SHA_256", Algorithm::RsaPssSha256),
        ("ED25519_SHA_512", _) => ("ED25519_SHA_512", Algorithm::Ed25519),
        ("ML_DSA_SHAKE_256", KeyType::MlDsa44) => ("ML_DSA_SHAKE_256", Algorithm::MlDsa44),
        ("ML_DSA_SHAKE_256", KeyType::MlDsa65) => ("ML_DSA_SHAKE_256", Algorithm::MlDsa65),
        ("ML_DSA_SHAKE_256", KeyType::MlDsa87) => ("ML_DSA_SHAKE_256", Algorithm::MlDsa87),
        _ => return None,
    })
}

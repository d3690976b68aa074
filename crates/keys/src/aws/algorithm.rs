//! What the algorithms of AWS KMS are called, and which of a key's is used.

use waxwing_crypto::{KeyType, SignatureAlgorithm};

use crate::error::OpenError;
use crate::opening::Opening;

/// The first algorithm of the key that has the hash asked for, else the first that is known here: an Ed25519 key has
/// Ed25519ph beside it, which certificates do not.
pub(super) fn choose(
    names: Option<&[String]>,
    key: KeyType,
    opening: &Opening<'_>,
) -> Result<(&'static str, SignatureAlgorithm), OpenError> {
    let names = names.unwrap_or_default();
    let known = || names.iter().filter_map(|name| algorithm(name, key));
    let wished = opening
        .hash
        .and_then(|hash| known().find(|(_, one)| one.hash() == Some(hash)));
    let found = wished.or_else(|| known().next());
    found.ok_or_else(|| match names.is_empty() {
        true => opening.unknown("no algorithm at all"),
        false => opening.unknown(names.join(", ")),
    })
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

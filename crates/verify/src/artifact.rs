//! Step 5: the signature is the certificate's, over this artifact.

use waxwing_crypto::{
    Digest, HashAlgorithm, KeyType, PublicKey, SignatureAlgorithm, SignatureError,
};
use waxwing_model::bundle::MessageSignature;

/// What was signed, as the caller has it.
#[derive(Debug, Clone, Copy)]
pub enum Artifact<'a> {
    /// All of its bytes.
    Bytes(&'a [u8]),
    /// Its digest, for artifacts that are hashed while they are read; [`hash`] says by which
    /// function.
    Digest(Digest),
}

/// Why the signature is not one over the artifact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureMismatch {
    /// The signature does not hold.
    #[error("the signature over the artifact: {0}")]
    Signature(#[from] SignatureError),
    /// The certificate's key signs with an algorithm outside the registry.
    #[error("the certificate's {key:?} key has no signature algorithm in the registry")]
    Algorithm {
        /// The kind of key.
        key: KeyType,
    },
    /// The digest in the bundle is another artifact's.
    #[error("the bundle's message digest is not the artifact's")]
    MessageDigest,
    /// The artifact was hashed with another function than the signature needs.
    #[error("the artifact's digest is {found:?}; the signature is over {expected:?}")]
    OtherHash {
        /// The function of the digest given.
        found: HashAlgorithm,
        /// The function of the signature.
        expected: HashAlgorithm,
    },
}

/// A signature that holds: what it is over, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed {
    pub(crate) digest: Digest,
    pub(crate) algorithm: SignatureAlgorithm,
}

/// The function with which to hash an artifact for this key.
pub fn hash(key: &PublicKey) -> Option<HashAlgorithm> {
    algorithms(key.key_type())
        .first()
        .and_then(|algorithm| algorithm.hash())
}

/// Checks the signature, and then the digest that the bundle claims.
pub(crate) fn verify(
    signature: &MessageSignature,
    key: &PublicKey,
    artifact: Artifact<'_>,
) -> Result<Signed, SignatureMismatch> {
    let mut result = Err(SignatureMismatch::Algorithm {
        key: key.key_type(),
    });
    for algorithm in algorithms(key.key_type()) {
        result = verify_with(*algorithm, signature, key, artifact);
        if result.is_ok() {
            break;
        }
    }
    let signed = result?;
    let Some(claimed) = signature.digest else {
        return Ok(signed);
    };
    let actual = match artifact {
        Artifact::Bytes(bytes) => claimed.algorithm().digest(bytes),
        Artifact::Digest(digest) => digest,
    };
    if actual != claimed {
        return Err(SignatureMismatch::MessageDigest);
    }
    Ok(signed)
}

fn verify_with(
    algorithm: SignatureAlgorithm,
    signature: &MessageSignature,
    key: &PublicKey,
    artifact: Artifact<'_>,
) -> Result<Signed, SignatureMismatch> {
    let hash = algorithm.hash();
    let expected = hash.ok_or(SignatureMismatch::Algorithm {
        key: key.key_type(),
    })?;
    let digest = match artifact {
        Artifact::Bytes(bytes) => expected.digest(bytes),
        Artifact::Digest(digest) if digest.algorithm() == expected => digest,
        Artifact::Digest(digest) => {
            return Err(SignatureMismatch::OtherHash {
                found: digest.algorithm(),
                expected,
            });
        }
    };
    key.verify_digest(algorithm, &digest, &signature.signature)?;
    Ok(Signed { digest, algorithm })
}

/// The algorithms to try, in order: the curve's own hash first, then SHA-256, with which older
/// clients signed on every curve. Ed25519 keys sign artifacts prehashed.
fn algorithms(key: KeyType) -> &'static [SignatureAlgorithm] {
    use SignatureAlgorithm as Algorithm;
    match key {
        KeyType::EcdsaP256 => &[Algorithm::EcdsaP256Sha256],
        KeyType::EcdsaP384 => &[Algorithm::EcdsaP384Sha384, Algorithm::EcdsaP384Sha256],
        KeyType::EcdsaP521 => &[Algorithm::EcdsaP521Sha512, Algorithm::EcdsaP521Sha256],
        KeyType::Ed25519 => &[Algorithm::Ed25519ph],
        KeyType::Rsa(_) => &[Algorithm::RsaPkcs1Sha256],
        _ => &[],
    }
}

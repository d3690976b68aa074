//! Step 6: the signature is the signer's, over this artifact or over a statement about it.

use std::borrow::Cow;

use waxwing_crypto::{
    Digest, HashAlgorithm, KeyType, PublicKey, SignatureAlgorithm, SignatureError,
};
use waxwing_entries::binding::Signed;
use waxwing_model::bundle::{Content, Envelope, MessageSignature};
use waxwing_model::{Bundle, Statement, StatementError};

use crate::Policy;

/// Largest artifact that has to be held in memory, in bytes: only for the algorithms that sign the
/// message itself and not a digest of it.
pub const LARGEST_WHOLE_ARTIFACT: usize = 128 * 1024 * 1024;

/// What was signed, as the caller has it.
#[derive(Debug, Clone, Copy)]
pub enum Artifact<'a> {
    /// All of its bytes.
    Bytes(&'a [u8]),
    /// Its digest; [`needed`] says by which function.
    Digest(Digest),
    /// Its digests by several functions, for artifacts that are hashed while they are read.
    Digests(&'a [Digest]),
}

/// Why the signature is not one over the artifact.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArtifactRefused {
    /// The signature does not hold.
    #[error("the signature over the {over}: {source}")]
    Signature {
        /// The artifact or the envelope.
        over: &'static str,
        /// What is wrong.
        source: SignatureError,
    },
    /// The signer's key signs with an algorithm outside the registry.
    #[error("the signer's {key:?} key has no signature algorithm in the registry")]
    Algorithm {
        /// The kind of key.
        key: KeyType,
    },
    /// The digest in the bundle is another artifact's.
    #[error("the bundle's message digest is not the artifact's")]
    MessageDigest,
    /// The artifact was hashed with other functions than the signature needs.
    #[error("the artifact's digests are {found:?}; needed is {expected:?}")]
    OtherHash {
        /// The functions of the digests given.
        found: Vec<HashAlgorithm>,
        /// A function that is needed.
        expected: HashAlgorithm,
    },
    /// The algorithm signs the message itself.
    #[error(
        "{algorithm:?} signs the artifact itself and not its digest: all of its bytes are needed, at most {LARGEST_WHOLE_ARTIFACT}"
    )]
    WholeArtifact {
        /// The algorithm.
        algorithm: SignatureAlgorithm,
    },
    /// The payload is not a statement.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The statement is about something else.
    #[error("none of the statement's {count} subjects is the artifact")]
    Subject {
        /// How many there are.
        count: usize,
    },
}

/// How an artifact has to be read for one bundle and one policy: see [`needed`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed {
    /// The functions with which to hash it while it is read: those of the signer's key, of the
    /// bundle's claim, or of the statement's subjects.
    pub hashes: Vec<HashAlgorithm>,
    /// An algorithm that signs the artifact itself and that may have been used: then an artifact of
    /// at most [`LARGEST_WHOLE_ARTIFACT`] is best given as [`Artifact::Bytes`]. With ML-DSA there is
    /// no other way; with Ed25519 the digest serves for what is signed prehashed.
    pub whole: Option<SignatureAlgorithm>,
}

/// How to read an artifact that may be too large to be held in memory.
///
/// Errors: a signer's key without an algorithm; a payload that is not a statement.
pub fn needed(bundle: &Bundle, policy: &Policy) -> Result<Needed, ArtifactRefused> {
    let message = match &bundle.content {
        Content::Message(message) => message,
        Content::Envelope(envelope) => {
            return Ok(Needed {
                hashes: statement(envelope)?.hashes(),
                whole: None,
            });
        }
    };
    let certificate = bundle.certificate();
    let key = certificate.map(|certificate| certificate.public_key());
    let algorithms = match key.or(policy.trusted_key()).map(PublicKey::key_type) {
        Some(key) => {
            let algorithms = message_algorithms(key, policy.hash);
            if algorithms.is_empty() {
                return Err(ArtifactRefused::Algorithm { key });
            }
            algorithms
        }
        // The bundle names a key and the policy trusts none: to be refused, whatever the artifact.
        None => Cow::Borrowed(&[] as &[_]),
    };
    let hashes = algorithms.iter().filter_map(|algorithm| algorithm.hash());
    let claimed = message.digest.map(|digest| digest.algorithm());
    let mut hashes: Vec<HashAlgorithm> = hashes.chain(claimed).collect();
    hashes.sort_unstable();
    hashes.dedup();
    let mut whole = algorithms
        .iter()
        .filter(|algorithm| algorithm.hash().is_none());
    Ok(Needed {
        hashes,
        whole: whole.next().copied(),
    })
}

/// A signature that holds.
#[derive(Debug)]
pub(crate) struct VerifiedContent<'a> {
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) signed: Signed<'a>,
    pub(crate) statement: Option<Statement>,
}

/// Checks the signature, by this hash if the policy names one, and then that it is about the artifact.
pub(crate) fn verify<'a>(
    content: &'a Content,
    key: &PublicKey,
    hash: Option<HashAlgorithm>,
    artifact: Artifact<'_>,
) -> Result<VerifiedContent<'a>, ArtifactRefused> {
    match content {
        Content::Message(message) => {
            let algorithms = message_algorithms(key.key_type(), hash);
            verify_message(message, key, &algorithms, artifact)
        }
        Content::Envelope(envelope) => {
            let algorithms = envelope_algorithms(key.key_type(), hash);
            verify_envelope(envelope, key, &algorithms, artifact)
        }
    }
}

fn verify_message<'a>(
    message: &MessageSignature,
    key: &PublicKey,
    algorithms: &[SignatureAlgorithm],
    artifact: Artifact<'_>,
) -> Result<VerifiedContent<'a>, ArtifactRefused> {
    let (algorithm, digest) = first_that_holds(key, algorithms, |algorithm| {
        let over = "artifact";
        let signature = |source| ArtifactRefused::Signature { over, source };
        match algorithm.hash() {
            Some(hash) => {
                let digest = artifact.digest(hash)?;
                key.verify_digest(algorithm, &digest, &message.signature)
                    .map_err(signature)?;
                Ok(Some(digest))
            }
            None => {
                let bytes = artifact.bytes(algorithm)?;
                key.verify(algorithm, bytes, &message.signature)
                    .map_err(signature)?;
                Ok(None)
            }
        }
    })?;
    if let Some(claimed) = message.digest {
        let actual = match digest {
            Some(digest) if digest.algorithm() == claimed.algorithm() => digest,
            _ => artifact.digest(claimed.algorithm())?,
        };
        if actual != claimed {
            return Err(ArtifactRefused::MessageDigest);
        }
    }
    Ok(VerifiedContent {
        algorithm,
        signed: Signed::Message(digest),
        statement: None,
    })
}

fn verify_envelope<'a>(
    envelope: &'a Envelope,
    key: &PublicKey,
    algorithms: &[SignatureAlgorithm],
    artifact: Artifact<'_>,
) -> Result<VerifiedContent<'a>, ArtifactRefused> {
    let pae = envelope.pae();
    let (algorithm, digest) = first_that_holds(key, algorithms, |algorithm| {
        let digest = algorithm.hash().map(|hash| hash.digest(&pae));
        let checked = match &digest {
            Some(digest) => key.verify_digest(algorithm, digest, &envelope.signature),
            None => key.verify(algorithm, &pae, &envelope.signature),
        };
        let over = "envelope";
        match checked {
            Ok(()) => Ok(digest),
            Err(source) => Err(ArtifactRefused::Signature { over, source }),
        }
    })?;
    let statement = statement(envelope)?;
    let hashes = statement.hashes();
    let digests: Vec<Digest> = match artifact {
        Artifact::Bytes(bytes) => hashes.iter().map(|hash| hash.digest(bytes)).collect(),
        Artifact::Digest(digest) => vec![digest],
        Artifact::Digests(digests) => digests.to_vec(),
    };
    if !statement.is_about(&digests) {
        let count = statement.subjects.len();
        return Err(ArtifactRefused::Subject { count });
    }
    Ok(VerifiedContent {
        algorithm,
        signed: Signed::Envelope(envelope, digest),
        statement: Some(statement),
    })
}

fn statement(envelope: &Envelope) -> Result<Statement, ArtifactRefused> {
    let (payload_type, payload) = (&envelope.payload_type, &envelope.payload);
    Ok(Statement::from_payload(payload_type, payload)?)
}

/// Tries the algorithms in order. If none holds, the error is that of a signature that was really
/// checked, before that of an algorithm that could not be tried.
fn first_that_holds<T>(
    key: &PublicKey,
    algorithms: &[SignatureAlgorithm],
    check: impl Fn(SignatureAlgorithm) -> Result<T, ArtifactRefused>,
) -> Result<(SignatureAlgorithm, T), ArtifactRefused> {
    let mut refused: Option<ArtifactRefused> = None;
    for algorithm in algorithms {
        match check(*algorithm) {
            Ok(value) => return Ok((*algorithm, value)),
            Err(error) => {
                let was_checked = |error: &_| matches!(error, ArtifactRefused::Signature { .. });
                if refused.as_ref().is_none_or(|known| !was_checked(known)) {
                    refused = Some(error);
                }
            }
        }
    }
    let key = key.key_type();
    Err(refused.unwrap_or(ArtifactRefused::Algorithm { key }))
}

impl<'a> Artifact<'a> {
    fn digest(self, hash: HashAlgorithm) -> Result<Digest, ArtifactRefused> {
        let given: &[Digest] = match &self {
            Self::Bytes(bytes) => return Ok(hash.digest(bytes)),
            Self::Digest(digest) => std::slice::from_ref(digest),
            Self::Digests(digests) => digests,
        };
        let found = given.iter().find(|digest| digest.algorithm() == hash);
        found.copied().ok_or_else(|| ArtifactRefused::OtherHash {
            found: given.iter().map(Digest::algorithm).collect(),
            expected: hash,
        })
    }

    fn bytes(self, algorithm: SignatureAlgorithm) -> Result<&'a [u8], ArtifactRefused> {
        match self {
            Self::Bytes(bytes) if bytes.len() <= LARGEST_WHOLE_ARTIFACT => Ok(bytes),
            _ => Err(ArtifactRefused::WholeArtifact { algorithm }),
        }
    }
}

/// The algorithms to try for an artifact, in order: the registry's default for the key, then what
/// older clients used: SHA-256 on every curve, Ed25519 over the message itself.
fn message_algorithms(
    key: KeyType,
    hash: Option<HashAlgorithm>,
) -> Cow<'static, [SignatureAlgorithm]> {
    use SignatureAlgorithm as Algorithm;
    match key {
        // Prehashed first: only so can a log hold the signature.
        KeyType::Ed25519 => Cow::Borrowed(&[Algorithm::Ed25519ph, Algorithm::Ed25519]),
        other => algorithms(other, hash),
    }
}

/// The algorithms to try for an envelope.
fn envelope_algorithms(
    key: KeyType,
    hash: Option<HashAlgorithm>,
) -> Cow<'static, [SignatureAlgorithm]> {
    use SignatureAlgorithm as Algorithm;
    match key {
        KeyType::Ed25519 => Cow::Borrowed(&[Algorithm::Ed25519, Algorithm::Ed25519ph]),
        other => algorithms(other, hash),
    }
}

fn algorithms(key: KeyType, hash: Option<HashAlgorithm>) -> Cow<'static, [SignatureAlgorithm]> {
    use SignatureAlgorithm as Algorithm;
    // Keys that sign no digest have one way to sign, whatever was asked.
    if let (
        Some(hash),
        KeyType::EcdsaP256 | KeyType::EcdsaP384 | KeyType::EcdsaP521 | KeyType::Rsa(_),
    ) = (hash, key)
    {
        return Cow::Owned(Algorithm::with_hash(key, hash).into_iter().collect());
    }
    Cow::Borrowed(match key {
        KeyType::EcdsaP256 => &[Algorithm::EcdsaP256Sha256],
        KeyType::EcdsaP384 => &[Algorithm::EcdsaP384Sha384, Algorithm::EcdsaP384Sha256],
        KeyType::EcdsaP521 => &[Algorithm::EcdsaP521Sha512, Algorithm::EcdsaP521Sha256],
        KeyType::Rsa(_) => &[Algorithm::RsaPkcs1Sha256, Algorithm::RsaPssSha256],
        KeyType::MlDsa65 => &[Algorithm::MlDsa65],
        KeyType::MlDsa87 => &[Algorithm::MlDsa87],
        _ => &[],
    })
}

//! Why a key could not be opened, and why its service did not answer as it should.

use waxwing_crypto::{HashAlgorithm, KeyType, PublicKeyError, SignatureAlgorithm, SignatureError};

use crate::CredentialsError;

/// Why a key could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The service, or the way to it.
    #[error("{key}: {source}")]
    Service {
        /// Which key.
        key: String,
        /// What failed.
        source: ServiceError,
    },
    /// A key that is for something else.
    #[error("{key}: the key is for {found}; expected one for {expected}")]
    Usage {
        /// Which key.
        key: String,
        /// What it is for, as the service says.
        found: String,
        /// The service's name for signing.
        expected: &'static str,
    },
    /// A key that signs in no way that is known here.
    #[error("{key}: the key signs by {found}; expected {expected}")]
    Algorithm {
        /// Which key.
        key: String,
        /// How it signs, as the service says.
        found: String,
        /// What can be used.
        expected: &'static str,
    },
    /// A hash by which the key does not sign.
    #[error("{key}: a {found:?} key does not sign by {hash:?}; ask for another hash, or for none")]
    Hash {
        /// Which key.
        key: String,
        /// What kind of key it is.
        found: KeyType,
        /// The hash that was asked for.
        hash: HashAlgorithm,
    },
    /// An algorithm that belongs to other keys.
    #[error(
        "{key}: the service says that the key signs by {algorithm:?}, and the key is a {found:?} key"
    )]
    Mismatch {
        /// Which key.
        key: String,
        /// What the service says.
        algorithm: SignatureAlgorithm,
        /// What kind of key it is.
        found: KeyType,
    },
    /// A key of another kind than the service says.
    #[error("{key}: the service says that it is a {said:?} key, and it is a {found:?} key")]
    Kind {
        /// Which key.
        key: String,
        /// What the service says.
        said: KeyType,
        /// What kind of key it is.
        found: KeyType,
    },
    /// A public key that is none, or too weak.
    #[error("{key}: {source}")]
    PublicKey {
        /// Which key.
        key: String,
        /// What is wrong with it.
        source: PublicKeyError,
    },
    /// A key, or a version of one, that is switched off.
    #[error("{key}: {found}; expected {expected}")]
    State {
        /// Which key.
        key: String,
        /// What the service says.
        found: String,
        /// What can be used.
        expected: &'static str,
    },
}

/// Why a service did not answer as it should.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// No answer.
    #[error("{service}: {source}")]
    Request {
        /// Who was asked.
        service: &'static str,
        /// What failed.
        source: waxwing_net::Error,
    },
    /// A refusal.
    #[error("{service} refused to {deed} ({status}): {reason}; {advice}")]
    Refused {
        /// Who was asked.
        service: &'static str,
        /// For what.
        deed: &'static str,
        /// The status of HTTP.
        status: u16,
        /// What the service says: printable, at most 300 characters, without secrets of ours.
        reason: String,
        /// What to do.
        advice: &'static str,
    },
    /// An answer that is none.
    #[error("{service} answered {found}; expected {expected}")]
    Answer {
        /// Who was asked.
        service: &'static str,
        /// What came.
        found: String,
        /// What should have come.
        expected: &'static str,
    },
    /// A signature that does not hold.
    #[error(
        "{service} gave a signature that the key's public half does not verify ({source}); it is of another key, version, \
         algorithm or message, and was thrown away. If the key was exchanged, start again"
    )]
    Signature {
        /// Who signed.
        service: &'static str,
        /// What is wrong with it.
        source: SignatureError,
    },
    /// A message that the service does not sign in one piece.
    #[error(
        "a message of {length} bytes; {service} signs at most {limit} with such a key, because it hashes them itself"
    )]
    TooLong {
        /// Who would sign.
        service: &'static str,
        /// How many bytes there are.
        length: usize,
        /// The most that it takes.
        limit: usize,
    },
    /// No credentials.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
}

impl ServiceError {
    /// Whether the service does not take our credentials, which others may help.
    pub(crate) fn is_of_credentials(&self) -> bool {
        match self {
            Self::Refused { status, reason, .. } => {
                *status == 401 || reason.starts_with("ExpiredToken")
            }
            _ => false,
        }
    }
}

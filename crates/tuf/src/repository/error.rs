//! Why a repository is not changed, or not read.

use waxwing_crypto::KeyError;

use crate::metadata::{KeyId, KeyKindError, MetadataError, ThresholdError, TopRole};

/// Why keys cannot be those of a role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuorumError {
    /// A kind of key that TUF has no scheme for.
    #[error(transparent)]
    Kind(#[from] KeyKindError),
    /// A threshold that is met by nobody, or that nobody can meet.
    #[error("a threshold of {threshold} with {keys} keys; expected 1 to {keys}")]
    Threshold {
        /// The threshold.
        threshold: u64,
        /// How many keys there are.
        keys: usize,
    },
    /// One key twice.
    #[error("the key {key_id} stands twice in one role; it would count once")]
    Doubled {
        /// The key.
        key_id: KeyId,
    },
}

/// Why a signature does not go to a draft.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// A key that the role does not name.
    #[error("the key {key_id} may not sign this; expected one of {expected}")]
    NotASigner {
        /// The key, by the identifier that follows from it.
        key_id: KeyId,
        /// Those that may.
        expected: String,
    },
    /// A signature by none of the keys that may sign.
    #[error("the signature in the name of {key_id} is by no key that may sign this document")]
    Signature {
        /// The name given.
        key_id: KeyId,
    },
    /// A copy that says something else.
    #[error("the signed copy is of another document; sign the draft as it is")]
    OtherDocument,
    /// No metadata, or too much of it.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// A key of a kind that TUF has no scheme for.
    #[error(transparent)]
    Kind(#[from] KeyKindError),
    /// The key did not sign.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Why a repository is not changed, or not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RepositoryError {
    /// A file that is no metadata.
    #[error("{file}: {source}")]
    File {
        /// Its path.
        file: String,
        /// What is wrong with it.
        source: MetadataError,
    },
    /// A change that cannot be written.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// Too few signatures.
    #[error(transparent)]
    Threshold(#[from] ThresholdError),
    /// A signature that could not be made.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// A file that must be there.
    #[error("the repository has no {file}")]
    Missing {
        /// Its path.
        file: String,
    },
    /// A version in a file of another.
    #[error("{file} says that it is version {found}; expected {expected}")]
    FileVersion {
        /// Its path.
        file: String,
        /// What it says.
        found: u64,
        /// What it is.
        expected: u64,
    },
    /// Metadata that no root of the repository has keys for.
    #[error("{file} is not signed by the keys of any root in the repository")]
    Unsigned {
        /// Its path.
        file: String,
    },
    /// A draft that was made before another was published.
    #[error("the draft is version {found} of {role}; the next is {expected}: draft it again")]
    Stale {
        /// The role.
        role: TopRole,
        /// The draft's version.
        found: u64,
        /// The version that comes next.
        expected: u64,
    },
    /// No number is left.
    #[error("{role} has reached the last version that there is")]
    LastVersion {
        /// The role.
        role: TopRole,
    },
    /// Nothing to refresh.
    #[error("the repository has no targets metadata yet: publish it before snapshot and timestamp")]
    NoTargets,
    /// A target to remove that is not there.
    #[error("there is no target {path:?} to remove")]
    NoTarget {
        /// The path.
        path: String,
    },
    /// A path that would leave its folder.
    #[error(
        "{path:?} is no path of a target; expected segments between slashes, none of them empty, . or .."
    )]
    TargetPath {
        /// The path.
        path: String,
    },
}

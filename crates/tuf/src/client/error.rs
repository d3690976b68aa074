//! Why an update fails.

use waxwing_encoding::time::UnixTime;

use super::{MOST_ROLES_A_SEARCH, MOST_ROOTS};
use crate::metadata::{ContentError, MetadataError, ThresholdError};

/// Why metadata is not trusted, or a target not found. What was trusted before stays so, and a later
/// refresh can succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// The repository lacks a file that it must have.
    #[error("the repository has no {path}")]
    NotFound {
        /// The path.
        path: String,
    },
    /// More bytes than were wanted.
    #[error("{path} has {length} bytes or more; at most {limit} are read")]
    TooLong {
        /// The path.
        path: String,
        /// How many came.
        length: u64,
        /// How many were wanted at most.
        limit: u64,
    },
    /// No metadata of the role.
    #[error("{role}: {source}")]
    Metadata {
        /// The role.
        role: String,
        /// What is wrong with it.
        source: MetadataError,
    },
    /// Too few signatures.
    #[error(transparent)]
    Threshold(#[from] ThresholdError),
    /// Another version than was asked for.
    #[error("{role} metadata is version {found}; expected {expected}")]
    Version {
        /// The role.
        role: String,
        /// The version of the file.
        found: u64,
        /// The version asked for.
        expected: u64,
    },
    /// Older than what is trusted already: somebody shows an old state.
    #[error("{place} says version {found} of {role}, and version {trusted} is trusted already")]
    Rollback {
        /// The metadata that says so.
        place: &'static str,
        /// The role whose version it is.
        role: String,
        /// The version said.
        found: u64,
        /// The version trusted.
        trusted: u64,
    },
    /// A role that was in the trusted snapshot is not in the next.
    #[error("the snapshot has lost {file}; what was in a snapshot stays in the next")]
    Removed {
        /// The file name of the role.
        file: String,
    },
    /// Expired: the repository is no longer kept up, or somebody hides what is newer.
    #[error("{role} metadata expired at {expires}; it is {now}")]
    Expired {
        /// The role.
        role: String,
        /// When it expired.
        expires: UnixTime,
        /// The time of the refresh.
        now: UnixTime,
    },
    /// Not the bytes that other metadata promised.
    #[error("{role} metadata: {source}")]
    Content {
        /// The role.
        role: String,
        /// What differs.
        source: ContentError,
    },
    /// A delegated role without a version.
    #[error("the snapshot does not list the delegated role {role:?}")]
    NotInSnapshot {
        /// The role.
        role: String,
    },
    /// More roles than a search visits.
    #[error("more than {MOST_ROLES_A_SEARCH} delegated roles may name {path:?}; the search ends")]
    TooManyRoles {
        /// The path of the target.
        path: String,
    },
    /// No role that may name it has named it.
    #[error("the repository has no target {path:?}")]
    NoTarget {
        /// The path of the target.
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
    /// A target that no known hash names.
    #[error("the target {path:?} has no hash that a file can be named by: {source}")]
    TargetName {
        /// The path.
        path: String,
        /// The hashes that it has.
        source: ContentError,
    },
    /// An answer to nothing.
    #[error("nothing is wanted; answer only what `wanted` asked for")]
    NothingWanted,
    /// The result was asked for too early, or after a failure.
    #[error(
        "the update is not at its end; answer what `wanted` asks for, up to {MOST_ROOTS} roots and three files"
    )]
    Unfinished,
}

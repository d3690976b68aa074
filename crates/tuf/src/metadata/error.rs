//! Why metadata is refused.

use waxwing_encoding::olpc_json::OlpcJsonError;

use super::{KeyId, MOST_DELEGATED_ROLES, MOST_KEYS};

/// Why bytes are not metadata of the role that was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// Longer than the role's metadata may be.
    #[error("{role} metadata of {length} bytes; at most {limit} are read")]
    TooLong {
        /// The role.
        role: &'static str,
        /// How many bytes there are.
        length: usize,
        /// How many are read.
        limit: usize,
    },
    /// Not JSON that has a canonical form.
    #[error("the metadata is {0}")]
    Json(#[from] OlpcJsonError),
    /// A member that must be there is not.
    #[error("{place} is missing")]
    Missing {
        /// Where, from the top: `signed.version`.
        place: String,
    },
    /// A value of another kind.
    #[error("{place} is not {expected}")]
    Kind {
        /// Where.
        place: String,
        /// What stands there in good metadata.
        expected: &'static str,
    },
    /// Metadata of another role.
    #[error("signed._type is {found:?}; expected {expected:?}")]
    Type {
        /// The type found.
        found: String,
        /// The role asked for.
        expected: &'static str,
    },
    /// A specification that this is not written for.
    #[error("signed.spec_version is {found:?}; expected version 1, like 1.0 or 1.0.34")]
    SpecVersion {
        /// The text found.
        found: String,
    },
    /// A version, a threshold or a count that is 0.
    #[error("{place} is 0; expected at least 1")]
    Zero {
        /// Where.
        place: String,
    },
    /// No time.
    #[error("{place} is {found:?}; expected a time like 2026-11-30T00:00:00Z")]
    Time {
        /// Where.
        place: String,
        /// The text found.
        found: String,
    },
    /// One key stands twice in a role.
    #[error("{place} names the key {key_id} twice")]
    DoubledKeyId {
        /// Where.
        place: String,
        /// The key.
        key_id: KeyId,
    },
    /// Two signatures in the name of one key.
    #[error("signatures has two by the key {key_id}; expected one a key")]
    DoubledSignature {
        /// The key.
        key_id: KeyId,
    },
    /// More than is read.
    #[error("{place} has {count} items; at most {limit} are read")]
    TooMany {
        /// Where.
        place: String,
        /// How many there are.
        count: usize,
        /// How many are read.
        limit: usize,
    },
    /// A timestamp that lists something else than the snapshot.
    #[error("signed.meta of a timestamp has {found} entries; expected snapshot.json alone")]
    TimestampEntries {
        /// How many there are.
        found: usize,
    },
    /// A list of hashes without one.
    #[error("{place} is empty; expected at least one hash, or none of the member")]
    NoHash {
        /// Where.
        place: String,
    },
    /// Of two members exactly one must be there.
    #[error("{place} needs either {first} or {second}, and not both")]
    OneOf {
        /// Where.
        place: String,
        /// The one.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// A delegated role with the name of a top-level role, or none.
    #[error("{found:?} cannot be the name of a delegated role")]
    RoleName {
        /// The name found.
        found: String,
    },
    /// Two delegated roles of one name.
    #[error("signed.delegations.roles has {name:?} twice")]
    DoubledRole {
        /// The name.
        name: String,
    },
    /// Succinct roles with no bins, or more than there are hashes for.
    #[error("signed.delegations.succinct_roles.bit_length is {found}; expected 1 to 32")]
    BitLength {
        /// The number found.
        found: u64,
    },
}

impl MetadataError {
    pub(super) fn too_many_keys(place: String, count: usize) -> Self {
        Self::TooMany {
            place,
            count,
            limit: MOST_KEYS,
        }
    }

    pub(super) fn too_many_roles(place: String, count: usize) -> Self {
        Self::TooMany {
            place,
            count,
            limit: MOST_DELEGATED_ROLES,
        }
    }
}

/// Fewer keys than needed have signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the {role} metadata is signed by {found} of the keys that {delegator} names for it; \
     expected {threshold} or more"
)]
pub struct ThresholdError {
    /// The role whose metadata it is.
    pub role: String,
    /// The role that names its keys.
    pub delegator: String,
    /// How many different keys have signed.
    pub found: usize,
    /// How many must.
    pub threshold: u64,
}

/// Why the content of a file is not what metadata promised.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// Another length.
    #[error("the content has {found} bytes; expected {expected}")]
    Length {
        /// How many there are.
        found: u64,
        /// How many there should be.
        expected: u64,
    },
    /// Another hash.
    #[error("the content's {algorithm} is {found}; expected {expected}")]
    Hash {
        /// The hash function.
        algorithm: String,
        /// The content's.
        found: String,
        /// The metadata's.
        expected: String,
    },
    /// Hashes by functions that nobody here knows.
    #[error("no hash of the content can be checked: found {found}; expected sha256 or sha512")]
    NoKnownHash {
        /// The functions named.
        found: String,
    },
}

//! Which entry has a key: the exact memory against duplicates.
//!
//! The keys of the newest entries are in the engine's memory; those of all others are in a
//! [`KeyIndex`], which the driver keeps beside the log. It is never authoritative: what it says is
//! read back and proven before anybody is told.

mod memory;
mod runs;

use std::fmt;

use waxwing_crypto::sha256;
use waxwing_encoding::hex;
use waxwing_tlog::Hash;

pub(crate) use memory::MemoryKeys;
pub use runs::{KeySettings, LocalKeys};

use crate::{DriverError, Operation};

/// What tells entries apart: SHA-256 of the bytes that the service gives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; 32]);

impl Key {
    /// The key made of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha256(bytes))
    }

    /// A key as it was stored.
    pub fn from_digest(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<Hash> for Key {
    /// The key of an entry that is told apart by its leaf: no second hash is needed.
    fn from(leaf_hash: Hash) -> Self {
        Self(*leaf_hash.as_bytes())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Key({})", hex::encode(&self.0))
    }
}

/// The keys of the first entries of a log.
///
/// Once keys were absorbed they are found for good, also after a crash. Of two entries with one key
/// the first is found.
pub trait KeyIndex: fmt::Debug + Send + Sync + 'static {
    /// How many entries are covered: all with a smaller index.
    fn covered(&self) -> u64;

    /// The covered entry with this key. Called for nearly every add, by many threads at once; nearly
    /// always the answer is that there is none.
    fn find(&self, key: &Key) -> Result<Option<u64>, DriverError>;

    /// Covers the entries from `first` on, durably. `first` is at most [`KeyIndex::covered`]; what is
    /// covered already is passed over. Called by one task at a time.
    fn absorb(&self, first: u64, keys: Vec<Key>) -> Operation<'_, Result<(), DriverError>>;
}

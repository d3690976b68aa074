//! Where each key is: the exact memory against duplicates.
//!
//! Rebuilt from the ledger and the records, never authoritative. It lives in memory; a log of tens of
//! millions of entries will want it on disk, behind the same four functions.

use std::collections::HashMap;
use std::fmt;

use waxwing_crypto::sha256;
use waxwing_encoding::hex;

use crate::shelf::Shelf;

/// What tells entries apart: SHA-256 of the bytes that the service gives. All 32 bytes are kept,
/// since two keys that agree in fewer can be sought offline, and the second entry would then be
/// answered with the first.
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

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Key({})", hex::encode(&self.0))
    }
}

/// The keys of the first `size` entries.
#[derive(Debug, Default)]
pub(crate) struct Index {
    entries: HashMap<Key, u64>,
    size: u64,
}

impl Index {
    /// The entry with that key.
    pub(crate) fn find(&self, key: &Key) -> Option<u64> {
        self.entries.get(key).copied()
    }

    /// How many entries are in it.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Notes the key of the next entry. If it is there already the first entry stays, as everybody
    /// was told before.
    pub(crate) fn push(&mut self, key: Key) {
        self.entries.entry(key).or_insert(self.size);
        self.size += 1;
    }

    /// Notes the entries of the shelf that are not in it.
    pub(crate) fn catch_up(&mut self, shelf: &Shelf) {
        while let Some(entry) = shelf.entry(self.size) {
            self.push(entry.key);
        }
    }
}

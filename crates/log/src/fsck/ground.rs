//! What all threads of a check share: the directory as it was looked at, and what is counted.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use waxwing_tlog::tile::{HashTile, Tile, Width};

use super::keys::Keys;
use super::problem::{ProblemKind, Problems};
use super::tail::Tail;
use crate::{Format, LocalDriver, Object};

/// The directory, and how much of it is to be checked.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) driver: LocalDriver,
    pub(super) format: Format,
    pub(super) tail: Tail,
    /// All entries, also those that are durable but not published.
    pub(super) size: u64,
    /// Everything below must be in files.
    pub(super) filed: u64,
    pub(super) keys: Option<Keys>,
    pub(super) problems: Problems,
    /// Entries looked at, their bytes, and those whose leaf does not follow from them.
    pub(super) done: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) not_derived: AtomicU64,
}

impl Ground {
    /// An object's content; that it cannot be read is reported here.
    pub(super) fn object(&self, object: Object, index: u64) -> Option<Bytes> {
        match self.driver.object_now(object) {
            Ok(content) => content,
            Err(error) => {
                let file = self.driver.file_of(object);
                let kind = ProblemKind::Unreadable;
                let (found, expected) = (error.to_string(), "a file".to_owned());
                self.problems.add(kind, file, Some(index), found, expected);
                None
            }
        }
    }

    /// A full tile of hashes whose first hash is over the entries from `index` on. That it is missing
    /// although it must be there, or has another length, is reported here.
    pub(super) fn hash_tile(&self, tile: Tile, index: u64, required: bool) -> Option<HashTile> {
        let object = Object::Tile(tile);
        let Some(content) = self.object(object, index) else {
            if required {
                self.missing(ProblemKind::TileMissing, object, index);
            }
            return None;
        };
        let parsed = HashTile::parse(&content, Width::Full);
        if let Err(error) = &parsed {
            let found = format!("{} bytes", error.found);
            let expected = format!("{} bytes", error.expected);
            self.report(ProblemKind::TileLength, object, index, found, expected);
        }
        parsed.ok()
    }

    pub(super) fn missing(&self, kind: ProblemKind, object: Object, index: u64) {
        let expected = format!("{object}, below {} filed entries", self.filed);
        self.report(kind, object, index, "nothing", expected);
    }

    pub(super) fn report(
        &self,
        kind: ProblemKind,
        object: Object,
        index: u64,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) {
        let file = self.driver.file_of(object);
        self.problems.add(kind, file, Some(index), found, expected);
    }

    pub(super) fn count(&self, entries: u64, bytes: u64) {
        self.done.fetch_add(entries, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

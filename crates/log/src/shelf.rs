//! The entries that are not in objects yet: the growing page, and full ones that wait to be filed.
//!
//! A shelf is cloned for each batch and shared with readers, so pages are behind [`Arc`]: a clone
//! copies pointers, and only the growing page is copied when it is written to.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use waxwing_encoding::time::UnixTime;
use waxwing_tlog::tile::FULL_WIDTH;

use crate::Key;

const PAGE: u64 = FULL_WIDTH as u64;

/// An entry and what the ledger says of it.
#[derive(Debug, Clone)]
pub(crate) struct ShelfEntry {
    pub(crate) key: Key,
    pub(crate) time: UnixTime,
    pub(crate) stored: Bytes,
}

/// The last entries of a log, from a page's start on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shelf {
    /// About how much memory the entries in full pages take.
    full_bytes: usize,
    /// The index of the growing page.
    open_index: u64,
    open: Arc<Vec<ShelfEntry>>,
    full: BTreeMap<u64, Arc<Vec<ShelfEntry>>>,
}

impl Shelf {
    /// The empty shelf of a log whose first `size` entries are filed.
    pub(crate) fn after(size: u64) -> Self {
        Self {
            open_index: size / PAGE,
            ..Self::default()
        }
    }

    /// Appends the next entry.
    pub(crate) fn push(&mut self, entry: ShelfEntry) {
        let open = Arc::make_mut(&mut self.open);
        open.reserve_exact(FULL_WIDTH - open.len());
        open.push(entry);
        if open.len() == FULL_WIDTH {
            let page = std::mem::take(&mut self.open);
            self.full_bytes += bytes(&page);
            self.full.insert(self.open_index, page);
            self.open_index += 1;
        }
    }

    /// The index of the first entry that is here, or would be.
    pub(crate) fn start(&self) -> u64 {
        let first = self.full.first_key_value().map(|(page, _)| *page);
        first.unwrap_or(self.open_index) * PAGE
    }

    /// The entry with that index, if it is here.
    pub(crate) fn entry(&self, index: u64) -> Option<&ShelfEntry> {
        self.page(index / PAGE)?.get((index % PAGE) as usize)
    }

    /// The entries of a page, if it is here; of the growing one as many as there are.
    pub(crate) fn page(&self, index: u64) -> Option<&[ShelfEntry]> {
        if index == self.open_index {
            return Some(&self.open);
        }
        self.full.get(&index).map(|page| page.as_slice())
    }

    /// The full pages, which wait to be filed.
    pub(crate) fn full(&self) -> &BTreeMap<u64, Arc<Vec<ShelfEntry>>> {
        &self.full
    }

    /// Lets go of what is filed.
    pub(crate) fn drop_below(&mut self, size: u64) {
        self.full = self.full.split_off(&(size / PAGE));
        self.full_bytes = self.full.values().map(|page| bytes(page)).sum();
    }

    /// About how much memory the entries in full pages take.
    pub(crate) fn full_bytes(&self) -> usize {
        self.full_bytes
    }
}

/// What an entry takes in memory beside its bytes: here, in its tile, and in the map of recent keys.
/// Without it a log of small entries would hold several times what it is allowed to.
const BESIDE: usize = 256;

fn bytes(page: &[ShelfEntry]) -> usize {
    page.iter().map(|entry| entry.stored.len() + BESIDE).sum()
}

//! A log as it is under one head: what that head covers, and nothing beyond.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use waxwing_tlog::Hash;
use waxwing_tlog::merkle::CompactRange;
use waxwing_tlog::tile::{Tile, Width};

use crate::context::Context;
use crate::read::Reader;
use crate::snapshot::Snapshot;
use crate::{Driver, Entry, Format, Object, Published, ReadError};

/// The log under one published head. It stays as it is while the log grows.
#[derive(Clone)]
pub struct View {
    driver: Arc<dyn Driver>,
    format: Format,
    snapshot: Arc<Snapshot>,
}

impl fmt::Debug for View {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "View({} entries)", self.size())
    }
}

impl View {
    pub(crate) fn new(context: &Context, snapshot: Arc<Snapshot>) -> Self {
        Self::over(
            Arc::clone(&context.driver),
            context.settings.format,
            snapshot,
        )
    }

    pub(crate) fn over(driver: Arc<dyn Driver>, format: Format, snapshot: Arc<Snapshot>) -> Self {
        Self {
            driver,
            format,
            snapshot,
        }
    }

    /// The head.
    pub fn published(&self) -> Published {
        self.snapshot.published()
    }

    /// The number of entries.
    pub fn size(&self) -> u64 {
        self.snapshot.state.head.size
    }

    /// The root of the tree.
    pub fn root_hash(&self) -> Hash {
        self.snapshot.state.head.root
    }

    /// In which form the entries are.
    pub fn format(&self) -> Format {
        self.format
    }

    /// A tile of hashes; `None` if the tree does not have all of it.
    pub async fn tile(
        &self,
        level: u8,
        index: u64,
        width: Width,
    ) -> Result<Option<Bytes>, ReadError> {
        self.reader().tile(Tile::hashes(level, index, width)).await
    }

    /// A tile of entries in the log's form; `None` if the tree does not have all of it.
    pub async fn entries(&self, index: u64, width: Width) -> Result<Option<Bytes>, ReadError> {
        self.reader().entries(index, width).await
    }

    /// The entries of one page of 256, or those of them that there are, from the page's start on.
    /// Each was compared with its leaf where the form allows it.
    pub async fn page(&self, page: u64) -> Result<Vec<Entry>, ReadError> {
        self.reader().page(page).await
    }

    /// One entry; `None` if the tree does not have it.
    pub async fn entry(&self, index: u64) -> Result<Option<Entry>, ReadError> {
        if index >= self.size() {
            return Ok(None);
        }
        self.reader().entry(index).await.map(Some)
    }

    /// The leaves of one page of 256, or those of them that there are.
    pub async fn leaf_hashes(&self, page: u64) -> Result<Vec<Hash>, ReadError> {
        self.reader().leaf_hashes(page).await
    }

    /// The root of the first `size` entries.
    pub async fn root(&self, size: u64) -> Result<Hash, ReadError> {
        self.reader().root(size).await
    }

    /// The inclusion proof of an entry in the tree of the first `size` entries.
    pub async fn inclusion_proof(&self, index: u64, size: u64) -> Result<Vec<Hash>, ReadError> {
        Ok(self.reader().inclusion(index, size).await?.proof)
    }

    /// The consistency proof between the trees of the first `old_size` and `new_size` entries.
    pub async fn consistency_proof(
        &self,
        old_size: u64,
        new_size: u64,
    ) -> Result<Vec<Hash>, ReadError> {
        self.reader().consistency(old_size, new_size).await
    }

    /// The right edge of the tree of the first `size` entries.
    pub(crate) async fn compact_range(&self, size: u64) -> Result<CompactRange, ReadError> {
        self.reader().compact_range(size).await
    }

    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader {
            state: &self.snapshot.state,
            driver: &*self.driver,
            format: self.format,
        }
    }

    pub(crate) fn damaged_page(&self, page: u64) -> ReadError {
        let object = Object::Tile(self.format.tile(page, Width::Full));
        ReadError::Damaged { object }
    }
}

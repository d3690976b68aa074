//! Reading what lies under one head: from memory if it is there, else from the driver's objects.
//!
//! A partial tile is never stored. It is cut from the growing tile in memory, or from the full one,
//! so that every width that was ever implied by a checkpoint can be served for good.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use waxwing_tlog::Hash;
use waxwing_tlog::merkle::{self, Node, leaf_hash};
use waxwing_tlog::tile::{FULL_WIDTH, HashTile, Place, Tile, Width};

use crate::ledger::{self, Line};
use crate::shelf::ShelfEntry;
use crate::state::State;
use crate::tree::Coordinates;
use crate::{Driver, Format, Object, ReadError};

const PAGE: u64 = FULL_WIDTH as u64;

/// A head and the driver that has what is not in memory.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) state: &'a State,
    pub(crate) driver: &'a dyn Driver,
    pub(crate) format: Format,
}

/// An inclusion proof that was checked, with what it connects.
pub(crate) struct Inclusion {
    pub(crate) leaf_hash: Hash,
    pub(crate) proof: Vec<Hash>,
}

impl Reader<'_> {
    /// The bytes of a hash tile; `None` if this head does not have all of it.
    pub(crate) async fn tile(&self, tile: Tile) -> Result<Option<Bytes>, ReadError> {
        if !tile.is_within(self.size()) {
            return Ok(None);
        }
        let at = (tile.level(), tile.index);
        if let Some(content) = self.state.tree.tile(at) {
            return Ok(content.to_bytes(tile.width).map(Bytes::from));
        }
        let content = self.object(Object::Tile(tile.full())).await?;
        let length = tile.width.entries() * Hash::LENGTH;
        self.cut(Object::Tile(tile.full()), &content, length)
            .map(Some)
    }

    /// The bytes of an entry bundle or data tile; `None` if this head does not have all of it.
    pub(crate) async fn entries(
        &self,
        index: u64,
        width: Width,
    ) -> Result<Option<Bytes>, ReadError> {
        let tile = self.format.tile(index, width);
        if !tile.is_within(self.size()) {
            return Ok(None);
        }
        if let Some(page) = self.state.shelf.page(index) {
            let entries = page.iter().take(width.entries()).map(|entry| &entry.stored);
            return Ok(Some(self.format.encode(entries)?));
        }
        let object = Object::Tile(tile.full());
        let content = self.object(object).await?;
        if width == Width::Full {
            return Ok(Some(content));
        }
        let lines = self.ledger(index).await?;
        let length = self.length(&lines, width.entries());
        self.cut(object, &content, length).map(Some)
    }

    /// An entry and what the ledger says of it.
    pub(crate) async fn entry(&self, index: u64) -> Result<ShelfEntry, ReadError> {
        self.check_index(index)?;
        if let Some(entry) = self.state.shelf.entry(index) {
            return Ok(entry.clone());
        }
        let lines = self.ledger(index / PAGE).await?;
        let object = Object::Tile(self.format.tile(index / PAGE, Width::Full));
        let content = self.object(object).await?;
        let place = (index % PAGE) as usize;
        let line = lines.get(place).ok_or(ReadError::Damaged { object })?;
        let end = self.length(&lines, place + 1);
        let stored = self.cut(object, &content, end)?;
        Ok(ShelfEntry {
            key: line.key,
            time: line.time,
            stored: stored.slice(end - line.length..),
        })
    }

    /// An inclusion proof of an entry in the tree of `size` leaves, checked.
    pub(crate) async fn inclusion(&self, index: u64, size: u64) -> Result<Inclusion, ReadError> {
        self.check_size(size)?;
        let mut nodes = merkle::inclusion_nodes(index, size)?;
        nodes.push(Node { level: 0, index });
        let source = self.source(&nodes).await?;
        let proof = merkle::inclusion_proof(index, size, |node| source.node(node))?;
        let leaf_hash = source
            .node(Node { level: 0, index })
            .ok_or(merkle::ProofError::MissingNode { level: 0, index })?;
        let root = self.root(size).await?;
        merkle::verify_inclusion(index, size, &leaf_hash, &proof, &root)?;
        Ok(Inclusion { leaf_hash, proof })
    }

    /// A consistency proof between two trees, checked.
    pub(crate) async fn consistency(
        &self,
        old_size: u64,
        new_size: u64,
    ) -> Result<Vec<Hash>, ReadError> {
        self.check_size(old_size.max(new_size))?;
        let nodes = merkle::consistency_nodes(old_size, new_size)?;
        let source = self.source(&nodes).await?;
        let proof = merkle::consistency_proof(old_size, new_size, |node| source.node(node))?;
        let (old, new) = (self.root(old_size).await?, self.root(new_size).await?);
        merkle::verify_consistency(old_size, new_size, &proof, &old, &new)?;
        Ok(proof)
    }

    /// The root of the first `size` leaves. Of the head itself it is the head's own, so that proofs
    /// are checked against what was signed.
    pub(crate) async fn root(&self, size: u64) -> Result<Hash, ReadError> {
        self.check_size(size)?;
        if size == self.size() {
            return Ok(self.state.head.root);
        }
        let source = self.source(&merkle::root_nodes(size)).await?;
        Ok(merkle::root(size, |node| source.node(node))?)
    }

    /// The lines of a page of the ledger.
    pub(crate) async fn ledger(&self, index: u64) -> Result<Vec<Line>, ReadError> {
        let object = Object::Ledger { index };
        let page = self.object(object).await?;
        ledger::parse(&page).ok_or(ReadError::Damaged { object })
    }

    /// Whether an entry's bytes are those of a leaf, in the format where that can be told.
    pub(crate) fn check_leaf(
        &self,
        index: u64,
        stored: &[u8],
        expected: &Hash,
    ) -> Result<(), ReadError> {
        if self.format == Format::TlogTiles && leaf_hash(stored) != *expected {
            let object = Object::Tile(self.format.tile(index / PAGE, Width::Full));
            return Err(ReadError::Damaged { object });
        }
        Ok(())
    }

    fn size(&self) -> u64 {
        self.state.head.size
    }

    fn check_index(&self, index: u64) -> Result<(), ReadError> {
        let size = self.size();
        if index < size {
            return Ok(());
        }
        Err(merkle::ProofError::IndexOutsideTree { index, size }.into())
    }

    fn check_size(&self, size: u64) -> Result<(), ReadError> {
        let published = self.size();
        if size <= published {
            return Ok(());
        }
        Err(ReadError::BeyondCheckpoint { size, published })
    }

    /// Fetches the tiles of those nodes that are not in memory.
    async fn source(&self, nodes: &[Node]) -> Result<Source<'_>, ReadError> {
        let mut fetched = BTreeMap::new();
        for node in nodes {
            let place = Place::of(*node);
            let at = (place.level, place.index);
            if self.state.tree.tile(at).is_none() && !fetched.contains_key(&at) {
                fetched.insert(at, self.hash_tile(at).await?);
            }
        }
        Ok(Source {
            state: self.state,
            fetched,
        })
    }

    /// A full tile of hashes, with its inner nodes.
    pub(crate) async fn hash_tile(
        &self,
        (level, index): Coordinates,
    ) -> Result<Arc<HashTile>, ReadError> {
        let object = Object::Tile(Tile::hashes(level, index, Width::Full));
        let bytes = self.object(object).await?;
        let tile = HashTile::parse(&bytes, Width::Full);
        tile.map(Arc::new)
            .map_err(|_| ReadError::Damaged { object })
    }

    async fn object(&self, object: Object) -> Result<Bytes, ReadError> {
        let found = self.driver.get(object).await?;
        found.ok_or(ReadError::Missing { object })
    }

    /// How many bytes the first entries of a page have.
    fn length(&self, lines: &[Line], entries: usize) -> usize {
        let lengths = lines.iter().take(entries);
        lengths
            .map(|line| line.length + self.format.overhead())
            .sum()
    }

    fn cut(&self, object: Object, content: &Bytes, length: usize) -> Result<Bytes, ReadError> {
        if content.len() < length {
            return Err(ReadError::Damaged { object });
        }
        Ok(content.slice(..length))
    }
}

/// Nodes from memory, and from tiles that were fetched for the purpose.
struct Source<'a> {
    state: &'a State,
    fetched: BTreeMap<Coordinates, Arc<HashTile>>,
}

impl Source<'_> {
    fn node(&self, node: Node) -> Option<Hash> {
        self.state.tree.node(node).or_else(|| {
            let place = Place::of(node);
            let tile = self.fetched.get(&(place.level, place.index))?;
            tile.node(place.row, place.column)
        })
    }
}

//! Reading what lies under one head: from memory if it is there, else from the driver's objects.
//!
//! A partial tile is never stored. It is cut from the growing tile in memory, or from the full one,
//! so that every width that was ever implied by a checkpoint can be served for good.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use waxwing_tlog::Hash;
use waxwing_tlog::merkle::{self, CompactRange, Node, ProofError, leaf_hash};
use waxwing_tlog::tile::{FULL_WIDTH, HashTile, Place, Tile, Width};

use crate::ledger::{self, Line};
use crate::snapshot::{SharedProof, Snapshot};
use crate::state::State;
use crate::tree::{Coordinates, Tree};
use crate::{Driver, Entry, Format, Head, Object, ReadError};

const PAGE: u64 = FULL_WIDTH as u64;

/// A head and the driver that has what is not in memory.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) state: &'a State,
    pub(crate) driver: &'a dyn Driver,
    pub(crate) format: Format,
}

/// An inclusion proof in a snapshot's tree, checked, if all of it is in memory: that of nearly every
/// entry that was just added.
///
/// The leaves of a full tile share all but the lowest eight hashes of their proofs. Those are made and
/// checked once for all of them; of a thousand entries in one batch each pays for its eight hashes
/// only, however large the tree is.
pub(crate) fn inclusion_in_memory(
    snapshot: &Snapshot,
    index: u64,
) -> Result<Option<Inclusion>, ReadError> {
    let State { head, tree, .. } = &snapshot.state;
    let node = |node| tree.node(node);
    let page = index / PAGE;
    let found = if (page + 1) * PAGE <= head.size {
        snapshot
            .shared_proof(page, || shared_proof(head, tree, page))
            .and_then(|shared| {
                let below = |inner: Node| {
                    node(Node {
                        level: inner.level,
                        index: ((page * PAGE) >> inner.level) + inner.index,
                    })
                };
                let (place, leaf_hash) = (index % PAGE, leaf_of(tree, index)?);
                let mut proof = Vec::with_capacity(8 + shared.upper.len());
                proof.extend(merkle::inclusion_proof(place, PAGE, below)?);
                merkle::verify_inclusion(place, PAGE, &leaf_hash, &proof, &shared.tile_root)?;
                proof.extend_from_slice(&shared.upper);
                Ok(Inclusion { leaf_hash, proof })
            })
    } else {
        merkle::inclusion_proof(index, head.size, node).and_then(|proof| {
            let leaf_hash = leaf_of(tree, index)?;
            merkle::verify_inclusion(index, head.size, &leaf_hash, &proof, &head.root)?;
            Ok(Inclusion { leaf_hash, proof })
        })
    };
    match found {
        Err(ProofError::MissingNode { .. }) => Ok(None),
        found => Ok(Some(found?)),
    }
}

/// What the proofs of a full tile's leaves have in common, checked from its first leaf to the root.
fn shared_proof(head: &Head, tree: &Tree, page: u64) -> Result<SharedProof, ProofError> {
    let first = page * PAGE;
    let node = |node| tree.node(node);
    let leaf_hash = leaf_of(tree, first)?;
    let mut proof = merkle::inclusion_proof(first, head.size, node)?;
    merkle::verify_inclusion(first, head.size, &leaf_hash, &proof, &head.root)?;
    let upper = proof.split_off(8);
    // That the same leaf leads to the tile's root puts that root on the way to the tree's.
    let missing = ProofError::MissingNode {
        level: 8,
        index: page,
    };
    let tile_root = tree.tile((0, page)).and_then(|tile| tile.root());
    let tile_root = tile_root.ok_or(missing)?;
    merkle::verify_inclusion(0, PAGE, &leaf_hash, &proof, &tile_root)?;
    Ok(SharedProof { tile_root, upper })
}

fn leaf_of(tree: &Tree, index: u64) -> Result<Hash, ProofError> {
    let missing = ProofError::MissingNode { level: 0, index };
    tree.node(Node { level: 0, index }).ok_or(missing)
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
        let places = self.places(object, &content, &lines)?;
        let end = places.get(width.entries() - 1).map_or(0, |place| place.end);
        Ok(Some(content.slice(..end)))
    }

    /// An entry and what the ledger says of it.
    pub(crate) async fn entry(&self, index: u64) -> Result<Entry, ReadError> {
        self.check_index(index)?;
        if let Some(entry) = self.state.shelf.entry(index) {
            return Ok(Entry {
                stored: entry.stored.clone(),
                time: entry.time,
            });
        }
        let mut page = self.filed_page(index / PAGE).await?;
        Ok(page.swap_remove((index % PAGE) as usize))
    }

    /// The 256 entries of a page that was filed, which may be beyond this head.
    pub(crate) async fn filed_page(&self, page: u64) -> Result<Vec<Entry>, ReadError> {
        let lines = self.ledger(page).await?;
        let object = Object::Tile(self.format.tile(page, Width::Full));
        let content = self.object(object).await?;
        let places = self.places(object, &content, &lines)?;
        let entries = places.into_iter().zip(lines).map(|(place, line)| Entry {
            stored: content.slice(place),
            time: line.time,
        });
        Ok(entries.collect())
    }

    /// The entries of a page, as many as this head has.
    pub(crate) async fn page(&self, page: u64) -> Result<Vec<Entry>, ReadError> {
        let there = self.in_page(page);
        if let Some(entries) = self.state.shelf.page(page) {
            let entries = entries.iter().take(there).map(|entry| Entry {
                stored: entry.stored.clone(),
                time: entry.time,
            });
            return Ok(entries.collect());
        }
        if there == 0 {
            return Ok(Vec::new());
        }
        let mut entries = self.filed_page(page).await?;
        entries.truncate(there);
        Ok(entries)
    }

    /// The leaves of a page, as many as this head has.
    pub(crate) async fn leaf_hashes(&self, page: u64) -> Result<Vec<Hash>, ReadError> {
        let there = self.in_page(page);
        if there == 0 {
            return Ok(Vec::new());
        }
        let tile = match self.state.tree.tile((0, page)) {
            Some(tile) => Arc::clone(tile),
            None => self.hash_tile((0, page)).await?,
        };
        Ok((0..there)
            .filter_map(|column| tile.node(0, column))
            .collect())
    }

    fn in_page(&self, page: u64) -> usize {
        self.size()
            .saturating_sub(page.saturating_mul(PAGE))
            .min(PAGE) as usize
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
            .ok_or(ProofError::MissingNode { level: 0, index })?;
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

    /// The right edge of the tree of the first `size` leaves.
    pub(crate) async fn compact_range(&self, size: u64) -> Result<CompactRange, ReadError> {
        self.check_size(size)?;
        let nodes = merkle::root_nodes(size);
        let source = self.source(&nodes).await?;
        let mut hashes = Vec::with_capacity(nodes.len());
        // The largest subtree first.
        for node in nodes.iter().rev() {
            let missing = ProofError::MissingNode {
                level: node.level,
                index: node.index,
            };
            hashes.push(source.node(*node).ok_or(missing)?);
        }
        Ok(CompactRange::from_hashes(size, &hashes)
            .expect("invariant: one hash for each perfect subtree"))
    }

    /// The lines of a page of the ledger.
    pub(crate) async fn ledger(&self, index: u64) -> Result<Vec<Line>, ReadError> {
        let object = Object::Ledger { index };
        let page = self.object(object).await?;
        ledger::parse(&page, self.format).ok_or(ReadError::Damaged { object })
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
        Err(ProofError::IndexOutsideTree { index, size }.into())
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

    fn places(
        &self,
        object: Object,
        content: &[u8],
        lines: &[Line],
    ) -> Result<Vec<Range<usize>>, ReadError> {
        let places = self.format.places(content, lines);
        places.ok_or(ReadError::Damaged { object })
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

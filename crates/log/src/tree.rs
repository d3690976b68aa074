//! The tree of a log, as much of it as must be in memory: the growing tile of each level, and full
//! tiles that wait to be filed.
//!
//! That is enough for the root, for the proof of a new entry, and for the proof that a new head
//! extends the last one, whatever the size of the log. Everything else is in objects. A tree is
//! cloned for each batch and shared with readers; a clone copies pointers.

use std::collections::BTreeMap;
use std::sync::Arc;

use waxwing_tlog::Hash;
use waxwing_tlog::merkle::{self, Node};
use waxwing_tlog::tile::{HashTile, Place, full_tiles};

/// A tile's level and index.
pub(crate) type Coordinates = (u8, u64);

/// The right edge of the tree.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tree {
    size: u64,
    /// The growing tile of each level, perhaps without hashes.
    growing: Vec<Arc<HashTile>>,
    full: BTreeMap<Coordinates, Arc<HashTile>>,
}

impl Tree {
    /// A tree of `size` leaves, a multiple of 256, from the roots of full tiles: `rows` holds, for
    /// level 1 and up, the hashes in the growing tile of that level.
    pub(crate) fn from_rows(size: u64, rows: &[Vec<Hash>]) -> Self {
        let mut growing = vec![Arc::new(HashTile::new())];
        for row in rows {
            let mut tile = HashTile::new();
            for hash in row {
                tile.push(*hash);
            }
            growing.push(Arc::new(tile));
        }
        Self {
            size,
            growing,
            full: BTreeMap::new(),
        }
    }

    /// The number of leaves.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf.
    pub(crate) fn push(&mut self, leaf_hash: Hash) {
        let mut hash = leaf_hash;
        for level in 0.. {
            if self.growing.len() == usize::from(level) {
                self.growing.push(Arc::new(HashTile::new()));
            }
            let growing = &mut self.growing[usize::from(level)];
            let Some(root) = Arc::make_mut(growing).push(hash) else {
                break;
            };
            let filled = std::mem::take(growing);
            self.full
                .insert((level, full_tiles(level, self.size)), filled);
            hash = root;
        }
        self.size += 1;
    }

    /// The root of the tree.
    pub(crate) fn root(&self) -> Hash {
        merkle::root(self.size, |node| self.node(node))
            .expect("invariant: the growing tiles hold every subtree of the right edge")
    }

    /// The hash of a node, if its tile is here.
    pub(crate) fn node(&self, node: Node) -> Option<Hash> {
        let place = Place::of(node);
        let tile = self.tile((place.level, place.index))?;
        tile.node(place.row, place.column)
    }

    /// A tile, if it is here.
    pub(crate) fn tile(&self, (level, index): Coordinates) -> Option<&Arc<HashTile>> {
        if index == full_tiles(level, self.size) {
            return self.growing.get(usize::from(level));
        }
        self.full.get(&(level, index))
    }

    /// The full tiles, which wait to be filed.
    pub(crate) fn full(&self) -> &BTreeMap<Coordinates, Arc<HashTile>> {
        &self.full
    }

    /// Lets go of what is filed.
    pub(crate) fn drop_below(&mut self, size: u64) {
        self.full
            .retain(|(level, index), _| *index >= full_tiles(*level, size));
    }
}

#[cfg(test)]
mod tests {
    use waxwing_tlog::merkle::{CompactRange, leaf_hash};

    use super::*;

    #[test]
    fn the_root_is_that_of_the_tree_at_every_size_and_without_the_filed_tiles() {
        let mut tree = Tree::default();
        let mut expected = CompactRange::new();
        for leaf in 0..70_000_u64 {
            let hash = leaf_hash(&leaf.to_be_bytes());
            tree.push(hash);
            expected.append(hash);
            if leaf % 97 == 0 || leaf > 65_500 && leaf < 65_600 {
                assert_eq!(tree.root(), expected.root());
                tree.drop_below(tree.size() / 256 * 256);
                assert!(tree.full().is_empty());
            }
        }
    }
}

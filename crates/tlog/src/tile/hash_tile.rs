//! The content of a hash tile, with the eight levels of the tree that it spans.
//!
//! Only the lowest of these rows is ever written or sent: `width * 32` bytes. The rows above are
//! computed once, so that a proof reads each of its nodes without hashing.

use super::{FULL_WIDTH, Width};
use crate::Hash;
use crate::merkle::node_hash;

/// Rows in a tile: 256, 128, 64, ... 2 hashes.
const ROWS: u8 = 8;

/// Hashes in all rows together.
const HASHES: usize = 2 * FULL_WIDTH - 2;

/// A tile of hashes, full or still growing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashTile {
    /// The rows one after the other, the widest first; places not reached yet hold zeros.
    hashes: Box<[Hash]>,
    width: usize,
}

/// The bytes are not a tile of that width.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the tile has {found} bytes, its width asks for {expected}")]
pub struct HashTileError {
    /// Bytes found.
    pub found: usize,
    /// Bytes of a tile of that width.
    pub expected: usize,
}

impl Default for HashTile {
    fn default() -> Self {
        Self::new()
    }
}

impl HashTile {
    /// A tile without hashes, to be pushed to.
    pub fn new() -> Self {
        Self {
            hashes: vec![Hash::new([0; 32]); HASHES].into_boxed_slice(),
            width: 0,
        }
    }

    /// Reads a tile as a log serves it.
    pub fn parse(bytes: &[u8], width: Width) -> Result<Self, HashTileError> {
        let (hashes, rest) = bytes.as_chunks::<{ Hash::LENGTH }>();
        if hashes.len() != width.entries() || !rest.is_empty() {
            return Err(HashTileError {
                found: bytes.len(),
                expected: width.entries() * Hash::LENGTH,
            });
        }
        let mut tile = Self::new();
        for hash in hashes {
            tile.push(Hash::new(*hash));
        }
        Ok(tile)
    }

    /// Appends a hash to the lowest row; returns the hash of the whole tile when this fills it,
    /// which belongs into the tile above.
    ///
    /// # Panics
    ///
    /// If the tile is full.
    #[expect(
        clippy::indexing_slicing,
        reason = "a row and a column of a tile are a place in it"
    )]
    pub fn push(&mut self, hash: Hash) -> Option<Hash> {
        assert!(
            self.width < FULL_WIDTH,
            "invariant: a full tile is replaced"
        );
        let mut column = self.width;
        self.width += 1;
        let mut hash = hash;
        for row in 0..ROWS {
            let place = place(row, column);
            self.hashes[place] = hash;
            if column & 1 == 0 {
                return None;
            }
            hash = node_hash(&self.hashes[place - 1], &hash);
            column >>= 1;
        }
        Some(hash)
    }

    /// How many hashes the lowest row has; `None` when it has none.
    pub fn width(&self) -> Option<Width> {
        Width::new(self.width as u64)
    }

    /// The hash of the whole tile; `None` unless it is full.
    pub fn root(&self) -> Option<Hash> {
        let left = self.node(ROWS - 1, 0)?;
        let right = self.node(ROWS - 1, 1)?;
        Some(node_hash(&left, &right))
    }

    /// The hash in `column` of `row`, where row 0 is the lowest; `None` while it is incomplete.
    pub fn node(&self, row: u8, column: usize) -> Option<Hash> {
        if row >= ROWS || column >= self.width >> row {
            return None;
        }
        self.hashes.get(place(row, column)).copied()
    }

    /// The tile as a log serves it, cut to that width; `None` if it is not that wide yet.
    pub fn to_bytes(&self, width: Width) -> Option<Vec<u8>> {
        if width.entries() > self.width {
            return None;
        }
        let mut bytes = Vec::with_capacity(width.entries() * Hash::LENGTH);
        for hash in self.hashes.iter().take(width.entries()) {
            bytes.extend_from_slice(hash.as_bytes());
        }
        Some(bytes)
    }
}

/// Where a row's hash lies: row `r` starts behind `512 - 512 / 2^r` others.
fn place(row: u8, column: usize) -> usize {
    2 * FULL_WIDTH - ((2 * FULL_WIDTH) >> row) + column
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::{CompactRange, leaf_hash};

    #[test]
    fn every_row_holds_the_hashes_of_the_tree() {
        let mut tile = HashTile::new();
        let mut tree = CompactRange::new();
        let mut nodes = Vec::new();
        let mut root = None;
        for leaf in 0..=255u8 {
            assert_eq!(root, None);
            assert_eq!(tile.root(), None);
            let hash = leaf_hash(&[leaf]);
            root = tile.push(hash);
            tree.append_with(hash, |node, hash| nodes.push((node, hash)));
            for (node, hash) in &nodes {
                let found = tile.node(node.level, node.index as usize);
                assert_eq!(found, (node.level < 8).then_some(*hash));
            }
            let width = tile.width().unwrap();
            let parsed = HashTile::parse(&tile.to_bytes(width).unwrap(), width);
            assert_eq!(parsed.as_ref(), Ok(&tile));
        }
        assert_eq!(root, Some(tree.root()));
        assert_eq!(tile.root(), root);
    }

    #[test]
    fn other_lengths_and_what_is_not_there_are_refused() {
        let two = Width::new(2).unwrap();
        let error = |found| HashTileError {
            found,
            expected: 64,
        };
        for found in [0, 63, 65, 96] {
            assert_eq!(HashTile::parse(&vec![0; found], two), Err(error(found)));
        }
        let tile = HashTile::parse(&[0; 64], two).unwrap();
        assert_eq!(tile.node(0, 2), None);
        assert_eq!(tile.node(1, 1), None);
        assert_eq!(tile.node(8, 0), None);
        assert_eq!(tile.to_bytes(Width::new(3).unwrap()), None);
        assert_eq!(tile.to_bytes(Width::new(1).unwrap()), Some(vec![0; 32]));
    }
}

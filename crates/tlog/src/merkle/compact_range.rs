//! The right edge of a growing tree: one hash for each bit of its size, the largest subtree first.
//!
//! ```text
//! size 7 = 0b111:  [ leaves 0..4 | leaves 4..6 | leaf 6 ]
//! ```

use super::{EMPTY_ROOT, Node, node_hash};
use crate::Hash;

/// The perfect subtrees that a tree consists of; enough to append leaves and to know the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompactRange {
    size: u64,
    hashes: Vec<Hash>,
}

/// The hashes cannot be the right edge of a tree of that size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a tree of {size} leaves has {expected} perfect subtrees, found {found} hashes")]
pub struct CompactRangeError {
    /// The tree's size.
    pub size: u64,
    /// Hashes that the size asks for.
    pub expected: usize,
    /// Hashes given.
    pub found: usize,
}

impl Default for CompactRange {
    fn default() -> Self {
        Self::new()
    }
}

impl CompactRange {
    /// The empty tree.
    pub fn new() -> Self {
        Self {
            size: 0,
            hashes: Vec::with_capacity(u64::BITS as usize),
        }
    }

    /// A tree of which the perfect subtrees are known, the largest first.
    pub fn from_hashes(size: u64, hashes: &[Hash]) -> Result<Self, CompactRangeError> {
        let expected = size.count_ones() as usize;
        if hashes.len() != expected {
            return Err(CompactRangeError {
                size,
                expected,
                found: hashes.len(),
            });
        }
        let mut range = Self::new();
        range.size = size;
        range.hashes.extend_from_slice(hashes);
        Ok(range)
    }

    /// Appends a leaf.
    pub fn append(&mut self, leaf_hash: Hash) {
        self.append_with(leaf_hash, |_, _| {});
    }

    /// Appends a leaf, and tells `completed` each perfect subtree that it completes, the leaf itself
    /// first.
    #[expect(clippy::expect_used, reason = "an invariant of this type")]
    pub fn append_with(&mut self, leaf_hash: Hash, mut completed: impl FnMut(Node, Hash)) {
        let mut hash = leaf_hash;
        let mut node = Node {
            level: 0,
            index: self.size,
        };
        completed(node, hash);
        while node.index & 1 == 1 {
            let left = self
                .hashes
                .pop()
                .expect("invariant: one hash for each bit of the size");
            hash = node_hash(&left, &hash);
            node.level += 1;
            node.index >>= 1;
            completed(node, hash);
        }
        self.hashes.push(hash);
        self.size += 1;
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The perfect subtrees, the largest first.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        let folded = self.hashes.iter().rev().copied();
        folded
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or(EMPTY_ROOT)
    }
}

//! Merkle trees of RFC 6962 section 2.1 and RFC 9162 section 2.1.
//!
//! ```text
//! leaf hash = SHA-256(00 | leaf)      node hash = SHA-256(01 | left | right)
//! empty tree = SHA-256("")            a tree of n > 1 leaves splits at the largest power of two < n
//! ```
//!
//! A [`Node`] is a perfect subtree, the only kind that is ever stored: level 0 holds the leaf
//! hashes, node `j` of level `v` covers the leaves from `j * 2^v` up to `(j + 1) * 2^v`. The other
//! nodes of a tree, those on its right edge, are folded from perfect ones when they are needed.
//!
//! Proofs of any other length than the sizes ask for are refused before a hash is computed, and so
//! is an index outside the tree.

mod build;
mod compact_range;
mod verify;

use waxwing_crypto::sha256_of_parts;

use crate::Hash;

pub use build::{
    consistency_nodes, consistency_proof, inclusion_nodes, inclusion_proof, root, root_nodes,
};
pub use compact_range::{CompactRange, CompactRangeError};
pub use verify::{verify_consistency, verify_inclusion};

/// The root of the tree without leaves: SHA-256 of nothing.
pub const EMPTY_ROOT: Hash = Hash::new([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// A perfect subtree: `2^level` leaves, the `index`-th of its level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// The height above the leaves, at most 63.
    pub level: u8,
    /// The place among the nodes of its level, from the left.
    pub index: u64,
}

/// Why a proof does not hold, or cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The leaf is not in a tree of that size.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    IndexOutsideTree {
        /// The leaf's index.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// A consistency proof from a larger to a smaller tree.
    #[error("a tree of {new_size} leaves cannot extend one of {old_size}")]
    SizesReversed {
        /// The size that should be the smaller one.
        old_size: u64,
        /// The size that should be the larger one.
        new_size: u64,
    },
    /// More or fewer hashes than the sizes ask for.
    #[error("the proof has {found} hashes; these sizes ask for {expected}")]
    Length {
        /// Hashes in the proof.
        found: usize,
        /// Hashes that the sizes ask for.
        expected: usize,
    },
    /// The proof leads to another root than the one given.
    #[error("the proof leads to the root {derived} at size {size}; expected {expected}")]
    RootMismatch {
        /// The size of the tree whose root differs.
        size: u64,
        /// The root that follows from the proof.
        derived: Hash,
        /// The root given.
        expected: Hash,
    },
    /// The source of node hashes lacks one that the proof needs.
    #[error("the hash of node {index} at level {level} is missing")]
    MissingNode {
        /// The node's level.
        level: u8,
        /// The node's index.
        index: u64,
    },
}

/// The hash of a leaf's bytes.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Hash::new(sha256_of_parts(&[&[0], leaf]))
}

/// The hash of a node with these children.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash::new(sha256_of_parts(&[&[1], left.as_bytes(), right.as_bytes()]))
}

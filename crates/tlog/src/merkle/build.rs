//! Building roots and proofs from the hashes of perfect subtrees (RFC 9162 sections 2.1.1, 2.1.3.1
//! and 2.1.4.1).
//!
//! Each hash of a proof covers a range of leaves. A range inside the tree is one perfect node; the
//! range at the right edge is folded from one node for each bit of its length. Which nodes those
//! are is known before any is read, so that a caller can fetch them first.

use super::{EMPTY_ROOT, Node, ProofError, node_hash};
use crate::Hash;

/// The root of the first `size` leaves.
pub fn root(size: u64, mut node: impl FnMut(Node) -> Option<Hash>) -> Result<Hash, ProofError> {
    if size == 0 {
        return Ok(EMPTY_ROOT);
    }
    Range::tree(size).hash(&mut node)
}

/// The inclusion proof of leaf `index` in the tree of `size` leaves, from the leaf's sibling up to
/// the child of the root.
pub fn inclusion_proof(
    index: u64,
    size: u64,
    mut node: impl FnMut(Node) -> Option<Hash>,
) -> Result<Vec<Hash>, ProofError> {
    hashes(&inclusion_ranges(index, size)?, &mut node)
}

/// The consistency proof from the tree of `old_size` leaves to the one of `new_size`.
pub fn consistency_proof(
    old_size: u64,
    new_size: u64,
    mut node: impl FnMut(Node) -> Option<Hash>,
) -> Result<Vec<Hash>, ProofError> {
    hashes(&consistency_ranges(old_size, new_size)?, &mut node)
}

fn hashes(
    ranges: &[Range],
    node: &mut impl FnMut(Node) -> Option<Hash>,
) -> Result<Vec<Hash>, ProofError> {
    let mut hashes = Vec::with_capacity(ranges.len());
    for range in ranges {
        hashes.push(range.hash(node)?);
    }
    Ok(hashes)
}

/// The nodes that [`root`] asks for.
pub fn root_nodes(size: u64) -> Vec<Node> {
    Range::tree(size).nodes().collect()
}

/// The nodes that [`inclusion_proof`] asks for.
pub fn inclusion_nodes(index: u64, size: u64) -> Result<Vec<Node>, ProofError> {
    let ranges = inclusion_ranges(index, size)?;
    Ok(ranges.iter().flat_map(|range| range.nodes()).collect())
}

/// The nodes that [`consistency_proof`] asks for.
pub fn consistency_nodes(old_size: u64, new_size: u64) -> Result<Vec<Node>, ProofError> {
    let ranges = consistency_ranges(old_size, new_size)?;
    Ok(ranges.iter().flat_map(|range| range.nodes()).collect())
}

/// The leaves from `start` up to `start + length`, where `start` is a multiple of a power of two
/// that is at least `length`: a subtree of some tree.
#[derive(Clone, Copy)]
struct Range {
    start: u64,
    length: u64,
}

impl Range {
    fn tree(size: u64) -> Self {
        Self {
            start: 0,
            length: size,
        }
    }

    /// The two children of a range of at least two leaves.
    fn split(self) -> (Self, Self) {
        let left = 1 << (u64::BITS - 1 - (self.length - 1).leading_zeros());
        (
            Self {
                start: self.start,
                length: left,
            },
            Self {
                start: self.start + left,
                length: self.length - left,
            },
        )
    }

    fn contains(self, index: u64) -> bool {
        index >= self.start && index - self.start < self.length
    }

    /// The perfect subtrees of the range from right to left, the smallest first.
    fn nodes(self) -> impl Iterator<Item = Node> {
        let mut bits = self.length;
        std::iter::from_fn(move || {
            if bits == 0 {
                return None;
            }
            let level = bits.trailing_zeros();
            bits &= bits - 1;
            Some(Node {
                level: level as u8,
                index: (self.start >> level) + (self.length >> level & !1),
            })
        })
    }

    fn hash(self, node: &mut impl FnMut(Node) -> Option<Hash>) -> Result<Hash, ProofError> {
        let mut hash = None;
        for wanted in self.nodes() {
            let left = node(wanted).ok_or(ProofError::MissingNode {
                level: wanted.level,
                index: wanted.index,
            })?;
            hash = Some(match hash {
                None => left,
                Some(right) => node_hash(&left, &right),
            });
        }
        Ok(hash.unwrap_or(EMPTY_ROOT))
    }
}

fn inclusion_ranges(index: u64, size: u64) -> Result<Vec<Range>, ProofError> {
    if index >= size {
        return Err(ProofError::IndexOutsideTree { index, size });
    }
    let mut ranges = Vec::with_capacity((u64::BITS - size.leading_zeros()) as usize);
    let mut subtree = Range::tree(size);
    while subtree.length > 1 {
        let (left, right) = subtree.split();
        let (inside, sibling) = if left.contains(index) {
            (left, right)
        } else {
            (right, left)
        };
        ranges.push(sibling);
        subtree = inside;
    }
    ranges.reverse();
    Ok(ranges)
}

fn consistency_ranges(old_size: u64, new_size: u64) -> Result<Vec<Range>, ProofError> {
    if old_size > new_size {
        return Err(ProofError::SizesReversed { old_size, new_size });
    }
    if old_size == 0 || old_size == new_size {
        return Ok(Vec::new());
    }
    let mut ranges = Vec::with_capacity(u64::BITS as usize + 1);
    let mut subtree = Range::tree(new_size);
    while subtree.start + subtree.length != old_size {
        let (left, right) = subtree.split();
        (subtree, _) = if old_size <= right.start {
            (left, ranges.push(right))
        } else {
            (right, ranges.push(left))
        };
    }
    // The subtree that ends where the old tree ends; if it is the old tree, the verifier has it.
    if subtree.start != 0 {
        ranges.push(subtree);
    }
    ranges.reverse();
    Ok(ranges)
}

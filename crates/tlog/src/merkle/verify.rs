//! Checking proofs (RFC 9162 sections 2.1.3.2 and 2.1.4.2).
//!
//! The path from a leaf to the root has two parts. In the lower, inner part the leaf's path and that
//! of the last leaf differ, and the bits of the index tell on which side each sibling lies. In the
//! upper, border part the two have met: what remains are siblings to the left of the tree's right
//! edge. Both lengths follow from the index and the size alone.

use super::{EMPTY_ROOT, ProofError, node_hash};
use crate::Hash;

/// Checks that the leaf with this hash is at `index` in the tree of `size` leaves under `root`.
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf_hash: &Hash,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::IndexOutsideTree { index, size });
    }
    let path = Path::new(index, size);
    check_length(proof, path.inner + path.border)?;
    let (inner, border) = proof.split_at(path.inner);
    let mut hash = *leaf_hash;
    for (level, sibling) in inner.iter().enumerate() {
        hash = if index >> level & 1 == 0 {
            node_hash(&hash, sibling)
        } else {
            node_hash(sibling, &hash)
        };
    }
    for left in border {
        hash = node_hash(left, &hash);
    }
    check_root(size, hash, root)
}

/// Checks that the tree of `new_size` leaves under `new_root` starts with the whole tree of
/// `old_size` leaves under `old_root`.
pub fn verify_consistency(
    old_size: u64,
    new_size: u64,
    proof: &[Hash],
    old_root: &Hash,
    new_root: &Hash,
) -> Result<(), ProofError> {
    if old_size > new_size {
        return Err(ProofError::SizesReversed { old_size, new_size });
    }
    if old_size == 0 {
        // Every tree extends the empty one, but the empty tree has only one root.
        check_length(proof, 0)?;
        return check_root(0, EMPTY_ROOT, old_root);
    }
    if old_size == new_size {
        check_length(proof, 0)?;
        return check_root(new_size, *old_root, new_root);
    }
    // The proof starts from the largest perfect subtree that ends where the old tree ends: `shift`
    // levels above its last leaf. When that is the whole old tree, its root is not sent again.
    let shift = old_size.trailing_zeros() as usize;
    let path = Path::new(old_size - 1, new_size);
    let inner_length = path.inner - shift;
    let whole = old_size.is_power_of_two();
    check_length(proof, usize::from(!whole) + inner_length + path.border)?;
    let (seed, siblings) = match proof.split_first() {
        Some((first, rest)) if !whole => (*first, rest),
        _ => (*old_root, proof),
    };
    let (inner, border) = siblings.split_at(inner_length);
    let (mut old, mut new) = (seed, seed);
    for (level, sibling) in inner.iter().enumerate() {
        if (old_size - 1) >> shift >> level & 1 == 0 {
            new = node_hash(&new, sibling);
        } else {
            old = node_hash(sibling, &old);
            new = node_hash(sibling, &new);
        }
    }
    for left in border {
        old = node_hash(left, &old);
        new = node_hash(left, &new);
    }
    check_root(old_size, old, old_root)?;
    check_root(new_size, new, new_root)
}

/// How many hashes the path from a leaf to the root has, in its two parts.
struct Path {
    inner: usize,
    border: usize,
}

impl Path {
    fn new(index: u64, size: u64) -> Self {
        let inner = u64::BITS - (index ^ (size - 1)).leading_zeros();
        let border = index.checked_shr(inner).unwrap_or(0).count_ones();
        Self {
            inner: inner as usize,
            border: border as usize,
        }
    }
}

fn check_length(proof: &[Hash], expected: usize) -> Result<(), ProofError> {
    if proof.len() == expected {
        return Ok(());
    }
    Err(ProofError::Length {
        found: proof.len(),
        expected,
    })
}

fn check_root(size: u64, derived: Hash, expected: &Hash) -> Result<(), ProofError> {
    if derived == *expected {
        return Ok(());
    }
    Err(ProofError::RootMismatch {
        size,
        derived,
        expected: *expected,
    })
}

//! The hashes of RFC 6962 section 2.1, once more and as plainly as they can be said: this is what the
//! engine's own are compared with.

use std::collections::BTreeMap;

use waxwing_crypto::sha256;
use waxwing_tlog::Hash;

pub(crate) fn leaf(entry: &[u8]) -> Hash {
    let mut input = vec![0];
    input.extend_from_slice(entry);
    sha256(&input).into()
}

pub(crate) fn node(left: &Hash, right: &Hash) -> Hash {
    let mut input = vec![1];
    input.extend_from_slice(left.as_bytes());
    input.extend_from_slice(right.as_bytes());
    sha256(&input).into()
}

/// The roots of the trees of some sizes; of those only that there are leaves for.
pub(crate) fn roots(leaves: &[Hash], sizes: impl Iterator<Item = u64>) -> BTreeMap<u64, Hash> {
    let mut sizes: Vec<u64> = sizes.collect();
    sizes.sort_unstable();
    sizes.dedup();
    let mut roots = BTreeMap::new();
    // The perfect trees side by side that the leaves so far make up, each with its number of leaves.
    let mut perfect: Vec<(u64, Hash)> = Vec::new();
    let mut wanted = sizes.into_iter().peekable();
    for size in 0..=leaves.len() as u64 {
        if wanted.next_if_eq(&size).is_some() {
            let mut trees = perfect.iter().rev().map(|(_, root)| *root);
            let root = trees.next().map_or_else(
                || sha256(b"").into(),
                |last| trees.fold(last, |right, left| node(&left, &right)),
            );
            roots.insert(size, root);
        }
        let Some(leaf) = leaves.get(size as usize) else {
            break;
        };
        let mut tree = (1, *leaf);
        while let Some((_, left)) = perfect.pop_if(|(leaves, _)| *leaves == tree.0) {
            tree = (tree.0 * 2, node(&left, &tree.1));
        }
        perfect.push(tree);
    }
    roots
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The recursion of the RFC, word for word.
    fn tree_hash(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => sha256(b"").into(),
            [leaf] => *leaf,
            _ => {
                let mut split = 1;
                while split * 2 < leaves.len() {
                    split *= 2;
                }
                let (left, right) = leaves.split_at(split);
                node(&tree_hash(left), &tree_hash(right))
            }
        }
    }

    #[test]
    fn the_roots_are_those_of_the_recursion() {
        let leaves: Vec<Hash> = (0..100_u8).map(|number| leaf(&[number])).collect();
        let roots = roots(&leaves, 0..200);
        assert_eq!(roots.len(), 101);
        for (size, root) in roots {
            assert_eq!(root, tree_hash(&leaves[..size as usize]), "size {size}");
        }
    }
}

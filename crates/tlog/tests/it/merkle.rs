//! Roots and proofs: known answers, every proof of every small tree, and what must be refused.

use proptest::prelude::*;
use waxwing_tlog::Hash;
use waxwing_tlog::merkle::{
    CompactRange, EMPTY_ROOT, Node, ProofError, consistency_nodes, consistency_proof,
    inclusion_nodes, inclusion_proof, leaf_hash, node_hash, root, root_nodes, verify_consistency,
    verify_inclusion,
};

/// The leaves that implementations of RFC 6962 have tested with since the first one.
const LEAVES: [&[u8]; 8] = [
    b"",
    &[0x00],
    &[0x10],
    &[0x20, 0x21],
    &[0x30, 0x31],
    &[0x40, 0x41, 0x42, 0x43],
    &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];

const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/// The definition of RFC 6962 section 2.1, word for word: slow, and written for nothing else than
/// to disagree with the code.
fn tree_hash(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::from_hex(ROOTS[0]).unwrap(),
        [leaf] => *leaf,
        _ => {
            let mut split = 1;
            while split * 2 < leaves.len() {
                split *= 2;
            }
            node_hash(&tree_hash(&leaves[..split]), &tree_hash(&leaves[split..]))
        }
    }
}

/// The perfect subtrees of a tree of these leaves.
fn source(leaves: &[Hash]) -> impl Fn(Node) -> Option<Hash> {
    move |node| {
        let start = usize::try_from(node.index).ok()? << node.level;
        leaves.get(start..start + (1 << node.level)).map(tree_hash)
    }
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count)
        .map(|leaf| leaf_hash(&leaf.to_be_bytes()))
        .collect()
}

fn known_leaves() -> Vec<Hash> {
    LEAVES.map(leaf_hash).to_vec()
}

#[test]
fn the_known_roots() {
    let leaves = known_leaves();
    let mut range = CompactRange::new();
    assert_eq!(range.root(), EMPTY_ROOT);
    for (size, expected) in ROOTS.iter().enumerate() {
        let expected = Hash::from_hex(expected).unwrap();
        assert_eq!(range.root(), expected, "{size}");
        assert_eq!(tree_hash(&leaves[..size]), expected, "{size}");
        assert_eq!(root(size as u64, source(&leaves)), Ok(expected));
        let again = CompactRange::from_hashes(size as u64, range.hashes()).unwrap();
        assert_eq!(again, range);
        leaves
            .get(size)
            .into_iter()
            .for_each(|leaf| range.append(*leaf));
    }
}

#[test]
fn the_known_proofs() {
    let leaves = known_leaves();
    let start = |proof: Vec<Hash>| -> Vec<String> {
        proof
            .iter()
            .map(|hash| format!("{hash:x}")[..16].to_owned())
            .collect()
    };
    let inclusion = inclusion_proof(5, 7, source(&leaves)).unwrap();
    assert_eq!(
        start(inclusion),
        ["bc1a0643b12e4d2d", "b08693ec2e721597", "d37ee418976dd957"]
    );
    for (old, new, expected) in [
        (
            6,
            8,
            vec!["0ebc5d3437fbe2db", "ca854ea128ed050b", "d37ee418976dd957"],
        ),
        (4, 7, vec!["837dbb152e9b0790"]),
        (
            3,
            7,
            vec![
                "0298d122906dcfc1",
                "07506a85fd9dd2f1",
                "fac54203e7cc696c",
                "837dbb152e9b0790",
            ],
        ),
        (0, 8, vec![]),
        (8, 8, vec![]),
    ] {
        let proof = consistency_proof(old, new, source(&leaves)).unwrap();
        assert_eq!(start(proof), expected, "{old} {new}");
    }
}

/// One flipped bit in each hash, one hash less, one more.
fn spoilt(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = Vec::new();
    for place in 0..proof.len() {
        let mut bytes = *proof[place].as_bytes();
        bytes[place % 32] ^= 1 << (place % 8);
        let mut flipped = proof.to_vec();
        flipped[place] = bytes.into();
        all.push(flipped);
        let mut shorter = proof.to_vec();
        shorter.remove(place);
        all.push(shorter);
    }
    for place in [0, proof.len()] {
        let mut longer = proof.to_vec();
        longer.insert(place, EMPTY_ROOT);
        all.push(longer);
    }
    all
}

fn flipped(hash: &Hash) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[31] ^= 0x80;
    bytes.into()
}

#[test]
fn every_inclusion_proof_of_every_small_tree_verifies_and_no_spoilt_one() {
    let leaves = leaves(70);
    for size in 1..=70u64 {
        let tree = &leaves[..size as usize];
        let root = tree_hash(tree);
        for index in 0..size {
            let leaf = &leaves[index as usize];
            let proof = inclusion_proof(index, size, source(tree)).unwrap();
            assert_eq!(verify_inclusion(index, size, leaf, &proof, &root), Ok(()));
            for proof in spoilt(&proof) {
                verify_inclusion(index, size, leaf, &proof, &root).unwrap_err();
            }
            verify_inclusion(index, size, &flipped(leaf), &proof, &root).unwrap_err();
            verify_inclusion(index, size, leaf, &proof, &flipped(&root)).unwrap_err();
            if index + 1 < size {
                verify_inclusion(index + 1, size, leaf, &proof, &root).unwrap_err();
            }
        }
    }
}

#[test]
fn every_consistency_proof_of_every_small_tree_verifies_and_no_spoilt_one() {
    let leaves = leaves(70);
    let roots: Vec<Hash> = (0..=70).map(|size| tree_hash(&leaves[..size])).collect();
    for new in 0..=70u64 {
        let new_root = &roots[new as usize];
        for old in 0..=new {
            let old_root = &roots[old as usize];
            let proof = consistency_proof(old, new, source(&leaves)).unwrap();
            assert_eq!(
                verify_consistency(old, new, &proof, old_root, new_root),
                Ok(())
            );
            for proof in spoilt(&proof) {
                verify_consistency(old, new, &proof, old_root, new_root).unwrap_err();
            }
            verify_consistency(old, new, &proof, &flipped(old_root), new_root).unwrap_err();
            if old > 0 {
                verify_consistency(old, new, &proof, old_root, &flipped(new_root)).unwrap_err();
            }
        }
    }
}

#[test]
fn a_refusal_names_its_rule() {
    let leaf = leaf_hash(b"");
    let outside = |index, size| ProofError::IndexOutsideTree { index, size };
    assert_eq!(
        verify_inclusion(0, 0, &leaf, &[], &leaf),
        Err(outside(0, 0))
    );
    assert_eq!(
        verify_inclusion(7, 7, &leaf, &[], &leaf),
        Err(outside(7, 7))
    );
    assert_eq!(inclusion_proof(7, 7, |_| None), Err(outside(7, 7)));
    assert_eq!(verify_inclusion(0, 1, &leaf, &[], &leaf), Ok(()));
    assert_eq!(
        verify_inclusion(5, 7, &leaf, &[leaf; 2], &leaf),
        Err(ProofError::Length {
            found: 2,
            expected: 3
        })
    );
    assert!(matches!(
        verify_inclusion(5, 7, &leaf, &[leaf; 3], &leaf),
        Err(ProofError::RootMismatch { size: 7, .. })
    ));
    let reversed = ProofError::SizesReversed {
        old_size: 8,
        new_size: 7,
    };
    assert_eq!(
        verify_consistency(8, 7, &[], &leaf, &leaf),
        Err(reversed.clone())
    );
    assert_eq!(consistency_proof(8, 7, |_| None), Err(reversed));
    assert!(matches!(
        verify_consistency(0, 7, &[], &leaf, &leaf),
        Err(ProofError::RootMismatch { size: 0, .. })
    ));
    assert_eq!(verify_consistency(0, 7, &[], &EMPTY_ROOT, &leaf), Ok(()));
    assert_eq!(
        root(3, |node| (node.level == 0).then_some(leaf)),
        Err(ProofError::MissingNode { level: 1, index: 0 })
    );
    let error = CompactRange::from_hashes(7, &[leaf; 2]).unwrap_err();
    assert_eq!((error.expected, error.found), (3, 2));
}

/// A log whose leaves are all alike has one hash for each level, so trees of any size cost nothing.
/// The expected roots were computed by another program from the recursive definition.
#[test]
fn trees_too_large_to_store() {
    let mut levels = vec![leaf_hash(b"")];
    for level in 0..63 {
        levels.push(node_hash(&levels[level], &levels[level]));
    }
    let node = |node: Node| Some(levels[usize::from(node.level)]);
    for (size, expected) in [
        (
            70_000,
            "78e0684346ecac1a53da803d29530618b0f16324ac64d45c100348930a9a455b",
        ),
        (
            1_000_000,
            "780dbbea6d4b3c6ced9c02f7d8a8496bd5e3c103743af9fd1fa8cc21b03881b5",
        ),
        (
            1_000_000_000,
            "333024b98ac1bd9ba4bf7f6a194f431877da23c01d6b6a2681165a1e2a30ef10",
        ),
        (
            1_000_000_000_000,
            "c6c57841962b57f7aaaf5ab9e99bfa7527269e71d5c01c126f90746f12e34f8c",
        ),
    ] {
        assert_eq!(format!("{:x}", root(size, node).unwrap()), expected);
    }
    for size in [1 << 40, (1 << 40) + 1, (1 << 63) - 1, 1 << 63, u64::MAX] {
        let whole = root(size, node).unwrap();
        for index in [0, 1, size / 3, size / 2, size - 2, size - 1] {
            let proof = inclusion_proof(index, size, node).unwrap();
            assert_eq!(
                verify_inclusion(index, size, &levels[0], &proof, &whole),
                Ok(())
            );
        }
        for old in [1, 2, 3, 1 << 20, size / 3, size / 2, size - 1] {
            let old_root = root(old, node).unwrap();
            let proof = consistency_proof(old, size, node).unwrap();
            assert_eq!(
                verify_consistency(old, size, &proof, &old_root, &whole),
                Ok(())
            );
        }
    }
}

proptest! {
    #[test]
    fn proofs_of_larger_trees_verify(size in 1..700u64, pick in any::<u64>(), bit in 0..256usize) {
        let leaves = leaves(size);
        let index = pick % size;
        let node = source(&leaves);
        let whole = root(size, &node).unwrap();
        let leaf = &leaves[index as usize];
        let proof = inclusion_proof(index, size, &node).unwrap();
        prop_assert_eq!(verify_inclusion(index, size, leaf, &proof, &whole), Ok(()));
        let old_root = root(index, &node).unwrap();
        let consistency = consistency_proof(index, size, &node).unwrap();
        prop_assert_eq!(
            verify_consistency(index, size, &consistency, &old_root, &whole),
            Ok(())
        );
        if !proof.is_empty() {
            let place = (pick >> 32) as usize % proof.len();
            let mut spoilt = proof;
            let mut bytes = *spoilt[place].as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            spoilt[place] = bytes.into();
            prop_assert!(verify_inclusion(index, size, leaf, &spoilt, &whole).is_err());
        }
    }

    #[test]
    fn the_announced_nodes_are_those_that_are_read(size in 1..u64::MAX, pick in any::<u64>()) {
        let index = pick % size;
        let mut read = Vec::new();
        let mut node = |node| {
            read.push(node);
            Some(EMPTY_ROOT)
        };
        root(size, &mut node).unwrap();
        inclusion_proof(index, size, &mut node).unwrap();
        consistency_proof(index, size, &mut node).unwrap();
        let announced = [
            root_nodes(size),
            inclusion_nodes(index, size).unwrap(),
            consistency_nodes(index, size).unwrap(),
        ];
        prop_assert_eq!(read, announced.concat());
    }
}

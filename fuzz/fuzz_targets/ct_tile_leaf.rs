//! An entry of a data tile that is read has all its bytes in its parts.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_ctlog::TileLeaf;

fuzz_target!(|bytes: &[u8]| {
    let Ok(leaf) = TileLeaf::read(bytes) else {
        return;
    };
    let input = leaf.leaf_input();
    assert!(input.starts_with(&[0, 0]));
    assert!(bytes.starts_with(&input[2..]));
    let fingerprints: Vec<u8> = leaf.fingerprints().flatten().collect();
    assert!(bytes.ends_with(&fingerprints));
    // A precertificate stands behind its length in both.
    let extra = leaf.extra_data([]).expect("an entry is short");
    let precertificate = &extra[..extra.len() - 3];
    let length = (fingerprints.len() as u16).to_be_bytes();
    let parts = [&input[2..], precertificate, &length, &fingerprints];
    assert_eq!(parts.concat(), bytes);
});

//! The bytes of an entry: in the tree (RFC 6962 section 3.4) and in the data tile (static-ct-api).
//!
//! ```text
//! TimestampedEntry: u64 milliseconds | u16 type | certificate, or key hash and TBS | u16 length, extensions
//! MerkleTreeLeaf:   00 00 | TimestampedEntry
//! TileLeaf:         TimestampedEntry | u24 length, precertificate | u16 length, fingerprints
//! extensions:       00 | 0005 | u40 index
//! ```

use waxwing_encoding::time::UnixTime;
use waxwing_encoding::tls::put_number;

/// The extension that says the leaf's index (static-ct-api: `leaf_index`).
pub(crate) fn index_extension(index: u64) -> Vec<u8> {
    let mut extension = vec![0, 0, 5];
    put_number(&mut extension, 5, index);
    extension
}

pub(crate) fn timestamped_entry(entry: &[u8], index: u64, time: UnixTime) -> Vec<u8> {
    let extension = index_extension(index);
    let mut out = Vec::with_capacity(entry.len() + 18);
    put_number(&mut out, 8, time.milliseconds());
    out.extend_from_slice(entry);
    vector(&mut out, 2, &extension);
    out
}

pub(crate) fn merkle_tree_leaf(timestamped_entry: &[u8]) -> Vec<u8> {
    [&[0, 0], timestamped_entry].concat()
}

pub(crate) fn tile_leaf(
    timestamped_entry: Vec<u8>,
    precertificate: Option<&[u8]>,
    fingerprints: &[u8],
) -> Vec<u8> {
    let mut out = timestamped_entry;
    if let Some(precertificate) = precertificate {
        vector(&mut out, 3, precertificate);
    }
    vector(&mut out, 2, fingerprints);
    out
}

/// A vector whose length is known to fit: certificates are at most 64 KiB, chains ten long.
fn vector(out: &mut Vec<u8>, width: usize, bytes: &[u8]) {
    put_number(out, width, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_in_the_leaf() {
        assert_eq!(index_extension(0x70), [0, 0, 5, 0, 0, 0, 0, 0x70]);
        let time = UnixTime::from_milliseconds(0x0102).unwrap();
        let entry = timestamped_entry(&[0, 1, 9], 1, time);
        assert_eq!(
            entry,
            [
                0, 0, 0, 0, 0, 0, 1, 2, 0, 1, 9, 0, 8, 0, 0, 5, 0, 0, 0, 0, 1
            ]
        );
        assert_eq!(merkle_tree_leaf(&entry)[..3], [0, 0, 0]);
        let tile = tile_leaf(entry.clone(), Some(&[7]), &[8; 32]);
        assert_eq!(tile[entry.len()..][..6], [0, 0, 1, 7, 0, 32]);
    }
}

//! From a stored entry to its leaf.
//!
//! In tlog-tiles the entry is the leaf. In static-ct-api the leaf is the entry's beginning behind two
//! bytes (RFC 6962 section 3.4), and what follows that beginning is not hashed:
//!
//! ```text
//! u64 ms | u16 type | 0: u24 certificate | 1: 32 bytes issuer key hash, u24 TBS | u16 extensions
//!        [ 1: u24 pre-certificate ] | u16 fingerprints of 32 bytes
//! ```

use waxwing_encoding::tls::{Reader, TlsError};
use waxwing_tlog::Hash;
use waxwing_tlog::merkle::leaf_hash;

use crate::Format;

/// The leaf hash of a stored entry; `None` if it does not follow from the bytes.
pub(super) fn derive(stored: &[u8], format: Format) -> Option<Hash> {
    match format {
        Format::TlogTiles => Some(leaf_hash(stored)),
        Format::StaticCt => {
            let length = timestamped_entry(stored).ok()??;
            // MerkleTreeLeaf: version v1, type timestamped_entry.
            let mut leaf = vec![0, 0];
            leaf.extend_from_slice(stored.get(..length)?);
            Some(leaf_hash(&leaf))
        }
    }
}

/// How many bytes of a stored entry are its TimestampedEntry; `None` if something else is wrong with it
/// than its length.
fn timestamped_entry(stored: &[u8]) -> Result<Option<usize>, TlsError> {
    let mut reader = Reader::new(stored);
    reader.bytes(8)?;
    let kind = reader.number(2)?;
    let mut length = 8 + 2;
    match kind {
        0 => {}
        1 => length += reader.bytes(32)?.len(),
        _ => return Ok(None),
    }
    length += 3 + reader.vector(3)?.len();
    length += 2 + reader.vector(2)?.len();
    if kind == 1 {
        reader.vector(3)?;
    }
    let fingerprints = reader.vector(2)?;
    reader.finish()?;
    Ok(fingerprints.len().is_multiple_of(32).then_some(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An entry with a certificate "cert", extensions "ext" and one fingerprint.
    fn entry(kind: u8) -> (Vec<u8>, Vec<u8>) {
        let mut leaf = vec![0, 0, 0, 0, 0, 0, 0, 7, 0, kind];
        if kind == 1 {
            leaf.extend([9; 32]);
        }
        leaf.extend(*b"\0\0\x04cert\0\x03ext");
        let mut stored = leaf.clone();
        if kind == 1 {
            stored.extend(*b"\0\0\x03pre");
        }
        stored.extend([0, 32]);
        stored.extend([5; 32]);
        (leaf, stored)
    }

    #[test]
    fn a_leaf_of_certificate_transparency_is_the_beginning_of_the_entry_behind_two_bytes() {
        for kind in [0, 1] {
            let (leaf, stored) = entry(kind);
            let expected = leaf_hash(&[&[0, 0], leaf.as_slice()].concat());
            assert_eq!(derive(&stored, Format::StaticCt), Some(expected));
            let cut = &stored[..stored.len() - 1];
            assert_eq!(derive(cut, Format::StaticCt), None);
            let longer = [stored.as_slice(), &[0]].concat();
            assert_eq!(derive(&longer, Format::StaticCt), None);
        }
        assert_eq!(derive(&entry(2).1, Format::StaticCt), None);
        assert_eq!(derive(b"any", Format::StaticCt), None);
    }
}

//! The bytes of an entry: in the tree (RFC 6962 section 3.4) and in the data tile (static-ct-api).
//!
//! ```text
//! TimestampedEntry: u64 milliseconds | u16 type | certificate, or key hash and TBS | u16 length, extensions
//! MerkleTreeLeaf:   00 00 | TimestampedEntry
//! TileLeaf:         TimestampedEntry | u24 length, precertificate | u16 length, fingerprints
//! extensions:       00 | 0005 | u40 index
//! extra_data:       [u24 length, precertificate] | u24 length { u24 length, certificate }*
//! ```
//!
//! Refused, when a TileLeaf is read: other types of entries, fingerprints that are not of 32 bytes each,
//! and bytes behind the end.

use waxwing_encoding::time::UnixTime;
use waxwing_encoding::tls::{Reader, TlsError, put_number, put_vector};

use crate::Fingerprint;

/// An entry of a data tile, in its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TileLeaf<'a> {
    timestamped_entry: &'a [u8],
    precertificate: Option<&'a [u8]>,
    fingerprints: &'a [u8],
}

/// Why bytes are no entry of a data tile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TileLeafError {
    /// The bytes end too early, or go on.
    #[error("an entry of a data tile: {0}")]
    Tls(#[from] TlsError),
    /// Neither a certificate nor a precertificate.
    #[error("an entry of a data tile of the type {found}; expected 0 or 1")]
    Type {
        /// The type's number.
        found: u64,
    },
    /// The list of issuers.
    #[error("an entry of a data tile with {length} bytes of fingerprints; each has 32")]
    Fingerprints {
        /// Bytes there are.
        length: usize,
    },
}

impl<'a> TileLeaf<'a> {
    /// Reads one entry to its last byte.
    pub fn read(bytes: &'a [u8]) -> Result<Self, TileLeafError> {
        let mut fields = Reader::new(bytes);
        fields.number(8)?;
        let is_precertificate = match fields.number(2)? {
            0 => false,
            1 => true,
            found => return Err(TileLeafError::Type { found }),
        };
        // 8 bytes of time, 2 of the type; 3 in front of the content, 2 in front of the extensions.
        let mut length = 15;
        if is_precertificate {
            length += fields.bytes(32)?.len();
        }
        length += fields.vector(3)?.len();
        length += fields.vector(2)?.len();
        let precertificate = match is_precertificate {
            true => Some(fields.vector(3)?),
            false => None,
        };
        let fingerprints = fields.vector(2)?;
        fields.finish()?;
        if !fingerprints.len().is_multiple_of(size_of::<Fingerprint>()) {
            let length = fingerprints.len();
            return Err(TileLeafError::Fingerprints { length });
        }
        Ok(Self {
            timestamped_entry: Reader::new(bytes).bytes(length)?,
            precertificate,
            fingerprints,
        })
    }

    /// `leaf_input` of RFC 6962 section 4.6: what is hashed into the tree.
    pub fn leaf_input(&self) -> Vec<u8> {
        merkle_tree_leaf(self.timestamped_entry)
    }

    /// The certificates above the leaf, its issuer first.
    pub fn fingerprints(&self) -> impl Iterator<Item = Fingerprint> {
        let (fingerprints, _) = self.fingerprints.as_chunks();
        fingerprints.iter().copied()
    }

    /// `extra_data` of RFC 6962 section 4.6: the precertificate, if there is one, and the chain above
    /// the leaf, whose certificates the caller has.
    pub fn extra_data<'b>(
        &self,
        chain: impl IntoIterator<Item = &'b [u8]>,
    ) -> Result<Vec<u8>, TlsError> {
        let mut certificates = Vec::new();
        for certificate in chain {
            put_vector(&mut certificates, 3, certificate)?;
        }
        let mut out = Vec::new();
        if let Some(precertificate) = self.precertificate {
            put_vector(&mut out, 3, precertificate)?;
        }
        put_vector(&mut out, 3, &certificates)?;
        Ok(out)
    }
}

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

    /// A certificate and a precertificate, each with two issuers, as they stand in a tile.
    fn tiles() -> [(Vec<u8>, Vec<u8>); 2] {
        let time = UnixTime::from_milliseconds(0x0102).unwrap();
        let certificate = timestamped_entry(&[0, 0, 0, 0, 2, 8, 9], 1, time);
        let key_hash = [5; 32];
        let entry = [&[0, 1][..], &key_hash, &[0, 0, 2, 8, 9]].concat();
        let precertificate = timestamped_entry(&entry, 1, time);
        let fingerprints = [[1; 32], [2; 32]].concat();
        [
            (
                tile_leaf(certificate.clone(), None, &fingerprints),
                certificate,
            ),
            (
                tile_leaf(precertificate.clone(), Some(&[7, 7]), &fingerprints),
                precertificate,
            ),
        ]
    }

    #[test]
    fn what_stands_in_a_tile_is_read_into_the_forms_of_rfc_6962() {
        let chain = [&[1, 1][..], &[2]];
        let certificates = [0, 0, 9, 0, 0, 2, 1, 1, 0, 0, 1, 2];
        let precertificate = [&[0, 0, 2, 7, 7][..], &certificates].concat();
        for ((tile, entry), extra_data) in
            tiles().iter().zip([certificates.to_vec(), precertificate])
        {
            let leaf = TileLeaf::read(tile).unwrap();
            assert_eq!(leaf.leaf_input(), [&[0, 0], &entry[..]].concat());
            let fingerprints: Vec<_> = leaf.fingerprints().collect();
            assert_eq!(fingerprints, [[1; 32], [2; 32]]);
            assert_eq!(leaf.extra_data(chain), Ok(extra_data));
        }
    }

    #[test]
    fn a_damaged_entry_of_a_tile_is_refused() {
        for (tile, _) in tiles() {
            for length in 0..tile.len() {
                let found = TileLeaf::read(&tile[..length]);
                assert!(matches!(found, Err(TileLeafError::Tls(_))), "{length}");
            }
            let longer = [&tile[..], &[0]].concat();
            let trailing = TileLeafError::Tls(TlsError::Trailing { left: 1 });
            assert_eq!(TileLeaf::read(&longer), Err(trailing));
            let mut other = tile.clone();
            other[9] = 2;
            let unknown = TileLeafError::Type { found: 2 };
            assert_eq!(TileLeaf::read(&other), Err(unknown));
            let mut short = tile.clone();
            short.pop();
            let at = short.len() - 64;
            assert_eq!(short[at..at + 1], [64]);
            short[at] = 63;
            let fingerprints = TileLeafError::Fingerprints { length: 63 };
            assert_eq!(TileLeaf::read(&short), Err(fingerprints));
        }
    }
}

//! Entry bundles of C2SP tlog-tiles: up to 256 entries, each behind its length in two bytes.
//!
//! ```text
//! 00 02 | 20 21 | 00 00 | 00 01 | ff       three entries, the second one empty
//! ```
//!
//! Refused: entries over 65,535 bytes, a length that reaches past the end, and any other number of
//! entries than the bundle's width says.

use waxwing_encoding::tls::{Reader, TlsError, put_vector};

use crate::tile::Width;

/// The longest entry that a bundle can hold.
pub const LONGEST_ENTRY: usize = 65_535;

/// Why bytes are not an entry bundle, or an entry does not fit in one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// An entry that two bytes of length cannot express.
    #[error("an entry of {length} bytes; a bundle holds entries of at most {LONGEST_ENTRY}")]
    EntryTooLong {
        /// The entry's length.
        length: usize,
    },
    /// The bytes end inside an entry or its length.
    #[error("the bundle ends inside entry {entry}: {source}")]
    Truncated {
        /// The entry's place in the bundle, from 0.
        entry: usize,
        /// What was missing.
        source: TlsError,
    },
    /// Fewer entries than the width says.
    #[error("the bundle has {found} entries, its width says {expected}")]
    TooFew {
        /// Entries in the bytes.
        found: usize,
        /// Entries by the width.
        expected: usize,
    },
    /// Bytes after the last entry that the width allows.
    #[error("{left} bytes follow the {expected} entries of the bundle")]
    Trailing {
        /// Bytes after the last entry.
        left: usize,
        /// Entries by the width.
        expected: usize,
    },
}

/// Appends one entry behind its length.
pub fn append(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), BundleError> {
    put_vector(bundle, 2, entry).map_err(|_| BundleError::EntryTooLong {
        length: entry.len(),
    })
}

/// The bundle of these entries.
pub fn encode<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, BundleError> {
    let length = entries.iter().map(|entry| entry.as_ref().len() + 2).sum();
    let mut bundle = Vec::with_capacity(length);
    for entry in entries {
        append(&mut bundle, entry.as_ref())?;
    }
    Ok(bundle)
}

/// The entries of a bundle of that width.
pub fn parse(bundle: &[u8], width: Width) -> Result<Vec<&[u8]>, BundleError> {
    let expected = width.entries();
    let mut reader = Reader::new(bundle);
    let mut entries = Vec::with_capacity(expected);
    let mut read = 0;
    while entries.len() < expected {
        if reader.is_empty() {
            return Err(BundleError::TooFew {
                found: entries.len(),
                expected,
            });
        }
        let entry = reader.vector(2).map_err(|source| BundleError::Truncated {
            entry: entries.len(),
            source,
        })?;
        read += 2 + entry.len();
        entries.push(entry);
    }
    if read < bundle.len() {
        return Err(BundleError::Trailing {
            left: bundle.len() - read,
            expected,
        });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: &[u8] = &[0, 2, 0x20, 0x21, 0, 0, 0, 1, 0xff];

    fn width(entries: u64) -> Width {
        Width::new(entries).unwrap()
    }

    #[test]
    fn the_example_is_written_and_read() {
        let entries: [&[u8]; 3] = [&[0x20, 0x21], &[], &[0xff]];
        assert_eq!(encode(&entries).unwrap(), THREE);
        assert_eq!(parse(THREE, width(3)).unwrap(), entries);
    }

    #[test]
    fn other_lengths_and_counts_are_refused() {
        let length = LONGEST_ENTRY + 1;
        assert_eq!(
            encode(&[vec![0; length]]),
            Err(BundleError::EntryTooLong { length })
        );
        assert!(encode(&[vec![0; LONGEST_ENTRY]]).is_ok());
        assert_eq!(
            parse(&THREE[..8], width(3)),
            Err(BundleError::Truncated {
                entry: 2,
                source: TlsError::Truncated { wanted: 1, left: 0 }
            })
        );
        assert!(matches!(
            parse(&THREE[..5], width(3)),
            Err(BundleError::Truncated { entry: 1, .. })
        ));
        assert_eq!(
            parse(THREE, width(4)),
            Err(BundleError::TooFew {
                found: 3,
                expected: 4
            })
        );
        assert_eq!(
            parse(THREE, width(2)),
            Err(BundleError::Trailing {
                left: 3,
                expected: 2
            })
        );
        assert_eq!(
            parse(&[], Width::Full),
            Err(BundleError::TooFew {
                found: 0,
                expected: 256
            })
        );
    }
}

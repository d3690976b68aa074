//! Proof files of C2SP tlog-proof: an entry's index, its inclusion proof and the checkpoint that the
//! proof leads to, in one text that is verified without a network.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! index 1
//! 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
//!
//! example.com/log
//! 2
//! +sVCA+fMaWzw38tCyRodnb9wrZ9iHkvY2YZi8A48ElU=
//!
//! — example.com/log TcJ5Aw6h…
//! ```
//!
//! Behind the first line there may be one `extra <base64>`: opaque, and authenticated by nothing.
//!
//! Refused: another first line, an index with another spelling than its own decimal, a hash that is
//! not 32 bytes of standard base64 with padding, more than 64 hashes, and a file without the empty
//! line or without anything behind it. The checkpoint is taken as it came: what it says is worth
//! nothing before [`Note::open`](crate::note::Note::open) has found a known key's signature under it.

use std::fmt;

use waxwing_encoding::base64::{self, Base64Error};

use crate::Hash;
use crate::checkpoint::decimal;
use crate::hash::decode_base64;

/// The first line.
pub const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// The most hashes that a proof can have: one for each bit of an index.
const MOST_HASHES: usize = 64;

/// Why a text is not a proof file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlogProofError {
    /// Another first line.
    #[error("the proof file begins with {found:?}; expected {HEADER:?}")]
    Header {
        /// The line found.
        found: String,
    },
    /// The extra data are not base64.
    #[error("the extra data of the proof file: {0}")]
    Extra(Base64Error),
    /// No index, or not in its one spelling.
    #[error(
        "the proof file says {found:?} where its index belongs; expected \"index\" and a decimal \
         number without leading zeros"
    )]
    Index {
        /// The line found.
        found: String,
    },
    /// A line of the proof is not a hash.
    #[error("hash {line} of the proof file is {found:?}; expected 32 bytes in standard base64")]
    Hash {
        /// The hash's number, from 1.
        line: usize,
        /// The line found.
        found: String,
    },
    /// More hashes than any tree asks for.
    #[error("the proof file has more than {MOST_HASHES} hashes; no tree asks for so many")]
    TooManyHashes,
    /// The file ends before the empty line, or with it.
    #[error("the proof file ends before its checkpoint")]
    NoCheckpoint,
}

/// A proof file as it was read: nothing is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    extra: Option<Vec<u8>>,
    index: u64,
    hashes: Vec<Hash>,
    checkpoint: String,
}

/// Writes a proof file from its parts, for a log that answers with one.
pub fn write(index: u64, hashes: &[Hash], checkpoint: &str) -> String {
    let mut text = String::with_capacity(HEADER.len() + 32 + hashes.len() * 45 + checkpoint.len());
    write_parts(&mut text, None, index, hashes, checkpoint).unwrap_or_default();
    text
}

impl TlogProof {
    /// A proof file without extra data.
    pub fn new(index: u64, hashes: Vec<Hash>, checkpoint: &str) -> Result<Self, TlogProofError> {
        if hashes.len() > MOST_HASHES {
            return Err(TlogProofError::TooManyHashes);
        }
        if checkpoint.is_empty() {
            return Err(TlogProofError::NoCheckpoint);
        }
        Ok(Self {
            extra: None,
            index,
            hashes,
            checkpoint: checkpoint.to_owned(),
        })
    }

    /// The same file with these extra data.
    #[must_use]
    pub fn with_extra(self, extra: Vec<u8>) -> Self {
        let extra = Some(extra);
        Self { extra, ..self }
    }

    /// Reads a proof file.
    pub fn parse(text: &str) -> Result<Self, TlogProofError> {
        let (header, rest) = line(text)?;
        if header != HEADER {
            return Err(TlogProofError::Header {
                found: header.to_owned(),
            });
        }
        let (first, after_first) = line(rest)?;
        let (extra, rest) = match first.strip_prefix("extra ") {
            Some(extra) => {
                let extra = decode_base64(extra).map_err(TlogProofError::Extra)?;
                (Some(extra), after_first)
            }
            None => (None, rest),
        };
        let (index_line, mut rest) = line(rest)?;
        let index = index_line.strip_prefix("index ").and_then(decimal);
        let index = index.ok_or_else(|| TlogProofError::Index {
            found: index_line.to_owned(),
        })?;
        let mut hashes = Vec::with_capacity(32);
        loop {
            let (text, after) = line(rest)?;
            rest = after;
            if text.is_empty() {
                break;
            }
            if hashes.len() == MOST_HASHES {
                return Err(TlogProofError::TooManyHashes);
            }
            hashes.push(Hash::from_base64(text).ok_or_else(|| TlogProofError::Hash {
                line: hashes.len() + 1,
                found: text.to_owned(),
            })?);
        }
        let proof = Self::new(index, hashes, rest)?;
        Ok(Self { extra, ..proof })
    }

    /// The opaque data, which nothing authenticates.
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// The entry's index.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The inclusion proof, from the leaf's sibling up to the child of the root.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// The checkpoint, byte for byte: a signed note.
    pub fn checkpoint(&self) -> &str {
        &self.checkpoint
    }

    /// The hashes and the checkpoint, for whoever goes on with them.
    pub fn into_parts(self) -> (Vec<Hash>, String) {
        (self.hashes, self.checkpoint)
    }
}

/// Writes the bytes that were read.
impl fmt::Display for TlogProof {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (extra, hashes) = (self.extra(), self.hashes());
        write_parts(formatter, extra, self.index, hashes, &self.checkpoint)
    }
}

fn write_parts(
    writer: &mut impl fmt::Write,
    extra: Option<&[u8]>,
    index: u64,
    hashes: &[Hash],
    checkpoint: &str,
) -> fmt::Result {
    writeln!(writer, "{HEADER}")?;
    if let Some(extra) = extra {
        writeln!(writer, "extra {}", base64::encode(extra))?;
    }
    writeln!(writer, "index {index}")?;
    for hash in hashes {
        writeln!(writer, "{hash}")?;
    }
    write!(writer, "\n{checkpoint}")
}

/// The first line, and what comes behind its newline.
fn line(text: &str) -> Result<(&str, &str), TlogProofError> {
    text.split_once('\n').ok_or(TlogProofError::NoCheckpoint)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    const CHECKPOINT: &str = "log\n2\nroot\n\n\u{2014} log c2ln\n";

    fn hash() -> Hash {
        Hash::from_base64(HASH).unwrap()
    }

    #[test]
    fn what_is_read_is_written_again() {
        for text in [
            format!("{HEADER}\nindex 0\n\n{CHECKPOINT}"),
            format!("{HEADER}\nindex 1\n{HASH}\n\n{CHECKPOINT}"),
            format!("{HEADER}\nextra AQI=\nindex 18446744073709551615\n{HASH}\n{HASH}\n\nx"),
            format!("{HEADER}\nextra \nindex 7\n\n\n"),
        ] {
            let proof = TlogProof::parse(&text).unwrap();
            assert_eq!(proof.to_string(), text);
        }
    }

    #[test]
    fn the_parts_come_back() {
        let text = write(3, &[hash(), hash()], CHECKPOINT);
        let proof = TlogProof::parse(&text).unwrap();
        assert_eq!((proof.index(), proof.extra()), (3, None));
        assert_eq!(proof.hashes(), [hash(), hash()]);
        assert_eq!(proof.checkpoint(), CHECKPOINT);
        let made = TlogProof::new(3, vec![hash(), hash()], CHECKPOINT).unwrap();
        assert_eq!(made, proof);
        let extra = made.with_extra(vec![1, 2]);
        let read = TlogProof::parse(&extra.to_string()).unwrap();
        assert_eq!(read.extra(), Some(&[1, 2][..]));
        assert_eq!(read.into_parts(), proof.into_parts());
    }

    #[test]
    fn every_other_form_is_refused_by_name() {
        let index = |found: &str| TlogProofError::Index {
            found: found.to_owned(),
        };
        let many = format!("{HASH}\n").repeat(MOST_HASHES);
        assert!(TlogProof::parse(&format!("{HEADER}\nindex 1\n{many}\nx")).is_ok());
        for (text, error) in [
            (String::new(), TlogProofError::NoCheckpoint),
            (
                format!("c2sp.org/tlog-proof@v2\nindex 1\n\n{CHECKPOINT}"),
                TlogProofError::Header {
                    found: "c2sp.org/tlog-proof@v2".into(),
                },
            ),
            (
                format!("{HEADER}\r\nindex 1\n\n{CHECKPOINT}"),
                TlogProofError::Header {
                    found: format!("{HEADER}\r"),
                },
            ),
            (
                format!("{HEADER}\nindex 01\n\n{CHECKPOINT}"),
                index("index 01"),
            ),
            (format!("{HEADER}\nindex\n\n{CHECKPOINT}"), index("index")),
            (
                format!("{HEADER}\nindex 18446744073709551616\n\nx"),
                index("index 18446744073709551616"),
            ),
            (
                format!("{HEADER}\nextra AQI=\nextra AQI=\nindex 1\n\nx"),
                index("extra AQI="),
            ),
            (
                format!("{HEADER}\nindex 1\nextra AQI=\n\nx"),
                TlogProofError::Hash {
                    line: 1,
                    found: "extra AQI=".into(),
                },
            ),
            (
                format!("{HEADER}\nindex 1\n{HASH}\nAQI=\n\nx"),
                TlogProofError::Hash {
                    line: 2,
                    found: "AQI=".into(),
                },
            ),
            (
                format!("{HEADER}\nindex 1\n{many}{HASH}\n\nx"),
                TlogProofError::TooManyHashes,
            ),
            (format!("{HEADER}\nindex 1\n"), TlogProofError::NoCheckpoint),
            (
                format!("{HEADER}\nindex 1\n{HASH}"),
                TlogProofError::NoCheckpoint,
            ),
            (
                format!("{HEADER}\nindex 1\n\n"),
                TlogProofError::NoCheckpoint,
            ),
        ] {
            assert_eq!(TlogProof::parse(&text), Err(error), "{text:?}");
        }
        let extra = TlogProof::parse(&format!("{HEADER}\nextra AQI\nindex 1\n\nx"));
        assert!(matches!(extra, Err(TlogProofError::Extra(_))), "{extra:?}");
    }
}

//! Following a log: a cursor that an index, a mirror or a monitor can trust.
//!
//! ```text
//! 20852014 MMqXDQrGJ8sIDkFAhxWkxR1Cq/SQmfvRYPQjdDVbKTU=
//! ```
//!
//! A cursor is a size and the root of that many entries, not a bare number: when it goes on, the log
//! has to show that it still begins with what was followed before, and every entry that is handed out
//! was shown to be in the tree of a signed head first.

use std::fmt;
use std::str::FromStr;

use waxwing_encoding::base64;
use waxwing_tlog::Hash;
use waxwing_tlog::merkle::{self, CompactRange, EMPTY_ROOT, ProofError, leaf_hash};
use waxwing_tlog::tile::FULL_WIDTH;

use crate::{Entry, Format, ReadError, View};

const PAGE: u64 = FULL_WIDTH as u64;

/// How far a log was followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    size: u64,
    root: Hash,
}

/// Why following cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FollowError {
    /// The log is shorter than what was followed.
    #[error("{size} entries were followed, but the log has {found}; it was set back")]
    WentBack {
        /// Entries that were followed.
        size: u64,
        /// Entries of the log.
        found: u64,
    },
    /// The log begins with other entries than those that were followed.
    #[error(
        "the first {size} entries were followed under the root {followed}, but have {found} now; keep both heads, this is a fork"
    )]
    Forked {
        /// Entries that were followed.
        size: u64,
        /// Their root then.
        followed: Hash,
        /// Their root now.
        found: Hash,
    },
    /// Entries do not lead to the head that covers them.
    #[error("entries {from} to {to} do not lead to the head of size {size}: {source}")]
    NotOfTheTree {
        /// The first of the entries.
        from: u64,
        /// The end of the entries.
        to: u64,
        /// The size of the head.
        size: u64,
        /// What does not fit.
        source: ProofError,
    },
    /// The log could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// A text that is no cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no cursor; expected a size and a root in base64, with a space between")]
pub struct CursorError {
    /// The text.
    pub found: String,
}

impl Default for Cursor {
    /// Before the first entry.
    fn default() -> Self {
        Self {
            size: 0,
            root: EMPTY_ROOT,
        }
    }
}

impl Cursor {
    /// How many entries were followed; the index of the next one.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the entries that were followed.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// The next entries, and the cursor behind them: as far as the end of a page of 256, or of the
    /// view. No entries at the view's end.
    ///
    /// The old cursor is as good as before, so whoever stores the new one together with what was made
    /// of the entries misses none and counts none twice, whenever it is stopped.
    pub async fn advance(self, view: &View) -> Result<(Vec<Entry>, Self), FollowError> {
        let mut range = self.resume(view).await?;
        if self.size == view.size() {
            return Ok((Vec::new(), self));
        }
        let page = self.size / PAGE;
        let skipped = (self.size % PAGE) as usize;
        let leaves = view.leaf_hashes(page).await?;
        let mut entries = view.page(page).await?;
        if entries.len() != leaves.len() {
            return Err(view.damaged_page(page).into());
        }
        entries.drain(..skipped);
        for (entry, leaf) in entries.iter().zip(leaves.iter().skip(skipped)) {
            if view.format() == Format::TlogTiles && leaf_hash(&entry.stored) != *leaf {
                return Err(view.damaged_page(page).into());
            }
            range.append(*leaf);
        }
        let next = Self {
            size: range.size(),
            root: range.root(),
        };
        let proof = view.consistency_proof(next.size, view.size()).await?;
        let root = view.root_hash();
        merkle::verify_consistency(next.size, view.size(), &proof, &next.root, &root).map_err(
            |source| FollowError::NotOfTheTree {
                from: self.size,
                to: next.size,
                size: view.size(),
                source,
            },
        )?;
        Ok((entries, next))
    }

    /// The right edge of what was followed, as the log has it now.
    async fn resume(&self, view: &View) -> Result<CompactRange, FollowError> {
        if self.size > view.size() {
            return Err(FollowError::WentBack {
                size: self.size,
                found: view.size(),
            });
        }
        let range = view.compact_range(self.size).await?;
        if range.root() != self.root {
            return Err(FollowError::Forked {
                size: self.size,
                followed: self.root,
                found: range.root(),
            });
        }
        Ok(range)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} {}",
            self.size,
            base64::encode(self.root.as_bytes())
        )
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let parsed = text.split_once(' ').and_then(|(size, root)| {
            let number: u64 = size.parse().ok()?;
            let root = base64::decode(root).ok()?.try_into().ok()?;
            let cursor = Self {
                size: number,
                root: Hash::new(root),
            };
            (cursor.to_string() == text).then_some(cursor)
        });
        parsed.ok_or_else(|| CursorError {
            found: text.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_written_and_read_and_other_spellings_are_refused() {
        let start = Cursor::default();
        let text = "0 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        assert_eq!(start.to_string(), text);
        assert_eq!(text.parse(), Ok(start));
        for wrong in [
            "",
            "0",
            "00 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "0 47DE",
        ] {
            let found = wrong.to_owned();
            assert_eq!(wrong.parse::<Cursor>(), Err(CursorError { found }));
        }
    }
}

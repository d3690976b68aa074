//! In which form a log serves its entries.

use std::ops::Range;

use bytes::Bytes;
use waxwing_tlog::bundle;
use waxwing_tlog::tile::{FULL_WIDTH, Tile, Width};

use crate::ledger::Line;

/// The public form of the entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// C2SP tlog-tiles: `tile/entries/...`, each entry behind its length in two bytes; the entry is
    /// the leaf of the tree. Rekor v2.
    TlogTiles,
    /// C2SP static-ct-api: `tile/data/...`, one entry after the other; the leaf is another thing.
    /// Certificate Transparency.
    StaticCt,
}

impl Format {
    /// The tile of entries with that index.
    pub(crate) fn tile(self, index: u64, width: Width) -> Tile {
        match self {
            Self::TlogTiles => Tile::entries(index, width),
            Self::StaticCt => Tile::data(index, width),
        }
    }

    /// The bytes in front of each entry.
    pub(crate) fn overhead(self) -> usize {
        match self {
            Self::TlogTiles => 2,
            Self::StaticCt => 0,
        }
    }

    /// Where the entries of a full tile are in its content; `None` if it is damaged.
    pub(crate) fn places(self, content: &[u8], lines: &[Line]) -> Option<Vec<Range<usize>>> {
        let mut places = Vec::with_capacity(FULL_WIDTH);
        let mut end = 0;
        for line in lines {
            let start = end + self.overhead();
            let length = match self {
                Self::TlogTiles => {
                    let length = content.get(end..start)?.try_into().ok()?;
                    usize::from(u16::from_be_bytes(length))
                }
                Self::StaticCt => line.length,
            };
            end = start + length;
            places.push(start..end);
        }
        (content.len() == end).then_some(places)
    }

    /// The longest entry that the form can hold, or that is sensible where it sets no limit.
    pub(crate) fn longest_entry(self) -> usize {
        match self {
            Self::TlogTiles => bundle::LONGEST_ENTRY,
            Self::StaticCt => 1 << 20,
        }
    }

    /// The content of a tile with these entries.
    pub(crate) fn encode<'a>(
        self,
        entries: impl Iterator<Item = &'a Bytes> + Clone,
    ) -> Result<Bytes, bundle::BundleError> {
        let length = entries.clone().map(|entry| entry.len() + self.overhead());
        let mut content = Vec::with_capacity(length.sum());
        for entry in entries {
            match self {
                Self::TlogTiles => bundle::append(&mut content, entry)?,
                Self::StaticCt => content.extend_from_slice(entry),
            }
        }
        Ok(content.into())
    }
}

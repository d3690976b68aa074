//! Tiles of C2SP tlog-tiles and static-ct-api: the resources that a log is read from.
//!
//! ```text
//! tile/0/x001/x234/067          hashes 256 * 1234067 .. 256 * 1234068 of the leaves
//! tile/0/x001/x234/067.p/8      the first 8 of them
//! tile/1/000                    the roots of the first 256 full tiles of level 0
//! tile/entries/000.p/112        the first 112 entries (tlog-tiles)
//! tile/data/000.p/112           the same in a Certificate Transparency log (static-ct-api)
//! ```
//!
//! Refused: leading zeros in a level, an index or a width; a level over 63; groups of other than
//! three digits; a width of 0 or over 255; an index over 64 bits; anything before or after.

mod hash_tile;
mod path;
mod plan;

use std::num::NonZeroU8;

pub use hash_tile::{HashTile, HashTileError};
pub use path::TilePathError;
pub use plan::{Place, TileSet, consistency_tiles, inclusion_tiles, root_tiles, tiles_of_nodes};

/// How many hashes or entries a full tile has.
pub const FULL_WIDTH: usize = 256;

/// How many hashes or entries a tile has. An enum and no number, because 256 does not fit in the
/// byte that the rest fits in, and a width that wraps to 0 has made others serve half-full tiles as
/// full ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Width {
    /// Fewer than 256.
    Partial(NonZeroU8),
    /// All 256.
    Full,
}

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Hashes: of the leaves at level 0, of full tiles of the level below at the others.
    Hashes {
        /// The level, at most 63.
        level: u8,
    },
    /// Entries, each behind its length: an entry bundle.
    Entries,
    /// Entries of a Certificate Transparency log.
    Data,
}

/// The coordinates of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// What it holds.
    pub kind: TileKind,
    /// Its place among the tiles of its kind and level, from the left.
    pub index: u64,
    /// How much of it is there.
    pub width: Width,
}

impl Width {
    /// The width of a tile with that many hashes or entries; `None` unless 1 to 256.
    pub fn new(entries: u64) -> Option<Self> {
        if entries == FULL_WIDTH as u64 {
            return Some(Self::Full);
        }
        let partial = u8::try_from(entries).ok()?;
        NonZeroU8::new(partial).map(Self::Partial)
    }

    /// How many hashes or entries that is.
    pub fn entries(self) -> usize {
        match self {
            Self::Full => FULL_WIDTH,
            Self::Partial(width) => usize::from(width.get()),
        }
    }
}

impl Tile {
    /// A tile of hashes.
    pub fn hashes(level: u8, index: u64, width: Width) -> Self {
        let kind = TileKind::Hashes { level };
        Self { kind, index, width }
    }

    /// An entry bundle.
    pub fn entries(index: u64, width: Width) -> Self {
        let kind = TileKind::Entries;
        Self { kind, index, width }
    }

    /// A data tile.
    pub fn data(index: u64, width: Width) -> Self {
        let kind = TileKind::Data;
        Self { kind, index, width }
    }

    /// The level: entries and data lie at level 0, beside the hashes of their leaves.
    pub fn level(self) -> u8 {
        match self.kind {
            TileKind::Hashes { level } => level,
            TileKind::Entries | TileKind::Data => 0,
        }
    }

    /// The same tile in its full width.
    pub fn full(self) -> Self {
        Self {
            width: Width::Full,
            ..self
        }
    }

    /// The same tile in the width that it has in a tree of `size` leaves; `None` if it has none.
    pub fn at_size(self, size: u64) -> Option<Self> {
        let before = self.index.checked_mul(FULL_WIDTH as u64)?;
        let hashes = hashes_at_level(self.level(), size).checked_sub(before)?;
        let width = Width::new(hashes.min(FULL_WIDTH as u64))?;
        Some(Self { width, ..self })
    }

    /// Whether a tree of `size` leaves has all of this tile, be it that a smaller tree had it first.
    pub fn is_within(self, size: u64) -> bool {
        self.at_size(size)
            .is_some_and(|tile| tile.width >= self.width)
    }
}

/// How many full tiles a tree of `size` leaves has at `level`.
pub fn full_tiles(level: u8, size: u64) -> u64 {
    hashes_at_level(level, size) / FULL_WIDTH as u64
}

/// The width of the last tile at `level` in a tree of `size` leaves; `None` where the level ends
/// with a full tile, or is empty.
pub fn partial_width(level: u8, size: u64) -> Option<Width> {
    Width::new(hashes_at_level(level, size) % FULL_WIDTH as u64)
}

/// How many hashes the tiles of `level` hold in a tree of `size` leaves.
fn hashes_at_level(level: u8, size: u64) -> u64 {
    size.checked_shr(8 * u32::from(level)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widths(level: u8, size: u64) -> (u64, Option<usize>) {
        let partial = partial_width(level, size);
        (full_tiles(level, size), partial.map(Width::entries))
    }

    /// The examples of tlog-tiles.
    #[test]
    fn the_tiles_of_some_sizes() {
        assert_eq!(widths(0, 70_000), (273, Some(112)));
        assert_eq!(widths(1, 70_000), (1, Some(17)));
        assert_eq!(widths(2, 70_000), (0, Some(1)));
        assert_eq!(widths(3, 70_000), (0, None));
        assert_eq!(widths(0, 256), (1, None));
        assert_eq!(widths(1, 256), (0, Some(1)));
        assert_eq!(widths(0, 0), (0, None));
        assert_eq!(widths(7, u64::MAX), (0, Some(255)));
        assert_eq!(widths(63, u64::MAX), (0, None));
    }

    #[test]
    fn a_tile_is_within_the_trees_that_have_all_of_it() {
        let eight = Tile::hashes(0, 2, Width::new(8).unwrap());
        assert!(!eight.is_within(519));
        assert!(eight.is_within(520));
        assert!(eight.is_within(9_999));
        assert!(!eight.full().is_within(767));
        assert!(eight.full().is_within(768));
        assert_eq!(eight.at_size(512), None);
        assert_eq!(eight.at_size(520), Some(eight));
        assert_eq!(eight.at_size(100_000), Some(eight.full()));
        assert!(!Tile::entries(u64::MAX, Width::Full).is_within(u64::MAX));
    }

    #[test]
    fn a_width_is_1_to_256() {
        assert_eq!(Width::new(0), None);
        assert_eq!(Width::new(257), None);
        assert_eq!(Width::new(512), None);
        for entries in 1..=256 {
            assert_eq!(Width::new(entries).unwrap().entries(), entries as usize);
        }
        assert!(Width::new(255).unwrap() < Width::Full);
    }
}

//! The paths of tiles, below a log's prefix.

use std::fmt;
use std::num::NonZeroU8;
use std::str::FromStr;

use super::{Tile, TileKind, Width};

/// Why a path is not that of a tile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TilePathError {
    /// Something else than `tile/` and a kind at the start.
    #[error("expected tile/<level>/, tile/entries/ or tile/data/")]
    Prefix,
    /// The level is no number up to 63, or has leading zeros.
    #[error("the tile's level is {found:?}; expected 0 to 63 without leading zeros")]
    Level {
        /// The part of the path.
        found: String,
    },
    /// A group of the index is not three digits, with `x` in front of all but the last.
    #[error("a group of the tile's index is {found:?}; expected three digits, like x001/x234/067")]
    Group {
        /// The part of the path.
        found: String,
    },
    /// The index does not fit in 64 bits.
    #[error("the tile's index does not fit in 64 bits")]
    IndexTooLarge,
    /// The index starts with a group of zeros.
    #[error("the tile's index has leading zeros; expected {expected}")]
    IndexNotCanonical {
        /// The path with the one spelling of that index.
        expected: String,
    },
    /// The width of a partial tile is no number from 1 to 255, or has leading zeros.
    #[error("the tile's width is {found:?}; expected 1 to 255 without leading zeros")]
    Width {
        /// The part of the path.
        found: String,
    },
}

impl fmt::Display for Tile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes { level } => write!(formatter, "tile/{level}/")?,
            TileKind::Entries => formatter.write_str("tile/entries/")?,
            TileKind::Data => formatter.write_str("tile/data/")?,
        }
        // 64 bits have at most seven groups of three digits.
        for exponent in (1..7).rev() {
            let higher = self.index / 1000_u64.pow(exponent);
            if higher > 0 {
                write!(formatter, "x{:03}/", higher % 1000)?;
            }
        }
        write!(formatter, "{:03}", self.index % 1000)?;
        match self.width {
            Width::Full => Ok(()),
            Width::Partial(width) => write!(formatter, ".p/{width}"),
        }
    }
}

impl FromStr for Tile {
    type Err = TilePathError;

    fn from_str(path: &str) -> Result<Self, TilePathError> {
        let (kind, rest) = path
            .strip_prefix("tile/")
            .and_then(|path| path.split_once('/'))
            .ok_or(TilePathError::Prefix)?;
        let (index, width) = match rest.split_once(".p/") {
            None => (index(rest)?, Width::Full),
            Some((rest, width)) => (index(rest)?, partial_width(width)?),
        };
        let kind = match kind {
            "entries" => TileKind::Entries,
            "data" => TileKind::Data,
            level => TileKind::Hashes {
                level: self::level(level)?,
            },
        };
        let tile = Self { kind, index, width };
        // Whatever else was read from the path, only leading groups of zeros can differ here.
        let expected = tile.to_string();
        if expected != path {
            return Err(TilePathError::IndexNotCanonical { expected });
        }
        Ok(tile)
    }
}

fn level(text: &str) -> Result<u8, TilePathError> {
    let level = canonical_byte(text).filter(|level| *level <= 63);
    level.ok_or_else(|| TilePathError::Level {
        found: text.to_owned(),
    })
}

fn partial_width(text: &str) -> Result<Width, TilePathError> {
    let width = canonical_byte(text).and_then(NonZeroU8::new);
    width
        .map(Width::Partial)
        .ok_or_else(|| TilePathError::Width {
            found: text.to_owned(),
        })
}

fn canonical_byte(text: &str) -> Option<u8> {
    let byte: u8 = text.parse().ok()?;
    (byte.to_string() == text).then_some(byte)
}

fn index(text: &str) -> Result<u64, TilePathError> {
    let mut index: u64 = 0;
    let mut groups = text.split('/').peekable();
    while let Some(group) = groups.next() {
        let digits = match groups.peek() {
            Some(_) => group.strip_prefix('x'),
            None => Some(group),
        };
        let digits = digits
            .filter(|digits| digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse::<u64>().ok())
            .ok_or_else(|| TilePathError::Group {
                found: group.to_owned(),
            })?;
        index = index
            .checked_mul(1000)
            .and_then(|index| index.checked_add(digits))
            .ok_or(TilePathError::IndexTooLarge)?;
    }
    Ok(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_and_read() {
        let eight = Width::new(8).unwrap();
        for (tile, path) in [
            (Tile::hashes(0, 0, Width::Full), "tile/0/000"),
            (Tile::hashes(63, 255, Width::Full), "tile/63/255"),
            (Tile::hashes(1, 1000, Width::Full), "tile/1/x001/000"),
            (
                Tile::hashes(0, 1_234_067, eight),
                "tile/0/x001/x234/067.p/8",
            ),
            (
                Tile::entries(1_000_000, eight),
                "tile/entries/x001/x000/000.p/8",
            ),
            (Tile::data(12, Width::Full), "tile/data/012"),
            (
                Tile::entries(u64::MAX, Width::Full),
                "tile/entries/x018/x446/x744/x073/x709/x551/615",
            ),
        ] {
            assert_eq!(tile.to_string(), path);
            assert_eq!(path.parse(), Ok(tile));
        }
    }

    #[test]
    fn every_other_spelling_is_refused_by_name() {
        use TilePathError as E;
        let level = |found: &str| E::Level {
            found: found.into(),
        };
        let group = |found: &str| E::Group {
            found: found.into(),
        };
        let width = |found: &str| E::Width {
            found: found.into(),
        };
        for (path, error) in [
            ("", E::Prefix),
            ("/tile/0/000", E::Prefix),
            ("tile/000", E::Prefix),
            ("tiles/0/000", E::Prefix),
            ("tile/64/000", level("64")),
            ("tile/00/000", level("00")),
            ("tile/01/000", level("01")),
            ("tile/+1/000", level("+1")),
            ("tile/-1/000", level("-1")),
            ("tile//000", level("")),
            ("tile/Entries/000", level("Entries")),
            ("tile/0/", group("")),
            ("tile/0/0", group("0")),
            ("tile/0/0000", group("0000")),
            ("tile/0/+01", group("+01")),
            ("tile/0/x001", group("x001")),
            ("tile/0/001/000", group("001")),
            ("tile/0/x1/000", group("x1")),
            ("tile/0/000/", group("000")),
            ("tile/0/000 ", group("000 ")),
            ("tile/0/٠٠٠", group("٠٠٠")),
            ("tile/0/000.p", group("000.p")),
            ("tile/0/000.P/1", group("000.P")),
            ("tile/0/000.p/0", width("0")),
            ("tile/0/000.p/256", width("256")),
            ("tile/0/000.p/08", width("08")),
            ("tile/0/000.p/+8", width("+8")),
            ("tile/0/000.p/", width("")),
            ("tile/0/000.p/8/", width("8/")),
            ("tile/0/000.p/8.p/8", width("8.p/8")),
            ("tile/0/x018/x446/x744/x073/x709/x551/616", E::IndexTooLarge),
            (
                "tile/0/x000/001",
                E::IndexNotCanonical {
                    expected: "tile/0/001".into(),
                },
            ),
        ] {
            assert_eq!(path.parse::<Tile>(), Err(error), "{path}");
        }
    }
}

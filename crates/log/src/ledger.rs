//! What a log must remember of its entries beside their public form: the time and the length of each,
//! one page for the 256 entries of a bundle.
//!
//! ```text
//! u48 milliseconds | u24 length      256 times: 2,304 bytes; without the lengths 1,536
//! ```
//!
//! Times of a Rekor v1 log are signed and in no leaf, and entries of a data tile cannot be told apart
//! without knowing what they are; those of a bundle can, so its page has no lengths. A page is put
//! together with its bundle, and is as immutable. Six bytes last until the year 10889, and a length of
//! three is more than any log takes.

use waxwing_encoding::time::UnixTime;
use waxwing_encoding::tls::{Reader, put_number};
use waxwing_tlog::tile::FULL_WIDTH;

use crate::Format;
use crate::shelf::ShelfEntry;

const TIME: usize = 6;
const LENGTH: usize = 3;

/// One entry's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) time: UnixTime,
    /// Zero where the entry says it itself.
    pub(crate) length: usize,
}

/// The bytes of one page.
pub(crate) fn page_length(format: Format) -> usize {
    FULL_WIDTH * line_length(format)
}

/// The page of these entries.
pub(crate) fn encode(entries: &[ShelfEntry], format: Format) -> Vec<u8> {
    let mut page = Vec::with_capacity(entries.len() * line_length(format));
    for entry in entries {
        put_number(&mut page, TIME, entry.time.milliseconds());
        if format == Format::StaticCt {
            put_number(&mut page, LENGTH, entry.stored.len() as u64);
        }
    }
    page
}

/// The lines of a page; `None` if it is damaged.
pub(crate) fn parse(page: &[u8], format: Format) -> Option<Vec<Line>> {
    if page.len() != page_length(format) {
        return None;
    }
    let lines = page.chunks_exact(line_length(format));
    lines.map(|line| parse_line(line, format)).collect()
}

fn parse_line(line: &[u8], format: Format) -> Option<Line> {
    let mut reader = Reader::new(line);
    let time = UnixTime::from_milliseconds(reader.number(TIME).ok()?).ok()?;
    let length = match format {
        Format::TlogTiles => 0,
        Format::StaticCt => usize::try_from(reader.number(LENGTH).ok()?).ok()?,
    };
    Some(Line { time, length })
}

fn line_length(format: Format) -> usize {
    match format {
        Format::TlogTiles => TIME,
        Format::StaticCt => TIME + LENGTH,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Key;

    #[test]
    fn a_written_page_is_read_again_and_a_short_one_is_refused() {
        let entries: Vec<ShelfEntry> = (0..=255u8)
            .map(|number| ShelfEntry {
                key: Key::of(&[number]),
                time: UnixTime::from_milliseconds(1_700_000_000_000 + u64::from(number)).unwrap(),
                stored: vec![0; usize::from(number)].into(),
            })
            .collect();
        for (format, length) in [(Format::TlogTiles, 1536), (Format::StaticCt, 2304)] {
            let page = encode(&entries, format);
            assert_eq!(page.len(), length);
            let lines = parse(&page, format).unwrap();
            for (line, entry) in lines.iter().zip(&entries) {
                assert_eq!(line.time, entry.time);
                if format == Format::StaticCt {
                    assert_eq!(line.length, entry.stored.len());
                }
            }
            assert_eq!(parse(&page[1..], format), None);
        }
    }
}

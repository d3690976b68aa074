//! What a log must remember of its entries beside their public form: the key, the time and the
//! length of each, one page for the 256 entries of a bundle.
//!
//! ```text
//! 32 bytes key | u64 milliseconds | u32 length      256 times: 11,264 bytes
//! ```
//!
//! Times of a Rekor v1 log are signed and in no leaf; entries of a data tile cannot be told apart
//! without knowing what they are; and duplicates must be known after a restart. So a page is put
//! together with its bundle, and is as immutable.

use waxwing_encoding::time::UnixTime;
use waxwing_encoding::tls::{Reader, put_number};
use waxwing_tlog::tile::FULL_WIDTH;

use crate::Key;
use crate::shelf::ShelfEntry;

const LINE: usize = 32 + 8 + 4;

/// One entry's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) key: Key,
    pub(crate) time: UnixTime,
    pub(crate) length: usize,
}

/// The page of these entries.
pub(crate) fn encode(entries: &[ShelfEntry]) -> Vec<u8> {
    let mut page = Vec::with_capacity(entries.len() * LINE);
    for entry in entries {
        page.extend_from_slice(entry.key.as_bytes());
        put_number(&mut page, 8, entry.time.milliseconds());
        put_number(&mut page, 4, entry.stored.len() as u64);
    }
    page
}

/// The lines of a page; `None` if it is damaged.
pub(crate) fn parse(page: &[u8]) -> Option<Vec<Line>> {
    if page.len() != FULL_WIDTH * LINE {
        return None;
    }
    page.chunks_exact(LINE).map(parse_line).collect()
}

fn parse_line(line: &[u8]) -> Option<Line> {
    let mut reader = Reader::new(line);
    Some(Line {
        key: Key::from_digest(reader.array().ok()?),
        time: UnixTime::from_milliseconds(reader.number(8).ok()?).ok()?,
        length: usize::try_from(reader.number(4).ok()?).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_page_is_read_again_and_a_short_one_is_refused() {
        let entries: Vec<ShelfEntry> = (0..=255u8)
            .map(|number| ShelfEntry {
                key: Key::of(&[number]),
                time: UnixTime::from_milliseconds(1_700_000_000_000 + u64::from(number)).unwrap(),
                stored: vec![0; usize::from(number)].into(),
            })
            .collect();
        let page = encode(&entries);
        assert_eq!(page.len(), 11_264);
        let lines = parse(&page).unwrap();
        for (line, entry) in lines.iter().zip(&entries) {
            assert_eq!(line.key, entry.key);
            assert_eq!(line.time, entry.time);
            assert_eq!(line.length, entry.stored.len());
        }
        assert_eq!(parse(&page[..page.len() - 1]), None);
        assert_eq!(parse(&page[LINE..]), None);
    }
}

//! One page of 256 entries: its bundle, its tile of hashes, and its page of the ledger.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use waxwing_encoding::time::UnixTime;
use waxwing_tlog::Hash;
use waxwing_tlog::tile::{FULL_WIDTH, HashTile, Tile, Width};

use super::ground::Ground;
use super::leaf::derive;
use super::problem::ProblemKind;
use crate::ledger::{self, Line};
use crate::shelf::ShelfEntry;
use crate::{Format, Object, RecordEntry};

const PAGE: u64 = FULL_WIDTH as u64;

/// What is known of a page.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// The leaves by its entries.
    pub(super) entries: Option<Vec<Hash>>,
    /// The leaves by its tile, where they are others or the entries are not known.
    pub(super) tile: Option<Vec<Hash>>,
    /// The root, if bundle and tile agree: the tile has it already.
    pub(super) root: Option<Hash>,
    /// The first time and the last.
    pub(super) times: Option<(UnixTime, UnixTime)>,
}

/// Checks a page as far as it can be without others.
pub(super) fn check(ground: &Ground, page: u64) -> Page {
    let end = ground.size.min((page + 1) * PAGE);
    let required = (page + 1) * PAGE <= ground.filed;
    let found = match ground.tail.page(page, ground.size) {
        Some(entries) if !required => of_tail(ground, page, entries),
        _ => of_files(ground, page, (end - page * PAGE) as usize, required),
    };
    if let Some(keys) = &ground.keys {
        let leaves = found.entries.as_ref().or(found.tile.as_ref());
        let other = found.tile.as_ref();
        for (at, leaf) in leaves.into_iter().flatten().enumerate() {
            // Where bundle and tile contradict each other, that is the problem.
            let agreed = other.is_none_or(|tile| tile.get(at) == Some(leaf));
            if agreed && !keys.check(ground, page * PAGE + at as u64, leaf) {
                break;
            }
        }
    }
    found
}

/// A page that the write-ahead log has: what is in files already must be the same.
fn of_tail(ground: &Ground, page: u64, entries: &[(RecordEntry, UnixTime)]) -> Page {
    let bytes = entries.iter().map(|(entry, _)| entry.stored.len() as u64);
    ground.count(entries.len() as u64, bytes.sum());
    let leaves: Vec<Hash> = entries.iter().map(|(entry, _)| entry.leaf_hash).collect();
    if leaves.len() == FULL_WIDTH {
        compare_with_files(ground, page, entries, &leaves);
    }
    let time = |entry: Option<&(RecordEntry, UnixTime)>| entry.map(|(_, time)| *time);
    Page {
        entries: Some(leaves),
        tile: None,
        root: None,
        times: time(entries.first()).zip(time(entries.last())),
    }
}

fn compare_with_files(
    ground: &Ground,
    page: u64,
    entries: &[(RecordEntry, UnixTime)],
    leaves: &[Hash],
) {
    let index = page * PAGE;
    let shelf: Vec<ShelfEntry> = entries
        .iter()
        .map(|(entry, time)| ShelfEntry {
            key: entry.key,
            time: *time,
            stored: entry.stored.clone(),
        })
        .collect();
    let stored = shelf.iter().map(|entry| &entry.stored);
    let bundle = ground.format.encode(stored).unwrap_or_default();
    let mut tile = Vec::with_capacity(FULL_WIDTH * Hash::LENGTH);
    for leaf in leaves {
        tile.extend_from_slice(leaf.as_bytes());
    }
    let lines = ledger::encode(&shelf, ground.format);
    let bundle_object = Object::Tile(ground.format.tile(page, Width::Full));
    let tile_object = Object::Tile(Tile::hashes(0, page, Width::Full));
    let ledger_object = Object::Ledger { index: page };
    for (object, kind, expected) in [
        (bundle_object, ProblemKind::Entries, bundle),
        (tile_object, ProblemKind::TileHashes, tile.into()),
        (ledger_object, ProblemKind::Ledger, lines.into()),
    ] {
        let there = ground.object(object, index);
        if there.is_some_and(|there: Bytes| there != expected) {
            let expected = "the bytes that follow from the write-ahead log";
            ground.report(kind, object, index, "other bytes", expected);
        }
    }
}

/// A page in files: `width` entries of it.
fn of_files(ground: &Ground, page: u64, width: usize, required: bool) -> Page {
    let index = page * PAGE;
    let tile = Tile::hashes(0, page, Width::Full);
    let tile = ground.hash_tile(tile, index, required);
    let leaves = tile.as_ref().map(|tile| leaves_of(tile, width));
    let lines = lines(ground, page, required);
    let times = lines.as_ref().and_then(|lines| {
        let lines = lines.get(..width)?;
        check_times(ground, page, lines);
        Some((lines.first()?.time, lines.last()?.time))
    });
    let object = Object::Tile(ground.format.tile(page, Width::Full));
    let Some(content) = ground.object(object, index) else {
        if required {
            ground.missing(ProblemKind::BundleMissing, object, index);
        }
        ground.count(width as u64, 0);
        return Page {
            entries: None,
            tile: leaves,
            root: None,
            times,
        };
    };
    ground.count(width as u64, content.len() as u64);
    let entries = entries(ground, page, &content, lines.as_deref(), leaves.as_deref());
    let entries = entries.map(|mut entries| {
        entries.truncate(width);
        entries
    });
    let agree = entries.is_some() && entries == leaves;
    Page {
        root: tile.and_then(|tile| tile.root()).filter(|_| agree),
        tile: leaves.filter(|_| !agree),
        entries,
        times,
    }
}

fn leaves_of(tile: &HashTile, width: usize) -> Vec<Hash> {
    (0..width).filter_map(|at| tile.node(0, at)).collect()
}

/// The leaves of the entries in a bundle; `None` if it cannot be taken apart. A leaf that does not
/// follow from its entry is taken from the tile, and counted.
fn entries(
    ground: &Ground,
    page: u64,
    content: &Bytes,
    lines: Option<&[Line]>,
    tile: Option<&[Hash]>,
) -> Option<Vec<Hash>> {
    const EMPTY: Line = Line {
        time: UnixTime::EARLIEST,
        length: 0,
    };
    let object = Object::Tile(ground.format.tile(page, Width::Full));
    let places = match (ground.format, lines) {
        // Without its page of the ledger a data tile cannot be taken apart; that is reported there.
        (Format::StaticCt, None) => return None,
        (_, Some(lines)) => ground.format.places(content, lines),
        (_, None) => ground.format.places(content, &[EMPTY; FULL_WIDTH]),
    };
    let Some(places) = places else {
        let found = format!("{} bytes that their lengths do not fit", content.len());
        let expected = "256 entries, and nothing behind them";
        ground.report(
            ProblemKind::BundleDamaged,
            object,
            page * PAGE,
            found,
            expected,
        );
        return None;
    };
    let mut leaves = Vec::with_capacity(FULL_WIDTH);
    let mut missing = 0;
    for (at, place) in places.into_iter().enumerate() {
        let derived = derive(content.get(place)?, ground.format);
        if derived.is_none() {
            missing += 1;
        }
        leaves.push(derived.or_else(|| tile?.get(at).copied())?);
    }
    ground.not_derived.fetch_add(missing, Ordering::Relaxed);
    Some(leaves)
}

fn lines(ground: &Ground, page: u64, required: bool) -> Option<Vec<Line>> {
    let object = Object::Ledger { index: page };
    let content = ground.object(object, page * PAGE);
    let lines = content.and_then(|content| ledger::parse(&content, ground.format));
    if lines.is_none() && required {
        let (found, expected) = ("no page with a right checksum", "times of 256 entries");
        ground.report(ProblemKind::Ledger, object, page * PAGE, found, expected);
    }
    lines
}

fn check_times(ground: &Ground, page: u64, lines: &[Line]) {
    let pairs = lines.iter().zip(lines.iter().skip(1));
    for (at, (before, line)) in pairs.enumerate() {
        if line.time < before.time {
            let index = page * PAGE + at as u64 + 1;
            let object = Object::Ledger { index: page };
            let expected = format!("not before {}", before.time);
            ground.report(
                ProblemKind::Time,
                object,
                index,
                line.time.to_string(),
                expected,
            );
            return;
        }
    }
}

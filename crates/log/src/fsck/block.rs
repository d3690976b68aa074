//! 256 pages, which one thread checks at a time: the tile above them tells which of a bundle and its
//! tile is right when they contradict each other.

use std::collections::{BTreeMap, BTreeSet};

use waxwing_encoding::time::UnixTime;
use waxwing_tlog::Hash;
use waxwing_tlog::tile::{FULL_WIDTH, HashTile, Tile, Width};

use super::ground::Ground;
use super::page::{self, Page};
use super::problem::ProblemKind;
use crate::Object;

const PAGE: u64 = FULL_WIDTH as u64;

/// The entries of a block.
pub(super) const BLOCK: u64 = PAGE * PAGE;

/// What is known of a block.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// The roots of its full pages: by the entries where nothing says that they are wrong.
    pub(super) row: Vec<Hash>,
    /// The pages that contradict themselves, with their roots by the tile.
    pub(super) suspects: Vec<Suspect>,
    /// The leaves of pages in which a head ends.
    pub(super) leaves: BTreeMap<u64, Vec<Hash>>,
    /// Whether there is a page of which nothing is known.
    pub(super) broken: bool,
    /// The first time and the last.
    pub(super) times: Option<(UnixTime, UnixTime)>,
}

/// A page of which the bundle and the tile differ, and nothing above it tells which is right.
#[derive(Debug, Clone)]
pub(super) struct Suspect {
    pub(super) page: u64,
    pub(super) by_tile: Hash,
    /// The leaves, if a head ends in the page.
    pub(super) tile: Vec<Hash>,
    difference: Difference,
}

/// Where two rows of leaves differ first.
#[derive(Debug, Clone)]
struct Difference {
    at: u64,
    count: usize,
    entry: Hash,
    tile: Hash,
}

/// What is at fault of a bundle and its tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Entries,
    Tile,
    Unknown,
}

/// Checks the pages of a block. `marked` are the pages in which a head ends.
pub(super) fn check(ground: &Ground, block: u64, marked: &BTreeSet<u64>) -> Block {
    let pages = block * PAGE..((block + 1) * PAGE).min(ground.size.div_ceil(PAGE));
    let full = (block + 1) * BLOCK <= ground.size;
    let above = Tile::hashes(1, block, Width::Full);
    let required = (block + 1) * BLOCK <= ground.filed;
    let above = full
        .then(|| ground.hash_tile(above, block * BLOCK, required))
        .flatten();
    let mut found = Block::default();
    for page in pages {
        let checked = page::check(ground, page);
        found.take_times(ground, page, checked.times);
        let parent = above
            .as_ref()
            .and_then(|tile| tile.node(0, (page % PAGE) as usize));
        found.take(ground, page, checked, parent, marked.contains(&page));
    }
    if let Some(above) = above.filter(|_| !found.broken) {
        compare(ground, (1, block), &above, &found.row);
    }
    found
}

/// Reports a tile above level 0 that does not hold the roots of what lies below.
pub(super) fn compare(ground: &Ground, (level, index): (u8, u64), tile: &HashTile, row: &[Hash]) {
    let first = row
        .iter()
        .enumerate()
        .find(|(at, hash)| tile.node(0, *at) != Some(**hash));
    let Some((at, expected)) = first else { return };
    let object = Object::Tile(Tile::hashes(level, index, Width::Full));
    let entry = (index * PAGE + at as u64) << (8 * u32::from(level));
    let found = tile
        .node(0, at)
        .map_or_else(String::new, |hash| hash.to_string());
    ground.report(
        ProblemKind::TileHashes,
        object,
        entry,
        found,
        expected.to_string(),
    );
}

impl Block {
    fn take(
        &mut self,
        ground: &Ground,
        page: u64,
        checked: Page,
        parent: Option<Hash>,
        marked: bool,
    ) {
        let by_entries = checked
            .root
            .or_else(|| checked.entries.as_deref().and_then(root));
        let by_tile = checked.tile.as_deref().and_then(root);
        let both = checked.entries.as_deref().zip(checked.tile.as_deref());
        let difference = both.and_then(|(entries, tile)| Difference::of(page, entries, tile));
        let (mut trusted, mut leaves) = match checked.entries {
            Some(entries) => (by_entries, Some(entries)),
            None => (by_tile, checked.tile.clone()),
        };
        if let Some(difference) = difference {
            if parent.is_some() && parent == by_tile {
                difference.report(ground, page, Fault::Entries);
                (trusted, leaves) = (by_tile, checked.tile);
            } else if parent.is_some() && parent == by_entries {
                difference.report(ground, page, Fault::Tile);
            } else if let Some(by_tile) = by_tile {
                self.suspects.push(Suspect {
                    page,
                    by_tile,
                    tile: checked.tile.filter(|_| marked).unwrap_or_default(),
                    difference,
                });
            }
        }
        let full = (page + 1) * PAGE <= ground.size;
        match trusted.or(parent) {
            Some(root) if full => self.row.push(root),
            _ if full => {
                self.broken = true;
                self.row.push(Hash::new([0; 32]));
            }
            _ => self.broken |= leaves.is_none(),
        }
        if let Some(leaves) = leaves.filter(|_| marked) {
            self.leaves.insert(page, leaves);
        }
    }

    fn take_times(&mut self, ground: &Ground, page: u64, times: Option<(UnixTime, UnixTime)>) {
        let Some((first, last)) = times else { return };
        let before = self.times.map(|(_, last)| last);
        check_order(ground, page, before, first);
        self.times = Some((self.times.map_or(first, |(first, _)| first), last));
    }
}

/// Reports a page whose first time is before the last one of the page in front of it.
pub(super) fn check_order(ground: &Ground, page: u64, before: Option<UnixTime>, first: UnixTime) {
    if let Some(before) = before.filter(|before| first < *before) {
        let object = Object::Ledger { index: page };
        let expected = format!("not before {before}");
        ground.report(
            ProblemKind::Time,
            object,
            page * PAGE,
            first.to_string(),
            expected,
        );
    }
}

/// The root of a full page.
fn root(leaves: &[Hash]) -> Option<Hash> {
    if leaves.len() != FULL_WIDTH {
        return None;
    }
    let mut tile = HashTile::new();
    for leaf in leaves {
        tile.push(*leaf);
    }
    tile.root()
}

impl Suspect {
    pub(super) fn report(&self, ground: &Ground, fault: Fault) {
        self.difference.report(ground, self.page, fault);
    }
}

impl Difference {
    fn of(page: u64, entries: &[Hash], tile: &[Hash]) -> Option<Self> {
        let pairs = entries.iter().zip(tile).enumerate();
        let mut others = pairs.filter(|(_, (entry, tile))| entry != tile);
        let (at, (entry, tile)) = others.next()?;
        Some(Self {
            at: page * PAGE + at as u64,
            count: 1 + others.count(),
            entry: *entry,
            tile: *tile,
        })
    }

    fn report(&self, ground: &Ground, page: u64, fault: Fault) {
        let bundle = Object::Tile(ground.format.tile(page, Width::Full));
        let tile = Object::Tile(Tile::hashes(0, page, Width::Full));
        let count = match self.count {
            1 => String::new(),
            count => format!(" ({count} of 256 differ)"),
        };
        let (kind, object, found, expected) = match fault {
            Fault::Entries => (ProblemKind::Entries, bundle, self.entry, self.tile),
            Fault::Tile => (ProblemKind::TileHashes, tile, self.tile, self.entry),
            Fault::Unknown => (ProblemKind::EntriesOrHashes, bundle, self.entry, self.tile),
        };
        let found = format!("the leaf {found}{count}");
        ground.report(kind, object, self.at, found, format!("the leaf {expected}"));
    }
}

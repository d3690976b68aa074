//! The index of keys: every entry must be found by its key, and at its own index.
//!
//! The index keeps the first of two entries with one key. So whether an entry is there twice is found
//! without any memory: its key then leads to another index, and the entry there has the same leaf.

use std::collections::HashMap;
use std::thread;

use waxwing_tlog::Hash;
use waxwing_tlog::tile::{FULL_WIDTH, HashTile, Tile, Width};

use super::ground::Ground;
use super::look::{LOOKS, PAUSE, newest_size};
use super::problem::ProblemKind;
use super::tail::Tail;
use crate::{DriverError, Format, Key, KeyIndex, LocalDriver, LocalKeys, Object};

const PAGE: u64 = FULL_WIDTH as u64;
const KEYS: &str = ".state/keys";

/// The index of a log whose entries are their own keys.
#[derive(Debug)]
pub(super) struct Keys {
    index: LocalKeys,
    covered: u64,
    every: u64,
    /// Where the leaves are that the index does not cover yet: as many as the write-ahead log has.
    fresh: HashMap<Hash, u64>,
}

impl Keys {
    pub(super) fn new(index: LocalKeys, tail: &Tail, every: u64) -> Self {
        let covered = index.covered();
        let mut fresh = HashMap::new();
        for (place, entry) in tail.from(covered) {
            fresh.entry(entry.leaf_hash).or_insert(place);
        }
        Self {
            index,
            covered,
            every: every.max(1),
            fresh,
        }
    }

    /// Looks up a leaf. False if there is no use in looking up its neighbours.
    pub(super) fn check(&self, ground: &Ground, place: u64, leaf: &Hash) -> bool {
        if !place.is_multiple_of(self.every) && place < self.covered {
            return true;
        }
        let found = match self.index.find(&Key::from(*leaf)) {
            Ok(found) => found,
            Err(error) => {
                let (kind, found) = (ProblemKind::KeysDamaged, error.to_string());
                let expected = format!("the entry {place}");
                ground
                    .problems
                    .add(kind, KEYS, Some(place), found, expected);
                return false;
            }
        };
        if place < self.covered {
            self.compare(ground, place, leaf, found);
        } else if let Some(earlier) = found.or_else(|| self.fresh.get(leaf).copied())
            && earlier != place
        {
            self.compare(ground, place, leaf, Some(earlier));
        }
        true
    }

    fn compare(&self, ground: &Ground, place: u64, leaf: &Hash, found: Option<u64>) {
        let expected = format!("the entry {place}");
        match found {
            Some(found) if found == place => {}
            None => {
                let kind = ProblemKind::KeyMissing;
                ground
                    .problems
                    .add(kind, KEYS, Some(place), "nothing", expected);
            }
            Some(found) if leaf_at(ground, found) == Some(*leaf) => {
                let object = Object::Tile(ground.format.tile(place / PAGE, Width::Full));
                let found = format!("the same entry as at {found}");
                let expected = "an entry that was not there before";
                ground.report(ProblemKind::Duplicate, object, place, found, expected);
            }
            Some(found) => {
                let kind = ProblemKind::KeyElsewhere;
                let found = format!("the entry {found}, which is another one");
                ground
                    .problems
                    .add(kind, KEYS, Some(place), found, expected);
            }
        }
    }
}

fn leaf_at(ground: &Ground, index: u64) -> Option<Hash> {
    if let Some((_, entry)) = ground
        .tail
        .from(index)
        .next()
        .filter(|(at, _)| *at == index)
    {
        return Some(entry.leaf_hash);
    }
    let tile = Object::Tile(Tile::hashes(0, index / PAGE, Width::Full));
    let content = ground.driver.object_now(tile).ok()??;
    let tile = HashTile::parse(&content, Width::Full).ok()?;
    tile.node(0, (index % PAGE) as usize)
}

/// Whether the keys of a log are its leaves: by what the write-ahead log says of its entries, or by
/// what the index knows of the first page. `None` if there is nothing to tell it by.
fn tell_leaves(tail: &Tail, index: &LocalKeys, first: &[Hash]) -> Option<bool> {
    let mut entries = tail.from(0).peekable();
    if entries.peek().is_some() {
        return Some(entries.all(|(_, entry)| Key::from(entry.leaf_hash) == entry.key));
    }
    if first.is_empty() || index.covered() == 0 {
        return None;
    }
    let found = |leaf: &Hash| matches!(index.find(&Key::from(*leaf)), Ok(Some(_)));
    Some(first.iter().any(found))
}

/// Opens the index of keys, if the keys of this log follow from its entries.
pub(super) fn open(
    ground: &Ground,
    every: u64,
    not_checked: &mut Vec<String>,
) -> Result<Option<Keys>, DriverError> {
    let mut index = ground.driver.keys_now()?;
    // Beside a writer that merges runs it may seem to cover less for a moment.
    for _ in 1..LOOKS {
        if index.covered() >= ground.filed {
            break;
        }
        thread::sleep(PAUSE);
        index = ground.driver.keys_now()?;
    }
    for line in index.damaged() {
        let kind = ProblemKind::KeysDamaged;
        ground.problems.add(kind, KEYS, None, line, "a sound file");
    }
    let covered = index.covered();
    let are_leaves = are_leaves(&ground.driver, &ground.tail, &index);
    // What it covers more than was looked at may have been added since.
    let ahead = covered > ground.size && covered > newest_size(&ground.driver);
    if covered < ground.filed || ahead {
        let makes_it = covered == 0 && index.damaged().is_empty() && are_leaves != Some(false);
        let kind = match makes_it && ground.format == Format::TlogTiles {
            true => ProblemKind::KeysAbsent,
            false => ProblemKind::KeysCovered,
        };
        let expected = format!("{} to {}", ground.filed, ground.size);
        ground
            .problems
            .add(kind, KEYS, None, format!("{covered} entries"), expected);
    }
    if every == 0 {
        not_checked.push("the keys of entries, and duplicates: not asked for".to_owned());
        return Ok(None);
    }
    match are_leaves {
        Some(true) => {}
        _ if ground.size == 0 => return Ok(None),
        _ => {
            not_checked.push(
                "the keys of entries, and duplicates: the keys of this log do not follow from its \
                 entries"
                    .to_owned(),
            );
            return Ok(None);
        }
    }
    if every > 1 {
        not_checked.push(format!("the keys of entries but each {every}th"));
    }
    if covered < ground.filed {
        not_checked.push(format!(
            "the keys of the entries from {covered} to {}: the index does not cover them",
            ground.filed
        ));
    }
    Ok(Some(Keys::new(index, &ground.tail, every)))
}

/// Whether the entries of a log are their own keys, as far as that can be told.
fn are_leaves(driver: &LocalDriver, tail: &Tail, index: &LocalKeys) -> Option<bool> {
    let first = Object::Tile(Tile::hashes(0, 0, Width::Full));
    let first = driver.object_now(first).ok().flatten();
    let (leaves, _) = first.as_deref().unwrap_or_default().as_chunks::<32>();
    let leaves: Vec<Hash> = leaves.iter().map(|leaf| Hash::new(*leaf)).collect();
    tell_leaves(tail, index, &leaves)
}

/// Whether the keys of the log in a directory follow from its entries.
pub(crate) fn keys_follow(driver: &LocalDriver) -> Result<Option<bool>, DriverError> {
    let index = driver.keys_now()?;
    let records = driver.records_now()?.unwrap_or_default();
    let tail = Tail::of(&records).unwrap_or_default();
    Ok(are_leaves(driver, &tail, &index))
}

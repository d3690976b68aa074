//! The roots that follow from the entries against those that were signed, recorded and guarded.

use std::path::PathBuf;

use waxwing_tlog::Hash;

use super::block::Fault;
use super::ground::Ground;
use super::problem::ProblemKind;
use super::sum::{Roots, Sum};
use crate::Guard;

/// Compares all roots, and says which of a bundle and its tile is at fault where only the root knows.
pub(super) fn compare(
    ground: &Ground,
    sum: &Sum,
    published: Option<(u64, Hash)>,
    guard: Option<(Guard, PathBuf)>,
    not_checked: &mut Vec<String>,
) {
    let problems = &ground.problems;
    // Without a checkpoint the last head stands in for it.
    let last = ground.tail.heads.last().map(|head| (head.size, head.root));
    let signed = published.or(last).and_then(|(size, root)| {
        let roots = sum.roots.get(&size)?;
        Some((*roots, root))
    });
    let tiles_are_right =
        signed.is_some_and(|(roots, root)| root != roots.by_entries && root == roots.by_tiles);
    let entries_are_right = signed.is_some_and(|(roots, root)| root == roots.by_entries);
    for (place, suspect) in sum.suspects.iter().enumerate() {
        // In all blocks but the last one it is the entries that the roots were made of.
        let in_last = place + sum.suspects_in_last >= sum.suspects.len();
        let fault = match (entries_are_right, tiles_are_right) {
            (true, _) => Fault::Tile,
            (_, true) if in_last => Fault::Entries,
            (_, true) => Fault::Tile,
            _ => Fault::Unknown,
        };
        suspect.report(ground, fault);
    }
    let chosen = |roots: &Roots| match tiles_are_right {
        true => roots.by_tiles,
        false => roots.by_entries,
    };
    let mut unknown = 0;
    let mut check = |kind, file: PathBuf, size: u64, recorded: Hash| match sum.roots.get(&size) {
        None => unknown += 1,
        Some(roots) if chosen(roots) == recorded => {}
        Some(roots) => {
            let found = format!("the root {} of the entries", chosen(roots));
            problems.add(kind, file, Some(size), found, recorded.to_string());
        }
    };
    if let Some((size, root)) = published {
        check(ProblemKind::Root, "checkpoint".into(), size, root);
    }
    for head in &ground.tail.heads {
        check(ProblemKind::Head, ".state/wal".into(), head.size, head.root);
    }
    if let Some((guard, path)) = guard {
        if guard.size > ground.size {
            let found = format!("{} entries", ground.size);
            let expected = format!("at least the {} that were let out", guard.size);
            problems.add(
                ProblemKind::GuardAhead,
                path,
                Some(guard.size),
                found,
                expected,
            );
        } else {
            check(ProblemKind::GuardDiffers, path, guard.size, guard.root);
        }
    }
    if unknown > 0 {
        not_checked.push(format!(
            "{unknown} roots: entries that they cover are missing or cannot be read"
        ));
    }
    if let Some((time, head)) = sum.last_time.zip(ground.tail.heads.last())
        && time > head.time
    {
        let expected = format!("not after the last head's {}", head.time);
        let kind = ProblemKind::Time;
        problems.add(kind, ".state/ledger", None, time.to_string(), expected);
    }
}

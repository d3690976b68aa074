//! Partial tiles that lie there as files: for a file server, or for a program that goes on from them.
//! They must begin as their full tile does, or as the right edge of the tree.

use std::path::Path;

use bytes::Bytes;
use waxwing_tlog::bundle;
use waxwing_tlog::tile::{FULL_WIDTH, HashTile, Tile, TileKind, Width};

use super::ground::Ground;
use super::problem::ProblemKind;
use crate::Object;

const PAGE: u64 = FULL_WIDTH as u64;

/// Compares a partial tile with what the log has in a tree of `size` entries.
pub(super) fn check(ground: &Ground, path: &Path, tile: Tile, size: u64) {
    let report = |found: &str| {
        let expected = format!("the first {} of the log's own", tile.width.entries());
        ground
            .problems
            .add(ProblemKind::Partial, path, None, found, expected);
    };
    let content = match ground.driver.object_now(Object::Tile(tile)) {
        Ok(Some(content)) => content,
        // Removed just now, since its full tile is there.
        Ok(None) => return,
        Err(error) => return report(&error.to_string()),
    };
    let is_whole = match tile.kind {
        TileKind::Hashes { .. } => HashTile::parse(&content, tile.width).is_ok(),
        TileKind::Entries => bundle::parse(&content, tile.width).is_ok(),
        TileKind::Data => true,
    };
    match of_the_log(ground, tile, size) {
        Some(own) if is_whole && own.starts_with(&content) => {}
        Some(_) => report("other bytes"),
        None => report("a tile that cannot be compared"),
    }
}

/// As much as there is of the tile.
fn of_the_log(ground: &Ground, tile: Tile, size: u64) -> Option<Bytes> {
    let object = |tile| ground.driver.object_now(Object::Tile(tile)).ok().flatten();
    if let Some(full) = object(tile.full()) {
        return Some(full);
    }
    let TileKind::Hashes { level } = tile.kind else {
        let entries = ground.tail.page(tile.index, size)?.iter();
        let entries = entries.map(|(entry, _)| &entry.stored);
        return ground.format.encode(entries).ok();
    };
    let mut hashes = Vec::new();
    match level.checked_sub(1) {
        None => {
            for (entry, _) in ground.tail.page(tile.index, size)? {
                hashes.extend_from_slice(entry.leaf_hash.as_bytes());
            }
        }
        Some(below) => {
            for child in 0..tile.width.entries() as u64 {
                let child = Tile::hashes(below, tile.index * PAGE + child, Width::Full);
                let child = HashTile::parse(&object(child)?, Width::Full).ok()?;
                hashes.extend_from_slice(child.root()?.as_bytes());
            }
        }
    }
    Some(hashes.into())
}

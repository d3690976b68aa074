//! Files that should not be there. Directories are gone through one at a time, so that memory does
//! not grow with the log.

use std::path::{Path, PathBuf};

use waxwing_tlog::tile::{Tile, TileKind, Width};

use super::ground::Ground;
use super::look::newest_size;
use super::partial;
use super::problem::ProblemKind;
use crate::Format;
use crate::files;

/// Goes through the tiles and what the log keeps beside them. `size` is that of the newest head.
pub(super) fn check(ground: &Ground, size: u64, unfinished: &[String]) {
    walk(ground, Path::new("tile"), &mut |path| {
        tile(ground, path, size);
    });
    walk(ground, Path::new(".state/ledger"), &mut |path| {
        let name = path.strip_prefix(".state/ledger").unwrap_or(path);
        let like = Path::new("tile/0").join(name).display().to_string();
        match like.parse::<Tile>() {
            Ok(file)
                if has_none(
                    ground,
                    file.index.saturating_mul(1 << 16).saturating_add(256),
                    size,
                ) =>
            {
                let expected = format!("a ledger of {size} entries");
                report(
                    ground,
                    ProblemKind::Beyond,
                    path,
                    "pages behind them",
                    &expected,
                );
            }
            Ok(_) => {}
            Err(_) => foreign(ground, path, "a file of the ledger"),
        }
    });
    for name in names(ground, Path::new(".state/wal")) {
        if name.parse::<u64>().is_err() {
            let path = Path::new(".state/wal").join(name);
            foreign(ground, &path, "a number as name");
        }
    }
    let temporary = Path::new(".state/temporary");
    let now = names(ground, temporary);
    // What was there before the check and still is was left behind; a writer is faster than that. Its
    // checkpoints all have one name.
    let left = unfinished
        .iter()
        .filter(|name| now.contains(name) && *name != "checkpoint");
    for name in left {
        let path = temporary.join(name);
        let found = "a file that nobody finished";
        report(ground, ProblemKind::Leftover, &path, found, "nothing");
    }
}

/// What is being written.
pub(super) fn unfinished(ground: &Ground) -> Vec<String> {
    names(ground, Path::new(".state/temporary"))
}

fn tile(ground: &Ground, path: &Path, size: u64) {
    let Ok(tile) = path.display().to_string().parse::<Tile>() else {
        return foreign(ground, path, "a tile's path");
    };
    let of_the_log = match tile.kind {
        TileKind::Hashes { .. } => true,
        TileKind::Entries => ground.format == Format::TlogTiles,
        TileKind::Data => ground.format == Format::StaticCt,
    };
    if !of_the_log {
        return foreign(ground, path, "a tile of this form of log");
    }
    if tile.width != Width::Full && tile.is_within(size) {
        return partial::check(ground, path, tile, size);
    }
    if !tile.is_within(size) && !tile.is_within(newest_size(&ground.driver)) {
        let expected = format!("a tree of {size} entries");
        report(
            ground,
            ProblemKind::Beyond,
            path,
            "a tile behind it",
            &expected,
        );
    }
}

/// Whether the log has fewer entries than that; it may have grown since it was looked at.
fn has_none(ground: &Ground, entries: u64, size: u64) -> bool {
    entries > size && entries > newest_size(&ground.driver)
}

fn foreign(ground: &Ground, path: &Path, expected: &str) {
    report(ground, ProblemKind::Foreign, path, "another name", expected);
}

fn report(ground: &Ground, kind: ProblemKind, path: &Path, found: &str, expected: &str) {
    ground.problems.add(kind, path, None, found, expected);
}

/// Calls `visit` with each file below a directory. Names say what is a directory.
fn walk(ground: &Ground, directory: &Path, visit: &mut dyn FnMut(&Path)) {
    let top = directory == Path::new("tile");
    for name in names(ground, directory) {
        let path: PathBuf = directory.join(&name);
        if top || name.starts_with('x') || name.ends_with(".p") {
            walk(ground, &path, visit);
        } else {
            visit(&path);
        }
    }
}

fn names(ground: &Ground, directory: &Path) -> Vec<String> {
    match ground.driver.names_in(directory) {
        Ok(names) => names,
        Err(error) => {
            let error = files::about(directory, &error).to_string();
            report(
                ground,
                ProblemKind::Foreign,
                directory,
                &error,
                "a directory",
            );
            Vec::new()
        }
    }
}

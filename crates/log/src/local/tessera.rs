//! What Tessera keeps beside the same tiles, so that one program can go on where the other stopped.
//!
//! ```text
//! DIR/.state/version          1
//! DIR/.state/treeState        {"size":20852014,"root":"MMqXDQrGJ8sIDkFAhxWkxR1Cq/SQmfvRYPQjdDVbKTU="}
//! DIR/.state/treeState.lock   held while entries get their places    POSIX record locks, not those
//! DIR/.state/publish.lock     held while a checkpoint is written     of flock(2)
//! ```
//!
//! As long as the log is this program's, both files hold a sentence in place of that, and a Tessera
//! that finds it stops: it would go on from the size that it left, and give places away that are taken.
//! The locks alone would not do: they are gone after a crash. The size comes back when the log is closed
//! with its partial tiles as files.

use std::any::Any;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use waxwing_encoding::base64;
use waxwing_tlog::Hash;

use super::layout::Layout;
use crate::files::{self, FileSystem};
use crate::{DriverError, Head};

const VERSION: &str = "1";

/// Neither a number nor JSON. Tessera shows it in its error.
const OURS: &str = "this log is kept by Waxwing; to hand it over, end Waxwing with \
                    --materialize-partials on-shutdown\n";

const LONGEST: u64 = 1024;

/// Where Tessera would go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TreeState {
    pub(crate) size: u64,
    pub(crate) root: Hash,
}

#[derive(Serialize, Deserialize)]
struct Written {
    size: u64,
    root: String,
}

/// Tessera's two locks, or none of them; an error if somebody has one.
pub(super) fn lock(
    files: &dyn FileSystem,
    layout: &Layout,
) -> Result<Vec<Box<dyn Any + Send + Sync>>, DriverError> {
    let mut held = Vec::new();
    for name in ["treeState.lock", "publish.lock"] {
        let lock = files.lock_records(&layout.state(name)).map_err(failed)?;
        held.push(lock.ok_or_else(|| DriverError::Locked {
            path: layout.root().to_owned(),
        })?);
    }
    Ok(held)
}

/// Where Tessera stopped; `None` if the log is this program's, or is not there.
pub(super) fn read(files: &dyn FileSystem, layout: &Layout) -> io::Result<Option<TreeState>> {
    let text = |name| -> io::Result<_> {
        let content = files::read(files, &layout.state(name), LONGEST)?;
        Ok(content.map(|content| String::from_utf8_lossy(&content).into_owned()))
    };
    let version = text("version")?;
    let Some(state) = text("treeState")? else {
        return Ok(None);
    };
    // The version is the first to become ours and the last to become theirs.
    if version.as_deref() == Some(OURS) || state == OURS {
        return Ok(None);
    }
    let bad = |name: &str, found: &str, expected: &str| {
        let path = layout.state(name);
        let reason = format!("{} says {found:?}; expected {expected}", path.display());
        io::Error::new(io::ErrorKind::InvalidData, reason)
    };
    // Old ones have no version.
    if let Some(version) = version
        && version != VERSION
    {
        return Err(bad("version", &version, "version 1 of Tessera's files"));
    }
    let expected = r#"{"size":…,"root":"…"} with 32 bytes in base64"#;
    let parsed = serde_json::from_str::<Written>(&state).ok();
    let parsed = parsed.and_then(|written| {
        let root = base64::decode(&written.root).ok()?;
        Some(TreeState {
            size: written.size,
            root: Hash::new(root.try_into().ok()?),
        })
    });
    parsed
        .map(Some)
        .ok_or_else(|| bad("treeState", &state, expected))
}

/// Makes the log this program's.
pub(super) fn claim(files: &dyn FileSystem, layout: &Layout) -> io::Result<()> {
    for name in ["version", "treeState"] {
        write(files, layout, name, OURS)?;
    }
    Ok(())
}

/// Makes the log Tessera's, which goes on from this head.
pub(super) fn hand_over(files: &dyn FileSystem, layout: &Layout, head: &Head) -> io::Result<()> {
    let state = serde_json::to_string(&Written {
        size: head.size,
        root: base64::encode(head.root.as_bytes()),
    })?;
    write(files, layout, "treeState", &state)?;
    write(files, layout, "version", VERSION)
}

fn write(files: &dyn FileSystem, layout: &Layout, name: &str, content: &str) -> io::Result<()> {
    let path = layout.state(name);
    if files::read(files, &path, LONGEST)?.is_some_and(|there| there == content.as_bytes()) {
        return Ok(());
    }
    let temporary: PathBuf = layout.temporary().join(name);
    files::replace(files, &temporary, &path, content.as_bytes(), false)
}

fn failed(source: io::Error) -> DriverError {
    files::failed("open the log", source)
}

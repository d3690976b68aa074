//! The guard in a file of its own, which the operator puts on another disk than the log.
//!
//! ```text
//! waxwing-guard 1
//! 20852014
//! MMqXDQrGJ8sIDkFAhxWkxR1Cq/SQmfvRYPQjdDVbKTU=
//! ```
//!
//! It is written behind the log, at most every so often, and always whole: a crash leaves an older
//! head in it, and a log that is newer than its guard is in order.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use waxwing_encoding::base64;
use waxwing_tlog::Hash;

use crate::Guard;
use crate::files::{self, FileSystem};

/// Between two writes: what a restored copy may lack without being noticed.
pub(super) const INTERVAL: Duration = Duration::from_millis(100);

const TITLE: &str = "waxwing-guard 1";
const LONGEST: u64 = 1024;

/// Reads a guard; `None` if there is none.
pub(super) fn read(files: &dyn FileSystem, path: &Path) -> io::Result<Option<Guard>> {
    let Some(content) = files::read(files, path, LONGEST)? else {
        return Ok(None);
    };
    match parse(&content) {
        Some(guard) => Ok(Some(guard)),
        None => {
            let reason = format!("{} is not a guard of a log", path.display());
            Err(io::Error::new(io::ErrorKind::InvalidData, reason))
        }
    }
}

/// Puts a guard in place of the one before.
pub(super) fn write(files: &dyn FileSystem, path: &Path, guard: Guard) -> io::Result<()> {
    let root = base64::encode(guard.root.as_bytes());
    let content = format!("{TITLE}\n{}\n{root}\n", guard.size);
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    files::replace(
        files,
        &PathBuf::from(temporary),
        path,
        content.as_bytes(),
        true,
    )
}

fn parse(content: &[u8]) -> Option<Guard> {
    let mut lines = str::from_utf8(content).ok()?.lines();
    if lines.next()? != TITLE {
        return None;
    }
    let size = lines.next()?.parse().ok()?;
    let root = base64::decode(lines.next()?).ok()?;
    let root = Hash::new(root.try_into().ok()?);
    lines.next().is_none().then_some(Guard { size, root })
}

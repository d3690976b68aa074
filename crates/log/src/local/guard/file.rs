//! The guard in a file of its own.

use std::io;
use std::path::{Path, PathBuf};

use super::LONGEST;
use crate::Guard;
use crate::files::{self, FileSystem};

/// Reads a guard; `None` if there is none.
pub(in crate::local) fn read(files: &dyn FileSystem, path: &Path) -> io::Result<Option<Guard>> {
    let Some(content) = files::read(files, path, LONGEST as u64)? else {
        return Ok(None);
    };
    match Guard::parse(&content) {
        Some(guard) => Ok(Some(guard)),
        None => {
            let reason = format!("{} is not a guard of a log", path.display());
            Err(io::Error::new(io::ErrorKind::InvalidData, reason))
        }
    }
}

/// Puts a guard in place of the one before.
pub(super) fn write(files: &dyn FileSystem, path: &Path, guard: Guard) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let content = guard.to_text();
    files::replace(
        files,
        &PathBuf::from(temporary),
        path,
        content.as_bytes(),
        true,
    )
}

//! Files of the cache: read below a cap, written whole or not at all, an error with its path.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::TrustStoreError;

/// Largest file of the cache that is read, in bytes: a little above the longest metadata.
const LARGEST: u64 = 8 << 20;

/// What the neighbours of files end with in which those are written.
const UNFINISHED: &str = ".new";

/// The files in a folder.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, TrustStoreError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(|source| about(folder, source))?,
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.is_file()).collect();
    paths.sort();
    Ok(paths)
}

/// A file's content; `None` if there is no such file, or one that is longer than any of ours.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, TrustStoreError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|source| about(path, source))?,
    };
    let mut bytes = Vec::new();
    let read = file.take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(|source| about(path, source))?;
    Ok((bytes.len() as u64 <= LARGEST).then_some(bytes))
}

/// Writes a file whole: into a neighbour first, which then takes its name.
pub(super) fn write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), TrustStoreError> {
    let mut neighbour = path.to_owned();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    neighbour.set_file_name(format!(".{name}.{}{UNFINISHED}", std::process::id()));
    let options = &mut File::options();
    private(options.write(true).create(true).truncate(true), mode);
    let written = options.open(&neighbour).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&neighbour, path)
    });
    if written.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&neighbour);
    }
    written.map_err(|source| about(path, source))
}

/// Removes what processes left that were ended while they wrote. Only for who holds the lock.
pub(super) fn sweep(folder: &Path) -> Result<(), TrustStoreError> {
    for path in files(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') && name.ends_with(UNFINISHED) {
            remove(&path)?;
        }
    }
    Ok(())
}

/// Makes a directory and those above it, for their owner alone.
pub(super) fn make(path: &Path) -> Result<(), TrustStoreError> {
    let builder = &mut fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(builder, 0o700);
    builder.create(path).map_err(|source| about(path, source))
}

/// Who may read a file that is made.
pub(super) fn private(options: &mut fs::OpenOptions, mode: u32) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, mode);
    #[cfg(not(unix))]
    let _ = (options, mode);
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<(), TrustStoreError> {
    fs::rename(from, to).map_err(|source| about(to, source))
}

pub(super) fn remove(path: &Path) -> Result<(), TrustStoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(about(path, error)),
        _ => Ok(()),
    }
}

pub(super) fn clear(path: &Path) -> Result<(), TrustStoreError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(about(path, error)),
        _ => Ok(()),
    }
}

pub(super) fn about(path: &Path, source: io::Error) -> TrustStoreError {
    TrustStoreError::Cache {
        path: path.to_owned(),
        source,
    }
}

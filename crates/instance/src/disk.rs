//! Files of an instance: read whole below a cap, written whole and durably or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use waxwing_crypto::{KeyError, PrivateKey};
use zeroize::Zeroizing;

/// No file of an instance that is read whole is larger, in bytes.
const LARGEST: u64 = 4 << 20;

/// Why a file was not read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiskError {
    /// A file or directory.
    #[error("{}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A private key cannot be read.
    #[error("{}: {source}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeyError,
    },
}

/// Makes a directory and those above it.
pub(crate) fn make_directory(path: &Path, mode: u32) -> Result<(), DiskError> {
    let mut builder = DirBuilder::new();
    about(path, builder.recursive(true).mode(mode).create(path))?;
    // Its name must be durable before anything in it is relied upon.
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    about(
        parent,
        File::open(parent).and_then(|parent| parent.sync_all()),
    )
}

/// A file's content; `None` if it is not there.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, DiskError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => about(path, file)?,
    };
    let mut content = Vec::new();
    about(path, file.take(LARGEST + 1).read_to_end(&mut content))?;
    if content.len() as u64 > LARGEST {
        let reason = format!("larger than {LARGEST} bytes, the most that is read of it");
        return about(
            path,
            Err(io::Error::new(io::ErrorKind::InvalidData, reason)),
        );
    }
    Ok(Some(content))
}

/// A private key in PEM; `None` if the file is not there.
pub(crate) fn read_private_key(path: &Path) -> Result<Option<PrivateKey>, DiskError> {
    let Some(pem) = read(path)? else {
        return Ok(None);
    };
    let pem = Zeroizing::new(pem);
    let key = PrivateKey::from_pem(str::from_utf8(&pem).unwrap_or_default());
    key.map(Some).map_err(|source| DiskError::Key {
        path: path.to_owned(),
        source,
    })
}

/// Puts a whole file in place, durably, with these permissions from its first moment on.
pub(crate) fn write(path: &Path, content: &[u8], mode: u32) -> Result<(), DiskError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let beside = PathBuf::from(name);
    let written = (|| {
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&beside)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        match path.parent() {
            Some(parent) => File::open(parent)?.sync_all(),
            None => Ok(()),
        }
    })();
    about(path, written)
}

/// Takes a file away; one that is not there is no fault.
pub(crate) fn remove(path: &Path) -> Result<(), DiskError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => about(path, removed),
    }
}

/// An error that names the file.
pub(crate) fn about<T>(path: &Path, result: io::Result<T>) -> Result<T, DiskError> {
    result.map_err(|source| DiskError::File {
        path: path.to_owned(),
        source,
    })
}

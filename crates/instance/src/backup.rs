//! A whole instance, copied while it runs, and one made of the copy.
//!
//! ```text
//! TO/logs/NAME/      each log as `waxwing_log::backup` copies it, and the issuers of CT logs
//! TO/tuf/            the TUF repository, timestamp.json last
//! TO/private/        the keys and the users, if they are wanted
//! TO/keyring.json    last of all: where it lies, the copy is whole
//! ```
//!
//! The ring is read first. A key that is made meanwhile is in the next copy, and nothing that the copied
//! ring names is missing. A copy that is taken twice into the same place takes what is new.
//!
//! Whoever restores yesterday's copy must not contradict what was said since. For logs that is the guard's
//! to know ([`waxwing_log::backup::restore`]). TUF metadata passes over the versions that clients may have
//! seen; no root is ever lost by that, since it takes its old keys to make one.

use std::fs;
use std::path::{Path, PathBuf};

use waxwing_log::backup::{self, Copied, CopyError, CopyOptions};
use waxwing_log::{Format, GuardPlace, LocalSettings};
use waxwing_tlog::note::{NoteKeyError, NoteVerifier};

use crate::data::{DataError, NEXT_RING, RING, hold, read_ring};
use crate::disk::{DiskError, about, make_directory, read, write};
use crate::keyring::{Held, Role};
use crate::keyring_file::KeyringFile;
use crate::trust_repository::RESTORED;

/// A log that was copied, by the name of its key.
#[derive(Debug, Clone)]
pub struct CopiedLog {
    /// The name.
    pub name: String,
    /// What was copied.
    pub copied: Copied,
}

/// How an instance is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstanceCopy {
    /// Whether the private keys and the users are copied as well.
    pub private: bool,
    /// Whether every entry is hashed again at the end.
    pub check: bool,
}

/// Why an instance was not copied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstanceCopyError {
    /// The directory of the instance, or that of the copy.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A file.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A log.
    #[error("the log {name}: {source}")]
    Log {
        /// The name of its key and directory.
        name: String,
        /// Why not.
        source: Box<CopyError>,
    },
    /// A log's key cannot verify a checkpoint.
    #[error("the log {name}: {source}")]
    Key {
        /// The name of its key.
        name: String,
        /// Why not.
        source: NoteKeyError,
    },
    /// The place has a copy of something else.
    #[error(
        "{} has keys that the instance has not ({name}): it is a copy of another one, or of a later state \
         of this one; name an empty directory", path.display()
    )]
    OtherInstance {
        /// The place.
        path: PathBuf,
        /// The name of a key.
        name: String,
    },
    /// There is no copy, or half of one.
    #[error("{} has no keyring.json, and so is no whole copy of an instance", path.display())]
    NoCopy {
        /// The directory.
        path: PathBuf,
    },
}

/// Whether there is an instance, or a copy of one, in a directory.
pub fn is_instance(path: &Path) -> bool {
    path.join(RING).is_file()
}

/// Copies the instance in a directory, which may run, to another one. `progress` is told of which log how
/// many entries of how many were copied.
pub async fn back_up(
    from: &Path,
    to: &Path,
    copy: InstanceCopy,
    mut progress: impl FnMut(&str, u64, u64),
) -> Result<Vec<CopiedLog>, InstanceCopyError> {
    let ring = ring_of(from)?;
    if let Some(there) = read_ring(to, RING)? {
        let known = |held: &Held| {
            let mut ours = ring.keyring.held.iter();
            ours.any(|one| one.name == held.name && one.public_key == held.public_key)
        };
        if let Some(other) = there.keyring.held.iter().find(|held| !known(held)) {
            return Err(InstanceCopyError::OtherInstance {
                path: to.to_owned(),
                name: other.name.clone(),
            });
        }
    }
    make_directory(to, 0o755)?;
    make_directory(&to.join("logs"), 0o755)?;
    let mut logs = Vec::new();
    for log in OurLog::all(&ring, from) {
        let mut options = CopyOptions::default();
        options.verifiers = vec![log.verifier(&ring)?];
        options.check = copy.check;
        let target = to.join("logs").join(&log.held.name);
        let copying = backup::backup(log.settings(), &target, &options, |done, all| {
            progress(&log.held.name, done, all);
        });
        logs.push(log.done(copying.await)?);
        // After the log: whatever an entry refers to was there before it.
        copy_files(&log.directory.join("issuer"), &target.join("issuer"), 0o644)?;
    }
    copy_tuf(&from.join("tuf"), &to.join("tuf"))?;
    if copy.private {
        make_directory(&to.join("private"), 0o700)?;
        copy_files(&from.join("private"), &to.join("private"), 0o600)?;
    }
    match read(&from.join(NEXT_RING))? {
        Some(next) => write(&to.join(NEXT_RING), &next, 0o644)?,
        None => crate::disk::remove(&to.join(NEXT_RING))?,
    }
    let json = ring.to_json().map_err(|source| DataError::Keyring {
        path: from.join(RING),
        source,
    })?;
    write(&to.join(RING), &json, 0o644)?;
    Ok(logs)
}

/// Makes an instance of a copy, in a directory that has none. Refuses logs that the guards know to be old.
pub async fn restore(
    from: &Path,
    to: &Path,
    guards: Option<&GuardPlace>,
    mut progress: impl FnMut(&str, u64, u64),
) -> Result<Vec<CopiedLog>, InstanceCopyError> {
    let ring = ring_of(from)?;
    let _lock = hold(to)?;
    if is_instance(to) {
        let path = to.to_owned();
        return Err(DataError::Begun { path }.into());
    }
    let mut logs = Vec::new();
    for log in OurLog::all(&ring, from) {
        let mut options = CopyOptions::default();
        options.verifiers = vec![log.verifier(&ring)?];
        let target = to.join("logs").join(&log.held.name);
        let mut settings = LocalSettings::new(target.clone(), log.format());
        settings.guard = guards.map(|guards| guards.below(&log.held.name));
        let copying = backup::restore(&log.directory, settings, &options, |done, all| {
            progress(&log.held.name, done, all);
        });
        logs.push(log.done(copying.await)?);
        copy_files(&log.directory.join("issuer"), &target.join("issuer"), 0o644)?;
    }
    copy_tuf(&from.join("tuf"), &to.join("tuf"))?;
    write(&to.join("tuf").join(RESTORED), b"", 0o644)?;
    copy_files(&from.join("private"), &to.join("private"), 0o600)?;
    for name in [NEXT_RING, RING] {
        if let Some(ring) = read(&from.join(name))? {
            write(&to.join(name), &ring, 0o644)?;
        }
    }
    Ok(logs)
}

/// A log of an instance, and where it is.
struct OurLog<'a> {
    held: &'a Held,
    directory: PathBuf,
}

impl<'a> OurLog<'a> {
    /// Those that have begun.
    fn all(ring: &'a KeyringFile, data: &Path) -> Vec<Self> {
        let is_log =
            |held: &&Held| matches!(held.role, Role::CtLog | Role::RekorLog) && !held.fresh;
        let logs = ring.keyring.held.iter().filter(is_log);
        let logs = logs.map(|held| Self {
            held,
            directory: data.join("logs").join(&held.name),
        });
        logs.collect()
    }

    fn format(&self) -> Format {
        match self.held.role {
            Role::CtLog => Format::StaticCt,
            _ => Format::TlogTiles,
        }
    }

    fn settings(&self) -> LocalSettings {
        LocalSettings::new(self.directory.clone(), self.format())
    }

    fn verifier(&self, ring: &KeyringFile) -> Result<NoteVerifier, InstanceCopyError> {
        let origin = self.held.origin(&ring.address);
        let key = &self.held.public_key;
        let verifier = match self.held.role {
            Role::CtLog => NoteVerifier::tree_head(&origin, key),
            _ => NoteVerifier::ed25519(&origin, key),
        };
        verifier.map_err(|source| InstanceCopyError::Key {
            name: self.held.name.clone(),
            source,
        })
    }

    fn done(&self, copied: Result<Copied, CopyError>) -> Result<CopiedLog, InstanceCopyError> {
        let name = self.held.name.clone();
        match copied {
            Ok(copied) => Ok(CopiedLog { name, copied }),
            Err(source) => Err(InstanceCopyError::Log {
                name,
                source: Box::new(source),
            }),
        }
    }
}

fn ring_of(data: &Path) -> Result<KeyringFile, InstanceCopyError> {
    let path = || data.to_owned();
    read_ring(data, RING)?.ok_or_else(|| InstanceCopyError::NoCopy { path: path() })
}

/// Copies the repository so that what is listed is there before the list.
fn copy_tuf(from: &Path, to: &Path) -> Result<(), DiskError> {
    make_directory(to, 0o755)?;
    // Read first and written last: what it lists was there when it was read.
    let timestamp = read(&from.join("timestamp.json"))?;
    for folder in ["targets", "drafts"] {
        copy_files(&from.join(folder), &to.join(folder), 0o644)?;
    }
    copy_files(from, to, 0o644)?;
    match timestamp {
        Some(timestamp) => write(&to.join("timestamp.json"), &timestamp, 0o644),
        None => Ok(()),
    }
}

/// Copies the files of a folder, if there is one; what is the same there stays.
fn copy_files(from: &Path, to: &Path, mode: u32) -> Result<(), DiskError> {
    if !from.is_dir() {
        return Ok(());
    }
    make_directory(to, if mode == 0o600 { 0o700 } else { 0o755 })?;
    for entry in about(from, fs::read_dir(from))? {
        let path = about(from, entry)?.path();
        let (Some(name), true) = (path.file_name(), path.is_file()) else {
            continue;
        };
        // Half-written, or of the process that runs.
        if path.extension().is_some_and(|ending| ending == "new") {
            continue;
        }
        let Some(content) = read(&path)? else {
            continue;
        };
        let target = to.join(name);
        if read(&target)?.as_deref() != Some(&*content) {
            write(&target, &content, mode)?;
        }
    }
    Ok(())
}

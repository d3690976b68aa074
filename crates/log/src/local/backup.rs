//! A directory that is a copy of a log: made beside it, and never opened as the log.
//!
//! ```text
//! DIR/.state/backup      "waxwing-backup 1": whoever would write a log here is refused
//! ```
//!
//! A backup is a log's directory with that file in it, so that everything that reads logs reads it.
//! The file is there from the first moment, and goes last when a log is restored: what a crash leaves
//! of a copy is not taken for a log, nor is a new one begun in it. The copy is complete once it has a
//! checkpoint, which is written behind everything else.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::record::Nonce;
use super::wal::{self, Wal};
use super::{Inner, LocalDriver, format};
use crate::files::{self, about};
use crate::{DriverError, Record};

const TITLE: &[u8] = b"waxwing-backup 1\n";

/// The slots of a log that was copied or taken over: it has less than a page of entries, most times.
const SLOT: u64 = 1 << 20;

impl Inner {
    fn marker(&self) -> PathBuf {
        self.layout.format().with_file_name("backup")
    }

    /// Refuses to write a log where a copy of one is.
    pub(super) fn refuse_backup(&self) -> Result<(), DriverError> {
        if self.is_backup().map_err(failed)? {
            let path = self.layout.root().to_owned();
            return Err(DriverError::Backup { path });
        }
        Ok(())
    }

    /// Whether anything lies there that readers of a log fetch.
    pub(super) fn has_public_files(&self) -> io::Result<bool> {
        let checkpoint = files::read(&*self.files, &self.layout.checkpoint(), 1 << 20)?;
        Ok(checkpoint.is_some() || !self.names_in("tile".as_ref())?.is_empty())
    }

    /// Begins an epoch of the write-ahead log with these records in place of those that it has.
    pub(super) fn replace_records(
        &self,
        nonce: Nonce,
        records: Vec<Arc<Record>>,
    ) -> io::Result<()> {
        let directory = self.layout.wal();
        let found = wal::read(&*self.files, &directory, &nonce)?.with_records(records);
        Wal::begin(Arc::clone(&self.files), directory, nonce, SLOT, &found).map(|_| ())
    }

    fn is_backup(&self) -> io::Result<bool> {
        Ok(files::read(&*self.files, &self.marker(), 1024)?.is_some())
    }
}

impl LocalDriver {
    /// Whether anything of a log or of a copy lies in the directory.
    pub(crate) fn is_taken(&self) -> io::Result<bool> {
        let layout = &self.inner.layout;
        for path in [layout.format(), self.inner.marker()] {
            if files::read(&*self.inner.files, &path, 1 << 20)?.is_some() {
                return Ok(true);
            }
        }
        self.inner.has_public_files()
    }

    /// Takes the directory for a copy. One that has a log which is not a copy is refused.
    pub(crate) fn begin_copy(&self) -> Result<(), DriverError> {
        let inner = &self.inner;
        let form = inner.settings.format;
        let nonce = format::read(&*inner.files, &inner.layout, form)?;
        let marked = inner.is_backup().map_err(failed)?;
        let path = || inner.layout.root().to_owned();
        if nonce.is_some() && !marked {
            return Err(DriverError::NoBackup { path: path() });
        }
        inner.take_hold(&mut inner.writer())?;
        let temporary = inner.layout.temporary().join("backup");
        files::replace(&*inner.files, &temporary, &inner.marker(), TITLE, true).map_err(failed)?;
        if nonce.is_none() {
            inner.begin()?;
        }
        Ok(())
    }

    /// Puts records in place of those that the copy has.
    pub(crate) fn put_records(&self, records: Vec<Arc<Record>>) -> Result<(), DriverError> {
        let inner = &self.inner;
        let nonce = format::read(&*inner.files, &inner.layout, inner.settings.format)?;
        let nonce = nonce.ok_or_else(|| failed(io::Error::other("the copy was not begun")))?;
        inner.replace_records(nonce, records).map_err(failed)
    }

    /// Writes the checkpoint, durably: it is what makes a copy complete.
    pub(crate) fn put_checkpoint(&self, checkpoint: &str) -> Result<(), DriverError> {
        let inner = &self.inner;
        let temporary = inner.layout.temporary().join("checkpoint");
        let path = inner.layout.checkpoint();
        files::replace(
            &*inner.files,
            &temporary,
            &path,
            checkpoint.as_bytes(),
            false,
        )
        .map_err(failed)
    }

    /// Copies what another directory's index of keys has and this one's has not.
    pub(crate) fn put_keys(&self, from: &Self) -> Result<(), DriverError> {
        let runs = std::path::Path::new("runs");
        let (keys, source) = (self.inner.layout.keys(), from.inner.layout.keys());
        files::create_directories(
            &*self.inner.files,
            self.inner.layout.root(),
            &keys.join(runs),
        )
        .map_err(failed)?;
        let mut names = vec![PathBuf::from("secret")];
        let listed = from.names_in(".state/keys/runs".as_ref()).map_err(failed)?;
        let whole = listed.into_iter().filter(|name| !name.ends_with(".new"));
        names.extend(whole.map(|name| runs.join(name)));
        for name in names {
            // Who writes the log may have merged it just now; the run that it went into comes next
            // time, and the caller compares how far the copy reaches.
            self.put_file(&source.join(&name), &keys.join(&name), true)
                .map_err(failed)?;
        }
        Ok(())
    }

    /// Copies the files of a directory of the log that are never changed: the issuers of a CT log.
    pub(crate) fn put_directory(&self, from: &Self, below: &str) -> Result<(), DriverError> {
        let names = from.names_in(below.as_ref()).map_err(failed)?;
        let (root, source) = (self.inner.layout.root(), from.inner.layout.root());
        if !names.is_empty() {
            files::create_directories(&*self.inner.files, root, &root.join(below))
                .map_err(failed)?;
        }
        for name in names {
            let below = PathBuf::from(below).join(name);
            self.put_file(&source.join(&below), &root.join(&below), false)
                .map_err(failed)?;
        }
        Ok(())
    }

    /// What was a copy is a log from here on.
    pub(crate) fn become_log(&self) -> Result<(), DriverError> {
        let inner = &self.inner;
        let marker = inner.marker();
        let parent = marker.parent().unwrap_or(&marker);
        let removed = inner.files.remove(&marker);
        removed
            .and_then(|()| inner.files.sync_directory(parent))
            .map_err(failed)
    }

    /// Copies a file that never changes; one that is gone is passed over.
    fn put_file(
        &self,
        from: &std::path::Path,
        to: &std::path::Path,
        private: bool,
    ) -> io::Result<()> {
        let files = &*self.inner.files;
        let (from_length, to_length) = (length(files, from)?, length(files, to)?);
        // Runs carry their own checksums, and are gigabytes: of those the length is enough.
        let (Some(from_length), false) = (from_length, to_length.is_some()) else {
            return match (from_length, to_length) {
                (Some(one), Some(other)) if one != other => {
                    let source = io::Error::other("the copy has another length than the log");
                    Err(about(to, &source))
                }
                _ => Ok(()),
            };
        };
        let temporary = self.inner.layout.temporary().join("file");
        let source = files.open(from, false)?;
        match files.remove(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = files.create(&temporary, private)?;
        let mut piece = vec![0; 1 << 20];
        let mut at = 0;
        while at < from_length {
            let part = (from_length - at).min(piece.len() as u64) as usize;
            source.read_at(&mut piece[..part], at)?;
            file.write_at(&piece[..part], at)?;
            at += part as u64;
        }
        file.sync()?;
        files.rename(&temporary, to)?;
        files.sync_directory(to.parent().unwrap_or(to))
    }
}

fn length(files: &dyn files::FileSystem, path: &std::path::Path) -> io::Result<Option<u64>> {
    match files.open(path, false) {
        Ok(file) => file.length().map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn failed(source: io::Error) -> DriverError {
    files::failed("write the copy of the log", source)
}

//! A disk that fails when it is told to, and takes down what was changed on it.

use std::any::Any;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::files::{Disk, File, FileSystem};

/// The disk, which works for so many more changes and then fails each. Jobs are run at once.
#[derive(Debug)]
pub(super) struct Failing {
    changes: Arc<Mutex<Changes>>,
    /// How many more jobs are run; all others are dropped.
    pub(super) jobs: Mutex<usize>,
}

#[derive(Debug)]
struct Changes {
    left: usize,
    done: Vec<String>,
}

impl Failing {
    pub(super) fn after(changes: usize) -> Arc<Self> {
        let changes = Changes {
            left: changes,
            done: Vec::new(),
        };
        Arc::new(Self {
            changes: Arc::new(Mutex::new(changes)),
            jobs: Mutex::new(usize::MAX),
        })
    }

    pub(super) fn never() -> Arc<Self> {
        Self::after(usize::MAX)
    }

    /// What was changed since this was asked last.
    pub(super) fn changes(&self) -> Vec<String> {
        std::mem::take(&mut self.changes.lock().unwrap().done)
    }

    fn change(&self, what: &str, path: &Path) -> io::Result<()> {
        change(&self.changes, what, path)
    }
}

fn change(changes: &Mutex<Changes>, what: &str, path: &Path) -> io::Result<()> {
    let mut changes = changes.lock().unwrap();
    let left = changes.left.checked_sub(1);
    changes.left = left.ok_or_else(|| io::Error::other("the disk is gone"))?;
    let name = path.file_name().unwrap().to_string_lossy();
    changes.done.push(format!("{what} {name}"));
    Ok(())
}

#[derive(Debug)]
struct FailingFile {
    file: Arc<dyn File>,
    path: std::path::PathBuf,
    changes: Arc<Mutex<Changes>>,
}

impl File for FailingFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        change(&self.changes, "write", &self.path)?;
        self.file.write_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        // Nothing is lost here in a crash, so that tests need not wait for the disk.
        change(&self.changes, "sync", &self.path)
    }

    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }
}

impl FileSystem for Failing {
    fn spawn(&self, job: Box<dyn FnOnce() + Send>) {
        let left = self.jobs.lock().unwrap().checked_sub(1);
        if let Some(left) = left {
            *self.jobs.lock().unwrap() = left;
            job();
        }
    }

    fn create(&self, path: &Path, private: bool) -> io::Result<Arc<dyn File>> {
        self.change("create", path)?;
        Ok(Arc::new(FailingFile {
            file: Disk.create(path, private)?,
            path: path.to_owned(),
            changes: Arc::clone(&self.changes),
        }))
    }

    fn open(&self, path: &Path, writable: bool) -> io::Result<Arc<dyn File>> {
        Disk.open(path, writable)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change("rename to", to)?;
        Disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change("remove", path)?;
        Disk.remove(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        Disk.list(directory)
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.change("create", path)?;
        Disk.create_directory(path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.change("sync", path)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        Disk.lock(path)
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        self.change("remove", path)?;
        Disk.remove_directory(path)
    }

    fn lock_records(&self, path: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        Disk.lock_records(path)
    }

    fn remote(&self, directory: &Path) -> io::Result<Option<&'static str>> {
        Disk.remote(directory)
    }
}

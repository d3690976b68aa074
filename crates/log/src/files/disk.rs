//! The real file system.

use std::any::Any;
use std::fs::{self, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use super::{File, FileSystem};

/// The file system of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl FileSystem for Disk {
    fn spawn(&self, job: Box<dyn FnOnce() + Send>) {
        tokio::task::spawn_blocking(job);
    }

    fn create(&self, path: &Path, private: bool) -> io::Result<Arc<dyn File>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        options.mode(if private { 0o600 } else { 0o644 });
        named(path, options.open(path)).map(share)
    }

    fn open(&self, path: &Path, writable: bool) -> io::Result<Arc<dyn File>> {
        let file = OpenOptions::new().read(true).write(writable).open(path);
        named(path, file).map(share)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        named(to, fs::rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        named(path, fs::remove_file(path))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let entries = named(directory, fs::read_dir(directory))?;
        let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        names.collect()
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        match fs::create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            made => named(path, made),
        }
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        named(
            path,
            fs::File::open(path).and_then(|directory| directory.sync_all()),
        )
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        let mut options = OpenOptions::new();
        options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600);
        let file = named(path, options.open(path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => named(path, Err(error)),
        }
    }
}

impl File for fs::File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.read_exact_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}

fn share(file: fs::File) -> Arc<dyn File> {
    Arc::new(file)
}

fn named<T>(path: &Path, result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| super::about(path, &error))
}

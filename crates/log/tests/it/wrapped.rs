//! The disk with something before it: one behind a network by its own word, and one that stops.

use std::any::Any;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use waxwing_crypto::SystemRandom;
use waxwing_log::files::{Disk, File, FileSystem};
use waxwing_log::{DriverError, Format, LocalDriver, LocalSettings, LogError};

use crate::bench::{Bench, add};

/// The disk, which says that it is elsewhere, or takes so many changes and then no more, as if the
/// process had been killed there.
#[derive(Debug)]
pub(crate) struct Wrapped {
    remote: Option<&'static str>,
    left: AtomicUsize,
}

impl Wrapped {
    pub(crate) fn stopping_after(changes: usize) -> Self {
        Self {
            remote: None,
            left: AtomicUsize::new(changes),
        }
    }

    fn change(&self) -> io::Result<()> {
        let taken = |left: usize| left.checked_sub(1);
        match self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, taken)
        {
            Ok(_) => Ok(()),
            Err(_) => Err(io::Error::other("killed")),
        }
    }
}

impl FileSystem for Wrapped {
    fn spawn(&self, job: Box<dyn FnOnce() + Send>) {
        Disk.spawn(job);
    }

    fn create(&self, path: &Path, private: bool) -> io::Result<Arc<dyn File>> {
        self.change()?;
        Disk.create(path, private)
    }

    fn open(&self, path: &Path, writable: bool) -> io::Result<Arc<dyn File>> {
        Disk.open(path, writable)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change()?;
        Disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change()?;
        Disk.remove(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        Disk.list(directory)
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.change()?;
        Disk.create_directory(path)
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        self.change()?;
        Disk.remove_directory(path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.change()?;
        Disk.sync_directory(path)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        Disk.lock(path)
    }

    fn lock_records(&self, path: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        Disk.lock_records(path)
    }

    fn remote(&self, _directory: &Path) -> io::Result<Option<&'static str>> {
        Ok(self.remote)
    }
}

#[tokio::test]
async fn a_log_behind_a_network_is_refused_unless_that_is_allowed() {
    let (folder, bench) = (tempfile::tempdir().unwrap(), Bench::tiles());
    let mut settings = LocalSettings::new(folder.path().join("log"), Format::TlogTiles);
    let driver = |settings: &LocalSettings| {
        let random = Arc::new(SystemRandom);
        let nfs = Wrapped {
            remote: Some("NFS"),
            left: AtomicUsize::new(usize::MAX),
        };
        Arc::new(LocalDriver::on(Arc::new(nfs), random, settings.clone()))
    };
    let refused = bench.try_open(driver(&settings)).await.unwrap_err();
    assert!(
        matches!(
            &refused,
            LogError::Driver(DriverError::Remote { kind: "NFS", .. })
        ),
        "{refused}"
    );
    settings.allow_remote = true;
    let log = bench.open(driver(&settings)).await;
    assert_eq!(add(&log, 0).await.index, 0);
    log.close().await;
    drop(log);
    // The same directory on this machine's own disk.
    settings.allow_remote = false;
    bench.open(Arc::new(LocalDriver::new(settings))).await;
}

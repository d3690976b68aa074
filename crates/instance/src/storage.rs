//! Where an instance keeps what grows: in memory, or below its directory.

use std::path::PathBuf;
use std::sync::Arc;

use waxwing_ctlog::{DirectoryIssuers, Issuers, MemoryIssuers};
use waxwing_issuer::{FileUsers, Users};
use waxwing_log::{Driver, Format, LocalDriver, LocalSettings, MemoryDriver};

/// Where the logs are kept.
#[derive(Debug, Clone)]
pub(crate) enum Storage {
    /// Gone with the process.
    Memory,
    /// DIR/logs/NAME, DIR/index/NAME and DIR/private/users.json; with the guards in a directory of their own,
    /// if one was named.
    Directory {
        logs: PathBuf,
        indexes: PathBuf,
        users: PathBuf,
        guards: Option<PathBuf>,
    },
}

impl Storage {
    /// Who may log in; in memory there is nobody to add them.
    pub(crate) fn users(&self) -> Option<Arc<dyn Users>> {
        match self {
            Self::Memory => None,
            Self::Directory { users, .. } => Some(Arc::new(FileUsers::new(users))),
        }
    }

    /// The driver of a log.
    pub(crate) fn driver(&self, name: &str, format: Format) -> Arc<dyn Driver> {
        match self {
            Self::Memory => Arc::new(MemoryDriver::new()),
            Self::Directory { logs, guards, .. } => {
                let mut settings = LocalSettings::new(logs.join(name), format);
                settings.guard = guards.as_ref().map(|guards| guards.join(name));
                Arc::new(LocalDriver::new(settings))
            }
        }
    }

    /// Where the leaf hashes of a CT log are looked up; in memory the service has a place of its own.
    pub(crate) fn leaf_index(&self, name: &str) -> Option<PathBuf> {
        match self {
            Self::Memory => None,
            Self::Directory { indexes, .. } => Some(indexes.join(name)),
        }
    }

    /// The directory of a log's write-ahead log.
    pub(crate) fn write_ahead(&self, name: &str) -> Option<PathBuf> {
        match self {
            Self::Memory => None,
            Self::Directory { logs, .. } => Some(logs.join(name).join(".state/wal")),
        }
    }

    /// The directories whose disks may fill, by what they are.
    pub(crate) fn disks(&self) -> Vec<(&'static str, PathBuf)> {
        match self {
            Self::Memory => Vec::new(),
            Self::Directory { logs, guards, .. } => {
                let guards = guards.clone().map(|guards| ("guard", guards));
                let data = std::iter::once(("data", logs.clone()));
                data.chain(guards).collect()
            }
        }
    }

    /// The certificates that the data tiles of a CT log refer to, beside its tiles.
    pub(crate) fn issuers(&self, name: &str) -> Arc<dyn Issuers> {
        match self {
            Self::Memory => Arc::new(MemoryIssuers::default()),
            Self::Directory { logs, .. } => {
                Arc::new(DirectoryIssuers::new(logs.join(name).join("issuer")))
            }
        }
    }
}

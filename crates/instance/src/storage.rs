//! Where an instance keeps what grows: in memory, or below its directory.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use waxwing_ctlog::{DirectoryIssuers, Issuers, MemoryIssuers};
use waxwing_issuer::{FileUsers, Users};
use waxwing_log::{Driver, Format, GuardPlace, LocalDriver, LocalSettings, MemoryDriver};

/// Where the logs are kept.
#[derive(Debug, Clone)]
pub(crate) enum Storage {
    /// Gone with the process.
    Memory,
    /// DIR/logs/NAME, DIR/index/NAME and DIR/private/users.json; with the guards in a place of their own,
    /// if one was named.
    Directory {
        logs: PathBuf,
        indexes: PathBuf,
        users: PathBuf,
        guards: Option<Guards>,
    },
}

/// The guards of all logs. Each is made once: a log that is opened again goes on with what is known of it.
#[derive(Debug, Clone)]
pub(crate) struct Guards {
    place: GuardPlace,
    made: Arc<Mutex<BTreeMap<String, GuardPlace>>>,
}

impl Guards {
    pub(crate) fn new(place: GuardPlace) -> Self {
        let made = Arc::default();
        Self { place, made }
    }

    fn of(&self, name: &str) -> GuardPlace {
        let mut made = self.made();
        let place = made.entry(name.to_owned());
        place.or_insert_with(|| self.place.below(name)).clone()
    }

    fn directory(&self) -> Option<PathBuf> {
        match &self.place {
            GuardPlace::File(directory) => Some(directory.clone()),
            GuardPlace::Server(_) => None,
        }
    }

    fn behind(&self) -> Vec<(String, Duration)> {
        let made = self.made();
        let behind = made.iter().filter_map(|(name, place)| match place {
            GuardPlace::Server(server) => Some((name.clone(), server.behind())),
            GuardPlace::File(_) => None,
        });
        behind.collect()
    }

    fn made(&self) -> MutexGuard<'_, BTreeMap<String, GuardPlace>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
                settings.guard = guards.as_ref().map(|guards| guards.of(name));
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
                let guards = guards.as_ref().and_then(Guards::directory);
                let guards = guards.map(|guards| ("guard", guards));
                let data = std::iter::once(("data", logs.clone()));
                data.chain(guards).collect()
            }
        }
    }

    /// For how long the server of guards has lacked a log's head, by the log; nothing if they are in files.
    pub(crate) fn guards_behind(&self) -> Vec<(String, Duration)> {
        match self {
            Self::Directory {
                guards: Some(guards),
                ..
            } => guards.behind(),
            _ => Vec::new(),
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

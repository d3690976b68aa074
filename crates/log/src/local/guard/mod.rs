//! Where the guard of a log in a directory is: in a file on another disk, or with a server.
//!
//! ```text
//! waxwing-guard 1
//! 20852014
//! MMqXDQrGJ8sIDkFAhxWkxR1Cq/SQmfvRYPQjdDVbKTU=
//! ```
//!
//! It is written behind the log, at most every so often, and always whole: a crash leaves an older
//! head in it, and a log that is newer than its guard is in order.

mod file;
mod server;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use waxwing_encoding::base64;
use waxwing_net::Client;
use waxwing_tlog::Hash;

use crate::files::{FileSystem, blocking};
use crate::{DriverError, Guard};

pub(super) use file::read as read_file;
use server::GuardServer;
pub use server::GuardServerError;

const TITLE: &str = "waxwing-guard 1";
const LONGEST: usize = 1024;

/// Where the guard of a log is. Clones are the same place.
#[derive(Debug, Clone)]
pub struct GuardPlace {
    kind: Kind,
    /// Since when it lacks a head that was let out.
    behind: Arc<Mutex<Option<Instant>>>,
}

#[derive(Debug, Clone)]
enum Kind {
    /// A file, which the operator puts on another disk than the log.
    File(PathBuf),
    /// A server that replaces what it keeps only if it still is what the writer knows.
    Server(Arc<GuardServer>),
}

impl GuardPlace {
    /// The place that `text` names: the URL of a server, which `client` is to ask, or a file.
    ///
    /// ```
    /// use waxwing_log::GuardPlace;
    /// # let client = waxwing_net::Client::in_process(waxwing_net::Routes::new());
    /// let file = GuardPlace::named("/mnt/other/guard", &client)?;
    /// assert!(file.path().is_some());
    /// let server = GuardPlace::named("https://name:password@guards.example/log", &client)?;
    /// assert!(server.path().is_none());
    /// assert_eq!(server.to_string(), "https://guards.example/log");
    /// # Ok::<(), waxwing_log::GuardServerError>(())
    /// ```
    pub fn named(text: &str, client: &Client) -> Result<Self, GuardServerError> {
        Ok(Self::of(match text.split_once("://") {
            Some(_) => Kind::Server(Arc::new(GuardServer::new(text, client)?)),
            None => Kind::File(text.into()),
        }))
    }

    fn of(kind: Kind) -> Self {
        let behind = Arc::default();
        Self { kind, behind }
    }

    /// The guard called `name` in this place, which is that of several.
    pub fn below(&self, name: &str) -> Self {
        Self::of(match &self.kind {
            Kind::File(directory) => Kind::File(directory.join(name)),
            Kind::Server(server) => Kind::Server(Arc::new(server.below(name))),
        })
    }

    /// The file, or the directory of several; `None` for a server.
    pub fn path(&self) -> Option<&Path> {
        match &self.kind {
            Kind::File(path) => Some(path),
            Kind::Server(_) => None,
        }
    }

    /// For how long the place has lacked a head that was let out; zero if it has all of them.
    pub fn behind(&self) -> Duration {
        let since = *self.since();
        since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Notes that there is a head that the place lacks.
    pub(super) fn lacks(&self) {
        self.since().get_or_insert_with(Instant::now);
    }

    /// Notes that the place has everything.
    pub(super) fn has_all(&self) {
        *self.since() = None;
    }

    fn since(&self) -> MutexGuard<'_, Option<Instant>> {
        self.behind.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Between two writes: what a restored copy may lack without being noticed.
    pub(super) fn interval(&self) -> Duration {
        match &self.kind {
            Kind::File(_) => Duration::from_millis(100),
            // One request a second, for each log.
            Kind::Server(_) => Duration::from_secs(1),
        }
    }

    /// Takes what was found there in place of the guard for one that may be replaced.
    pub(super) fn accept(&self, found: Option<Guard>) {
        if let Kind::Server(server) = &self.kind {
            server.accept(found);
        }
    }

    /// Reads the guard; `None` if there is none. Of a server that a log is to be written under it is made sure
    /// that it lets nobody overwrite what they have not seen.
    pub(super) async fn read(
        &self,
        files: &Arc<dyn FileSystem>,
        to_write: bool,
    ) -> Result<Option<Guard>, DriverError> {
        match &self.kind {
            Kind::File(path) => {
                let (path, held) = (path.clone(), Arc::clone(files));
                let read = move || file::read(&*held, &path);
                blocking(&**files, "read the guard", read).await
            }
            Kind::Server(server) => {
                let read = async {
                    let guard = server.read().await?;
                    if let Some(guard) = guard.filter(|_| to_write) {
                        server.must_keep_conditions(guard).await?;
                    }
                    Ok(guard)
                };
                read.await
                    .map_err(|error| unavailable("read the guard", error))
            }
        }
    }

    /// Puts a guard in place of the one before.
    pub(super) async fn write(
        &self,
        files: &Arc<dyn FileSystem>,
        guard: Guard,
    ) -> Result<(), DriverError> {
        let written = match &self.kind {
            Kind::File(path) => {
                let (path, held) = (path.clone(), Arc::clone(files));
                let write = move || file::write(&*held, &path, guard);
                return blocking(&**files, "write the guard", write).await;
            }
            Kind::Server(server) => server.write(guard).await,
        };
        written.map_err(|error| match error {
            GuardServerError::Moved(moved) => DriverError::GuardMoved(moved),
            error => unavailable("write the guard", error),
        })
    }
}

impl From<PathBuf> for GuardPlace {
    fn from(path: PathBuf) -> Self {
        Self::of(Kind::File(path))
    }
}

impl From<&Path> for GuardPlace {
    fn from(path: &Path) -> Self {
        path.to_owned().into()
    }
}

impl From<&str> for GuardPlace {
    fn from(path: &str) -> Self {
        PathBuf::from(path).into()
    }
}

/// Without the credentials that a URL may have.
impl fmt::Display for GuardPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::File(path) => write!(formatter, "{}", path.display()),
            Kind::Server(server) => formatter.write_str(server.url()),
        }
    }
}

fn unavailable(operation: &'static str, error: GuardServerError) -> DriverError {
    DriverError::Unavailable {
        operation,
        source: Box::new(error),
    }
}

impl Guard {
    /// The form in which it is kept.
    pub fn to_text(self) -> String {
        let root = base64::encode(self.root.as_bytes());
        format!("{TITLE}\n{}\n{root}\n", self.size)
    }

    /// Reads that form; `None` for anything else.
    ///
    /// ```
    /// use waxwing_log::Guard;
    /// let text = "waxwing-guard 1\n20852014\nMMqXDQrGJ8sIDkFAhxWkxR1Cq/SQmfvRYPQjdDVbKTU=\n";
    /// let guard = Guard::parse(text.as_bytes()).unwrap();
    /// assert_eq!(guard.size, 20852014);
    /// assert_eq!(guard.to_text(), text);
    /// ```
    pub fn parse(content: &[u8]) -> Option<Self> {
        let mut lines = str::from_utf8(content).ok()?.lines();
        if lines.next()? != TITLE {
            return None;
        }
        let size = lines.next()?.parse().ok()?;
        let root = base64::decode(lines.next()?).ok()?;
        let root = Hash::new(root.try_into().ok()?);
        lines.next().is_none().then_some(Self { size, root })
    }
}

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
use std::sync::Arc;
use std::time::Duration;

use waxwing_encoding::base64;
use waxwing_net::Client;
use waxwing_tlog::Hash;

use crate::files::{FileSystem, blocking};
use crate::{DriverError, Guard};

pub(super) use file::read as read_file;
pub use server::{GuardServer, GuardServerError};

const TITLE: &str = "waxwing-guard 1";
const LONGEST: usize = 1024;

/// Where the guard of a log is.
#[derive(Debug, Clone)]
pub enum GuardPlace {
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
    /// assert!(matches!(file, GuardPlace::File(_)));
    /// let server = GuardPlace::named("https://name:password@guards.example/log", &client)?;
    /// assert_eq!(server.to_string(), "https://guards.example/log");
    /// # Ok::<(), waxwing_log::GuardServerError>(())
    /// ```
    pub fn named(text: &str, client: &Client) -> Result<Self, GuardServerError> {
        Ok(match text.split_once("://") {
            Some(_) => Self::Server(Arc::new(GuardServer::new(text, client)?)),
            None => Self::File(text.into()),
        })
    }

    /// The guard called `name` in this place, which is that of several.
    pub fn below(&self, name: &str) -> Self {
        match self {
            Self::File(directory) => Self::File(directory.join(name)),
            Self::Server(server) => Self::Server(Arc::new(server.below(name))),
        }
    }

    /// Between two writes: what a restored copy may lack without being noticed.
    pub(super) fn interval(&self) -> Duration {
        match self {
            Self::File(_) => Duration::from_millis(100),
            // One request a second, for each log.
            Self::Server(_) => Duration::from_secs(1),
        }
    }

    /// Takes what was found there in place of the guard for one that may be replaced.
    pub(super) fn accept(&self, found: Option<Guard>) {
        if let Self::Server(server) = self {
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
        match self {
            Self::File(path) => {
                let (path, held) = (path.clone(), Arc::clone(files));
                let read = move || file::read(&*held, &path);
                blocking(&**files, "read the guard", read).await
            }
            Self::Server(server) => {
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
        let written = match self {
            Self::File(path) => {
                let (path, held) = (path.clone(), Arc::clone(files));
                let write = move || file::write(&*held, &path, guard);
                return blocking(&**files, "write the guard", write).await;
            }
            Self::Server(server) => server.write(guard).await,
        };
        written.map_err(|error| match error {
            GuardServerError::Moved(moved) => DriverError::GuardMoved(moved),
            error => unavailable("write the guard", error),
        })
    }
}

impl From<PathBuf> for GuardPlace {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<&Path> for GuardPlace {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<&str> for GuardPlace {
    fn from(path: &str) -> Self {
        Self::File(path.into())
    }
}

/// Without the credentials that a URL may have.
impl fmt::Display for GuardPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Server(server) => formatter.write_str(server.url()),
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

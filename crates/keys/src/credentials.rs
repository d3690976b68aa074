//! What credentials are made of wherever they come from: the errors, files that are read with a cap, secrets that end.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Mutex;
use waxwing_encoding::pem;
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_net::Client;
use zeroize::Zeroizing;

use crate::Surroundings;
use crate::error::ServiceError;

/// The largest file that is read, in bytes.
const LARGEST_FILE: u64 = 1 << 20;

/// The most certificates in a file of roots.
const MOST_ROOTS: usize = 1024;

/// How long before their end credentials are exchanged, in seconds.
const EARLY: i64 = 300;

/// How long after a failure nobody tries to exchange them, in seconds, as long as the old ones live: a service that
/// hangs must not hold up every signature.
const PAUSE: i64 = 30;

/// Why there are no credentials.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// Nobody has any.
    #[error("no credentials for {service}: {looked}")]
    None {
        /// For whom.
        service: &'static str,
        /// Where they were looked for, and what to do.
        looked: &'static str,
    },
    /// A variable that has to be set, and is not.
    #[error("{service}: {variable} is not set; expected {expected}")]
    Unset {
        /// For whom.
        service: &'static str,
        /// Which.
        variable: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// A variable, or what stands for one in a file, that cannot be used.
    #[error("{variable} cannot be used: {reason}; expected {expected}")]
    Variable {
        /// Which.
        variable: String,
        /// What is wrong with it.
        reason: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// A variable that says to trust every certificate.
    #[error(
        "{variable} is set, and certificates are always checked here; unset it, and name the authority of the service's \
         certificate in {roots}"
    )]
    BlindTrust {
        /// Which.
        variable: &'static str,
        /// What to use in its place.
        roots: &'static str,
    },
    /// A file that cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file with another content than expected.
    #[error("{}: {reason}", path.display())]
    Content {
        /// Which.
        path: PathBuf,
        /// What is wrong with it; nothing of what stands there.
        reason: String,
    },
    /// Google's credentials.
    #[error(transparent)]
    Google(Box<waxwing_client::google::GoogleError>),
    /// Whoever gives out credentials did not.
    #[error(transparent)]
    Service(Box<ServiceError>),
}

impl From<ServiceError> for CredentialsError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Credentials(error) => error,
            other => Self::Service(Box::new(other)),
        }
    }
}

/// Reads a file, up to a size.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<String>, CredentialsError> {
    let mut text = Zeroizing::new(String::new());
    let read = File::open(path)
        .and_then(|file| file.take(LARGEST_FILE + 1).read_to_string(&mut text))
        .map_err(|source| CredentialsError::File {
            path: path.to_owned(),
            source,
        })?;
    match read as u64 > LARGEST_FILE {
        false => Ok(text),
        true => Err(CredentialsError::Content {
            path: path.to_owned(),
            reason: format!("more than {LARGEST_FILE} bytes; no file of credentials is that long"),
        }),
    }
}

/// The same, or `None` where there is no such file.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Zeroizing<String>>, CredentialsError> {
    match read(path) {
        Ok(text) => Ok(Some(text)),
        Err(CredentialsError::File { source, .. })
            if source.kind() == std::io::ErrorKind::NotFound =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The client with the roots of the PEM file that a variable names, if it does.
pub(crate) fn with_roots(
    surroundings: &Surroundings,
    variable: &str,
    service: &'static str,
    client: Client,
) -> Result<Client, ServiceError> {
    let Some(path) = surroundings.set(variable).map(PathBuf::from) else {
        return Ok(client);
    };
    let text = read(&path)?;
    let content = |reason: String| CredentialsError::Content {
        path: path.clone(),
        reason: format!("{reason}; {variable} names a file of certificates in PEM"),
    };
    let blocks = pem::decode_all(&text, MOST_ROOTS).map_err(|error| content(error.to_string()))?;
    let mut roots = Vec::new();
    for block in blocks {
        match block.label.as_str() {
            "CERTIFICATE" => roots.push(block.der),
            other => return Err(content(format!("a PEM block {other}")).into()),
        }
    }
    let client = client.with_additional_roots(&roots);
    client.map_err(|source| ServiceError::Request { service, source })
}

/// Something that lives for a while.
pub(crate) trait Ends {
    /// When it ends, if it does.
    fn end(&self) -> Option<UnixTime>;
}

/// Credentials as they are kept: those that end are exchanged before they do, all others are found anew each time,
/// since a file or a variable costs nothing and may have changed.
#[derive(Debug)]
pub(crate) struct Kept<T>(Mutex<State<T>>);

#[derive(Debug)]
struct State<T> {
    kept: Option<Arc<T>>,
    /// When they were not exchanged for the last time.
    failed: Option<UnixTime>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::new(State {
            kept: None,
            failed: None,
        }))
    }
}

impl<T: Ends> Kept<T> {
    /// What is kept, or what `find` finds. If it finds nothing while what is kept still lives, that is used.
    pub(crate) async fn get(
        &self,
        clock: &dyn Clock,
        find: impl Future<Output = Result<T, CredentialsError>>,
    ) -> Result<Arc<T>, CredentialsError> {
        // Whoever comes meanwhile waits for one exchange and does not make another.
        let mut state = self.0.lock().await;
        let State { kept, failed } = &mut *state;
        let now = clock.now();
        let lives = |end: UnixTime, early: i64| now < end.plus_seconds(-early);
        let old = kept.take_if(|old| !old.end().is_some_and(|end| lives(end, 0)));
        drop(old);
        let pauses = failed.is_some_and(|failed| failed <= now && now < failed.plus_seconds(PAUSE));
        if let Some(old) = &*kept
            && (pauses || old.end().is_some_and(|end| lives(end, EARLY)))
        {
            return Ok(Arc::clone(old));
        }
        let error = match find.await {
            Ok(found) => {
                let found = Arc::new(found);
                *kept = found.end().map(|_| Arc::clone(&found));
                *failed = None;
                return Ok(found);
            }
            Err(error) => error,
        };
        *failed = Some(clock.now());
        match &*kept {
            Some(old) => Ok(Arc::clone(old)),
            None => Err(error),
        }
    }
}

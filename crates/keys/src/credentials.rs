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

/// How long after an exchange no other is tried while the old ones live, in seconds.
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
    /// When the last exchange was tried.
    tried: Option<UnixTime>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::new(State {
            kept: None,
            tried: None,
        }))
    }
}

impl<T: Ends> Kept<T> {
    /// Drops what a service no longer takes, so that it is found anew; says whether that may help. What somebody else
    /// exchanged meanwhile stays.
    pub(crate) async fn forget(&self, old: &Arc<T>) -> bool {
        let mut state = self.0.lock().await;
        state.kept.take_if(|kept| Arc::ptr_eq(kept, old));
        old.end().is_some()
    }

    /// What is kept, or what `find` finds. If it finds nothing while what is kept still lives, that is used.
    pub(crate) async fn get(
        &self,
        clock: &dyn Clock,
        find: impl Future<Output = Result<T, CredentialsError>>,
    ) -> Result<Arc<T>, CredentialsError> {
        // Whoever comes meanwhile waits for one exchange and does not make another.
        let mut state = self.0.lock().await;
        let now = clock.now();
        let lives = |kept: &Arc<T>, early: i64| {
            let end = kept.end();
            end.is_some_and(|end| now < end.plus_seconds(-early))
        };
        state.kept.take_if(|kept| !lives(kept, 0));
        let tried = state.tried.filter(|tried| now < tried.plus_seconds(PAUSE));
        if let Some(kept) = &state.kept
            && (lives(kept, EARLY) || tried.is_some())
        {
            return Ok(Arc::clone(kept));
        }
        state.tried = Some(now);
        let error = match find.await {
            Ok(found) => {
                let found = Arc::new(found);
                state.kept = found.end().map(|_| Arc::clone(&found));
                return Ok(found);
            }
            Err(error) => error,
        };
        match &state.kept {
            Some(kept) => Ok(Arc::clone(kept)),
            None => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::Mutex as StdMutex;

    use super::*;

    struct Until(Option<i64>);

    impl Ends for Until {
        fn end(&self) -> Option<UnixTime> {
            self.0.map(|end| UnixTime::from_seconds(end).unwrap())
        }
    }

    struct Hand(StdMutex<i64>);

    impl Clock for Hand {
        fn now(&self) -> UnixTime {
            UnixTime::from_seconds(*self.0.lock().unwrap()).unwrap()
        }
    }

    fn none() -> CredentialsError {
        CredentialsError::None {
            service: "it",
            looked: "nowhere",
        }
    }

    /// Who gives nothing is asked once in a while, so that not every signature waits for it.
    #[tokio::test]
    async fn an_exchange_that_fails_is_tried_again_after_a_pause() {
        let (kept, hand, asked) = (Kept::default(), Hand(StdMutex::new(0)), Cell::new(0));
        let get = async |time: i64, end: Option<i64>| {
            *hand.0.lock().unwrap() = time;
            let find = async {
                asked.set(asked.get() + 1);
                end.map(|end| Until(Some(end))).ok_or_else(none)
            };
            let got = kept.get(&hand, find).await.ok();
            (got.map(|until| until.0), asked.get())
        };
        assert_eq!(get(0, None).await, (None, 1));
        assert_eq!(get(0, Some(1000)).await, (Some(Some(1000)), 2));
        assert_eq!(get(699, None).await, (Some(Some(1000)), 2));
        assert_eq!(get(700, None).await, (Some(Some(1000)), 3));
        assert_eq!(get(729, None).await, (Some(Some(1000)), 3));
        assert_eq!(get(730, None).await, (Some(Some(1000)), 4));
        assert_eq!(get(999, None).await, (Some(Some(1000)), 5));
        // At its end it is of no use, and everybody is asked again.
        assert_eq!(get(1000, None).await, (None, 6));
        assert_eq!(get(1000, Some(3000)).await, (Some(Some(3000)), 7));
    }

    #[tokio::test]
    async fn what_has_no_end_is_found_each_time() {
        let (kept, hand) = (Kept::default(), Hand(StdMutex::new(0)));
        for _ in 0..2 {
            let got = kept.get(&hand, async { Ok(Until(None)) }).await.unwrap();
            assert!(!kept.forget(&got).await);
            assert!(kept.0.lock().await.kept.is_none());
        }
    }
}

//! What was found, and where.

use std::fmt;

use waxwing_encoding::time::UnixTime;

/// Something that was found, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<T> {
    /// What was found.
    pub value: T,
    /// Where.
    pub from: Source,
}

/// Where something was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The repository said so just now.
    Repository {
        /// Its URL.
        url: String,
    },
    /// The cache, verified anew.
    Cache {
        /// The repository whose cache it is.
        url: String,
        /// When the repository was last asked, as far as that is known.
        refreshed: Option<UnixTime>,
        /// Why the repository was not asked.
        because: Because,
    },
    /// The program carries it.
    Embedded {
        /// The repository from which it came.
        url: String,
    },
}

/// Why the cache does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// It is fresh.
    Fresh,
    /// The repository does not answer, for this reason, and the cache has not expired.
    Unreachable(String),
    /// Nobody may be asked. It may have expired.
    Offline,
}

impl<T> Found<T> {
    pub(super) fn try_map<U, E>(
        self,
        map: impl FnOnce(T, &Source) -> Result<U, E>,
    ) -> Result<Found<U>, E> {
        let value = map(self.value, &self.from)?;
        let from = self.from;
        Ok(Found { value, from })
    }
}

impl Source {
    /// The repository, asked or not.
    pub fn url(&self) -> &str {
        match self {
            Self::Repository { url } | Self::Cache { url, .. } | Self::Embedded { url } => url,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url();
        match self {
            Self::Repository { .. } => write!(formatter, "{url}"),
            Self::Cache { refreshed, .. } => match refreshed {
                Some(time) => write!(formatter, "the cache of {url}, as it was at {time}"),
                None => write!(formatter, "the cache of {url}"),
            },
            Self::Embedded { .. } => write!(
                formatter,
                "what this program carries of {url}, as it was when the program was made"
            ),
        }
    }
}

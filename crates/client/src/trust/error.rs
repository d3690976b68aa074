//! Why nobody is known to be trusted.

use std::io;
use std::path::PathBuf;

use waxwing_encoding::time::UnixTime;
use waxwing_model::signing_config::SigningConfigError;
use waxwing_model::trusted_root::TrustedRootError;
use waxwing_model::trusted_root::single_files::SingleFilesError;
use waxwing_tuf::client::UpdateError;
use waxwing_tuf::metadata::ContentError;

/// Why nobody is known to be trusted. What was in the cache before stays there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustStoreError {
    /// Nothing to begin with.
    #[error(
        "no root of trust for {mirror}: the program carries none, and there is no {}; give one with `cosign initialize --mirror {mirror} --root FILE`, or name the file in TUF_ROOT_JSON",
        path.as_ref().map_or("cache".to_owned(), |path| path.display().to_string())
    )]
    NoRoot {
        /// The repository.
        mirror: String,
        /// Where a root was looked for.
        path: Option<PathBuf>,
    },
    /// A repository that no folder can be named by.
    #[error(
        "{mirror:?} names no TUF repository; expected http://HOST/PATH, https://… or file:///PATH"
    )]
    Mirror {
        /// What was found.
        mirror: String,
    },
    /// The repository did not answer.
    #[error("the TUF repository {mirror} cannot be read: {source}")]
    Unreachable {
        /// The repository.
        mirror: String,
        /// What failed.
        source: Box<waxwing_net::Error>,
    },
    /// A file of a repository on disk cannot be read.
    #[error("the TUF repository {mirror} cannot be read: {}: {source}", path.display())]
    Unreadable {
        /// The repository.
        mirror: String,
        /// The file.
        path: PathBuf,
        /// What failed.
        source: io::Error,
    },
    /// The repository did not answer, and what was kept does not do without it.
    #[error(
        "{unreachable}; and {kept}; see that it can be reached, or trust what is known already with --offline"
    )]
    Stale {
        /// Why it could not be asked.
        unreachable: Box<Self>,
        /// Why the cache does not serve.
        kept: Box<Self>,
    },
    /// What the repository said is not believed, or lacks what was asked for.
    #[error("the TUF repository {mirror} is not believed: {source}")]
    Refused {
        /// The repository.
        mirror: String,
        /// Why not.
        source: Box<UpdateError>,
    },
    /// What is kept of the repository is incomplete, expired, or has no such target.
    #[error("what is kept of the TUF repository {mirror} does not do: {source}")]
    Kept {
        /// The repository.
        mirror: String,
        /// Why not.
        source: Box<UpdateError>,
    },
    /// The content of a target is not the one that was signed for.
    #[error("{path} of the TUF repository {mirror}: {source}")]
    Content {
        /// The repository.
        mirror: String,
        /// The path of the target.
        path: String,
        /// What differs.
        source: Box<ContentError>,
    },
    /// A target longer than any that is read.
    #[error("{path} of the TUF repository {mirror} has {length} bytes; at most {limit} are read")]
    TooLong {
        /// The repository.
        mirror: String,
        /// The path of the target.
        path: String,
        /// Its length.
        length: u64,
        /// The most that is read.
        limit: u64,
    },
    /// Nothing may be asked, and nothing is kept.
    #[error(
        "{path} of {mirror} is not kept in the cache; have the repository asked once, or give the file itself"
    )]
    NotKept {
        /// The repository.
        mirror: String,
        /// The path of the target.
        path: String,
    },
    /// The trusted root that the repository gives out.
    #[error("{path} of {mirror}: {source}")]
    TrustedRoot {
        /// The repository.
        mirror: String,
        /// The path of the target.
        path: &'static str,
        /// What is wrong with it.
        source: Box<TrustedRootError>,
    },
    /// The files of a repository that gives out no trusted root.
    #[error(
        "{mirror} gives out no {}, nor what stands for it: {source}",
        super::TRUSTED_ROOT
    )]
    SingleFiles {
        /// The repository.
        mirror: String,
        /// What is wrong with them.
        source: Box<SingleFilesError>,
    },
    /// The signing config that the repository gives out.
    #[error("{path} of {mirror}: {source}")]
    SigningConfig {
        /// The repository.
        mirror: String,
        /// The path of the target.
        path: &'static str,
        /// What is wrong with it.
        source: Box<SigningConfigError>,
    },
    /// A file of the cache cannot be read or written.
    #[error("the trust cache {}: {source}", path.display())]
    Cache {
        /// The file.
        path: PathBuf,
        /// What failed.
        source: io::Error,
    },
    /// The file that says which repository is followed says something else.
    #[error(
        "{}: {reason}; expected {{\"mirror\":\"URL\"}}; write it anew with `cosign initialize`",
        path.display()
    )]
    Remote {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// There is no directory for the cache.
    #[error("no directory for the trust cache: neither TUF_ROOT nor HOME names one")]
    NoCache,
    /// Another process holds the cache.
    #[error("{} is held by another process since before {since}; try again", path.display())]
    Held {
        /// The lock.
        path: PathBuf,
        /// When the wait began.
        since: UnixTime,
    },
}

impl TrustStoreError {
    /// Whether signed metadata says that there is no such target.
    pub(super) fn is_no_target(&self) -> bool {
        let Self::Refused { source, .. } = self else {
            return false;
        };
        matches!(source.as_ref(), UpdateError::NoTarget { .. })
    }

    /// Whether nobody answered, as opposed to an answer that is not believed.
    pub(super) fn is_unreachable(&self) -> bool {
        use waxwing_net::Error;
        match self {
            Self::Unreachable { source, .. } => match source.as_ref() {
                Error::Connect { .. } | Error::Transfer { .. } | Error::Timeout { .. } => true,
                Error::Status { status, .. } => status.is_server_error() || status.as_u16() == 429,
                _ => false,
            },
            Self::Unreadable { .. } => true,
            _ => false,
        }
    }
}

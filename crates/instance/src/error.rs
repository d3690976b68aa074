//! Why an instance did not start, or did not do what it was asked for.

use std::sync::Arc;

use waxwing_client::TokenError;
use waxwing_crypto::KeyError;
use waxwing_ctlog::KeptLeavesError;
use waxwing_issuer::{IdentityError, IssuerError};
use waxwing_log::LogError;
use waxwing_model::{SigningConfigError, TrustConfigError, TrustedRootError};
use waxwing_pki::issue::IssueError;
use waxwing_pki::timestamp::TimestampAuthorityError;
use waxwing_serve::RouteConflict;
use waxwing_tlog::checkpoint::CheckpointError;
use waxwing_tlog::note::NoteKeyError;

use crate::control::ControlError;
use crate::data::DataError;
use crate::disk::DiskError;
use crate::genesis::GenesisError;
use crate::rotation::NotRotated;
use crate::trust_repository::TrustRepositoryError;

/// Why an instance did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A certificate.
    #[error(transparent)]
    Certificate(#[from] IssueError),
    /// The timestamp authority's certificates.
    #[error(transparent)]
    TimestampAuthority(#[from] TimestampAuthorityError),
    /// The issuer.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// A token.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A log's key or name.
    #[error(transparent)]
    LogKey(#[from] NoteKeyError),
    /// A log's name.
    #[error(transparent)]
    Origin(#[from] CheckpointError),
    /// A log.
    #[error("the log {name}: {source}")]
    Log {
        /// The name of its key and directory.
        name: String,
        /// Why it did not open.
        source: LogError,
    },
    /// Where the leaves of the CT log are looked up.
    #[error(transparent)]
    LeafIndex(#[from] KeptLeavesError),
    /// The directory.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A file in it.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The socket for commands.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// What clients are given.
    #[error(transparent)]
    TrustConfig(#[from] TrustConfigError),
    /// The TUF repository.
    #[error(transparent)]
    TrustRepository(#[from] TrustRepositoryError),
    /// A private key that is not there.
    #[error(
        "the private key {name:?} is missing, and nothing else can sign in its place; put it back"
    )]
    MissingKey {
        /// Its name.
        name: String,
    },
    /// A rotation that cannot be.
    #[error(transparent)]
    NotRotated(#[from] NotRotated),
    /// A log did not come to its end.
    #[error("the log {name} did not come to its end: {reason}")]
    NotFrozen {
        /// The name of its key and directory.
        name: String,
        /// Why not.
        reason: Arc<LogError>,
    },
    /// Every key of a role has had its time.
    #[error("no key of the role {role:?} is good at this time; is the clock right?")]
    NoActiveKey {
        /// The role.
        role: &'static str,
    },
    /// The way between the services.
    #[error(transparent)]
    Client(#[from] waxwing_net::Error),
    /// Two numbers have one name.
    #[error(transparent)]
    Metric(#[from] waxwing_serve::MetricError),
    /// The cluster that Fulcio runs in.
    #[error(transparent)]
    Cluster(#[from] waxwing_fulcio::token::ClusterError),
    /// Two services want the same route.
    #[error(transparent)]
    Routes(#[from] RouteConflict),
    /// The trusted root.
    #[error(transparent)]
    TrustedRoot(#[from] TrustedRootError),
    /// The signing config.
    #[error(transparent)]
    SigningConfig(#[from] SigningConfigError),
    /// The first entries of the logs.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoToken {
    /// Nobody can have that name.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The token is not one that a signer reads.
    #[error(transparent)]
    Token(#[from] TokenError),
}

//! A whole Sigstore: its keys, its trusted root and signing config, its services on one address.
//!
//! [`Instance::start`] is all that `try`, `up` and the tests call. The services know each other by
//! URL alone: Fulcio asks the issuer for its keys and the CT log for its promise through
//! [`waxwing_net::Client`], which carries those requests to the routers in this process and would
//! carry them across a network as well.
//!
//! ```text
//! http://HOST/api/v2/signingCert …   Fulcio          /oidc/…   the issuer
//! http://HOST/api/v2/log/entries …   Rekor v2        /ct/…     the CT log
//! http://HOST/api/v1/timestamp …     the timestamp authority
//! ```

mod address;
mod genesis;
mod keys;
mod services;
mod trust;

use std::sync::Arc;

use axum::Router;
use waxwing_client::{IdentityToken, Signer, TokenError};
use waxwing_crypto::{KeyError, Random};
use waxwing_encoding::time::Clock;
use waxwing_issuer::{Identity, IdentityError, Issuer, IssuerError};
use waxwing_log::{Driver, LogError};
use waxwing_model::{SigningConfig, TrustedRoot, TrustedRootError};
use waxwing_net::Client;
use waxwing_pki::issue::IssueError;
use waxwing_serve::{Observations, RouteConflict};
use waxwing_tlog::checkpoint::CheckpointError;
use waxwing_tlog::note::NoteKeyError;
use waxwing_verify::{Requirements, TrustError, Verifier};

pub use address::{Address, AddressError};
pub use genesis::GenesisError;

/// What an instance is given: floors below the programs take time, chance and storage as arguments.
#[derive(Clone)]
pub struct Surroundings {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Serial numbers and nonces.
    pub random: Arc<dyn Random>,
    /// Where the Rekor log is kept.
    pub rekor_log: Arc<dyn Driver>,
    /// Where the CT log is kept.
    pub ct_log: Arc<dyn Driver>,
}

impl std::fmt::Debug for Surroundings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Surroundings")
            .finish_non_exhaustive()
    }
}

/// A Sigstore that runs.
pub struct Instance {
    address: Address,
    issuer: Arc<Issuer>,
    router: Router,
    observations: Observations,
    trusted_root: TrustedRoot,
    signing_config: SigningConfig,
    surroundings: Surroundings,
}

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
    /// The issuer.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// A log's key or name.
    #[error(transparent)]
    LogKey(#[from] NoteKeyError),
    /// A log's name.
    #[error(transparent)]
    Origin(#[from] CheckpointError),
    /// A log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The way between the services.
    #[error(transparent)]
    Client(#[from] waxwing_net::Error),
    /// Two services want the same route.
    #[error(transparent)]
    Routes(#[from] RouteConflict),
    /// The trusted root.
    #[error(transparent)]
    TrustedRoot(#[from] TrustedRootError),
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

impl Instance {
    /// Makes the keys, starts the services, and writes the first entry of each log.
    pub async fn start(address: Address, surroundings: Surroundings) -> Result<Self, StartError> {
        let keys = keys::Keys::generate(&address, &surroundings)?;
        let trusted_root = trust::trusted_root(&address, &keys, surroundings.clock.now());
        let signing_config = trust::signing_config(&address, surroundings.clock.now());
        let genesis = genesis::Genesis::new(&keys, &trusted_root)?;
        let observations = Observations::new();
        let services =
            services::Services::start(&address, keys, &surroundings, &observations).await?;
        genesis.write(&services.client, &address).await?;
        Ok(Self {
            address,
            issuer: services.issuer,
            router: services.router,
            observations,
            trusted_root,
            signing_config,
            surroundings,
        })
    }

    /// Where clients find it.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Every service, for a listener or for [`waxwing_net::Routes`].
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// What the services have answered so far.
    pub fn observations(&self) -> &Observations {
        &self.observations
    }

    /// Whose word counts here.
    pub fn trusted_root(&self) -> &TrustedRoot {
        &self.trusted_root
    }

    /// Which services to sign with.
    pub fn signing_config(&self) -> &SigningConfig {
        &self.signing_config
    }

    /// A token that says that its holder is `identity`, which is the caller's to know.
    pub fn token(&self, identity: &Identity) -> Result<IdentityToken, NoToken> {
        Ok(IdentityToken::new(self.issuer.issue(identity)?.as_str())?)
    }

    /// A client whose requests travel to this instance inside the process.
    pub fn client(&self) -> Result<Client, waxwing_net::Error> {
        services::carry(&self.address, self.router.clone())
    }

    /// A signer that uses this instance through `client`.
    pub fn signer(&self, client: Client) -> Result<Signer, TrustError> {
        Ok(Signer {
            client,
            config: self.signing_config.clone(),
            verifier: Verifier::new(self.trusted_root.clone(), Requirements::public_good())?,
            clock: Arc::clone(&self.surroundings.clock),
            random: Arc::clone(&self.surroundings.random),
        })
    }
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Instance({})", self.address.base())
    }
}

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
mod background;
pub mod backup;
mod borrowed;
mod by_host;
mod ceremony;
mod choices;
pub mod control;
mod data;
mod disk;
mod error;
mod fence;
mod genesis;
mod keyring;
mod keyring_file;
mod living;
mod making;
mod measures;
mod present;
mod rotation;
mod services;
mod standing;
mod storage;
mod trust;
mod trust_repository;
mod watched;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use axum::Router;
use waxwing_client::{IdentityToken, Signer};
use waxwing_crypto::{KeyType, Random};
use waxwing_encoding::time::Clock;
use waxwing_issuer::Identity;
use waxwing_log::GuardPlace;
use waxwing_model::{SigningConfig, TrustedRoot};
use waxwing_net::{Client, Routes};
use waxwing_serve::{Metrics, Observations, RequestLog};
use waxwing_verify::{Requirements, TrustError, Verifier};

use crate::control::Control;
use crate::keyring::Keyring;
use crate::living::{Ingredients, Keeper, Living};
use crate::present::{Door, Present};
use crate::services::{Ground, Services};
use crate::standing::Standing;
use crate::storage::Storage;

pub use address::{Address, AddressError};
pub use borrowed::dangerous_issuing_authority;
pub use choices::{
    Admission, Beliefs, ClientAlgorithms, ClientAlgorithmsError, ClusterFiles, ConnectorChoice,
    CtChoices, Dsse, Duplicates, GetEntries, IssuerChoices, RekorSettings, Rules, RulesError,
    TimeServers, TimestampChoices, TimestampSettings, WatchSettings, WhenOff,
};
pub use control::ControlError;
pub use data::{DataDirectory, DataError};
pub use disk::DiskError;
pub use error::{NoToken, StartError};
pub use fence::{PerService, ServiceLimits};
pub use genesis::GenesisError;
pub use keyring_file::KeyringError;
pub use rotation::{NewKey, NotRotated, Rotated, Rotation};
pub use trust_repository::{
    RoleSigners, RootChange, TrustRepositoryError, TufKey, Waiting, sign_draft,
};
pub use waxwing_fulcio::config::{
    ConfigError as FulcioConfigError, Configuration as FulcioConfiguration,
};

/// What an instance is given: floors below the programs take time and chance as arguments.
#[derive(Clone)]
pub struct Surroundings {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Serial numbers and nonces.
    pub random: Arc<dyn Random>,
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
    observations: Observations,
    metrics: Metrics,
    surroundings: Surroundings,
    door: Door,
    /// What keeps it and takes orders, if it lives in a directory.
    behind: Option<(Keeper, Control)>,
    living: Weak<Living>,
}

/// Has the Fulcio of an instance believe others, as long as it runs.
#[derive(Clone)]
pub struct Believer(Weak<Living>);

impl Instance {
    /// A new one in memory, which is gone when it is dropped.
    pub async fn start(address: Address, surroundings: Surroundings) -> Result<Self, StartError> {
        let (keyring, keys) = Keyring::generate(&address, KeyType::EcdsaP256, &surroundings)?;
        let trusted_root = trust::trusted_root(&address, &keyring);
        let observations = Observations::new();
        let (choices, beliefs) = (Choices::default(), Beliefs::default());
        let standing = Standing::new(&choices, &surroundings)?;
        let root_of_trust = trusted_root.to_json()?;
        let services = Services::start(Ground {
            address: &address,
            keyring: &keyring,
            keys,
            storage: &Storage::Memory,
            begun: false,
            surroundings: &surroundings,
            observations: &observations,
            root_of_trust: &root_of_trust,
            repository: None,
            beliefs: &beliefs,
            choices: &choices,
            standing: &standing,
            before: None,
        });
        let present = Present {
            services: services.await?,
            signing_config: Arc::new(trust::signing_config(&address, &keyring)),
            trusted_root: Arc::new(trusted_root),
            needs: Vec::new(),
        };
        Ok(Self {
            address,
            observations,
            metrics: standing.measures.metrics,
            surroundings,
            door: Door::new(present),
            behind: None,
            living: Weak::new(),
        })
    }

    /// The one in a directory, which goes on where it was.
    pub async fn open(
        data: DataDirectory,
        choices: Choices,
        surroundings: Surroundings,
    ) -> Result<Self, StartError> {
        let path = data.path().to_owned();
        let ingredients = Ingredients::of(&data, choices, surroundings.clone())?;
        let observations = ingredients.observations.clone();
        let metrics = ingredients.standing.measures.metrics.clone();
        let living = Arc::new(Living::begin(ingredients, data).await?);
        let door = living.door().clone();
        let control = Control::listen(&path, Arc::clone(&living))?;
        Ok(Self {
            address: living.address().await,
            observations,
            metrics,
            surroundings,
            door,
            living: Arc::downgrade(&living),
            behind: Some((Keeper::start(living), control)),
        })
    }

    /// Brings to an end what runs: every log files what it has, and lets go of its directory.
    pub async fn close(self) {
        // First those who could exchange what is closed here; they hold the directory.
        if let Some((keeper, control)) = self.behind {
            keeper.end().await;
            control.end().await;
        }
        let present = self.door.present();
        for log in present.services.logs.values() {
            log.close().await;
        }
        for index in present.services.leaf_indexes.values().map(Arc::clone) {
            // It waits for its files.
            let _ = tokio::task::spawn_blocking(move || index.close()).await;
        }
    }

    /// Where clients find it.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// What only keys that lie elsewhere can do, in sentences: a root or targets to sign.
    pub fn needs(&self) -> Vec<String> {
        self.door.present().needs.clone()
    }

    /// Every service, for a listener or for [`waxwing_net::Routes`].
    pub fn router(&self) -> Router {
        self.door.router()
    }

    /// What the services have answered so far.
    pub fn observations(&self) -> &Observations {
        &self.observations
    }

    /// What changes whom Fulcio believes, for an instance in a directory.
    pub fn believer(&self) -> Believer {
        Believer(Weak::clone(&self.living))
    }

    /// What the services count, and what can be watched of the instance.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Whose word counts here, now.
    pub fn trusted_root(&self) -> Arc<TrustedRoot> {
        Arc::clone(&self.door.present().trusted_root)
    }

    /// Which services to sign with, now.
    pub fn signing_config(&self) -> Arc<SigningConfig> {
        Arc::clone(&self.door.present().signing_config)
    }

    /// A token that says that its holder is `identity`, which is the caller's to know.
    pub fn token(&self, identity: &Identity) -> Result<IdentityToken, NoToken> {
        let present = self.door.present();
        let issued = present.services.issuer.service.issue(identity)?;
        Ok(IdentityToken::new(issued.as_str())?)
    }

    /// A client whose requests travel to this instance inside the process.
    pub fn client(&self) -> Result<Client, waxwing_net::Error> {
        let present = self.door.present();
        let mut hosts = present.services.hosts.iter();
        let routes = hosts.try_fold(Routes::new(), |routes, host| {
            routes.with(host, self.router())
        });
        Ok(Client::in_process(routes?))
    }

    /// A signer that uses this instance, as it is now, through `client`.
    pub fn signer(&self, client: Client) -> Result<Signer, TrustError> {
        let trusted_root = self.trusted_root().as_ref().clone();
        Ok(Signer {
            timestamp_client: client.clone(),
            client,
            config: self.signing_config().as_ref().clone(),
            verifier: Some(Verifier::new(trusted_root, Requirements::public_good())?),
            clock: Arc::clone(&self.surroundings.clock),
            random: Arc::clone(&self.surroundings.random),
        })
    }
}

impl Believer {
    /// Has Fulcio believe these from the next request on. What cannot be used changes nothing; nor
    /// does anything, once the instance has ended.
    pub async fn believe(&self, beliefs: Beliefs) -> Result<(), StartError> {
        match self.0.upgrade() {
            Some(living) => living.believe(beliefs).await,
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for Believer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Believer")
    }
}

/// What an operator chooses at each start.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Choices {
    /// Where the guards of the logs are, best on another disk or with a server. Without, logs that were set back are not
    /// noticed.
    pub guards: Option<GuardPlace>,
    /// The issuers that Fulcio believes besides the instance's own.
    pub fulcio: Option<FulcioConfiguration>,
    /// Who of them may get a certificate.
    pub rules: Rules,
    /// Over which keys.
    pub algorithms: ClientAlgorithms,
    /// What the cluster is asked with that Fulcio runs in, if that is an issuer.
    pub cluster: ClusterFiles,
    /// The log of signatures.
    pub rekor: RekorSettings,
    /// The log of certificates.
    pub ct: CtChoices,
    /// The timestamp authority.
    pub timestamp: TimestampChoices,
    /// The issuer.
    pub issuer: IssuerChoices,
    /// What is asked of callers.
    pub limits: ServiceLimits,
    /// Who writes a line for each request.
    pub request_log: Option<RequestLog>,
}

/// The file of those who may log in at the instance in a directory.
pub fn users(data: &Path) -> PathBuf {
    data.join("private/users.json")
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Instance({})", self.address.base())
    }
}

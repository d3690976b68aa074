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
pub mod control;
mod data;
mod disk;
mod error;
mod genesis;
mod keyring;
mod keyring_file;
mod services;
mod storage;
mod trust;
mod trust_repository;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::task::JoinHandle;
use waxwing_client::{IdentityToken, Signer};
use waxwing_crypto::{KeyType, Random};
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_issuer::{Identity, Issuer};
use waxwing_log::Log;
use waxwing_model::{SigningConfig, TrustConfig, TrustedRoot};
use waxwing_net::Client;
use waxwing_serve::Observations;
use waxwing_verify::{Requirements, TrustError, Verifier};

use crate::control::Control;
use crate::keyring::{Keyring, PrivateKeys};
use crate::services::{Ground, Services};
use crate::storage::Storage;
use crate::trust_repository::{Publishing, TrustRepository};

pub use address::{Address, AddressError};
pub use control::ControlError;
pub use data::{DataDirectory, DataError, Rotated};
pub use disk::DiskError;
pub use error::{NoToken, StartError};
pub use genesis::GenesisError;
pub use keyring_file::KeyringError;
pub use trust_repository::TrustRepositoryError;
pub use waxwing_fulcio::config::{
    ConfigError as FulcioConfigError, Configuration as FulcioConfiguration,
};

/// Between two looks at what expires.
const KEEP: Duration = Duration::from_secs(15 * 60);

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
    issuer: Arc<Issuer>,
    router: Router,
    observations: Observations,
    trusted_root: TrustedRoot,
    signing_config: SigningConfig,
    surroundings: Surroundings,
    logs: Vec<Log>,
    /// What only keys that lie elsewhere can do, in sentences.
    needs: Vec<String>,
    keeper: Option<Keeper>,
    control: Option<Control>,
    /// Held while the instance runs.
    lock: Option<File>,
}

impl Instance {
    /// A new one in memory, which is gone when it is dropped.
    pub async fn start(address: Address, surroundings: Surroundings) -> Result<Self, StartError> {
        let (keyring, keys) = Keyring::generate(&address, KeyType::EcdsaP256, &surroundings)?;
        let what = What::of(address, &keyring, None);
        let held = Holdings {
            keyring: &keyring,
            keys,
            storage: &Storage::Memory,
            fulcio: None,
        };
        Self::with(what, held, surroundings).await
    }

    /// The one in a directory, which goes on where it was.
    pub async fn open(
        mut data: DataDirectory,
        choices: Choices,
        surroundings: Surroundings,
    ) -> Result<Self, StartError> {
        let Choices { guards, fulcio } = choices;
        let storage = Storage::Directory {
            logs: data.path().join("logs"),
            users: users(data.path()),
            guards,
            begun: data.file.begun,
        };
        let now = surroundings.clock.now();
        let begun = data.file.begun;
        let repository = Arc::new(TrustRepository::open(data.path(), !begun, now)?);
        let keys = std::mem::take(&mut data.keys);
        let keyring = data.file.keyring.clone();
        let what = What::of(data.address().clone(), &keyring, Some(&repository));
        let publishing = Publishing {
            address: &what.address,
            keyring: &keyring,
            trusted_root: &what.trusted_root,
            signing_config: &what.signing_config,
        };
        let needs = repository.publish(&publishing, now)?;
        let clock = Arc::clone(&surroundings.clock);
        let held = Holdings {
            keyring: &keyring,
            keys,
            storage: &storage,
            fulcio: fulcio.as_ref(),
        };
        let mut instance = Self::with(what, held, surroundings).await?;
        instance.needs = needs;
        instance.keeper = Some(Keeper::start(Arc::clone(&repository), clock));
        data.note_begun()?;
        let (trusted_root, signing_config) = (&instance.trusted_root, &instance.signing_config);
        let trust_config = TrustConfig {
            trusted_root: trusted_root.clone(),
            signing_config: signing_config.clone(),
        };
        data.write_for_clients("trusted_root.json", &trusted_root.to_json()?)?;
        data.write_for_clients("signing_config.json", &signing_config.to_json()?)?;
        data.write_for_clients("trust_config.json", &trust_config.to_json()?)?;
        data.write_for_clients("root.json", &repository.root())?;
        let control = Control::listen(data.path(), Arc::clone(&instance.issuer))?;
        instance.control = Some(control);
        instance.lock = Some(data.into_lock());
        Ok(instance)
    }

    async fn with(
        what: What,
        held: Holdings<'_>,
        surroundings: Surroundings,
    ) -> Result<Self, StartError> {
        let What {
            address,
            trusted_root,
            signing_config,
            repository,
        } = what;
        let root = repository
            .as_ref()
            .and_then(|repository| repository.first_root());
        let root = match root {
            Some(root) => root.to_vec(),
            None => trusted_root.to_json()?,
        };
        let observations = Observations::new();
        let ground = Ground {
            address: &address,
            keyring: held.keyring,
            keys: held.keys,
            storage: held.storage,
            fulcio: held.fulcio,
            surroundings: &surroundings,
            observations: &observations,
            root_of_trust: &root,
            repository,
        };
        let services = Services::start(ground).await?;
        Ok(Self {
            address,
            issuer: services.issuer,
            router: services.router,
            observations,
            trusted_root,
            signing_config,
            surroundings,
            logs: services.logs,
            needs: Vec::new(),
            keeper: None,
            control: None,
            lock: None,
        })
    }

    /// Brings to an end what runs: every log files what it has, and lets go of its directory.
    pub async fn close(self) {
        for log in &self.logs {
            log.close().await;
        }
        drop((self.control, self.keeper));
        drop(self.lock);
    }

    /// Where clients find it.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// What only keys that lie elsewhere can do, in sentences: a root or targets to sign.
    pub fn needs(&self) -> &[String] {
        &self.needs
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

/// What an operator chooses at each start.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Choices {
    /// Where the guards of the logs are, best on another disk. Without, logs that were set back are not
    /// noticed.
    pub guards: Option<PathBuf>,
    /// The issuers that Fulcio believes besides the instance's own.
    pub fulcio: Option<FulcioConfiguration>,
}

/// What an instance has.
struct Holdings<'a> {
    keyring: &'a Keyring,
    keys: PrivateKeys,
    storage: &'a Storage,
    fulcio: Option<&'a FulcioConfiguration>,
}

/// What an instance is to those who trust it.
struct What {
    address: Address,
    trusted_root: TrustedRoot,
    signing_config: SigningConfig,
    repository: Option<Arc<TrustRepository>>,
}

impl What {
    fn of(address: Address, keyring: &Keyring, repository: Option<&Arc<TrustRepository>>) -> Self {
        let began = keyring.held.iter().map(|held| held.valid_for.start).min();
        let trusted_root = trust::trusted_root(&address, keyring);
        let signing_config = trust::signing_config(&address, began.unwrap_or(UnixTime::EARLIEST));
        Self {
            address,
            trusted_root,
            signing_config,
            repository: repository.map(Arc::clone),
        }
    }
}

/// Keeps the trust repository fresh as long as it lives.
struct Keeper(JoinHandle<()>);

impl Keeper {
    fn start(repository: Arc<TrustRepository>, clock: Arc<dyn Clock>) -> Self {
        Self(tokio::spawn(async move {
            loop {
                tokio::time::sleep(KEEP).await;
                let (repository, now) = (Arc::clone(&repository), clock.now());
                // What fails now is tried again; clients have what is there for days.
                let _ = tokio::task::spawn_blocking(move || repository.refresh(now)).await;
            }
        }))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
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

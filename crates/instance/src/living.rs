//! An instance on a directory, as what works behind it sees it: it is built anew when a key is exchanged,
//! when a moment comes that the ring names, and its TUF repository is kept fresh.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio::task::JoinHandle;
use waxwing_encoding::time::UnixTime;
use waxwing_model::{SigningConfig, TrustConfig, TrustedRoot};
use waxwing_serve::Observations;

use crate::data::DataDirectory;
use crate::keyring_file::KeyringFile;
use crate::present::{Door, Present};
use crate::rotation::{NewKey, Rotation};
use crate::services::{Ground, Services};
use crate::standing::Standing;
use crate::storage::{Guards, Storage};
use crate::trust_repository::{Publishing, RootChange, TrustRepository, Waiting};
use crate::watched::Watched;
use crate::{Address, Beliefs, Choices, StartError, Surroundings, trust, users};

/// Between two looks at what expires and what has come to its moment.
const KEEP: Duration = Duration::from_secs(15 * 60);

/// Before something that was due and failed is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// What an instance is built from, again and again.
pub(crate) struct Ingredients {
    pub(crate) repository: Arc<TrustRepository>,
    pub(crate) storage: Storage,
    pub(crate) choices: Choices,
    pub(crate) surroundings: Surroundings,
    pub(crate) observations: Observations,
    pub(crate) standing: Standing,
    /// Whom Fulcio believes, which may change while it runs.
    beliefs: RwLock<Arc<Beliefs>>,
}

impl Ingredients {
    pub(crate) fn of(
        data: &DataDirectory,
        choices: Choices,
        surroundings: Surroundings,
    ) -> Result<Self, StartError> {
        let now = surroundings.clock.now();
        let repository = TrustRepository::open(data.path(), !data.file.begun, now)?;
        Ok(Self {
            repository: Arc::new(repository),
            storage: Storage::Directory {
                logs: data.path().join("logs"),
                indexes: data.path().join("index"),
                users: users(data.path()),
                guards: choices.guards.clone().map(Guards::new),
            },
            standing: Standing::new(&choices, &surroundings)?,
            beliefs: RwLock::new(Arc::new(Beliefs {
                configuration: choices.fulcio.clone(),
                rules: choices.rules.clone(),
            })),
            choices,
            surroundings,
            observations: Observations::new(),
        })
    }

    /// Builds what the ring says: clients are told of every key before it signs.
    pub(crate) async fn build(
        &self,
        data: &mut DataDirectory,
        before: Option<&Services>,
    ) -> Result<Present, StartError> {
        let now = self.surroundings.clock.now();
        let wanted = data.wanted(before.is_some()).clone();
        let (trusted_root, signing_config) = told(&wanted);
        let publishing = Publishing {
            address: &wanted.address,
            keyring: &wanted.keyring,
            trusted_root: &trusted_root,
            signing_config: &signing_config,
        };
        let published = self.repository.publish(&publishing, now)?;
        if published.is_told {
            data.promote(&wanted)?;
        }
        let (trusted_root, signing_config) = told(&data.file);
        let (address, keyring) = (data.address().clone(), data.file.keyring.clone());
        let root_of_trust = match self.repository.first_root() {
            Some(root) => root.to_vec(),
            None => trusted_root.to_json()?,
        };
        let beliefs = self.beliefs();
        let services = Services::start(Ground {
            address: &address,
            keyring: &keyring,
            keys: data.keys()?,
            storage: &self.storage,
            begun: data.file.begun,
            surroundings: &self.surroundings,
            observations: &self.observations,
            root_of_trust: &root_of_trust,
            repository: Some(Arc::clone(&self.repository)),
            beliefs: &beliefs,
            choices: &self.choices,
            standing: &self.standing,
            before,
        });
        let services = services.await?;
        data.note_begun()?;
        let trust_config = TrustConfig {
            trusted_root: trusted_root.clone(),
            signing_config: signing_config.clone(),
        };
        data.write_for_clients("trusted_root.json", &trusted_root.to_json()?)?;
        data.write_for_clients("signing_config.json", &signing_config.to_json()?)?;
        data.write_for_clients("trust_config.json", &trust_config.to_json()?)?;
        data.write_for_clients("root.json", &self.repository.root())?;
        Ok(Present {
            trusted_root: Arc::new(trusted_root),
            signing_config: Arc::new(signing_config),
            services,
            needs: published.needs,
        })
    }
}

impl Ingredients {
    fn beliefs(&self) -> Arc<Beliefs> {
        let beliefs = self.beliefs.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&beliefs)
    }

    /// Puts other beliefs in their place; those before.
    fn exchange_beliefs(&self, new: Arc<Beliefs>) -> Arc<Beliefs> {
        let mut beliefs = self.beliefs.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *beliefs, new)
    }
}

/// What clients are told of a ring.
fn told(file: &KeyringFile) -> (TrustedRoot, SigningConfig) {
    (
        trust::trusted_root(&file.address, &file.keyring),
        trust::signing_config(&file.address, &file.keyring),
    )
}

/// An instance that runs on its directory.
pub(crate) struct Living {
    ingredients: Ingredients,
    /// Whoever has it changes the instance; nobody else does meanwhile.
    state: Mutex<State>,
    door: Door,
    changed: Notify,
}

struct State {
    data: DataDirectory,
    /// The moment for which the present was built.
    built: UnixTime,
}

impl Living {
    /// Builds an instance; it lives from then on.
    pub(crate) async fn begin(
        ingredients: Ingredients,
        mut data: DataDirectory,
    ) -> Result<Self, StartError> {
        let built = ingredients.surroundings.clock.now();
        let present = ingredients.build(&mut data, None).await?;
        let door = Door::new(present);
        let watched = Watched {
            clock: Arc::clone(&ingredients.surroundings.clock),
            door: door.clone(),
            repository: Some(Arc::clone(&ingredients.repository)),
            storage: ingredients.storage.clone(),
        };
        watched.register(&ingredients.standing.measures.metrics)?;
        Ok(Self {
            ingredients,
            state: Mutex::new(State { data, built }),
            door,
            changed: Notify::new(),
        })
    }

    /// The public URL; one that waited may have come to count at the start.
    pub(crate) async fn address(&self) -> Address {
        self.state.lock().await.data.address().clone()
    }

    pub(crate) fn door(&self) -> &Door {
        &self.door
    }

    /// Gives a service a new key, without a request being turned away.
    pub(crate) async fn rotate(&self, rotation: &Rotation) -> Result<NewKey, StartError> {
        let mut state = self.state.lock().await;
        let new = state
            .data
            .rotate(rotation, &self.ingredients.surroundings)?;
        self.rebuild(&mut state).await?;
        self.changed.notify_one();
        Ok(new)
    }

    /// Has Fulcio believe others. What cannot be used changes nothing.
    pub(crate) async fn believe(&self, beliefs: Beliefs) -> Result<(), StartError> {
        let mut state = self.state.lock().await;
        let before = self.ingredients.exchange_beliefs(Arc::new(beliefs));
        let built = self.rebuild(&mut state).await;
        if built.is_err() {
            self.ingredients.exchange_beliefs(before);
        }
        built
    }

    /// Drafts the next root of trust, with other keys for some roles; it is published once enough have
    /// signed. Returns what waits.
    pub(crate) async fn change_root(
        &self,
        change: &RootChange,
    ) -> Result<Vec<Waiting>, StartError> {
        let mut state = self.state.lock().await;
        let now = self.ingredients.surroundings.clock.now();
        self.ingredients.repository.draft_root(change, now)?;
        self.rebuild(&mut state).await?;
        self.waiting()
    }

    /// Takes the signatures of copies that were signed elsewhere. Returns what waits still.
    pub(crate) async fn merge(&self, copies: &[Vec<u8>]) -> Result<Vec<Waiting>, StartError> {
        let mut state = self.state.lock().await;
        self.ingredients.repository.merge(copies)?;
        self.rebuild(&mut state).await?;
        self.changed.notify_one();
        self.waiting()
    }

    fn waiting(&self) -> Result<Vec<Waiting>, StartError> {
        Ok(self.ingredients.repository.waiting()?)
    }

    /// Exchanges the present for what the ring says now.
    async fn rebuild(&self, state: &mut State) -> Result<(), StartError> {
        let (before, now) = (
            self.door.present(),
            self.ingredients.surroundings.clock.now(),
        );
        let building = self
            .ingredients
            .build(&mut state.data, Some(&before.services));
        self.door.exchange(building.await?);
        state.built = now;
        Ok(())
    }

    /// How long until there is something to do.
    async fn pause(&self) -> Duration {
        let now = self.ingredients.surroundings.clock.now();
        let state = self.state.lock().await;
        let Some(due) = state.data.file.keyring.next_change(state.built) else {
            return KEEP;
        };
        let until = due.milliseconds().saturating_sub(now.milliseconds());
        match until {
            // It did not work just now.
            0 => AGAIN,
            // Beyond it, so that the moment itself has passed on this clock too.
            until => Duration::from_millis(until.saturating_add(1)).min(KEEP),
        }
    }

    /// Does what is due: a key's moment has come, or documents expire. What fails is tried again; until
    /// then clients have what is there, for days.
    async fn keep(&self) {
        let now = self.ingredients.surroundings.clock.now();
        let mut state = self.state.lock().await;
        let due = state.data.file.keyring.next_change(state.built);
        if due.is_some_and(|due| due < now) {
            let _ = self.rebuild(&mut state).await;
        } else {
            let repository = Arc::clone(&self.ingredients.repository);
            let _ = tokio::task::spawn_blocking(move || repository.refresh(now)).await;
        }
    }
}

/// Keeps an instance as long as it lives.
pub(crate) struct Keeper(JoinHandle<()>);

impl Keeper {
    pub(crate) fn start(living: Arc<Living>) -> Self {
        Self(tokio::spawn(async move {
            loop {
                let pause = living.pause().await;
                tokio::select! {
                    () = tokio::time::sleep(pause) => living.keep().await,
                    () = living.changed.notified() => {}
                }
            }
        }))
    }

    /// Ends it, wherever it is.
    pub(crate) async fn end(mut self) {
        self.0.abort();
        let _ = (&mut self.0).await;
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

//! Whom to trust, from the TUF repository of an instance and a cache of it on disk.
//!
//! ```text
//!              offline ─────────────▶ the cache, however old; else what the program carries
//! trusted_root ┤
//!              the cache is fresh ──▶ the cache: no connection is made
//!              else ─▶ the repository ─┬─▶ answers           what it says, and the cache has it
//!                                      ├─▶ does not answer   the cache, unless it has expired
//!                                      └─▶ lies              refused, whatever the cache has
//! ```
//!
//! Fresh is what was asked for less than [`Settings::fresh_for`] ago and has not expired. Which repository
//! it is, is said by [`Settings::mirror`], else by the cache (`remote.json`), else it is the public one. It
//! begins at the root that the program carries for it; for others at the one in [`Settings::root`], else at
//! the one in the cache. The folder on disk is cosign's.
//!
//! What stays open is said by [`Source`]: what was kept knows of no key that was revoked since, and offline
//! nothing sets a term to that.

mod carried;
mod disk;
mod error;
mod folder;
mod found;
mod instance;
mod inventory;
mod keeper;
mod mirror;
pub mod record;
mod update;
mod wish;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_model::{SigningConfig, TrustedRoot};
use waxwing_net::{Client, Retry};
use waxwing_tuf::client::{LocalCopy, Refresh, Start, Trusted, UpdateError};
use waxwing_tuf::metadata::{Metadata, Root, Signed};

pub use carried::{Carried, PUBLIC_GOOD, STAGING};
pub use error::TrustStoreError;
pub use found::{Because, Found, Source};
pub use inventory::{Document, Inventory};

use folder::Folder;
use instance::Instance;
use keeper::Keeper;
use mirror::Mirror;
use update::{Update, Wishes};
use wish::{Content, Wish, single_files};

/// The target that says whom to trust.
pub const TRUSTED_ROOT: &str = "trusted_root.json";

/// The target that says with which services to sign.
pub const SIGNING_CONFIG: &str = "signing_config.v0.2.json";

/// How long what was asked for stays fresh, unless somebody says otherwise.
pub const FRESH_FOR: Duration = Duration::from_secs(3600);

/// How often a cache is read anew while others write to it.
const MOST_READS: u32 = 20;

/// What trust is looked for with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The directory of the cache; without one nothing is kept.
    pub cache: Option<PathBuf>,
    /// The URL of the repository, where it is not for the cache to say.
    pub mirror: Option<String>,
    /// A root to begin with, for a repository that the program does not know.
    pub root: Option<Vec<u8>>,
    /// How long the repository is not asked again; zero asks it every time.
    pub fresh_for: Duration,
    /// Ask nobody.
    pub offline: bool,
}

/// What an initialisation came to.
#[derive(Debug)]
#[non_exhaustive]
pub struct Initialized {
    /// The repository that is followed from now on.
    pub mirror: String,
    /// The trusted root.
    pub trusted_root: TrustedRoot,
    /// What the repository has, where it gives out no trusted root: the one here is made of its single files.
    pub without_trusted_root: Option<Inventory>,
    /// Why there is no signing config; without it signing needs one of its own.
    pub no_signing_config: Option<TrustStoreError>,
}

/// Whom to trust, from a repository and its cache.
pub struct TrustStore {
    settings: Settings,
    client: Client,
    clock: Arc<dyn Clock>,
}

impl TrustStore {
    /// A store; nothing is asked or read yet.
    pub fn new(settings: Settings, client: Client, clock: Arc<dyn Clock>) -> Self {
        Self {
            settings,
            client,
            clock,
        }
    }

    /// Whom to trust.
    pub async fn trusted_root(&self) -> Result<Found<TrustedRoot>, TrustStoreError> {
        let found = self.find(Wish::Trust).await?;
        found.try_map(|content, from| content.trusted_root(from.url()))
    }

    /// With which services to sign.
    pub async fn signing_config(&self) -> Result<Found<SigningConfig>, TrustStoreError> {
        let found = self.target(SIGNING_CONFIG).await?;
        found.try_map(|json, from| {
            SigningConfig::from_json(&json).map_err(|source| TrustStoreError::SigningConfig {
                mirror: from.url().to_owned(),
                path: SIGNING_CONFIG,
                source: Box::new(source),
            })
        })
    }

    /// The content of a target.
    pub async fn target(&self, path: &str) -> Result<Found<Vec<u8>>, TrustStoreError> {
        let found = self.find(Wish::Target(path)).await?;
        found.try_map(|content, from| match content {
            Content::Target(content) => Ok(content),
            Content::SingleFiles { .. } => Err(TrustStoreError::NotKept {
                mirror: from.url().to_owned(),
                path: path.to_owned(),
            }),
        })
    }

    async fn find(&self, wish: Wish<'_>) -> Result<Found<Content>, TrustStoreError> {
        let instance = self.instance()?;
        if self.settings.offline {
            return self.offline(&instance, wish);
        }
        let root = self.root(&instance)?;
        let now = self.clock.now();
        let kept = self.kept(&instance, &root, wish, now);
        if let (Ok(content), true) = (&kept, self.is_fresh(&instance, now)) {
            return Ok(instance.cached(content.clone(), Because::Fresh));
        }
        // With something to fall back on, one failure is enough.
        let client = match kept.is_ok() {
            true => self.client.clone().with_retry(Retry::never()),
            false => self.client.clone(),
        };
        match self.refreshed(&instance, root.clone(), wish, &client).await {
            // Once more: a root that came before the failure may have taken keys away.
            Err(unreachable) if unreachable.is_unreachable() => {
                match self.kept(&instance, &root, wish, now) {
                    Ok(content) => {
                        let because = Because::Unreachable(unreachable.to_string());
                        Ok(instance.cached(content, because))
                    }
                    Err(kept) => Err(TrustStoreError::Stale {
                        unreachable: Box::new(unreachable),
                        kept: Box::new(kept),
                    }),
                }
            }
            other => other,
        }
    }

    /// Begins anew with a repository, and follows it from now on. Until all of it is there, what was
    /// there before stays.
    pub async fn initialize(&self) -> Result<Initialized, TrustStoreError> {
        let cache = self.settings.cache.as_ref();
        let cache = cache.ok_or(TrustStoreError::NoCache)?;
        let mirror = self.settings.mirror.as_deref();
        let instance = self.instance_of(mirror.unwrap_or(PUBLIC_GOOD.mirror))?;
        let root = match &self.settings.root {
            Some(root) => root.clone(),
            None => self.root(&instance)?,
        };
        let now = self.clock.now();
        let mut keeper = Keeper::strict(instance.folder.as_ref(), now).await?;
        let update = Update {
            mirror: Mirror {
                url: &instance.mirror,
                client: &self.client,
            },
            start: Start {
                root,
                local: LocalCopy::new(),
                now,
            },
            wishes: Wishes {
                needed: Wish::Trust,
                welcome: vec![Wish::Target(SIGNING_CONFIG)],
            },
        };
        let mut updated = update.run(&mut keeper).await?;
        let trusted_root = updated.content.trusted_root(&instance.mirror)?;
        keeper.commit(&updated.changes, now)?;
        folder::follow(cache, &instance.mirror)?;
        Ok(Initialized {
            mirror: instance.mirror,
            trusted_root,
            without_trusted_root: match updated.content {
                Content::Target(_) => None,
                Content::SingleFiles { .. } => Some(updated.inventory),
            },
            no_signing_config: updated.failed.pop(),
        })
    }

    fn instance(&self) -> Result<Instance, TrustStoreError> {
        let followed = match (&self.settings.mirror, &self.settings.cache) {
            (Some(mirror), _) => Some(mirror.clone()),
            (None, Some(cache)) => folder::followed(cache)?,
            (None, None) => None,
        };
        self.instance_of(followed.as_deref().unwrap_or(PUBLIC_GOOD.mirror))
    }

    fn instance_of(&self, mirror: &str) -> Result<Instance, TrustStoreError> {
        let mirror = carried::canonical(mirror).to_owned();
        let cache = self.settings.cache.as_deref();
        let folder = cache.map(|cache| Folder::of(cache, &mirror)).transpose()?;
        Ok(Instance {
            carried: Carried::of(&mirror),
            folder,
            mirror,
        })
    }

    /// Where to begin.
    fn root(&self, instance: &Instance) -> Result<Vec<u8>, TrustStoreError> {
        if let Some(carried) = instance.carried {
            return Ok(carried.root.to_vec());
        }
        if let Some(root) = &self.settings.root {
            return Ok(root.clone());
        }
        let folder = instance.folder.as_ref();
        let kept = folder.map(Folder::root).transpose()?.flatten();
        kept.ok_or_else(|| TrustStoreError::NoRoot {
            mirror: instance.mirror.clone(),
            path: folder.map(Folder::root_path),
        })
    }

    fn is_fresh(&self, instance: &Instance, now: UnixTime) -> bool {
        let asked = instance.asked();
        let window = i64::try_from(self.settings.fresh_for.as_secs()).unwrap_or(i64::MAX);
        // What was asked for in the future was asked for by another clock.
        asked.is_some_and(|asked| asked <= now && now < asked.plus_seconds(window))
    }

    fn offline(
        &self,
        instance: &Instance,
        wish: Wish<'_>,
    ) -> Result<Found<Content>, TrustStoreError> {
        // Nothing has expired at the beginning of time.
        let kept = self.root(instance);
        let kept = kept.and_then(|root| self.kept(instance, &root, wish, UnixTime::EARLIEST));
        match (kept, instance.carried) {
            (Ok(content), _) => Ok(instance.cached(content, Because::Offline)),
            (Err(_), Some(carried)) if wish.path() == TRUSTED_ROOT => Ok(Found {
                value: Content::Target(carried.trusted_root.to_vec()),
                from: Source::Embedded {
                    url: instance.mirror.clone(),
                },
            }),
            (Err(error), _) => Err(error),
        }
    }

    /// What the cache has, verified from the root on.
    fn kept(
        &self,
        instance: &Instance,
        root: &[u8],
        wish: Wish<'_>,
        now: UnixTime,
    ) -> Result<Content, TrustStoreError> {
        let not_kept = || TrustStoreError::NotKept {
            mirror: instance.mirror.clone(),
            path: wish.path().to_owned(),
        };
        let folder = instance.folder.as_ref().ok_or_else(not_kept)?;
        let mut before = Vec::new();
        let mut error = not_kept();
        // Between two states of the folder neither verifies; whoever writes is done in a moment.
        for _ in 0..MOST_READS {
            let copies = folder.copies()?;
            if copies == before {
                break;
            }
            for copy in &copies {
                match self.look_up(folder, root, copy.clone(), wish, now) {
                    Ok(Some(content)) => return Ok(content),
                    Ok(None) | Err(UpdateError::NotFound { .. }) => error = not_kept(),
                    Err(source) => {
                        error = TrustStoreError::Kept {
                            mirror: instance.mirror.clone(),
                            source: Box::new(source),
                        };
                    }
                }
            }
            before = copies;
        }
        Err(error)
    }

    fn look_up(
        &self,
        folder: &Folder,
        root: &[u8],
        local: LocalCopy,
        wish: Wish<'_>,
        now: UnixTime,
    ) -> Result<Option<Content>, UpdateError> {
        let start = self.start(root.to_vec(), local, now);
        let mut trusted: Trusted = Refresh::offline(start)?;
        let missing = match folder.verified_target(&mut trusted, wish.path()) {
            Err(missing @ UpdateError::NoTarget { .. }) if wish == Wish::Trust => missing,
            found => return Ok(found?.map(Content::Target)),
        };
        let files = single_files(&trusted).map_err(|_| missing)?;
        let mut contents = BTreeMap::new();
        for path in files.paths() {
            let Some(content) = folder.verified_target(&mut trusted, path)? else {
                return Ok(None);
            };
            contents.insert(path.to_owned(), content);
        }
        Ok(Some(Content::SingleFiles { files, contents }))
    }

    /// Where a refresh begins. A root that was given and is another than the one of that version in the
    /// cache belongs to another instance at the same address: what is kept is not of the one that is meant.
    fn start(&self, root: Vec<u8>, local: LocalCopy, now: UnixTime) -> Start {
        let version = |root| Metadata::<Root>::parse(root).map(|root| root.signed().version());
        let is_given = self.settings.root.as_ref() == Some(&root);
        let is_other = local.role("root").is_some_and(|kept| {
            let same_version = matches!((version(kept), version(&root)), (Ok(a), Ok(b)) if a == b);
            is_given && same_version && kept != root
        });
        let local = match is_other {
            true => LocalCopy::new(),
            false => local,
        };
        Start { root, local, now }
    }

    /// Asks the repository, one process at a time.
    async fn refreshed(
        &self,
        instance: &Instance,
        root: Vec<u8>,
        wish: Wish<'_>,
        client: &Client,
    ) -> Result<Found<Content>, TrustStoreError> {
        let now = self.clock.now();
        let mut done = None;
        let meanwhile = || {
            if self.is_fresh(instance, now) {
                done = self.kept(instance, &root, wish, now).ok();
            }
            done.is_some()
        };
        let mut keeper = Keeper::lenient(instance.folder.as_ref(), meanwhile).await;
        if let Some(content) = done {
            return Ok(instance.cached(content, Because::Fresh));
        }
        let local = keeper.recover(|local| {
            let start = self.start(root.clone(), local, UnixTime::EARLIEST);
            Refresh::offline(start).is_ok()
        });
        let update = Update {
            mirror: Mirror {
                url: &instance.mirror,
                client,
            },
            start: self.start(root, local, now),
            wishes: Wishes {
                needed: wish,
                welcome: instance.has_beside(wish),
            },
        };
        let updated = update.run(&mut keeper).await?;
        keeper.commit(&updated.changes, now)?;
        Ok(instance.fresh(updated.content))
    }
}

impl fmt::Debug for TrustStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = &self.settings;
        formatter
            .debug_struct("TrustStore")
            .field("settings", settings)
            .finish_non_exhaustive()
    }
}

//! The TUF repository of an instance: how its trusted root reaches clients, and stays fresh.
//!
//! ```text
//! DIR/tuf/1.root.json  timestamp.json  1.snapshot.json  1.targets.json  targets/<sha256>.trusted_root.json …
//! GET /tuf/timestamp.json  /tuf/1.root.json  /tuf/root.json (the latest)  /tuf/targets/<sha256>.…
//! ```
//!
//! The targets are what root-signing publishes: the trusted root, the signing config, and a file for each
//! key, with the custom metadata by which older clients find them. Root and targets keys may be elsewhere;
//! what then needs their signature waits as a draft (`drafts.rs`), and the rest goes on.

mod change;
mod drafts;
mod keys;
pub(crate) mod served;
mod step;
mod targets;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};

use bytes::Bytes;
use waxwing_encoding::time::UnixTime;
use waxwing_tuf::metadata::TopRole;
use waxwing_tuf::repository::{File, QuorumError, Repository, RepositoryError};

pub use self::change::{RoleSigners, RootChange};
pub(crate) use self::change::{first_root, merge_first_root};
use self::drafts::Drafts;
pub use self::drafts::{Waiting, sign_draft};
use self::keys::Keys;
pub use self::keys::TufKey;
use self::step::Step;
pub(crate) use self::targets::Publishing;
use crate::StartError;
use crate::disk::{self, DiskError};

/// Lies in a repository that was restored, until what it publishes has passed over the versions that may
/// have been published since the backup.
pub(crate) const RESTORED: &str = "restored";

/// How many versions: a timestamp a day makes a thousand in three years.
const LEAP: u64 = 1000;

/// Why there is no repository.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustRepositoryError {
    /// The files do not make a repository, or the next document cannot be made.
    #[error("the TUF repository: {0}")]
    Repository(#[from] RepositoryError),
    /// The files are gone.
    #[error(
        "the TUF repository in {} is gone; restore it: clients refuse one that begins anew", path.display()
    )]
    Lost {
        /// Its directory.
        path: PathBuf,
    },
    /// A key is not there, and nothing goes on without.
    #[error("{what} needs the key {key:?}, which is not in the directory; put it back")]
    Key {
        /// What it is for.
        what: &'static str,
        /// Its name.
        key: &'static str,
    },
    /// The first root waits for signatures.
    #[error("the first root of trust is not signed yet: {missing}; sign {} by `waxwing root sign`", path.display())]
    Unsigned {
        /// The draft.
        path: PathBuf,
        /// What is missing.
        missing: String,
    },
    /// Signatures for a draft that there is not.
    #[error("no draft waits at {}; it was published or drafted anew meanwhile", path.display())]
    NoDraft {
        /// Where it would be.
        path: PathBuf,
    },
    /// Keys that cannot be those of a role.
    #[error("the keys of {role}: {source}")]
    Quorum {
        /// The role.
        role: &'static str,
        /// Why not.
        source: QuorumError,
    },
    /// A file that is no public key.
    #[error("a key of {role}: {reason}; expected a public key in PEM")]
    PublicKey {
        /// The role.
        role: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A file.
    #[error(transparent)]
    File(#[from] DiskError),
    /// What is published cannot be written.
    #[error("the TUF repository: {0}")]
    Target(String),
}

/// The repository, ready to be served.
pub(crate) struct TrustRepository {
    directory: PathBuf,
    private: PathBuf,
    state: Mutex<Repository>,
    /// What is served, by path.
    files: RwLock<BTreeMap<String, Bytes>>,
    /// The latest root.
    root: RwLock<Bytes>,
}

impl std::fmt::Debug for TrustRepository {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "TrustRepository({})", self.directory.display())
    }
}

impl TrustRepository {
    /// Opens the repository of a data directory, or begins it if that is allowed. It is published when
    /// [`TrustRepository::publish`] was called.
    pub(crate) fn open(
        data: &Path,
        may_begin: bool,
        now: UnixTime,
    ) -> Result<Self, TrustRepositoryError> {
        let (directory, private) = (data.join("tuf"), data.join("private"));
        disk::make_directory(&directory.join("targets"), 0o755)?;
        let files = read_all(&directory)?;
        let has_root = files.keys().any(|path| path.ends_with(".root.json"));
        let (mut repository, made) = match has_root {
            true => (Repository::load(&as_vectors(&files))?, Vec::new()),
            false if may_begin => change::begin(&directory, &private, now)?,
            false => return Err(TrustRepositoryError::Lost { path: directory }),
        };
        if directory.join(RESTORED).exists() {
            repository.leap(LEAP);
        }
        let root = Bytes::copy_from_slice(repository.root().bytes());
        let opened = Self {
            directory,
            private,
            state: Mutex::new(repository),
            files: RwLock::new(files),
            root: RwLock::new(root),
        };
        opened.write(made)?;
        Ok(opened)
    }

    /// The first root: what the Rekor log begins with.
    pub(crate) fn first_root(&self) -> Option<Bytes> {
        self.get("1.root.json")
    }

    /// The latest root, for clients that know none yet.
    pub(crate) fn root(&self) -> Bytes {
        let root = self.root.read().unwrap_or_else(PoisonError::into_inner);
        root.clone()
    }

    /// A file of the repository.
    pub(crate) fn get(&self, path: &str) -> Option<Bytes> {
        if path == "root.json" {
            return Some(self.root());
        }
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        files.get(path).cloned()
    }

    /// Publishes what clients are to trust, if anything of it is new, and makes anew what expires soon.
    pub(crate) fn publish(
        &self,
        publishing: &Publishing<'_>,
        now: UnixTime,
    ) -> Result<Published, TrustRepositoryError> {
        let targets = publishing.targets()?;
        self.step(now, |step| step.root_and_targets(&targets))
    }

    /// Makes anew what the online key signs and what expires soon.
    pub(crate) fn refresh(&self, now: UnixTime) -> Result<(), TrustRepositoryError> {
        self.step(now, |_| Ok(())).map(|_| ())
    }

    fn step(
        &self,
        now: UnixTime,
        work: impl FnOnce(&mut Step<'_>) -> Result<(), TrustRepositoryError>,
    ) -> Result<Published, TrustRepositoryError> {
        let mut repository = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = Keys::read(&self.private)?;
        let drafts = Drafts::of(&self.directory, Some(&repository));
        // On a copy: what could not be written has not happened.
        let mut step = Step::new(drafts, &repository, &keys, now);
        work(&mut step)?;
        step.refresh()?;
        let Step {
            drafts,
            next,
            files,
            needs,
            is_told,
            ..
        } = step;
        self.write(files)?;
        for (role, is_published) in [
            (TopRole::Root, next.root() != repository.root()),
            (TopRole::Targets, next.targets() != repository.targets()),
        ] {
            if is_published {
                drafts.drop(role)?;
            }
        }
        if is_told && next.has_leapt() {
            disk::remove(&self.directory.join(RESTORED))?;
        }
        for kind in TufKey::ALL {
            kind.settle(&self.private, next.root().signed())?;
        }
        let root = Bytes::copy_from_slice(next.root().bytes());
        *self.root.write().unwrap_or_else(PoisonError::into_inner) = root;
        *repository = next;
        Ok(Published { needs, is_told })
    }

    /// Drafts the next root, with other keys for some roles. It waits until [`TrustRepository::publish`]
    /// finds enough signatures.
    pub(crate) fn draft_root(&self, change: &RootChange, now: UnixTime) -> Result<(), StartError> {
        let repository = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let rotated = change.quorums(&self.private)?;
        let draft = repository.draft_root(&rotated, step::root_expires(now));
        let draft = draft.map_err(TrustRepositoryError::from)?;
        Drafts::of(&self.directory, Some(&repository)).keep_root(&draft)?;
        Ok(())
    }

    /// Adds the signatures of copies to the drafts, up to the first that is refused.
    pub(crate) fn merge(&self, copies: &[Vec<u8>]) -> Result<(), TrustRepositoryError> {
        let repository = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let drafts = Drafts::of(&self.directory, Some(&repository));
        copies.iter().try_for_each(|copy| drafts.merge(copy))
    }

    /// What waits for signatures.
    pub(crate) fn waiting(&self) -> Result<Vec<Waiting>, TrustRepositoryError> {
        let repository = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Drafts::of(&self.directory, Some(&repository)).waiting()
    }

    /// Writes files in their order, and serves each once it is durable.
    fn write(&self, files: Vec<File>) -> Result<(), TrustRepositoryError> {
        for file in files {
            let path = self.directory.join(&file.path);
            disk::write(&path, &file.bytes, 0o644)?;
            let mut served = self.files.write().unwrap_or_else(PoisonError::into_inner);
            served.insert(file.path, file.bytes.into());
        }
        Ok(())
    }
}

/// What came of publishing.
pub(crate) struct Published {
    /// What only keys that lie elsewhere can do, in sentences.
    pub(crate) needs: Vec<String>,
    /// Whether clients are told what they are to be told.
    pub(crate) is_told: bool,
}

/// The metadata and the targets that are there. What a crash left half-written has another name.
fn read_all(directory: &Path) -> Result<BTreeMap<String, Bytes>, DiskError> {
    let mut files = BTreeMap::new();
    for below in ["", "targets/"] {
        let folder = directory.join(below);
        let listed = fs::read_dir(&folder).map_err(|source| DiskError::File {
            path: folder.clone(),
            source,
        })?;
        for entry in listed {
            let entry = entry.map_err(|source| DiskError::File {
                path: folder.clone(),
                source,
            })?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_other = name.ends_with(".new") || name == RESTORED;
            if is_other || entry.path().is_dir() {
                continue;
            }
            if let Some(content) = disk::read(&entry.path())? {
                files.insert(format!("{below}{name}"), content.into());
            }
        }
    }
    Ok(files)
}

fn as_vectors(files: &BTreeMap<String, Bytes>) -> BTreeMap<String, Vec<u8>> {
    let vectors = files.iter().filter(|(path, _)| !path.contains('/'));
    vectors
        .map(|(path, content)| (path.clone(), content.to_vec()))
        .collect()
}

//! The TUF repository of an instance: how its trusted root reaches clients, and stays fresh.
//!
//! ```text
//! DIR/tuf/1.root.json  timestamp.json  1.snapshot.json  1.targets.json  targets/<sha256>.trusted_root.json …
//! GET /tuf/timestamp.json  /tuf/1.root.json  /tuf/root.json (the latest)  /tuf/targets/<sha256>.…
//! ```
//!
//! The targets are what root-signing publishes: the trusted root, the signing config, and a file for each
//! key, with the custom metadata by which older clients find them. Root and targets keys may be taken
//! away from the directory; what then needs their signature is said, and the rest goes on.

pub(crate) mod served;
mod targets;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};

use bytes::Bytes;
use waxwing_crypto::PrivateKey;
use waxwing_encoding::time::UnixTime;
use waxwing_tuf::metadata::{Metadata, Signed};
use waxwing_tuf::repository::{
    File, FirstRoot, Period, Quorum, Renewal, Repository, RepositoryError, TargetEdit, first_root,
};

pub(crate) use self::targets::Publishing;
use self::targets::Target;
use crate::disk::{self, DiskError};
use crate::keyring::TUF_KEYS;

const DAY: i64 = 24 * 60 * 60;

/// How long each document lives, in days, and how long before its end the next one is made.
const ROOT: (i64, i64) = (365, 180);
const TARGETS: (i64, i64) = (3650, 365);
const SNAPSHOT: (i64, i64) = (3650, 365);
const TIMESTAMP: (i64, i64) = (7, 6);

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
        let keys = Keys::read(&private)?;
        let has_root = files.keys().any(|path| path.ends_with(".root.json"));
        let (repository, made) = match has_root {
            true => (Repository::load(&as_vectors(&files))?, Vec::new()),
            false if may_begin => begin(&keys, now)?,
            false => return Err(TrustRepositoryError::Lost { path: directory }),
        };
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
    /// Returns sentences about what only a key elsewhere can do.
    pub(crate) fn publish(
        &self,
        publishing: &Publishing<'_>,
        now: UnixTime,
    ) -> Result<Vec<String>, TrustRepositoryError> {
        let targets = publishing.targets()?;
        let mut repository = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = Keys::read(&self.private)?;
        let mut missing = Vec::new();
        // On a copy: what could not be written has not happened.
        let mut next = repository.clone();
        let mut files = renew_root(&mut next, &keys, now, &mut missing)?;
        files.extend(set_targets(&mut next, &targets, &keys, now, &mut missing)?);
        files.extend(refresh(&mut next, &keys, now)?);
        self.write(files)?;
        let root = Bytes::copy_from_slice(next.root().bytes());
        *self.root.write().unwrap_or_else(PoisonError::into_inner) = root;
        *repository = next;
        Ok(missing)
    }

    /// Makes anew what the online key signs and what expires soon.
    pub(crate) fn refresh(&self, now: UnixTime) -> Result<(), TrustRepositoryError> {
        let mut repository = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = Keys::read(&self.private)?;
        let mut next = repository.clone();
        let files = refresh(&mut next, &keys, now)?;
        self.write(files)?;
        *repository = next;
        Ok(())
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

/// The private keys that are in the directory.
struct Keys {
    root: Option<PrivateKey>,
    targets: Option<PrivateKey>,
    online: PrivateKey,
}

impl Keys {
    fn read(private: &Path) -> Result<Self, TrustRepositoryError> {
        let [root, targets, online] = TUF_KEYS;
        let key = |name| disk::read_private_key(&private.join(format!("{name}.pem")));
        let missing = TrustRepositoryError::Key {
            what: "a fresh timestamp",
            key: online,
        };
        Ok(Self {
            root: key(root)?,
            targets: key(targets)?,
            online: key(online)?.ok_or(missing)?,
        })
    }
}

fn begin(keys: &Keys, now: UnixTime) -> Result<(Repository, Vec<File>), TrustRepositoryError> {
    let needed = |key: &'static str| TrustRepositoryError::Key {
        what: "the first root",
        key,
    };
    let [root_name, targets_name, _] = TUF_KEYS;
    let root = keys.root.as_ref().ok_or(needed(root_name))?;
    let targets = keys.targets.as_ref().ok_or(needed(targets_name))?;
    let quorum = |key: &PrivateKey| {
        let quorum = Quorum::new([key.public_key()], 1);
        quorum.map_err(|error| TrustRepositoryError::Target(error.to_string()))
    };
    let first = FirstRoot {
        root: quorum(root)?,
        timestamp: quorum(&keys.online)?,
        snapshot: quorum(&keys.online)?,
        targets: quorum(targets)?,
        consistent_snapshot: true,
        expires: in_days(now, ROOT.0),
    };
    let mut draft = first_root(&first).map_err(RepositoryError::from)?;
    draft.sign(root).map_err(RepositoryError::from)?;
    Ok(Repository::create(draft)?)
}

/// A root that lives longer, if the present one has come near its end.
fn renew_root(
    repository: &mut Repository,
    keys: &Keys,
    now: UnixTime,
    missing: &mut Vec<String>,
) -> Result<Vec<File>, TrustRepositoryError> {
    let expires = repository.root().signed().expires();
    if expires >= in_days(now, ROOT.1) {
        return Ok(Vec::new());
    }
    let mut draft = repository.draft_root(&[], in_days(now, ROOT.0))?;
    if let Some(root) = &keys.root {
        draft.sign(root).map_err(RepositoryError::from)?;
    }
    if draft.check().is_err() {
        missing.push(format!(
            "the root of trust expires at {expires}, and its keys are not in the directory; sign the next one"
        ));
        return Ok(Vec::new());
    }
    Ok(repository.publish_root(draft)?)
}

fn set_targets(
    repository: &mut Repository,
    targets: &[Target],
    keys: &Keys,
    now: UnixTime,
    missing: &mut Vec<String>,
) -> Result<Vec<File>, TrustRepositoryError> {
    let published = repository.targets().map(Metadata::signed);
    let is_new = |target: &&Target| {
        let there = published.and_then(|published| published.target(&target.path));
        there.is_none_or(|there| {
            there.check(&target.content).is_err() || there.custom() != target.custom.as_ref()
        })
    };
    let edits = targets.iter().filter(is_new).map(|target| TargetEdit::Set {
        path: target.path.clone(),
        content: target.content.clone(),
        custom: target.custom.clone(),
    });
    let edits: Vec<_> = edits.collect();
    let lives = published.is_some_and(|published| published.expires() >= in_days(now, TARGETS.1));
    if edits.is_empty() && lives {
        return Ok(Vec::new());
    }
    let (mut draft, mut files) = repository.draft_targets(&edits, in_days(now, TARGETS.0))?;
    if let Some(key) = &keys.targets {
        draft.sign(key).map_err(RepositoryError::from)?;
    }
    if draft.check().is_err() {
        missing.push(
            "what clients are to trust has changed, and the keys that sign it are not in the directory; \
             sign the new targets"
                .to_owned(),
        );
        return Ok(Vec::new());
    }
    files.extend(repository.publish_targets(draft)?);
    Ok(files)
}

fn refresh(
    repository: &mut Repository,
    keys: &Keys,
    now: UnixTime,
) -> Result<Vec<File>, TrustRepositoryError> {
    let period = |(lives, before): (i64, i64)| Period {
        expires: in_days(now, lives),
        renew_before: in_days(now, before),
    };
    let renewal = Renewal {
        snapshot: period(SNAPSHOT),
        timestamp: period(TIMESTAMP),
    };
    Ok(repository.refresh(&[&keys.online], &renewal)?)
}

fn in_days(now: UnixTime, days: i64) -> UnixTime {
    now.whole_second().plus_seconds(days * DAY)
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
            if name.ends_with(".new") || entry.path().is_dir() {
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

//! The directory in which an instance lives for good.
//!
//! ```text
//! DIR/keyring.json       public: the URL, every key and its time. Where it lies, an instance must be
//! DIR/keyring.next.json  the ring with keys that clients cannot be told of before keys elsewhere have signed
//! DIR/lock               whoever holds it runs the instance
//! DIR/private/           for the owner alone: NAME.pem for each key
//! DIR/tuf/               the TUF repository: how clients come to trust the rest
//! DIR/logs/NAME/         one log each, as `waxwing log serve` and `waxwing fsck` know them
//! DIR/index/NAME/        where the leaf hashes of a CT log are: may be removed while nobody runs it
//! DIR/client/            what clients are given
//! ```
//!
//! A first start writes the private keys, then the ring, which names them; what a crash leaves before
//! that nobody has used, and is made anew. Everything is written beside its place, made durable, and
//! renamed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_issuer::{Identity, Issuer};

use crate::disk::{DiskError, about, make_directory, read, read_private_key, remove, write};
use crate::keyring::{Held, Keyring, PrivateKeys, Role};
use crate::keyring_file::KeyringFile;
use crate::rotation::{NewKey, Rotation};
use crate::trust_repository::{RootChange, TufKey, Waiting, first_root};
use crate::{Address, KeyringError, StartError, Surroundings};

/// The ring, and the one that waits until clients have been told of it.
pub(crate) const RING: &str = "keyring.json";
pub(crate) const NEXT_RING: &str = "keyring.next.json";

/// The directory of an instance, held by this process.
pub struct DataDirectory {
    path: PathBuf,
    pub(crate) file: KeyringFile,
    /// The ring that will count once clients have been told of it.
    next: Option<KeyringFile>,
    /// Held as long as the value lives.
    _lock: File,
}

/// Why there is no instance in a directory.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Another process runs the instance.
    #[error("another process runs the instance in {}; stop it, or name another directory", path.display())]
    Locked {
        /// The directory.
        path: PathBuf,
    },
    /// The ring.
    #[error("{}: {source}", path.display())]
    Keyring {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeyringError,
    },
    /// A private key that is not that of the ring.
    #[error("{} is not the private key of {name:?} in keyring.json; put the right one back", path.display())]
    OtherKey {
        /// The file.
        path: PathBuf,
        /// The key's name.
        name: String,
    },
    /// There are logs, but no ring.
    #[error(
        "{} has logs, but no keyring.json: its keys are lost or elsewhere. Restore a backup; a new \
         instance would begin the same logs anew", path.display()
    )]
    RingLost {
        /// The directory.
        path: PathBuf,
    },
    /// The public URL is another one.
    #[error(
        "{} is the instance {found}; expected {expected}. The public URL is fixed at the first start: \
         leave it out, or name another directory", path.display()
    )]
    OtherUrl {
        /// The directory.
        path: PathBuf,
        /// The URL of the instance.
        found: String,
        /// The URL that was asked for.
        expected: String,
    },
    /// There is an instance, and one was to be begun.
    #[error(
        "{} holds an instance already; `waxwing root rotate` changes who signs its root", path.display()
    )]
    Begun {
        /// The directory.
        path: PathBuf,
    },
    /// There is no instance, and none was to be begun.
    #[error("{} holds no instance; `waxwing up --data {}` begins one", path.display(), path.display())]
    Absent {
        /// The directory.
        path: PathBuf,
    },
}

impl std::fmt::Debug for DataDirectory {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "DataDirectory({})", self.path.display())
    }
}

impl DataDirectory {
    /// The public URL of the instance in a directory, by its ring alone; `None` if there is none.
    pub fn known_address(path: &Path) -> Result<Option<Address>, StartError> {
        Ok(read_ring(path, RING)?.map(|file| file.address))
    }

    /// The public URL of the instance that must be in a directory.
    pub fn existing_address(path: &Path) -> Result<Address, StartError> {
        let absent = || DataError::Absent {
            path: path.to_owned(),
        };
        Ok(Self::known_address(path)?.ok_or_else(absent)?)
    }

    /// Takes hold of the instance in a directory, or begins one there under `first`, its public URL.
    /// One that is there must have the URL `expected`, if that is given.
    pub fn open(
        path: &Path,
        expected: Option<&Address>,
        first: &Address,
        surroundings: &Surroundings,
    ) -> Result<Self, StartError> {
        let lock = hold(path)?;
        let file = match read_ring(path, RING)? {
            Some(file) => {
                check_url(path, &file.address, expected)?;
                file
            }
            None => {
                let address = expected.unwrap_or(first);
                begin(path, address, &RootChange::default(), surroundings)?.0
            }
        };
        let mut next = read_ring(path, NEXT_RING)?;
        let is_known = |held: &Held| file.keyring.held.iter().any(|one| one.name == held.name);
        // It was promoted, and its file was not removed any more.
        if next
            .as_ref()
            .is_some_and(|next| next.keyring.held.iter().all(is_known))
        {
            remove_next_ring(path)?;
            next = None;
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            next,
            _lock: lock,
        })
    }

    /// Begins an instance whose root of trust, and perhaps its targets, are signed by keys elsewhere.
    /// It can be started once the drafts that wait have enough signatures.
    pub fn begin(
        path: &Path,
        address: &Address,
        change: &RootChange,
        surroundings: &Surroundings,
    ) -> Result<Vec<Waiting>, StartError> {
        let _lock = hold(path)?;
        if read_ring(path, RING)?.is_some() {
            let path = path.to_owned();
            return Err(DataError::Begun { path }.into());
        }
        let (_, waiting) = begin(path, address, change, surroundings)?;
        Ok(waiting)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The public URL of the instance.
    pub fn address(&self) -> &Address {
        &self.file.address
    }

    /// A token that says that its holder is somebody, which is the caller's to know.
    pub fn token(self, email: &str, surroundings: &Surroundings) -> Result<String, StartError> {
        let now = surroundings.clock.now();
        let held = self.file.keyring.active(Role::Issuer, now)?;
        let key = read_key(&self.path, held)?.ok_or_else(|| StartError::MissingKey {
            name: held.name.clone(),
        })?;
        let clock = Arc::clone(&surroundings.clock);
        let issuer = Issuer::new(self.file.address.issuer(), key, clock)?;
        Ok(issuer.issue(&Identity::email(email))?.as_str().to_owned())
    }

    /// Gives a service a new key. It is published, and signs, once the instance is built anew and, where
    /// the keys of targets lie elsewhere, they have signed; what the old key has signed stays good.
    pub fn rotate(
        &mut self,
        rotation: &Rotation,
        surroundings: &Surroundings,
    ) -> Result<NewKey, StartError> {
        let mut file = self.next.as_ref().unwrap_or(&self.file).clone();
        let rotated = file.keyring.rotate(rotation, &file.address, surroundings);
        let (mut new, made) = rotated?;
        new.waits = self.take(file, &made)?;
        Ok(new)
    }

    /// Gives the instance another public URL, from its next start on. Returns the logs that begin there.
    /// Clients find the TUF repository at the new URL, and follow it from what they trust.
    pub fn relocate(
        &mut self,
        to: &Address,
        surroundings: &Surroundings,
    ) -> Result<Vec<NewKey>, StartError> {
        let mut file = self.next.as_ref().unwrap_or(&self.file).clone();
        if *to == file.address {
            return Ok(Vec::new());
        }
        let moved = file.keyring.relocate(&file.address, to, surroundings);
        let (mut new, made) = moved?;
        file.address = to.clone();
        let waits = self.take(file, &made)?;
        for new in &mut new {
            new.waits = waits;
        }
        Ok(new)
    }

    /// Takes a ring with new keys. Whether it waits until keys elsewhere have signed: clients would be
    /// shown signatures by keys that nobody could tell them to trust.
    fn take(&mut self, file: KeyringFile, made: &PrivateKeys) -> Result<bool, StartError> {
        for (name, key) in &made.0 {
            let pem = key.to_pem()?;
            write(&key_path(&self.path, name), pem.as_bytes(), 0o600)?;
        }
        let targets = key_path(&self.path, TufKey::Targets.name());
        let waits = self.next.is_some() || read_private_key(&targets)?.is_none();
        // The ring last: until then nobody knows of the new keys.
        if waits {
            write_ring(&self.path, NEXT_RING, &file)?;
            self.next = Some(file);
        } else {
            write_ring(&self.path, RING, &file)?;
            self.file = file;
        }
        Ok(waits)
    }

    /// The ring that clients are to be told of. An instance that runs does not move.
    pub(crate) fn wanted(&self, runs: bool) -> &KeyringFile {
        let next = self.next.as_ref();
        let next = next.filter(|next| !runs || next.address == self.file.address);
        next.unwrap_or(&self.file)
    }

    /// Clients have been told of the next ring: it counts from now on.
    pub(crate) fn promote(&mut self, told: &KeyringFile) -> Result<(), StartError> {
        let Some(mut next) = self.next.clone().filter(|next| next == told) else {
            return Ok(());
        };
        next.begun = self.file.begun;
        for held in &mut next.keyring.held {
            let mut before = self.file.keyring.held.iter();
            if let Some(before) = before.find(|before| before.name == held.name) {
                held.fresh = before.fresh;
            }
        }
        write_ring(&self.path, RING, &next)?;
        self.file = next;
        self.next = None;
        remove_next_ring(&self.path)?;
        Ok(())
    }

    /// The private keys that lie in the directory.
    pub(crate) fn keys(&self) -> Result<PrivateKeys, StartError> {
        let mut keys = PrivateKeys::default();
        for held in &self.file.keyring.held {
            if let Some(key) = read_key(&self.path, held)? {
                keys.0.insert(held.name.clone(), key);
            }
        }
        Ok(keys)
    }

    /// Notes that every log has its first entry.
    pub(crate) fn note_begun(&mut self) -> Result<(), StartError> {
        let mut file = self.file.clone();
        file.begun = true;
        for held in &mut file.keyring.held {
            held.fresh = false;
        }
        if file != self.file {
            write_ring(&self.path, RING, &file)?;
            self.file = file;
        }
        Ok(())
    }

    /// Writes a file that clients are given.
    pub(crate) fn write_for_clients(&self, name: &str, content: &[u8]) -> Result<(), DiskError> {
        write(&self.path.join("client").join(name), content, 0o644)
    }
}

fn check_url(path: &Path, found: &Address, expected: Option<&Address>) -> Result<(), DataError> {
    match expected {
        Some(expected) if expected != found => Err(DataError::OtherUrl {
            path: path.to_owned(),
            found: found.base().to_owned(),
            expected: expected.base().to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Makes and locks the directory.
pub(crate) fn hold(path: &Path) -> Result<File, DataError> {
    make_directory(path, 0o755)?;
    let lock = lock(path)?;
    for (name, mode) in [("private", 0o700), ("logs", 0o755), ("client", 0o755)] {
        make_directory(&path.join(name), mode)?;
    }
    Ok(lock)
}

/// Makes the keys and the ring of a directory that has none, and the draft of a root that is signed
/// elsewhere.
fn begin(
    path: &Path,
    address: &Address,
    change: &RootChange,
    surroundings: &Surroundings,
) -> Result<(KeyringFile, Vec<Waiting>), StartError> {
    if !is_empty(&path.join("logs"))? {
        let path = path.to_owned();
        return Err(DataError::RingLost { path }.into());
    }
    let (keyring, mut made) = Keyring::generate(address, KeyType::Rsa(2048), surroundings)?;
    for kind in TufKey::ALL {
        let is_elsewhere = match kind {
            TufKey::Root => change.root.is_some(),
            TufKey::Targets => change.targets.is_some(),
            TufKey::Online => false,
        };
        if !is_elsewhere {
            let key = PrivateKey::generate(KeyType::EcdsaP256)?;
            made.0.insert(kind.name().to_owned(), key);
        }
    }
    for (name, key) in &made.0 {
        let pem = key.to_pem()?;
        write(&key_path(path, name), pem.as_bytes(), 0o600)?;
    }
    let waiting = first_root(path, change, &made, surroundings.clock.now())?;
    let file = KeyringFile {
        address: address.clone(),
        begun: false,
        keyring,
    };
    write_ring(path, RING, &file)?;
    Ok((file, waiting))
}

pub(crate) fn read_ring(path: &Path, name: &str) -> Result<Option<KeyringFile>, DataError> {
    let path = path.join(name);
    let Some(json) = read(&path)? else {
        return Ok(None);
    };
    let file = KeyringFile::from_json(&json);
    file.map(Some)
        .map_err(|source| DataError::Keyring { path, source })
}

fn write_ring(path: &Path, name: &str, file: &KeyringFile) -> Result<(), DataError> {
    let ring = path.join(name);
    match file.to_json() {
        Ok(json) => Ok(write(&ring, &json, 0o644)?),
        Err(source) => Err(DataError::Keyring { path: ring, source }),
    }
}

fn remove_next_ring(path: &Path) -> Result<(), DataError> {
    Ok(remove(&path.join(NEXT_RING))?)
}

fn key_path(path: &Path, name: &str) -> PathBuf {
    path.join("private").join(format!("{name}.pem"))
}

/// A key that is there must be the right one; one that lies elsewhere is for others to sign with.
fn read_key(directory: &Path, held: &Held) -> Result<Option<PrivateKey>, DataError> {
    let path = key_path(directory, &held.name);
    let Some(key) = read_private_key(&path)? else {
        return Ok(None);
    };
    if *key.public_key() != held.public_key {
        let name = held.name.clone();
        return Err(DataError::OtherKey { path, name });
    }
    Ok(Some(key))
}

fn lock(path: &Path) -> Result<File, DataError> {
    let file = path.join("lock");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let lock = about(&file, options.mode(0o600).open(&file))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(DataError::Locked {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Ok(about(&file, Err(error))?),
    }
}

fn is_empty(path: &Path) -> Result<bool, DataError> {
    Ok(about(path, fs::read_dir(path))?.next().is_none())
}

//! The private keys of TUF that lie in the directory of an instance.
//!
//! ```text
//! DIR/private/tuf-root.pem  tuf-targets.pem  tuf-online.pem     as the present root names them
//! DIR/private/tuf-root.next.pem                                 as a root names them that is being signed
//! ```
//!
//! Those of root and targets may be elsewhere; the online key may not.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_tuf::metadata::{Root, TopRole};

use super::TrustRepositoryError;
use crate::StartError;
use crate::disk::{self, DiskError};

/// Whose keys of TUF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TufKey {
    /// Those that sign roots: the others follow from these.
    Root,
    /// Those that sign what clients are to trust.
    Targets,
    /// The one that says each day that nothing is new: of snapshot and timestamp.
    Online,
}

impl TufKey {
    pub(crate) const ALL: [Self; 3] = [Self::Root, Self::Targets, Self::Online];

    /// The name of the file of the private key, without its ending.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Root => "tuf-root",
            Self::Targets => "tuf-targets",
            Self::Online => "tuf-online",
        }
    }

    /// The roles that it signs.
    pub(super) fn roles(self) -> &'static [TopRole] {
        match self {
            Self::Root => &[TopRole::Root],
            Self::Targets => &[TopRole::Targets],
            Self::Online => &[TopRole::Snapshot, TopRole::Timestamp],
        }
    }

    fn path(self, private: &Path) -> PathBuf {
        private.join(format!("{}.pem", self.name()))
    }

    fn next_path(self, private: &Path) -> PathBuf {
        private.join(format!("{}.next.pem", self.name()))
    }

    /// Makes a new key, which a later root is to name. One that waits already is taken.
    pub(super) fn make_next(self, private: &Path) -> Result<PrivateKey, StartError> {
        let path = self.next_path(private);
        if let Some(waits) = disk::read_private_key(&path)? {
            return Ok(waits);
        }
        let key = PrivateKey::generate(KeyType::EcdsaP256)?;
        disk::write(&path, key.to_pem()?.as_bytes(), 0o600)?;
        Ok(key)
    }

    /// Puts a new key in the place of the old one, once the root names it.
    pub(super) fn settle(self, private: &Path, root: &Root) -> Result<(), DiskError> {
        let (path, next) = (self.path(private), self.next_path(private));
        let Some(key) = disk::read_private_key(&next)? else {
            return Ok(());
        };
        match self.is_named(root, &key) {
            true => disk::about(&path, fs::rename(&next, &path)),
            false => Ok(()),
        }
    }

    fn is_named(self, root: &Root, key: &PrivateKey) -> bool {
        self.roles().iter().any(|role| {
            let ids = root.role(*role).key_ids();
            root.keys()
                .any(|one| one.public_key() == Some(key.public_key()) && ids.contains(one.id()))
        })
    }
}

/// The private keys that are in the directory, those that wait too.
pub(super) struct Keys {
    pub(super) all: Vec<PrivateKey>,
}

impl Keys {
    pub(super) fn read(private: &Path) -> Result<Self, TrustRepositoryError> {
        let online = disk::read_private_key(&TufKey::Online.path(private))?;
        if online.is_none() {
            return Err(TrustRepositoryError::Key {
                what: "a fresh timestamp",
                key: TufKey::Online.name(),
            });
        }
        let mut all: Vec<PrivateKey> = online.into_iter().collect();
        for kind in TufKey::ALL {
            all.extend(disk::read_private_key(&kind.next_path(private))?);
            if kind != TufKey::Online {
                all.extend(disk::read_private_key(&kind.path(private))?);
            }
        }
        Ok(Self { all })
    }

    /// Those that sign snapshots and timestamps under this root.
    pub(super) fn online(&self, root: &Root) -> Vec<&PrivateKey> {
        let named = |key: &&PrivateKey| TufKey::Online.is_named(root, key);
        self.all.iter().filter(named).collect()
    }
}

//! The keys that somebody chose for a role.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Map;
use waxwing_crypto::PublicKey;

use super::QuorumError;
use crate::metadata::{Key, KeyId, RoleKeys};

/// Keys, and how many of them must sign. There are at least as many, and each is there once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quorum {
    keys: BTreeMap<KeyId, Key>,
    threshold: u64,
}

impl Quorum {
    /// `threshold` of these keys.
    pub fn new<'a>(
        keys: impl IntoIterator<Item = &'a PublicKey>,
        threshold: u64,
    ) -> Result<Self, QuorumError> {
        let mut named = BTreeMap::new();
        for key in keys {
            let key = Key::new(key)?;
            if let Some(doubled) = named.insert(key.id().clone(), key) {
                let key_id = doubled.id().clone();
                return Err(QuorumError::Doubled { key_id });
            }
        }
        match threshold >= 1 && threshold <= named.len() as u64 {
            true => Ok(Self {
                keys: named,
                threshold,
            }),
            false => Err(QuorumError::Threshold {
                threshold,
                keys: named.len(),
            }),
        }
    }

    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.keys.values()
    }

    pub(super) fn role(&self) -> RoleKeys {
        RoleKeys {
            key_ids: self.keys.keys().cloned().collect(),
            threshold: self.threshold,
            other: Map::new(),
        }
    }

    /// Adds its keys to a root's, unless the root has the same key already under another name: then
    /// the role takes that name, so that one key keeps its name through the versions.
    pub(super) fn join(&self, keys: &mut BTreeMap<KeyId, Key>) -> RoleKeys {
        let mut role = self.role();
        let mut key_ids = BTreeSet::new();
        for key in self.keys.values() {
            let same = |other: &&Key| {
                other.public_key() == key.public_key() && other.algorithm() == key.algorithm()
            };
            let id = match keys.values().find(same) {
                Some(known) => known.id().clone(),
                None => {
                    keys.insert(key.id().clone(), key.clone());
                    key.id().clone()
                }
            };
            key_ids.insert(id);
        }
        role.key_ids = key_ids.into_iter().collect();
        role
    }
}

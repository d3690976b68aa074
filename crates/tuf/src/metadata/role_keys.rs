//! Who must sign a role's metadata: keys, and how many of them.
//!
//! ```text
//! {"keyids":["e71a54d5…","22f4caec…"],"threshold":2}
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use waxwing_encoding::hex;

use super::members::Members;
use super::{Key, KeyId, MOST_KEYS, MetadataError, Signature, ThresholdError};

/// The keys of a role, by identifier, and its threshold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleKeys {
    pub(crate) key_ids: Vec<KeyId>,
    pub(crate) threshold: u64,
    pub(crate) other: Map<String, Value>,
}

impl RoleKeys {
    /// Takes the two members out of the object that has them; what is left over stays there.
    pub(super) fn take(members: &mut Members) -> Result<Self, MetadataError> {
        let key_ids = members.texts("keyids")?;
        if key_ids.len() > MOST_KEYS {
            let place = members.place("keyids");
            return Err(MetadataError::too_many_keys(place, key_ids.len()));
        }
        let mut seen = BTreeSet::new();
        for key_id in &key_ids {
            if !seen.insert(key_id) {
                return Err(MetadataError::DoubledKeyId {
                    place: members.place("keyids"),
                    key_id: KeyId::new(key_id),
                });
            }
        }
        Ok(Self {
            key_ids: key_ids.into_iter().map(KeyId::new).collect(),
            threshold: members.positive("threshold")?,
            other: Map::new(),
        })
    }

    pub(super) fn read(mut members: Members) -> Result<Self, MetadataError> {
        let role = Self::take(&mut members)?;
        Ok(Self {
            other: members.rest(),
            ..role
        })
    }

    /// Identifiers of the keys, each once.
    pub fn key_ids(&self) -> &[KeyId] {
        &self.key_ids
    }

    /// How many different keys must sign; at least 1.
    pub fn threshold(&self) -> u64 {
        self.threshold
    }

    pub(super) fn write(&self) -> Map<String, Value> {
        let mut members = self.other.clone();
        let key_ids: Vec<_> = self.key_ids.iter().map(KeyId::as_str).collect();
        members.insert("keyids".into(), json!(key_ids));
        members.insert("threshold".into(), json!(self.threshold));
        members
    }
}

/// The keys of one role, found: what a document is verified with.
#[derive(Debug, Clone, Copy)]
pub struct Signers<'a> {
    /// The role whose metadata they sign.
    pub(crate) name: &'a str,
    /// The role that says so.
    pub(crate) delegator: &'a str,
    pub(crate) keys: &'a BTreeMap<KeyId, Key>,
    pub(crate) role: &'a RoleKeys,
}

impl<'a> Signers<'a> {
    /// The keys that the role names and the document has.
    pub(crate) fn known(self) -> impl Iterator<Item = &'a Key> {
        let ids = self.role.key_ids.iter();
        ids.filter_map(move |id| self.keys.get(id))
    }

    /// Whether enough of them, each counted once, have signed these bytes.
    pub(super) fn check(
        self,
        payload: &[u8],
        signatures: &[Signature],
    ) -> Result<(), ThresholdError> {
        let by_key: BTreeMap<_, _> = signatures.iter().map(|one| (&one.key_id, one)).collect();
        let mut signed = BTreeSet::new();
        for key in self.known() {
            let Some(Ok(bytes)) = by_key.get(key.id()).map(|one| hex::decode(&one.hex)) else {
                continue;
            };
            // Counted by the key and not by its name.
            if let Some(key) = key.verify(payload, &bytes) {
                signed.insert(key.sha256_of_spki());
            }
            if signed.len() as u64 >= self.role.threshold {
                return Ok(());
            }
        }
        Err(ThresholdError {
            role: self.name.to_owned(),
            delegator: self.delegator.to_owned(),
            found: signed.len(),
            threshold: self.role.threshold,
        })
    }

    /// Whether these are other keys, or another number of them: the keys were rotated.
    pub(crate) fn differ(self, other: Signers<'_>) -> bool {
        let keys = |signers: Signers<'_>| -> BTreeSet<[u8; 32]> {
            let keys = signers.known().filter_map(Key::public_key);
            keys.map(|key| key.sha256_of_spki()).collect()
        };
        self.role.threshold != other.role.threshold || keys(self) != keys(other)
    }
}

//! Hashes of files, and what metadata says of other metadata.
//!
//! ```text
//! {"hashes":{"sha256":"6494e21e…"},"length":6787,"version":3}
//! ```

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use waxwing_crypto::HashAlgorithm;
use waxwing_encoding::hex;

use super::members::Members;
use super::{ContentError, MetadataError};

/// Hashes of one content by the names of their functions; at least one. Those by unknown functions
/// are kept and not checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hashes(BTreeMap<String, String>);

impl Hashes {
    /// The SHA-256, which is what Sigstore publishes.
    pub(crate) fn sha256(content: &[u8]) -> Self {
        let digest = HashAlgorithm::Sha256.digest(content);
        Self(BTreeMap::from([(
            "sha256".to_owned(),
            hex::encode(digest.as_bytes()),
        )]))
    }

    pub(super) fn read(members: Members) -> Result<Self, MetadataError> {
        let own_place = members.own_place();
        let mut hashes = BTreeMap::new();
        for (name, value, place) in members.each() {
            let Value::String(digest) = value else {
                return Err(MetadataError::Kind {
                    place,
                    expected: "a string",
                });
            };
            hashes.insert(name, digest);
        }
        match hashes.is_empty() {
            true => Err(MetadataError::NoHash { place: own_place }),
            false => Ok(Self(hashes)),
        }
    }

    /// Hexadecimal hashes by the names of their functions.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, digest)| (name.as_str(), digest.as_str()))
    }

    /// The functions that are known here, each with a hash of its length.
    pub(crate) fn known(&self) -> impl Iterator<Item = (HashAlgorithm, &str)> {
        self.iter().filter_map(|(name, digest)| {
            let algorithm = match name {
                "sha256" => HashAlgorithm::Sha256,
                "sha384" => HashAlgorithm::Sha384,
                "sha512" => HashAlgorithm::Sha512,
                _ => return None,
            };
            Some((algorithm, digest))
        })
    }

    /// Checks every hash by a known function; there must be one.
    pub fn check(&self, content: &[u8]) -> Result<(), ContentError> {
        let mut checked = false;
        for (algorithm, expected) in self.known() {
            let found = hex::encode(algorithm.digest(content).as_bytes());
            if !found.eq_ignore_ascii_case(expected) {
                return Err(ContentError::Hash {
                    algorithm: format!("{algorithm:?}").to_lowercase(),
                    found,
                    expected: expected.to_owned(),
                });
            }
            checked = true;
        }
        match checked {
            true => Ok(()),
            false => Err(ContentError::NoKnownHash {
                found: self.0.keys().cloned().collect::<Vec<_>>().join(", "),
            }),
        }
    }

    pub(super) fn write(&self) -> Value {
        json!(self.0)
    }
}

/// What a timestamp says of the snapshot, or a snapshot of targets metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetaFile {
    pub(crate) version: u64,
    pub(crate) length: Option<u64>,
    pub(crate) hashes: Option<Hashes>,
    pub(crate) other: Map<String, Value>,
}

impl MetaFile {
    pub(super) fn read(value: Value, place: String) -> Result<Self, MetadataError> {
        let mut members = Members::of(value, place)?;
        Ok(Self {
            version: members.positive("version")?,
            length: match members.has("length") {
                true => Some(members.integer("length")?),
                false => None,
            },
            hashes: match members.has("hashes") {
                true => Some(Hashes::read(members.object("hashes")?)?),
                false => None,
            },
            other: members.rest(),
        })
    }

    /// The version of the metadata.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Its length in bytes, if it is promised.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Its hashes, if they are promised.
    pub fn hashes(&self) -> Option<&Hashes> {
        self.hashes.as_ref()
    }

    /// Checks length and hashes, as far as they are promised.
    pub fn check(&self, content: &[u8]) -> Result<(), ContentError> {
        let found = content.len() as u64;
        if let Some(expected) = self.length
            && found != expected
        {
            return Err(ContentError::Length { found, expected });
        }
        match &self.hashes {
            Some(hashes) => hashes.check(content),
            None => Ok(()),
        }
    }

    pub(super) fn write(&self) -> Value {
        let mut members = self.other.clone();
        members.insert("version".into(), json!(self.version));
        if let Some(length) = self.length {
            members.insert("length".into(), json!(length));
        }
        if let Some(hashes) = &self.hashes {
            members.insert("hashes".into(), hashes.write());
        }
        Value::Object(members)
    }
}

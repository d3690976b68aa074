//! Snapshot and timestamp: signed by the online keys, whenever something needs it.

use std::collections::BTreeMap;

use serde_json::Map;
use waxwing_crypto::PrivateKey;
use waxwing_encoding::time::UnixTime;

use super::draft::Group;
use super::{Draft, File, Repository, RepositoryError};
use crate::metadata::{Common, MetaFile, Metadata, Signed, Snapshot, Timestamp, TopRole};

/// How long metadata lives, and when it is made anew though nothing else changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// When a new one expires.
    pub expires: UnixTime,
    /// Made anew if the present one expires before this time.
    pub renew_before: UnixTime,
}

/// The periods of the two roles with online keys. Those of the public instance are ten years for the
/// snapshot and seven days for the timestamp, renewed daily.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewal {
    /// The snapshot's.
    pub snapshot: Period,
    /// The timestamp's.
    pub timestamp: Period,
}

impl Repository {
    /// Makes a new snapshot if the present one does not list the latest targets metadata, is not
    /// signed by the keys that the root names now, or expires soon; and a new timestamp likewise.
    /// `keys` has those that sign, in any order; keys that are not needed are not used.
    ///
    /// What is published afterwards is what a client accepts, expiry of root and targets apart. No
    /// file comes out when nothing needs to change.
    pub fn refresh(
        &mut self,
        keys: &[&PrivateKey],
        renewal: &Renewal,
    ) -> Result<Vec<File>, RepositoryError> {
        let root = self.root.signed();
        let targets = self.targets.as_ref().ok_or(RepositoryError::NoTargets)?;
        // A snapshot that lists metadata by rotated keys would lock every client out.
        targets.verify(root.signers(TopRole::Targets))?;
        let listed = targets.signed().version();

        let mut files = Vec::new();
        let mut snapshot = self.snapshot.clone();
        let lists = |snapshot: &Snapshot| {
            let file = snapshot.role("targets");
            file.is_some_and(|file| file.version() == listed)
        };
        if !self.stands(
            TopRole::Snapshot,
            snapshot.as_ref(),
            renewal.snapshot,
            lists,
        ) {
            let made = self.next_snapshot(listed, renewal.snapshot.expires)?;
            let made = self.sign(TopRole::Snapshot, made, keys)?;
            files.push(self.file(TopRole::Snapshot, &made));
            snapshot = Some(made);
        }
        let version = snapshot.as_ref().map_or(1, |made| made.signed().version());

        let mut timestamp = self.timestamp.clone();
        let lists = |timestamp: &Timestamp| timestamp.snapshot().version() == version;
        if !self.stands(
            TopRole::Timestamp,
            timestamp.as_ref(),
            renewal.timestamp,
            lists,
        ) {
            let made = self.next_timestamp(version, renewal.timestamp.expires)?;
            let made = self.sign(TopRole::Timestamp, made, keys)?;
            files.push(self.file(TopRole::Timestamp, &made));
            timestamp = Some(made);
        }
        // Both or none: a key that is missing for the second must not leave the first behind.
        self.snapshot = snapshot;
        self.timestamp = timestamp;
        for role in [TopRole::Snapshot, TopRole::Timestamp] {
            self.leaps.remove(&role);
        }
        Ok(files)
    }

    /// Whether metadata can stay as it is.
    fn stands<T: Signed>(
        &self,
        role: TopRole,
        metadata: Option<&Metadata<T>>,
        period: Period,
        lists_the_latest: impl Fn(&T) -> bool,
    ) -> bool {
        let leaps = self.leaps.contains_key(&role);
        metadata.filter(|_| !leaps).is_some_and(|metadata| {
            lists_the_latest(metadata.signed())
                && metadata.signed().expires() >= period.renew_before
                && metadata.verify(self.root.signed().signers(role)).is_ok()
        })
    }

    fn next(
        &self,
        role: TopRole,
        last: &Common,
        expires: UnixTime,
    ) -> Result<Common, RepositoryError> {
        last.later(self.step(role), expires)
            .ok_or(RepositoryError::LastVersion { role })
    }

    fn next_snapshot(&self, targets: u64, expires: UnixTime) -> Result<Snapshot, RepositoryError> {
        let mut snapshot = match &self.snapshot {
            None => Snapshot {
                common: Common::first(expires),
                meta: BTreeMap::new(),
            },
            // What is listed stays listed, delegated roles above all.
            Some(last) => Snapshot {
                common: self.next(TopRole::Snapshot, &last.signed().common, expires)?,
                ..last.signed().clone()
            },
        };
        snapshot
            .meta
            .insert("targets.json".into(), version_alone(targets));
        Ok(snapshot)
    }

    fn next_timestamp(
        &self,
        snapshot: u64,
        expires: UnixTime,
    ) -> Result<Timestamp, RepositoryError> {
        Ok(Timestamp {
            common: match &self.timestamp {
                None => Common::first(expires),
                Some(last) => self.next(TopRole::Timestamp, &last.signed().common, expires)?,
            },
            snapshot: version_alone(snapshot),
        })
    }

    fn sign<T: Signed + Clone>(
        &self,
        role: TopRole,
        signed: T,
        keys: &[&PrivateKey],
    ) -> Result<Metadata<T>, RepositoryError> {
        let signers = Group::of(self.root.signed(), role, "root");
        let mut draft = Draft::new(signed, vec![signers])?;
        let may_sign: Vec<_> = draft
            .signers()
            .filter_map(|key| key.public_key().cloned())
            .collect();
        for key in keys
            .iter()
            .filter(|key| may_sign.contains(key.public_key()))
        {
            draft.sign(key)?;
        }
        Ok(draft.finish()?)
    }
}

/// As root-signing lists metadata: the version pins it, since each version is signed once.
fn version_alone(version: u64) -> MetaFile {
    MetaFile {
        version,
        length: None,
        hashes: None,
        other: Map::new(),
    }
}

//! The root: made once, and then again for other keys or a later expiry.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Map;
use waxwing_encoding::time::UnixTime;

use super::draft::Group;
use super::{Draft, DraftError, File, Quorum, Repository, RepositoryError};
use crate::metadata::{Common, Root, Signed, TopRole};

/// What the first root says.
#[derive(Debug, Clone)]
pub struct FirstRoot {
    /// Who signs roots.
    pub root: Quorum,
    /// Who signs timestamps.
    pub timestamp: Quorum,
    /// Who signs snapshots.
    pub snapshot: Quorum,
    /// Who signs targets metadata.
    pub targets: Quorum,
    /// Whether files have versions and hashes in their names. Sigstore's clients expect them.
    pub consistent_snapshot: bool,
    /// When the root expires.
    pub expires: UnixTime,
}

/// Drafts the first root, to be signed by its own root keys and given to [`Repository::create`].
pub fn first_root(first: &FirstRoot) -> Result<Draft<Root>, DraftError> {
    let mut keys = BTreeMap::new();
    let root = Root {
        common: Common::first(first.expires),
        consistent_snapshot: first.consistent_snapshot,
        root: first.root.join(&mut keys),
        timestamp: first.timestamp.join(&mut keys),
        snapshot: first.snapshot.join(&mut keys),
        targets: first.targets.join(&mut keys),
        keys,
        other_roles: Map::new(),
    };
    let own = Group::of(&root, TopRole::Root, "root");
    Draft::new(root, vec![own])
}

/// Takes up the draft of a first root that was written out ([`Draft::json`]), with the signatures
/// that it has by now.
pub fn read_first_root(json: &[u8]) -> Result<Draft<Root>, DraftError> {
    Draft::read(json, |root| {
        Ok(vec![Group::of(root, TopRole::Root, "root")])
    })
}

impl Repository {
    /// A repository with this root and nothing else.
    ///
    /// Refuses a draft that too few have signed, and one that is not version 1.
    pub fn create(root: Draft<Root>) -> Result<(Self, Vec<File>), RepositoryError> {
        let root = root.finish()?;
        check_next(TopRole::Root, 1, root.signed())?;
        let repository = Self {
            root,
            targets: None,
            snapshot: None,
            timestamp: None,
            leaps: BTreeMap::new(),
        };
        let file = repository.file(TopRole::Root, &repository.root);
        Ok((repository, vec![file]))
    }

    /// Drafts the next root: with other keys for the roles named, and a new expiry. It is to be
    /// signed by the root keys of today and by its own.
    ///
    /// With other keys for targets, new targets metadata must follow, and then a
    /// [`refresh`](Self::refresh); with others for snapshot or timestamp, a refresh.
    pub fn draft_root(
        &self,
        rotated: &[(TopRole, Quorum)],
        expires: UnixTime,
    ) -> Result<Draft<Root>, RepositoryError> {
        let old = self.root.signed();
        let common = old.common.next(expires);
        let mut root = Root {
            common: common.ok_or(RepositoryError::LastVersion {
                role: TopRole::Root,
            })?,
            ..old.clone()
        };
        for (role, quorum) in rotated {
            let keys = quorum.join(&mut root.keys);
            *match role {
                TopRole::Root => &mut root.root,
                TopRole::Timestamp => &mut root.timestamp,
                TopRole::Snapshot => &mut root.snapshot,
                TopRole::Targets => &mut root.targets,
            } = keys;
        }
        let roles = TopRole::ALL.map(|role| root.role(role).key_ids.clone());
        let used: BTreeSet<_> = roles.into_iter().flatten().collect();
        root.keys.retain(|id, _| used.contains(id));
        let groups = self.groups(&root);
        Ok(Draft::new(root, groups)?)
    }

    /// Takes up the draft of the next root that was written out ([`Draft::json`]), with the
    /// signatures that it has by now. Each must be by one of today's root keys or of its own.
    pub fn read_root(&self, json: &[u8]) -> Result<Draft<Root>, RepositoryError> {
        Draft::read(json, |root| {
            check_next(TopRole::Root, self.next_version(TopRole::Root), root)?;
            Ok(self.groups(root))
        })
    }

    /// Publishes the next root.
    pub fn publish_root(&mut self, draft: Draft<Root>) -> Result<Vec<File>, RepositoryError> {
        let root = draft.finish()?;
        check_next(
            TopRole::Root,
            self.next_version(TopRole::Root),
            root.signed(),
        )?;
        // Another repository's draft may have the version, and not the signatures.
        root.verify(self.root.signed().signers(TopRole::Root))?;
        self.root = root;
        Ok(vec![self.file(TopRole::Root, &self.root)])
    }

    /// Who must sign the next root.
    fn groups(&self, next: &Root) -> Vec<Group> {
        vec![
            Group::of(self.root.signed(), TopRole::Root, "the root before"),
            Group::of(next, TopRole::Root, "root"),
        ]
    }
}

/// The next version and no other: a draft from before another was published is too late.
pub(super) fn check_next<T: Signed>(
    role: TopRole,
    expected: u64,
    signed: &T,
) -> Result<(), RepositoryError> {
    let found = signed.version();
    match found == expected {
        true => Ok(()),
        false => Err(RepositoryError::Stale {
            role,
            found,
            expected,
        }),
    }
}

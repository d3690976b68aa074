//! Who signs roots and targets: chosen before the first root, and changed by later ones.

use std::path::Path;

use serde::{Deserialize, Serialize};
use waxwing_crypto::{PrivateKey, PublicKey};
use waxwing_encoding::time::UnixTime;
use waxwing_tuf::metadata::TopRole;
use waxwing_tuf::repository::{self, File, FirstRoot, Quorum, Repository, RepositoryError};

use super::drafts::{Drafts, Waiting};
use super::keys::TufKey;
use super::{TrustRepositoryError, step};
use crate::StartError;
use crate::disk;
use crate::keyring::PrivateKeys;

/// Keys that lie elsewhere, of one role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoleSigners {
    /// The public keys, in PEM.
    pub keys: Vec<String>,
    /// How many of them must sign.
    pub threshold: u64,
}

/// Who signs from the next root on, where that changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RootChange {
    /// Who signs roots, elsewhere.
    pub root: Option<RoleSigners>,
    /// Who signs targets, elsewhere.
    pub targets: Option<RoleSigners>,
    /// For whom a new key is made in the directory.
    pub made: Vec<TufKey>,
}

impl RoleSigners {
    fn quorum(&self, role: &'static str) -> Result<Quorum, TrustRepositoryError> {
        let keys = self.keys.iter().map(|pem| {
            let key = PublicKey::from_pem(pem);
            key.map_err(|reason| TrustRepositoryError::PublicKey {
                role,
                reason: reason.to_string(),
            })
        });
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        let quorum = Quorum::new(&keys, self.threshold);
        quorum.map_err(|source| TrustRepositoryError::Quorum { role, source })
    }
}

impl RootChange {
    /// The roles with other keys. Keys that are to lie in the directory are made here.
    pub(super) fn quorums(&self, private: &Path) -> Result<Vec<(TopRole, Quorum)>, StartError> {
        let mut quorums = Vec::new();
        if let Some(signers) = &self.root {
            quorums.push((TopRole::Root, signers.quorum("root")?));
        }
        if let Some(signers) = &self.targets {
            quorums.push((TopRole::Targets, signers.quorum("targets")?));
        }
        for kind in &self.made {
            let quorum = one_of_one(&kind.make_next(private)?)?;
            let roles = kind.roles().iter();
            quorums.extend(roles.map(|role| (*role, quorum.clone())));
        }
        Ok(quorums)
    }
}

fn one_of_one(key: &PrivateKey) -> Result<Quorum, TrustRepositoryError> {
    let quorum = Quorum::new([key.public_key()], 1);
    quorum.map_err(|source| TrustRepositoryError::Quorum {
        role: "root",
        source,
    })
}

/// Drafts the first root of an instance whose root or targets are signed elsewhere; `keys` has those that
/// lie in the directory, by name. Returns what waits: nothing if all of them do.
pub(crate) fn first_root(
    data: &Path,
    change: &RootChange,
    keys: &PrivateKeys,
    now: UnixTime,
) -> Result<Vec<Waiting>, TrustRepositoryError> {
    let tuf = data.join("tuf");
    disk::make_directory(&tuf, 0o755)?;
    let drafts = Drafts::of(&tuf, None);
    // That of an instance that was not begun after all.
    drafts.drop(TopRole::Root)?;
    if change.root.is_none() && change.targets.is_none() {
        return Ok(Vec::new());
    }
    let key = |kind: TufKey| keys.0.get(kind.name()).ok_or(needed(kind));
    let quorum = |kind: TufKey, elsewhere: &Option<RoleSigners>| match elsewhere {
        Some(signers) => signers.quorum(kind.name()),
        None => one_of_one(key(kind)?),
    };
    let mut draft = draft(
        quorum(TufKey::Root, &change.root)?,
        quorum(TufKey::Targets, &change.targets)?,
        one_of_one(key(TufKey::Online)?)?,
        now,
    )?;
    if change.root.is_none() {
        let root = key(TufKey::Root)?;
        draft.sign(root).map_err(RepositoryError::from)?;
    }
    drafts.keep_root(&draft)?;
    drafts.waiting()
}

/// Adds signatures to the draft of a first root.
pub(crate) fn merge_first_root(
    data: &Path,
    copies: &[Vec<u8>],
) -> Result<Vec<Waiting>, TrustRepositoryError> {
    let drafts = Drafts::of(&data.join("tuf"), None);
    copies.iter().try_for_each(|copy| drafts.merge(copy))?;
    drafts.waiting()
}

/// The repository of an instance that begins: with the root that was drafted for it, or with one that the
/// keys in its directory sign.
pub(super) fn begin(
    directory: &Path,
    private: &Path,
    now: UnixTime,
) -> Result<(Repository, Vec<File>), TrustRepositoryError> {
    let drafts = Drafts::of(directory, None);
    let draft = match drafts.root()? {
        Some(draft) => draft,
        None => {
            let key = |kind: TufKey| {
                let path = private.join(format!("{}.pem", kind.name()));
                disk::read_private_key(&path)?.ok_or(needed(kind))
            };
            let root = key(TufKey::Root)?;
            let (targets, online) = (key(TufKey::Targets)?, key(TufKey::Online)?);
            let quorums = (
                one_of_one(&root)?,
                one_of_one(&targets)?,
                one_of_one(&online)?,
            );
            let mut draft = draft(quorums.0, quorums.1, quorums.2, now)?;
            draft.sign(&root).map_err(RepositoryError::from)?;
            draft
        }
    };
    if let Err(missing) = draft.check() {
        let waits = drafts.waiting()?;
        let path = waits.into_iter().map(|one| one.path).next();
        return Err(TrustRepositoryError::Unsigned {
            path: path.unwrap_or_default(),
            missing: missing.to_string(),
        });
    }
    let created = Repository::create(draft)?;
    Ok(created)
}

fn draft(
    root: Quorum,
    targets: Quorum,
    online: Quorum,
    now: UnixTime,
) -> Result<repository::Draft<waxwing_tuf::metadata::Root>, TrustRepositoryError> {
    let first = FirstRoot {
        root,
        timestamp: online.clone(),
        snapshot: online,
        targets,
        consistent_snapshot: true,
        expires: step::root_expires(now),
    };
    Ok(repository::first_root(&first).map_err(RepositoryError::from)?)
}

fn needed(key: TufKey) -> TrustRepositoryError {
    TrustRepositoryError::Key {
        what: "the first root",
        key: key.name(),
    }
}

//! Documents that wait for signatures by keys that lie elsewhere.
//!
//! ```text
//! DIR/tuf/drafts/2.root.json  DIR/tuf/drafts/5.targets.json      metadata whose signatures are too few
//! ```
//!
//! A draft goes to whoever has a key, comes back with one more signature, and is published with the last.
//! It stays the same document meanwhile: a new one would make the signatures of the old one worthless.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use waxwing_crypto::PrivateKey;
use waxwing_tuf::metadata::{Metadata, Root, Targets, TopRole};
use waxwing_tuf::repository::{
    self, DraftError, Repository, RepositoryError, read_first_root, sign_copy,
};

use super::TrustRepositoryError;
use crate::disk::{self, DiskError};

/// A document that waits for signatures, as commands tell of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiting {
    /// Where it is.
    pub path: PathBuf,
    /// The identifiers of the keys that have signed.
    pub signed_by: Vec<String>,
    /// What is missing; `None` once it can be published.
    pub missing: Option<String>,
}

/// Adds a signature to a copy of a draft, away from the instance.
pub fn sign_draft(copy: &[u8], key: &PrivateKey) -> Result<Vec<u8>, DraftError> {
    match Metadata::<Root>::parse(copy) {
        Ok(_) => sign_copy::<Root>(copy, key),
        Err(_) => sign_copy::<Targets>(copy, key),
    }
}

/// Where the drafts are, and what they are drafts of.
pub(super) struct Drafts<'a> {
    folder: PathBuf,
    /// What is published; `None` before the first root is.
    published: Option<&'a Repository>,
}

impl<'a> Drafts<'a> {
    /// Those of the repository in that directory.
    pub(super) fn of(directory: &Path, published: Option<&'a Repository>) -> Self {
        Self {
            folder: directory.join("drafts"),
            published,
        }
    }

    fn path(&self, role: TopRole) -> PathBuf {
        let next = self.published.map_or(1, |one| one.next_version(role));
        self.folder.join(format!("{next}.{role}.json"))
    }

    /// The next root, if one waits.
    pub(super) fn root(&self) -> Result<Option<repository::Draft<Root>>, TrustRepositoryError> {
        let Some(json) = disk::read(&self.path(TopRole::Root))? else {
            return Ok(None);
        };
        Ok(Some(match self.published {
            Some(published) => published.read_root(&json)?,
            None => read_first_root(&json).map_err(RepositoryError::from)?,
        }))
    }

    /// The next targets, if some wait; under the next root if there is one.
    pub(super) fn targets(
        &self,
    ) -> Result<Option<repository::Draft<Targets>>, TrustRepositoryError> {
        let (Some(published), Some(json)) =
            (self.published, disk::read(&self.path(TopRole::Targets))?)
        else {
            return Ok(None);
        };
        let next = self.root()?;
        let root = next.as_ref().map(repository::Draft::signed);
        let root = root.unwrap_or_else(|| published.root().signed());
        match published.read_targets_under(root, &json) {
            Ok(draft) => Ok(Some(draft)),
            // The root has been drafted anew, for other keys: then these are drafted anew too.
            Err(RepositoryError::Draft(DraftError::Signature { .. })) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn keep_root(
        &self,
        draft: &repository::Draft<Root>,
    ) -> Result<(), TrustRepositoryError> {
        self.keep(TopRole::Root, draft.json())
    }

    pub(super) fn keep_targets(
        &self,
        draft: &repository::Draft<Targets>,
    ) -> Result<(), TrustRepositoryError> {
        self.keep(TopRole::Targets, draft.json())
    }

    fn keep(&self, role: TopRole, json: &[u8]) -> Result<(), TrustRepositoryError> {
        let path = self.path(role);
        if disk::read(&path)?.as_deref() != Some(json) {
            disk::make_directory(&self.folder, 0o755)?;
            disk::write(&path, json, 0o644)?;
        }
        Ok(())
    }

    /// Takes a draft away that nobody needs any more.
    pub(super) fn drop(&self, role: TopRole) -> Result<(), DiskError> {
        disk::remove(&self.path(role))
    }

    /// Adds the signatures of a copy to the draft that it is a copy of.
    pub(super) fn merge(&self, copy: &[u8]) -> Result<(), TrustRepositoryError> {
        let none = |role| TrustRepositoryError::NoDraft {
            path: self.path(role),
        };
        let refused = RepositoryError::from;
        if Metadata::<Root>::parse(copy).is_ok() {
            let mut draft = self.root()?.ok_or_else(|| none(TopRole::Root))?;
            draft.merge(copy).map_err(refused)?;
            self.keep_root(&draft)
        } else {
            let mut draft = self.targets()?.ok_or_else(|| none(TopRole::Targets))?;
            draft.merge(copy).map_err(refused)?;
            self.keep_targets(&draft)
        }
    }

    /// What waits.
    pub(super) fn waiting(&self) -> Result<Vec<Waiting>, TrustRepositoryError> {
        let root = self.root()?.map(|draft| Waiting {
            path: self.path(TopRole::Root),
            signed_by: names(draft.signed_by()),
            missing: draft.check().err().map(|error| error.to_string()),
        });
        let targets = self.targets()?.map(|draft| Waiting {
            path: self.path(TopRole::Targets),
            signed_by: names(draft.signed_by()),
            missing: draft.check().err().map(|error| error.to_string()),
        });
        Ok(root.into_iter().chain(targets).collect())
    }
}

fn names<'a>(ids: impl Iterator<Item = &'a waxwing_tuf::metadata::KeyId>) -> Vec<String> {
    ids.map(|id| id.as_str().to_owned()).collect()
}

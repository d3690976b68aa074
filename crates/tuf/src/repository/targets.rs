//! Targets metadata of the top level: files are set and removed.

use std::collections::BTreeMap;

use serde_json::Value;
use waxwing_encoding::time::UnixTime;

use super::draft::Group;
use super::root::check_next;
use super::{Draft, File, Repository, RepositoryError};
use crate::client::is_target_path;
use crate::metadata::{Common, Root, TargetFile, Targets, TopRole};

/// A change of the targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetEdit {
    /// A file, new or in the place of the one of that path.
    Set {
        /// Its path: `trusted_root.json`.
        path: String,
        /// Its content.
        content: Vec<u8>,
        /// What is said of it for whoever understands it, in the member `custom`.
        custom: Option<Value>,
    },
    /// No longer a file.
    Remove {
        /// Its path.
        path: String,
    },
}

impl Repository {
    /// Drafts the next targets metadata, and names the files with the contents that it lists. They
    /// may be written at once: with consistent snapshots nobody finds them until the metadata is
    /// published.
    ///
    /// Without edits, only the version and the expiry are new. Delegations stay as they are.
    pub fn draft_targets(
        &self,
        edits: &[TargetEdit],
        expires: UnixTime,
    ) -> Result<(Draft<Targets>, Vec<File>), RepositoryError> {
        self.draft_targets_under(self.root.signed(), edits, expires)
    }

    /// [`draft_targets`](Self::draft_targets), to be signed by the keys of a root that is still a draft
    /// itself: with other keys for targets, the two are published together.
    pub fn draft_targets_under(
        &self,
        root: &Root,
        edits: &[TargetEdit],
        expires: UnixTime,
    ) -> Result<(Draft<Targets>, Vec<File>), RepositoryError> {
        let mut targets = match &self.targets {
            None => Targets {
                common: Common::first(expires),
                targets: BTreeMap::new(),
                delegations: None,
            },
            Some(last) => {
                let versions = self.step(TopRole::Targets);
                let common = last.signed().common.later(versions, expires);
                Targets {
                    common: common.ok_or(RepositoryError::LastVersion {
                        role: TopRole::Targets,
                    })?,
                    ..last.signed().clone()
                }
            }
        };
        let mut files = Vec::new();
        for edit in edits {
            match edit {
                TargetEdit::Set {
                    path,
                    content,
                    custom,
                } => {
                    let target = TargetFile::of(content, custom.clone());
                    files.push(File {
                        path: self.target_path(path, &target)?,
                        bytes: content.clone(),
                    });
                    targets.targets.insert(path.clone(), target);
                }
                TargetEdit::Remove { path } => {
                    if targets.targets.remove(path).is_none() {
                        return Err(RepositoryError::NoTarget { path: path.clone() });
                    }
                }
            }
        }
        Ok((Draft::new(targets, targets_group(root))?, files))
    }

    /// Takes up a draft of targets metadata that was written out ([`Draft::json`]), with the
    /// signatures that it has by now. The files came with the draft itself.
    pub fn read_targets(&self, json: &[u8]) -> Result<Draft<Targets>, RepositoryError> {
        self.read_targets_under(self.root.signed(), json)
    }

    /// [`read_targets`](Self::read_targets), of a draft that was made
    /// [under another root](Self::draft_targets_under).
    pub fn read_targets_under(
        &self,
        root: &Root,
        json: &[u8],
    ) -> Result<Draft<Targets>, RepositoryError> {
        Draft::read(json, |targets| {
            self.check_next_targets(targets)?;
            Ok(targets_group(root))
        })
    }

    /// Publishes targets metadata. Clients see it after the next [`refresh`](Self::refresh).
    pub fn publish_targets(&mut self, draft: Draft<Targets>) -> Result<Vec<File>, RepositoryError> {
        let targets = draft.finish()?;
        self.check_next_targets(targets.signed())?;
        // The root may have other keys for it by now.
        targets.verify(self.root.signed().signers(TopRole::Targets))?;
        let file = self.file(TopRole::Targets, &targets);
        self.targets = Some(targets);
        self.leaps.remove(&TopRole::Targets);
        Ok(vec![file])
    }

    fn check_next_targets(&self, targets: &Targets) -> Result<(), RepositoryError> {
        check_next(
            TopRole::Targets,
            self.next_version(TopRole::Targets),
            targets,
        )
    }

    /// Where the content of a target is: `targets/<folder>/<sha256>.<name>`.
    fn target_path(&self, path: &str, target: &TargetFile) -> Result<String, RepositoryError> {
        if !is_target_path(path) {
            return Err(RepositoryError::TargetPath {
                path: path.to_owned(),
            });
        }
        let mut hashes = target.hashes().iter();
        let prefix = match (self.consistent(), hashes.next()) {
            (true, Some((_, hash))) => format!("{hash}."),
            _ => String::new(),
        };
        Ok(match path.rsplit_once('/') {
            Some((folder, name)) => format!("targets/{folder}/{prefix}{name}"),
            None => format!("targets/{prefix}{path}"),
        })
    }
}

/// Who must sign targets metadata.
fn targets_group(root: &Root) -> Vec<Group> {
    vec![Group::of(root, TopRole::Targets, "root")]
}

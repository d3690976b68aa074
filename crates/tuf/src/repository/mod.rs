//! The repository's side: the four documents, made, changed and signed (TUF specification 1.0.34
//! sections 4 and 6).
//!
//! ```text
//! first_root ─▶ Draft<Root> ─ sign ─▶ create          1.root.json
//! draft_targets ─▶ Draft<Targets> ─ sign ─▶ publish   targets/<sha256>.trusted_root.json, 1.targets.json
//! refresh(online keys)                                1.snapshot.json, timestamp.json
//! ```
//!
//! Nothing is read or written here: the files that a change makes come out in the order in which
//! they are to be written, contents before the metadata that names them, `timestamp.json` last. With
//! consistent snapshots, which is how Sigstore publishes, no file but `timestamp.json` is ever
//! written twice, so that a client sees one state or the next.
//!
//! Root and targets keys may be elsewhere: a [`Draft`] goes out as a file, comes back with signatures,
//! today or in a week ([`Repository::read_root`]), and is published once there are enough. Snapshot and timestamp keys are online, and [`Repository::refresh`] signs with them
//! whatever needs it: a snapshot that does not list the latest targets, metadata that was signed by
//! keys that have been rotated, and what expires soon.

mod draft;
mod error;
mod load;
mod quorum;
mod refresh;
mod root;
mod targets;

pub use draft::{Draft, sign_copy};
pub use error::{DraftError, QuorumError, RepositoryError};
pub use quorum::Quorum;
pub use refresh::{Period, Renewal};
pub use root::{FirstRoot, first_root, read_first_root};
pub use targets::TargetEdit;

use std::collections::BTreeMap;

use crate::metadata::{Metadata, Root, Signed, Snapshot, Targets, Timestamp, TopRole};

/// A repository: the latest version of each document.
#[derive(Debug, Clone)]
pub struct Repository {
    root: Metadata<Root>,
    targets: Option<Metadata<Targets>>,
    snapshot: Option<Metadata<Snapshot>>,
    timestamp: Option<Metadata<Timestamp>>,
    /// How many versions the next document of a role passes over.
    leaps: BTreeMap<TopRole, u64>,
}

/// A file of the repository, to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The path below the repository's folder, with `/` between segments and not percent-encoded:
    /// `3.root.json`, `targets/<sha256>.trusted_root.json`.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl Repository {
    /// The root.
    pub fn root(&self) -> &Metadata<Root> {
        &self.root
    }

    /// The targets metadata of the top level, once it was published.
    pub fn targets(&self) -> Option<&Metadata<Targets>> {
        self.targets.as_ref()
    }

    /// The snapshot, once there is one.
    pub fn snapshot(&self) -> Option<&Metadata<Snapshot>> {
        self.snapshot.as_ref()
    }

    /// The timestamp, once there is one.
    pub fn timestamp(&self) -> Option<&Metadata<Timestamp>> {
        self.timestamp.as_ref()
    }

    /// Lets the next targets, snapshot and timestamp pass over that many versions, and be made even if
    /// nothing else is new: what a copy of yesterday needs, since clients refuse versions below those that
    /// they saw today. Roots are numbered without gaps, and cannot pass over any.
    pub fn leap(&mut self, versions: u64) {
        let roles = [TopRole::Targets, TopRole::Snapshot, TopRole::Timestamp];
        self.leaps = roles.map(|role| (role, versions)).into();
    }

    /// Whether targets have passed over the versions that they were to.
    pub fn has_leapt(&self) -> bool {
        !self.leaps.contains_key(&TopRole::Targets)
    }

    /// The version that the next document of a role has.
    pub fn next_version(&self, role: TopRole) -> u64 {
        let last = match role {
            TopRole::Root => Some(self.root.signed().version()),
            TopRole::Targets => version(self.targets.as_ref()),
            TopRole::Snapshot => version(self.snapshot.as_ref()),
            TopRole::Timestamp => version(self.timestamp.as_ref()),
        };
        last.map_or(1, |last| last.saturating_add(self.step(role)))
    }

    /// How far the next version of a role is from the last.
    fn step(&self, role: TopRole) -> u64 {
        let leap = self.leaps.get(&role).copied();
        leap.unwrap_or_default().saturating_add(1)
    }

    fn consistent(&self) -> bool {
        self.root.signed().consistent_snapshot()
    }

    /// The file of a document: with its version in its name, but for the timestamp.
    fn file<T: Signed>(&self, role: TopRole, metadata: &Metadata<T>) -> File {
        let named = match role {
            TopRole::Root => true,
            TopRole::Timestamp => false,
            TopRole::Snapshot | TopRole::Targets => self.consistent(),
        };
        File {
            path: match named {
                true => format!("{}.{role}.json", metadata.signed().version()),
                false => format!("{role}.json"),
            },
            bytes: metadata.bytes().to_vec(),
        }
    }
}

fn version<T: Signed>(metadata: Option<&Metadata<T>>) -> Option<u64> {
    metadata.map(|metadata| metadata.signed().version())
}

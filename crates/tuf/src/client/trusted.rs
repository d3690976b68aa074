//! What a refresh ends with.

use waxwing_encoding::time::UnixTime;

use super::{LocalCopy, Search};
use crate::metadata::{Metadata, Root, Signed, Snapshot, Targets, Timestamp};

/// The four documents that are the latest, each verified by the others. Only a refresh makes it.
#[derive(Debug)]
pub struct Trusted {
    pub(super) now: UnixTime,
    pub(super) local: LocalCopy,
    pub(super) root: Metadata<Root>,
    pub(super) timestamp: Metadata<Timestamp>,
    pub(super) snapshot: Metadata<Snapshot>,
    pub(super) targets: Metadata<Targets>,
}

impl Trusted {
    /// The root.
    pub fn root(&self) -> &Metadata<Root> {
        &self.root
    }

    /// The timestamp.
    pub fn timestamp(&self) -> &Metadata<Timestamp> {
        &self.timestamp
    }

    /// The snapshot.
    pub fn snapshot(&self) -> &Metadata<Snapshot> {
        &self.snapshot
    }

    /// The targets metadata of the top level.
    pub fn targets(&self) -> &Metadata<Targets> {
        &self.targets
    }

    /// Begins the search for a target, which asks for the metadata of delegated roles where it needs
    /// them.
    pub fn search(&mut self, path: &str) -> Search<'_> {
        Search::start(self, path)
    }

    /// The first time at which one of the four is expired.
    pub fn expires(&self) -> UnixTime {
        let online = self.timestamp.signed().expires();
        let online = online.min(self.snapshot.signed().expires());
        let offline = self.targets.signed().expires();
        online.min(offline).min(self.root.signed().expires())
    }
}

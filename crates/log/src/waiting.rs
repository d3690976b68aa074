//! Callers who wait for their entry, and what they are told.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::AddError;
use crate::snapshot::Snapshot;

/// Where an entry is, and a head that it is under.
pub(crate) struct Placement {
    pub(crate) index: u64,
    pub(crate) existed: bool,
    pub(crate) snapshot: Arc<Snapshot>,
}

/// A caller whose entry has its place, and waits for a head over it to be published.
pub(crate) struct Waiting {
    pub(crate) reply: oneshot::Sender<Result<Placement, AddError>>,
    pub(crate) index: u64,
    pub(crate) existed: bool,
    /// The caller's share of the queue's bound, held until the answer.
    pub(crate) _permit: OwnedSemaphorePermit,
}

impl Waiting {
    /// Tells the caller of a head that covers the entry.
    pub(crate) fn answer(self, snapshot: &Arc<Snapshot>) {
        // A caller that went away needs no answer; its entry is in the log all the same.
        let _ = self.reply.send(Ok(Placement {
            index: self.index,
            existed: self.existed,
            snapshot: Arc::clone(snapshot),
        }));
    }
}

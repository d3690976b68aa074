//! A head that was let out, with everything that can be read under it: one value, so that nobody ever
//! sees a proof of one head and the checkpoint of another.

use std::sync::Arc;

use waxwing_tlog::note::NoteKeyError;

use crate::state::State;
use crate::{HeadSigner, Published};

/// A published state.
pub(crate) struct Snapshot {
    pub(crate) state: State,
    checkpoint: Arc<str>,
}

impl Snapshot {
    /// Signs the head of a state, which the caller has made durable before.
    pub(crate) fn sign(signer: &HeadSigner, state: State) -> Result<Self, NoteKeyError> {
        let checkpoint = signer.sign(&state.head)?;
        Ok(Self { state, checkpoint })
    }

    pub(crate) fn published(&self) -> Published {
        let head = &self.state.head;
        Published {
            checkpoint: Arc::clone(&self.checkpoint),
            size: head.size,
            root: head.root,
            time: head.time,
        }
    }
}

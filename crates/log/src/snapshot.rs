//! A head that was let out, with everything that can be read under it: one value, so that nobody ever
//! sees a proof of one head and the checkpoint of another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use waxwing_tlog::Hash;
use waxwing_tlog::note::{NoteKeyError, NoteSignature};

use crate::state::State;
use crate::{HeadSigner, Published};

/// A state whose head was signed.
pub(crate) struct Snapshot {
    pub(crate) state: State,
    checkpoint: Arc<str>,
    /// What the proofs of the entries of one full tile have in common, for those that were asked for.
    shared: Mutex<HashMap<u64, Arc<SharedProof>>>,
}

/// The upper part of the inclusion proof of every leaf of a full tile: from the tile's root to the
/// root of the tree. It was checked.
pub(crate) struct SharedProof {
    pub(crate) tile_root: Hash,
    pub(crate) upper: Vec<Hash>,
}

impl Snapshot {
    /// Signs the head of a state, which the caller has made durable before.
    pub(crate) fn sign(signer: &HeadSigner, state: State) -> Result<Self, NoteKeyError> {
        let checkpoint = signer.sign(&state.head)?;
        Ok(Self::signed(state, checkpoint))
    }

    /// A state whose head somebody has signed before.
    pub(crate) fn signed(state: State, checkpoint: Arc<str>) -> Self {
        Self {
            state,
            checkpoint,
            shared: Mutex::default(),
        }
    }

    /// The shared part of the proofs of a tile's leaves, made by the first who asks.
    pub(crate) fn shared_proof<E>(
        &self,
        tile: u64,
        make: impl FnOnce() -> Result<SharedProof, E>,
    ) -> Result<Arc<SharedProof>, E> {
        let lock = || self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = lock().get(&tile) {
            return Ok(Arc::clone(shared));
        }
        let made = Arc::new(make()?);
        lock().insert(tile, Arc::clone(&made));
        Ok(made)
    }

    /// The same under more signatures.
    pub(crate) fn with_signatures(&self, signatures: Vec<NoteSignature>) -> Self {
        let mut checkpoint = self.checkpoint.to_string();
        for signature in signatures {
            checkpoint.push_str(&signature.to_string());
        }
        Self::signed(self.state.clone(), checkpoint.into())
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

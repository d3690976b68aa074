//! Heads, and the keys that sign them.

use std::sync::Arc;

use waxwing_encoding::time::UnixTime;
use waxwing_tlog::Hash;
use waxwing_tlog::checkpoint::{Checkpoint, CheckpointError};
use waxwing_tlog::merkle::EMPTY_ROOT;
use waxwing_tlog::note::{Note, NoteKeyError, NoteSigner, NoteVerifier};

/// The state of a log at one moment: what a checkpoint says, before it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The log's name.
    pub origin: Arc<str>,
    /// The ID of the key that signs.
    pub key_id: [u8; 4],
    /// The number of leaves.
    pub size: u64,
    /// The root of the tree.
    pub root: Hash,
    /// The time of the last entries, in whole milliseconds.
    pub time: UnixTime,
    /// When the log was frozen: no entries follow this head.
    pub frozen: Option<UnixTime>,
}

/// Which log and which key heads belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) origin: Arc<str>,
    pub(crate) key_id: [u8; 4],
}

impl Owner {
    /// The head of a tree of this log.
    pub(crate) fn head(&self, size: u64, root: Hash, time: UnixTime) -> Head {
        Head {
            origin: Arc::clone(&self.origin),
            key_id: self.key_id,
            size,
            root,
            time,
            frozen: None,
        }
    }
}

impl From<&Head> for Owner {
    fn from(head: &Head) -> Self {
        Self {
            origin: Arc::clone(&head.origin),
            key_id: head.key_id,
        }
    }
}

/// The origin of a log and the keys that sign its heads.
#[derive(Debug, Clone)]
pub struct HeadSigner {
    origin: Arc<str>,
    first: NoteSigner,
    others: Vec<NoteSigner>,
}

impl HeadSigner {
    /// Signs the heads of the log named `origin`. The key's name is usually the origin; only a
    /// Rekor v1 log differs, whose origin has ` - <tree ID>` behind the name.
    pub fn new(origin: &str, signer: NoteSigner) -> Result<Self, CheckpointError> {
        Checkpoint::new(origin, 0, EMPTY_ROOT)?;
        Ok(Self {
            origin: origin.into(),
            first: signer,
            others: Vec::new(),
        })
    }

    /// Signs with one more key.
    pub fn and(mut self, signer: NoteSigner) -> Self {
        self.others.push(signer);
        self
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The public sides of the keys, the one that the heads name first.
    pub fn verifiers(&self) -> Vec<NoteVerifier> {
        self.signers().map(|key| key.verifier().clone()).collect()
    }

    pub(crate) fn owner(&self) -> Owner {
        Owner {
            origin: Arc::clone(&self.origin),
            key_id: self.first.verifier().key_id(),
        }
    }

    /// The signed note of a head. The caller has committed it before.
    pub(crate) fn sign(&self, head: &Head) -> Result<Arc<str>, NoteKeyError> {
        let unsigned = Checkpoint::new(&head.origin, head.size, head.root)
            .and_then(|checkpoint| match head.frozen {
                // static-ct-api: a checkpoint of Certificate Transparency has no extension lines.
                Some(time) if !self.first.signs_tree_heads() => {
                    checkpoint.with_extension(&frozen_line(time))
                }
                _ => Ok(checkpoint),
            })
            .expect("invariant: the origin was checked when the signer was made");
        let text = Note::new(&unsigned.to_string())
            .expect("invariant: a checkpoint is the text of a note");
        let mut note = text.clone();
        for signer in self.signers() {
            note = note.with_signature(signer.sign(&text, head.time)?);
        }
        Ok(note.to_string().into())
    }

    fn signers(&self) -> impl Iterator<Item = &NoteSigner> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

/// The extension line of a frozen log, as Rekor v2's own tool begins it.
fn frozen_line(time: UnixTime) -> String {
    format!("Log frozen \u{2014} {time}")
}

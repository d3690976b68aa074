//! The signed tree head (RFC 6962 section 4.3), out of the checkpoint that carries the same signature.
//!
//! ```text
//! in the note:   u64 milliseconds | 04 03 | u16 length | signature        (behind the key's ID)
//! {"tree_size":2,"timestamp":1764000000123,"sha256_root_hash":"…","tree_head_signature":"BAMA…"}
//! ```
//!
//! What the two sign is the same bytes, so nothing is signed anew: who reads both sees one head.

use serde::Serialize;
use waxwing_crypto::PublicKey;
use waxwing_encoding::base64;
use waxwing_encoding::tls::{Reader, TlsError};
use waxwing_tlog::checkpoint::{Checkpoint, CheckpointError};
use waxwing_tlog::note::{Note, NoteError, NoteKeyError, NoteVerifier};

/// A signed tree head as `get-sth` answers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct SignedTreeHead {
    tree_size: u64,
    timestamp: u64,
    sha256_root_hash: String,
    tree_head_signature: String,
}

/// Why a checkpoint does not have a tree head.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SthError {
    #[error("the checkpoint: {0}")]
    Note(#[from] NoteError),
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    #[error("the log's key: {0}")]
    Key(#[from] NoteKeyError),
    #[error("the checkpoint's signature: {0}")]
    Tls(#[from] TlsError),
    #[error("the checkpoint has no signature of type 5 by the log's key")]
    NotSigned,
}

impl SignedTreeHead {
    /// The tree head of a checkpoint of the log with this key.
    pub(crate) fn of(checkpoint: &str, key: &PublicKey) -> Result<Self, SthError> {
        let note = Note::parse(checkpoint)?;
        let head = Checkpoint::parse(note.text())?;
        let verifier = NoteVerifier::tree_head(head.origin(), key)?;
        let mut signatures = note.signatures().iter();
        let signature = signatures.find(|signature| verifier.made(signature));
        let signature = signature.ok_or(SthError::NotSigned)?.bytes();
        let mut fields = Reader::new(signature);
        let timestamp = fields.number(8)?;
        let signed = fields.bytes(signature.len() - 8)?;
        Ok(Self {
            tree_size: head.size(),
            timestamp,
            sha256_root_hash: base64::encode(head.root().as_bytes()),
            tree_head_signature: base64::encode(signed),
        })
    }
}

//! Cosignatures of witnesses (C2SP tlog-cosignature), of two kinds.
//!
//! Ed25519, signature type 4:
//!
//! ```text
//! signed:     cosignature/v1
//!             time 1679315147
//!             the whole text of the checkpoint
//! in a note:  u64 seconds | 64 bytes of Ed25519
//! ```
//!
//! ML-DSA-44, signature type 6:
//!
//! ```text
//! signed:     "subtree/v1" LF NUL
//!             u8 length, witness's name | u64 seconds | u8 length, log's origin
//!             u64 start, here 0 | u64 tree size | 32 bytes of root
//! in a note:  u64 seconds | 2420 bytes of ML-DSA-44
//! ```
//!
//! A cosignature says that at this time the witness knew no larger head of this log, and that this
//! head grew out of all those before it. Under the second kind a time of zero says only that the head
//! is consistent with what the witness saw, not that it was the largest.
//!
//! The first kind does not name the witness: each must have a key of its own. The second does, but
//! covers no extension lines of the checkpoint: what those say is nothing that the witness signed.

use waxwing_crypto::SignatureAlgorithm;
use waxwing_encoding::tls::{put_number, put_vector};

use crate::checkpoint::Checkpoint;

use super::NoteKeyError;

/// Milliseconds in a second: cosignatures count seconds, everything else here milliseconds.
const MILLISECONDS: u64 = 1000;

/// What the second kind begins with, so that no other message of the key can be taken for one.
const SUBTREE_LABEL: &[u8; 12] = b"subtree/v1\n\0";

/// What a cosignature by the witness of this name, at that time in seconds, covers.
///
/// Errors, of the second kind alone: the text is no checkpoint; a name that is too long.
pub(super) fn signed_bytes(
    algorithm: SignatureAlgorithm,
    name: &str,
    seconds: u64,
    text: &str,
) -> Result<Vec<u8>, NoteKeyError> {
    if algorithm != SignatureAlgorithm::MlDsa44 {
        return Ok(format!("cosignature/v1\ntime {seconds}\n{text}").into_bytes());
    }
    let checkpoint = Checkpoint::parse(text)?;
    let mut message = SUBTREE_LABEL.to_vec();
    put_name(&mut message, name)?;
    put_number(&mut message, 8, seconds);
    put_name(&mut message, checkpoint.origin())?;
    put_number(&mut message, 8, 0);
    put_number(&mut message, 8, checkpoint.size());
    message.extend_from_slice(checkpoint.root().as_bytes());
    Ok(message)
}

/// Whether the second kind can hold the name: a witness that could sign nothing is no witness.
pub(super) fn check_name(name: &str) -> Result<(), NoteKeyError> {
    put_name(&mut Vec::new(), name)
}

/// A name with its length in one byte.
fn put_name(message: &mut Vec<u8>, name: &str) -> Result<(), NoteKeyError> {
    put_vector(message, 1, name.as_bytes()).map_err(|_| NoteKeyError::LongName {
        name: name.to_owned(),
    })
}

/// The bytes behind the key ID on the signature line.
pub(super) fn encode(seconds: u64, signature: &[u8]) -> Vec<u8> {
    [&seconds.to_be_bytes(), signature].concat()
}

/// The seconds and the signature, if the line's bytes are as long as this kind's are.
pub(super) fn parse(algorithm: SignatureAlgorithm, bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (seconds, signature) = bytes.split_first_chunk()?;
    if signature.len() != length(algorithm)? {
        return None;
    }
    Some((u64::from_be_bytes(*seconds), signature))
}

/// The time as [`super::VerifiedSignature`] gives it; `None` beyond the year 500 million.
pub(super) fn milliseconds(seconds: u64) -> Option<u64> {
    seconds.checked_mul(MILLISECONDS)
}

/// The whole seconds of a time in milliseconds.
pub(crate) fn seconds(milliseconds: u64) -> u64 {
    milliseconds / MILLISECONDS
}

fn length(algorithm: SignatureAlgorithm) -> Option<usize> {
    match algorithm {
        SignatureAlgorithm::Ed25519 => Some(64),
        SignatureAlgorithm::MlDsa44 => Some(2420),
        _ => None,
    }
}

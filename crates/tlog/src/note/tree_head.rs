//! The signature of an RFC 6962 tree head inside a note (static-ct-api, signature type 5).
//!
//! ```text
//! signed:     00 01 | u64 milliseconds | u64 size | 32 bytes of root
//! in a note:  u64 milliseconds | 04 03 | u16 length | signature
//! ```
//!
//! What is signed does not name the log. So the note's origin must be the key's name, and a line of
//! extension, which nothing would cover, is refused.

use waxwing_crypto::SignatureAlgorithm;
use waxwing_encoding::tls::{Reader, TlsError, put_number, put_vector};

use crate::Hash;
use crate::checkpoint::Checkpoint;

/// SHA-256, in the numbers of RFC 5246.
const HASH_SHA256: u64 = 4;

/// The signed bytes of a tree head (RFC 6962 section 3.5), with its time in milliseconds.
pub fn tree_head_signature_input(timestamp: u64, size: u64, root: &Hash) -> Vec<u8> {
    let mut input = vec![0, 1];
    put_number(&mut input, 8, timestamp);
    put_number(&mut input, 8, size);
    input.extend_from_slice(root.as_bytes());
    input
}

/// What a note's text must be for its tree head to be signed: `None` if the text is another log's
/// or says more than a tree head can.
pub(super) fn tree_head(text: &str, origin: &str) -> Option<Checkpoint> {
    let checkpoint = Checkpoint::parse(text).ok()?;
    let plain = checkpoint.origin() == origin && checkpoint.extensions().is_empty();
    plain.then_some(checkpoint)
}

/// The number that RFC 5246 gives to the kind of signature.
pub(super) fn signature_number(algorithm: SignatureAlgorithm) -> u64 {
    match algorithm {
        SignatureAlgorithm::RsaPkcs1Sha256 => 1,
        _ => 3,
    }
}

/// The bytes behind the key ID on the signature line.
pub(super) fn encode(timestamp: u64, number: u64, signature: &[u8]) -> Result<Vec<u8>, TlsError> {
    let mut bytes = Vec::with_capacity(12 + signature.len());
    put_number(&mut bytes, 8, timestamp);
    put_number(&mut bytes, 1, HASH_SHA256);
    put_number(&mut bytes, 1, number);
    put_vector(&mut bytes, 2, signature)?;
    Ok(bytes)
}

/// The timestamp and the signature, if the line's bytes are of that kind and nothing else.
pub(super) fn parse(bytes: &[u8], number: u64) -> Option<(u64, &[u8])> {
    let mut reader = Reader::new(bytes);
    let timestamp = reader.number(8).ok()?;
    if reader.number(1).ok()? != HASH_SHA256 || reader.number(1).ok()? != number {
        return None;
    }
    let signature = reader.vector(2).ok()?;
    reader.finish().ok()?;
    Some((timestamp, signature))
}

//! Step 6: a transparency log holds an entry with exactly this digest, signature and certificate.
//!
//! The body is not read but built anew from the bundle and compared. A verifier that only looked at
//! some of its fields accepted entries of other signatures (CVE-2022-36056, CVE-2026-22703).

use waxwing_entries::hashedrekord::{self, Proposal, ProposalError, Verifier};
use waxwing_model::Bundle;
use waxwing_model::bundle::LogEntry;
use waxwing_model::trusted_root::TransparencyLog;
use waxwing_tlog::checkpoint::{Checkpoint, CheckpointError};
use waxwing_tlog::merkle::{self, ProofError};
use waxwing_tlog::note::{Note, NoteError, NoteKeyError, NoteVerifier};

use crate::artifact::Signed;
use crate::time::reasons;

/// An entry that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedEntry {
    /// The log's URL.
    pub log: String,
    /// The entry's index.
    pub log_index: u64,
}

/// The trusted root names a log whose key or name cannot sign checkpoints.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the transparency log {log} of the trusted root: {source}")]
pub struct TrustError {
    /// The log's URL.
    pub log: String,
    /// What is wrong.
    pub source: NoteKeyError,
}

/// Why there are not enough entries.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EntryRefused {
    /// An entry of a known log does not hold: the bundle is refused whatever else it has.
    #[error("the entry {log_index} of the log {log}: {source}")]
    Invalid {
        /// The log's URL.
        log: String,
        /// The entry's index.
        log_index: u64,
        /// What is wrong.
        source: EntryError,
    },
    /// Too few distinct logs.
    #[error("{found} of {expected} transparency log entries verified{}", reasons(.unknown))]
    TooFew {
        /// Distinct logs with an entry that verified.
        found: usize,
        /// How many were required.
        expected: usize,
        /// The entries of logs that the trusted root does not know.
        unknown: Vec<UnknownLog>,
    },
}

/// An entry of a log that the trusted root does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the trusted root has no transparency log {}", waxwing_encoding::base64::encode(.log_id))]
pub struct UnknownLog {
    /// The log's identifier.
    pub log_id: Vec<u8>,
}

/// What is wrong with an entry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// A kind that cannot be verified yet.
    #[error("the entry is a {kind} {version}; expected hashedrekord 0.0.2")]
    Kind {
        /// The kind.
        kind: String,
        /// Its version.
        version: String,
    },
    /// The entry speaks of something else.
    #[error("the entry is not about this artifact, signature and certificate")]
    OtherBody,
    /// The body cannot be built.
    #[error(transparent)]
    Body(#[from] ProposalError),
    /// The checkpoint's signatures.
    #[error("the checkpoint: {0}")]
    Note(#[from] NoteError),
    /// The checkpoint's text.
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// A checkpoint of another log.
    #[error("the checkpoint's origin is {found:?}; expected {expected:?}")]
    Origin {
        /// The origin.
        found: String,
        /// The host name of the log's URL.
        expected: String,
    },
    /// The proof and the checkpoint, or the two indexes, disagree.
    #[error("the inclusion proof's {part} is not the {other}")]
    Disagreement {
        /// The part of the proof.
        part: &'static str,
        /// What it should equal.
        other: &'static str,
    },
    /// The proof.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

/// A log of the trusted root, ready to open its checkpoints.
#[derive(Debug, Clone)]
pub(crate) struct KnownLog {
    log_id: Vec<u8>,
    base_url: String,
    verifier: NoteVerifier,
}

pub(crate) fn known_logs(logs: &[TransparencyLog]) -> Result<Vec<KnownLog>, TrustError> {
    let prepare = |log: &TransparencyLog| {
        // sigstore-go takes the host name for the origin, whatever else the trusted root says.
        let verifier =
            NoteVerifier::rekor_v2(host(&log.base_url), &log.public_key).map_err(|source| {
                TrustError {
                    log: log.base_url.clone(),
                    source,
                }
            })?;
        Ok(KnownLog {
            log_id: log.log_id.clone(),
            base_url: log.base_url.clone(),
            verifier,
        })
    };
    logs.iter().map(prepare).collect()
}

/// Verifies every entry; a log counts once, entries of unknown logs do not count.
pub(crate) fn verify(
    bundle: &Bundle,
    signed: &Signed,
    logs: &[KnownLog],
    required: usize,
) -> Result<Vec<VerifiedEntry>, EntryRefused> {
    let mut verified: Vec<VerifiedEntry> = Vec::new();
    let mut unknown = Vec::new();
    for entry in &bundle.entries {
        let Some(log) = logs.iter().find(|log| log.log_id == entry.log_id) else {
            unknown.push(UnknownLog {
                log_id: entry.log_id.clone(),
            });
            continue;
        };
        let (name, log_index) = (log.base_url.clone(), entry.log_index);
        verify_body(bundle, signed, entry)
            .and_then(|()| verify_inclusion(entry, log))
            .map_err(|source| EntryRefused::Invalid {
                log: name.clone(),
                log_index,
                source,
            })?;
        verified.push(VerifiedEntry {
            log: name,
            log_index,
        });
    }
    let mut speakers: Vec<&str> = verified.iter().map(|entry| entry.log.as_str()).collect();
    speakers.sort_unstable();
    speakers.dedup();
    let found = speakers.len();
    if found < required {
        return Err(EntryRefused::TooFew {
            found,
            expected: required,
            unknown,
        });
    }
    Ok(verified)
}

fn verify_body(bundle: &Bundle, signed: &Signed, entry: &LogEntry) -> Result<(), EntryError> {
    if (entry.kind.as_str(), entry.version.as_str()) != (hashedrekord::KIND, hashedrekord::VERSION)
    {
        let (kind, version) = (entry.kind.clone(), entry.version.clone());
        return Err(EntryError::Kind { kind, version });
    }
    let expected = Proposal {
        digest: signed.digest,
        signature: bundle.signature.signature.clone(),
        verifier: Verifier::Certificate(Box::new(bundle.certificate.clone())),
        algorithm: signed.algorithm,
    };
    if expected.canonical_body()? != entry.canonicalized_body {
        return Err(EntryError::OtherBody);
    }
    Ok(())
}

fn verify_inclusion(entry: &LogEntry, log: &KnownLog) -> Result<(), EntryError> {
    let proof = &entry.inclusion_proof;
    let note = Note::parse(&proof.checkpoint)?;
    let opened = note.open(std::slice::from_ref(&log.verifier))?;
    let checkpoint = Checkpoint::parse(opened.text())?;
    let name = log.verifier.name();
    if checkpoint.origin() != name {
        let found = checkpoint.origin().to_owned();
        return Err(EntryError::Origin {
            found,
            expected: name.to_owned(),
        });
    }
    let equal = [
        (
            "tree size",
            proof.tree_size == checkpoint.size(),
            "checkpoint's size",
        ),
        (
            "root hash",
            proof.root_hash == checkpoint.root(),
            "checkpoint's root",
        ),
        (
            "log index",
            proof.log_index == entry.log_index,
            "entry's log index",
        ),
    ];
    if let Some((part, _, other)) = equal.into_iter().find(|(_, equal, _)| !equal) {
        return Err(EntryError::Disagreement { part, other });
    }
    let leaf = merkle::leaf_hash(&entry.canonicalized_body);
    let (index, size) = (entry.log_index, checkpoint.size());
    Ok(merkle::verify_inclusion(
        index,
        size,
        &leaf,
        &proof.hashes,
        &checkpoint.root(),
    )?)
}

/// The host name of a URL that may lack its scheme: no port, no path.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rsplit_once(':') {
        // An IPv6 address in brackets has colons of its own.
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_is_the_bare_host_name() {
        for (url, expected) in [
            (
                "https://log2025-1.rekor.sigstore.dev",
                "log2025-1.rekor.sigstore.dev",
            ),
            ("http://127.0.0.1:3003", "127.0.0.1"),
            ("https://example.com/rekor/", "example.com"),
            ("example.com", "example.com"),
            ("http://[::1]:8080/", "[::1]"),
        ] {
            assert_eq!(host(url), expected, "{url}");
        }
    }
}

//! Step 1: a transparency log holds the entry.
//!
//! What is proven is what the log says: its promise, its checkpoint, the path from the entry to the
//! checkpoint's root. It comes first because a promise carries the time that the steps after it
//! need, and is worth nothing before it is verified (TOB-SIGSTORE-3). What the entry is about is asked
//! last, in step 7.

use waxwing_encoding::time::UnixTime;
use waxwing_entries::binding::BindingError;
use waxwing_model::Bundle;
use waxwing_model::bundle::{InclusionProof, LogEntry, Version};
use waxwing_model::trusted_root::TransparencyLog;
use waxwing_tlog::checkpoint::{Checkpoint, CheckpointError};
use waxwing_tlog::merkle::{self, ProofError};
use waxwing_tlog::note::{Note, NoteError};
use waxwing_tlog::witness_policy::{WitnessPolicy, WitnessPolicyError};

use crate::Requirements;
use crate::counting::{distinct, reasons};
use crate::promise::{self, PromiseError};
use crate::trust::{KnownLog, host};

/// An entry that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedEntry {
    /// The log's URL.
    pub log: String,
    /// The index by which the log knows the entry. None for an entry of Rekor v1 without a promise:
    /// the proof knows only its place in one tree, and nothing signs the number in the bundle.
    pub log_index: Option<u64>,
    /// When the log took the entry, by its promise; Rekor v2 says nothing of that.
    pub time: Option<UnixTime>,
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
    /// The same entry twice, under two names of its log.
    #[error("the bundle has an entry of the log {log} twice")]
    Repeated {
        /// The log's URL.
        log: String,
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
    /// The log's promise.
    #[error("the inclusion promise: {0}")]
    Promise(#[from] PromiseError),
    /// Neither a proof nor, where that suffices, a promise.
    #[error("the entry has no inclusion proof with a checkpoint")]
    NoProof,
    /// The checkpoint's signatures.
    #[error("the checkpoint: {0}")]
    Note(#[from] NoteError),
    /// The checkpoint's text.
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// A log whose key signs no checkpoints of this kind.
    #[error("the checkpoint: the log's key cannot sign checkpoints of Rekor {generation}")]
    NoKey {
        /// Which Rekor.
        generation: &'static str,
    },
    /// A checkpoint of another log.
    #[error("the checkpoint's origin is {found:?}; expected {expected:?}")]
    Origin {
        /// The origin.
        found: String,
        /// The host name of the log's URL.
        expected: String,
    },
    /// Too few witnesses signed the checkpoint.
    #[error("the checkpoint: {0}")]
    Witnesses(#[from] WitnessPolicyError),
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
    /// A time outside the window in which the trusted root trusts the log.
    #[error("the trusted root does not trust the log at {time}")]
    Window {
        /// The time.
        time: UnixTime,
    },
    /// A time that nobody signed, at which the certificate was not valid.
    #[error("the entry's integratedTime {time} is outside the certificate's validity")]
    IntegratedTime {
        /// The time.
        time: UnixTime,
    },
    /// The entry speaks of something else.
    #[error(transparent)]
    Binding(#[from] BindingError),
}

/// An entry of which it is proven that the log holds it, and not yet what it is about.
#[derive(Debug)]
pub(crate) struct ProvenEntry<'a> {
    pub(crate) entry: &'a LogEntry,
    pub(crate) log: &'a TransparencyLog,
    pub(crate) promised_time: Option<UnixTime>,
}

impl ProvenEntry<'_> {
    /// Whether this is the same entry of the same log: the same body at the same place of a tree.
    fn is_same(&self, other: &Self) -> bool {
        let place = |entry: &LogEntry| {
            let proof = entry.inclusion_proof.as_ref();
            proof.map_or(entry.log_index, |proof| proof.log_index)
        };
        self.log.log_id == other.log.log_id
            && place(self.entry) == place(other.entry)
            && self.entry.canonicalized_body == other.entry.canonicalized_body
    }
}

/// Proves every entry of a known log, and counts the logs.
///
/// Entries of unknown logs are passed over. One of a known log that does not hold refuses the
/// bundle: a bundle with a forged entry beside a good one is nothing to be trusted.
pub(crate) fn prove<'a>(
    bundle: &'a Bundle,
    logs: &'a [KnownLog],
    witnesses: Option<&WitnessPolicy>,
    required: &Requirements,
) -> Result<Vec<ProvenEntry<'a>>, EntryRefused> {
    let promises_suffice = required.promises && bundle.version == Version::V0_1;
    let mut proven: Vec<ProvenEntry<'a>> = Vec::new();
    let mut unknown = Vec::new();
    for entry in &bundle.entries {
        let Some(found) = prove_entry(entry, logs, witnesses, promises_suffice)? else {
            unknown.push(UnknownLog {
                log_id: entry.log_id.clone(),
            });
            continue;
        };
        // The reader refuses the same index under the same identifier; a log that is found by its
        // checkpoint's key goes by any identifier.
        if proven.iter().any(|known| known.is_same(&found)) {
            return Err(EntryRefused::Repeated {
                log: found.log.base_url.clone(),
            });
        }
        proven.push(found);
    }
    let mut speakers: Vec<&[u8]> = proven.iter().map(|entry| entry.log.speaker()).collect();
    let found = distinct(&mut speakers);
    let expected = required.log_entries;
    if found < expected {
        return Err(EntryRefused::TooFew {
            found,
            expected,
            unknown,
        });
    }
    Ok(proven)
}

/// Proves an entry by the first log of its name that can; `None` if no log has it. A root may name one
/// log several times, for windows of different length; the error is that of the first.
fn prove_entry<'a>(
    entry: &'a LogEntry,
    logs: &'a [KnownLog],
    witnesses: Option<&WitnessPolicy>,
    promises_suffice: bool,
) -> Result<Option<ProvenEntry<'a>>, EntryRefused> {
    let proof = entry.inclusion_proof.as_ref();
    let note = proof.map(|proof| Note::parse(&proof.checkpoint));
    let parsed = note.as_ref().and_then(|note| note.as_ref().ok());
    let mut refused = None;
    for known in logs.iter().filter(|known| known.wrote(entry, parsed)) {
        match (
            prove_by(entry, parsed, known, witnesses, promises_suffice),
            &note,
        ) {
            (Ok(found), _) => return Ok(Some(found)),
            (Err(_), _) if refused.is_some() => {}
            // What could not be read is the first reason.
            (Err(EntryError::NoProof), Some(Err(error))) => {
                refused = Some(refuse(entry, &known.log, error.clone().into()));
            }
            (Err(error), _) => refused = Some(refuse(entry, &known.log, error)),
        }
    }
    refused.map_or(Ok(None), Err)
}

fn prove_by<'a>(
    entry: &'a LogEntry,
    note: Option<&Note>,
    known: &'a KnownLog,
    witnesses: Option<&WitnessPolicy>,
    promises_suffice: bool,
) -> Result<ProvenEntry<'a>, EntryError> {
    let promised_time = match &entry.inclusion_promise {
        Some(promise) => Some(promise::verify(promise, entry, &known.log)?),
        None => None,
    };
    match (&entry.inclusion_proof, note) {
        (Some(proof), Some(note)) => verify_inclusion(entry, proof, note, known, witnesses)?,
        (None, _) if promises_suffice && promised_time.is_some() => {}
        _ => return Err(EntryError::NoProof),
    }
    Ok(ProvenEntry {
        entry,
        log: &known.log,
        promised_time,
    })
}

fn verify_inclusion(
    entry: &LogEntry,
    proof: &InclusionProof,
    note: &Note,
    known: &KnownLog,
    witnesses: Option<&WitnessPolicy>,
) -> Result<(), EntryError> {
    let (generation, verifier) = match entry.is_of_rekor_v2() {
        true => ("v2", &known.rekor_v2),
        false => ("v1", &known.rekor_v1),
    };
    let verifier = verifier.as_ref().ok_or(EntryError::NoKey { generation })?;
    let opened = note.open(std::slice::from_ref(verifier))?;
    let checkpoint = Checkpoint::parse(opened.text())?;
    if entry.is_of_rekor_v2() {
        // A Rekor v1 log calls itself as it was configured, with its tree's number; only the key
        // tells whose checkpoint it is.
        let expected = host(&known.log.base_url);
        if checkpoint.origin() != expected {
            return Err(EntryError::Origin {
                found: checkpoint.origin().into(),
                expected: expected.into(),
            });
        }
        if proof.log_index != entry.log_index {
            return Err(EntryError::Disagreement {
                part: "log index",
                other: "entry's log index",
            });
        }
        if let Some(witnesses) = witnesses {
            witnesses.check(note)?;
        }
    }
    for (part, equal, other) in [
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
    ] {
        if !equal {
            return Err(EntryError::Disagreement { part, other });
        }
    }
    let leaf = merkle::leaf_hash(&entry.canonicalized_body);
    Ok(merkle::verify_inclusion(
        proof.log_index,
        checkpoint.size(),
        &leaf,
        &proof.hashes,
        &checkpoint.root(),
    )?)
}

/// The bundle is refused for this entry.
pub(crate) fn refuse(entry: &LogEntry, log: &TransparencyLog, source: EntryError) -> EntryRefused {
    EntryRefused::Invalid {
        log: log.base_url.clone(),
        log_index: entry.log_index,
        source,
    }
}

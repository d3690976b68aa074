//! Every head that the log has signed in this run: each signature is checked, and a size has one root.
//!
//! A signature takes as long to check as all else of some twenty answers. A log that is asked by few
//! callers signs a head for nearly every entry, and checking each at once would take the processor away
//! from the log that is measured. So signatures are checked after the load, or when anything else about
//! an answer is wrong; until then the checkpoints are kept, up to a bound.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use waxwing_tlog::Hash;
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::note::{Note, NoteVerifier};

use super::violation::Violation;

/// How many texts are remembered. Answers of one batch share a checkpoint and come close together; one
/// that is forgotten costs a signature, not a promise.
const REMEMBERED: usize = 64;

/// How many checkpoints may wait for their signature to be checked: some 20 MB. Those that come after
/// are checked at once.
const WAITING: usize = 1 << 16;

/// What a checkpoint says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) size: u64,
    pub(super) root: Hash,
}

/// All heads of a run, shared by those who judge.
#[derive(Debug)]
pub(super) struct Heads {
    verifier: NoteVerifier,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    recent: VecDeque<(Arc<str>, Head)>,
    roots: BTreeMap<u64, Hash>,
    waiting: Vec<Arc<str>>,
    signatures: u64,
}

impl Heads {
    /// The heads that this key signs.
    pub(super) fn new(verifier: NoteVerifier) -> Self {
        let seen = Mutex::default();
        Self { verifier, seen }
    }

    /// The head that a checkpoint states. Its signature is checked by [`Heads::settle`] at the latest.
    pub(super) fn take(&self, checkpoint: &Arc<str>) -> Result<Head, Violation> {
        let mut seen = self.seen();
        let mut recent = seen.recent.iter().rev();
        if let Some((_, head)) = recent.find(|(text, _)| text == checkpoint) {
            return Ok(*head);
        }
        let note = Note::parse(&**checkpoint)?;
        if seen.waiting.len() < WAITING {
            seen.waiting.push(Arc::clone(checkpoint));
        } else {
            note.open(std::slice::from_ref(&self.verifier))?;
            seen.signatures += 1;
        }
        let head = self.head(note.text());
        let first = head.as_ref().ok();
        let first = first.map(|head| *seen.roots.entry(head.size).or_insert(head.root));
        let head = match (head, first) {
            (Ok(head), Some(first)) if first != head.root => Err(Violation::TwoRoots {
                size: head.size,
                first,
                second: head.root,
            }),
            (head, _) => head,
        };
        let head = match head {
            Ok(head) => head,
            Err(violation) => {
                drop(seen);
                return Err(self.blame(violation));
            }
        };
        if seen.recent.len() == REMEMBERED {
            seen.recent.pop_front();
        }
        seen.recent.push_back((Arc::clone(checkpoint), head));
        Ok(head)
    }

    /// Why an answer is wrong: if a signature is, nothing below it counts.
    pub(super) fn blame(&self, violation: Violation) -> Violation {
        self.settle().err().unwrap_or(violation)
    }

    /// Checks the signatures that were not checked yet, on all cores.
    pub(super) fn settle(&self) -> Result<(), Violation> {
        let mut seen = self.seen();
        let waiting = std::mem::take(&mut seen.waiting);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let check = |checkpoints: &[Arc<str>]| {
            let mut checkpoints = checkpoints.iter();
            checkpoints.try_for_each(|text| open(text, &self.verifier).map(|_| ()))
        };
        std::thread::scope(|scope| {
            let parts = waiting.chunks(waiting.len().div_ceil(cores).max(16));
            let threads: Vec<_> = parts.map(|part| scope.spawn(move || check(part))).collect();
            let mut ends = threads.into_iter().map(|thread| thread.join());
            ends.try_for_each(|end| end.expect("invariant: checking a signature does not panic"))
        })?;
        seen.signatures += waiting.len() as u64;
        Ok(())
    }

    /// How many signatures were checked.
    pub(super) fn signatures(&self) -> u64 {
        self.seen().signatures
    }

    /// The root of each size, ascending.
    pub(super) fn roots(&self) -> BTreeMap<u64, Hash> {
        self.seen().roots.clone()
    }

    fn head(&self, text: &str) -> Result<Head, Violation> {
        head(text, &self.verifier)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // Nothing in here panics between two writes, so a poisoned lock still guards whole values.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The head in a checkpoint that this key must have signed.
pub(super) fn open(checkpoint: &str, verifier: &NoteVerifier) -> Result<Head, Violation> {
    let note = Note::parse(checkpoint)?;
    let opened = note.open(std::slice::from_ref(verifier))?;
    head(opened.text(), verifier)
}

fn head(text: &str, verifier: &NoteVerifier) -> Result<Head, Violation> {
    let checkpoint = Checkpoint::parse(text)?;
    if checkpoint.origin() != verifier.name() {
        return Err(Violation::CheckpointOrigin {
            found: checkpoint.origin().to_owned(),
            expected: verifier.name().to_owned(),
        });
    }
    Ok(Head {
        size: checkpoint.size(),
        root: checkpoint.root(),
    })
}

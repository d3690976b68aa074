//! The directory as it lies there: the checkpoint, the write-ahead log and the guard, in an order in
//! which a writer beside us does not look like damage.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::note::{Note, NoteVerifier};

use super::ground::Ground;
use super::problem::{ProblemKind, Problems};
use super::tail::Tail;
use crate::{DriverError, Guard, GuardPlace, LocalDriver};

const CHECKPOINT: &str = "checkpoint";

/// How often a directory is looked at until its parts fit: its writer may be at work.
pub(super) const LOOKS: u32 = 5;
pub(super) const PAUSE: Duration = Duration::from_millis(20);

pub(super) type Looked = (Option<Bytes>, Tail);

/// The checkpoint, and then the write-ahead log, which reaches at least as far; `None` if there is no
/// log. Looked at again while they do not fit, for as long as a writer may be the reason.
pub(super) fn look(
    driver: &LocalDriver,
    problems: &Problems,
) -> Result<Option<Looked>, DriverError> {
    for turn in 1.. {
        let checkpoint = driver.checkpoint_now();
        let Some(records) = driver.records_now()? else {
            return Ok(None);
        };
        let tail = Tail::of(&records);
        let size = checkpoint.as_ref().ok().and_then(Option::as_ref);
        let size = size.and_then(|note| size_of(note));
        let reaches = tail
            .as_ref()
            .is_some_and(|tail| !tail.heads.is_empty() && Some(tail.end()) >= size);
        if !(reaches && size.is_some()) && turn < LOOKS {
            thread::sleep(PAUSE);
            continue;
        }
        let wal = |found: String, expected: &str| {
            let kind = ProblemKind::WriteAheadLog;
            problems.add(kind, ".state/wal", None, found, expected);
        };
        match &tail {
            None => wal(
                "records with gaps".to_owned(),
                "records that follow each other",
            ),
            Some(tail) if tail.heads.is_empty() => {
                wal("no record".to_owned(), "at least the last head");
            }
            Some(tail) if !reaches && size.is_some() => wal(
                format!("a last head of size {}", tail.end()),
                "one that the checkpoint does not go beyond",
            ),
            Some(_) => {}
        }
        let checkpoint = checkpoint.unwrap_or_else(|error| {
            let kind = ProblemKind::Unreadable;
            problems.add(kind, CHECKPOINT, None, error.to_string(), "a file");
            None
        });
        if checkpoint.is_none() {
            let kind = ProblemKind::Checkpoint;
            problems.add(kind, CHECKPOINT, None, "no file", "a signed note");
        }
        return Ok(Some((checkpoint, tail.unwrap_or_default())));
    }
    unreachable!("invariant: the last turn returns")
}

fn size_of(note: &[u8]) -> Option<u64> {
    let note = Note::parse(note).ok()?;
    Some(Checkpoint::parse(note.text()).ok()?.size())
}

/// Up to where the log may have grown by now.
pub(super) fn newest_size(driver: &LocalDriver) -> u64 {
    let checkpoint = driver.checkpoint_now().ok().flatten();
    let checkpoint = checkpoint.and_then(|note| size_of(&note)).unwrap_or(0);
    let records = driver.records_now().ok().flatten().unwrap_or_default();
    let last = records.last().map_or(0, |record| record.head.size);
    checkpoint.max(last)
}

pub(super) fn believed(
    note: &[u8],
    verifiers: &[NoteVerifier],
    problems: &Problems,
) -> Option<Checkpoint> {
    let report = |kind, found: String, expected: &str| {
        problems.add(kind, CHECKPOINT, None, found, expected);
    };
    let parsed = match Note::parse(note) {
        Ok(parsed) => parsed,
        Err(error) => {
            report(ProblemKind::Checkpoint, error.to_string(), "a signed note");
            return None;
        }
    };
    if !verifiers.is_empty()
        && let Err(error) = parsed.open(verifiers)
    {
        let expected = "a signature of one of the given keys";
        report(ProblemKind::Signature, error.to_string(), expected);
    }
    match Checkpoint::parse(parsed.text()) {
        Ok(checkpoint) => Some(checkpoint),
        Err(error) => {
            report(ProblemKind::Checkpoint, error.to_string(), "a checkpoint");
            None
        }
    }
}

/// The guard and the file that it is in.
pub(super) type Known = Option<(Guard, PathBuf)>;

pub(super) fn known_guard(
    ground: &Ground,
    guard: Result<Option<Guard>, DriverError>,
    place: Option<GuardPlace>,
    not_checked: &mut Vec<String>,
) -> Known {
    let Some(place) = place else {
        not_checked.push("whether the directory was set back: no guard was given".to_owned());
        return None;
    };
    let path = PathBuf::from(place.to_string());
    let found = match guard {
        Ok(Some(guard)) => return Some((guard, path)),
        Ok(None) => "nothing".to_owned(),
        Err(error) => error.to_string(),
    };
    let kind = ProblemKind::GuardUnreadable;
    ground
        .problems
        .add(kind, path, None, found, "the guard of this log");
    None
}

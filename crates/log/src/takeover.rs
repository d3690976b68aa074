//! Going on with a log of Tessera where it lies: C2SP tlog-tiles are the same for both, and what this
//! program keeps beside them is made from them.
//!
//! ```text
//! .state/treeState, checkpoint ─▶ every bundle is hashed ─▶ roots agree ─▶ the log is this program's
//!                                  tiles are compared,
//!                                  the ledger is made
//! ```
//!
//! The files stay where they are. Tessera knows no times, so entries of before have the earliest that
//! they can have: that of the last head, or 1970 in a log that this program never had. Stopped in
//! between, the log is still Tessera's, and the next attempt goes the same way.
//!
//! Back again: with [`crate::PartialTiles::OnClose`] a log that is closed is one that Tessera goes on
//! with, and what it has added then is taken over like this.

use std::path::PathBuf;
use std::sync::Arc;

use waxwing_tlog::Hash;
use waxwing_tlog::bundle::{self, BundleError};
use waxwing_tlog::checkpoint::{Checkpoint, CheckpointError};
use waxwing_tlog::merkle::{Node, leaf_hash};
use waxwing_tlog::note::{Note, NoteError, NoteVerifier};
use waxwing_tlog::tile::{FULL_WIDTH, Tile, Width};

use crate::head::Owner;
use crate::local::TreeState;
use crate::recovery::filed_state;
use crate::state::State;
use crate::{
    Driver, DriverError, Format, Key, LocalDriver, LogError, Object, Record, RecordEntry, filing,
};

const PAGE: u64 = FULL_WIDTH as u64;

/// How many pages are written at a time, which then wait for the disk together.
const PAGES: u64 = 16;

/// A log that was taken over.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TakenOver {
    /// The log's name.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// How many of them this program did not know.
    pub new: u64,
    /// Their root.
    pub root: Hash,
}

/// Why a log was not taken over. Nothing was changed but files that Tessera does not look at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TakeoverError {
    /// There is no checkpoint.
    #[error("the log of Tessera has no checkpoint, which says whose log it is; start Tessera once")]
    NoCheckpoint,
    /// The checkpoint is no note, or is signed by none of the keys.
    #[error("the checkpoint cannot be believed: {0}")]
    Note(#[from] NoteError),
    /// The note is no checkpoint, or none of its lines is of the log itself.
    #[error("the checkpoint cannot be read: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// None of the signatures is of the log itself.
    #[error("the checkpoint of {origin:?} has no signature of that name")]
    Unsigned {
        /// The checkpoint's origin.
        origin: String,
    },
    /// The checkpoint covers more, or less, than it can.
    #[error(
        "the checkpoint has {checkpoint} entries, treeState {state}, and {known} were known here; \
         expected them in the order known, checkpoint, treeState. The log was set back: find the newer data"
    )]
    Sizes {
        /// Entries under the checkpoint.
        checkpoint: u64,
        /// Entries by Tessera's state.
        state: u64,
        /// Entries that this program knows.
        known: u64,
    },
    /// A bundle is not there.
    #[error("{} is missing; the tree of {size} entries has it", path.display())]
    Missing {
        /// The file, below the log's directory.
        path: PathBuf,
        /// The tree's size.
        size: u64,
    },
    /// A bundle is damaged.
    #[error("{}: {source}", path.display())]
    Bundle {
        /// The file, below the log's directory.
        path: PathBuf,
        /// What is wrong with it.
        source: BundleError,
    },
    /// The entries lead to another root.
    #[error("the first {size} entries have the root {derived}, but {place} says {recorded}")]
    Root {
        /// The tree's size.
        size: u64,
        /// The root that follows from the entries.
        derived: Hash,
        /// The root that was to follow.
        recorded: Hash,
        /// Where that stands.
        place: &'static str,
    },
    /// The log was frozen, and has grown.
    #[error("the log was frozen at {size} entries, but has more now; this is a fork")]
    Frozen {
        /// The size at which it was frozen.
        size: u64,
    },
    /// What this program has of the log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The directory cannot be read or written. [`DriverError::Different`]: a tile is not that of the
    /// entries below it.
    #[error(transparent)]
    Driver(#[from] DriverError),
}

/// Takes a log over if Tessera has it; `None` if it has not. `progress` is told how many entries of how
/// many were hashed.
///
/// With `verifiers`, the checkpoint must be signed by one of them.
pub async fn take_over(
    driver: &LocalDriver,
    verifiers: &[NoteVerifier],
    mut progress: impl FnMut(u64, u64),
) -> Result<Option<TakenOver>, TakeoverError> {
    let Some(theirs) = driver.begin_takeover()? else {
        return Ok(None);
    };
    let (checkpoint, owner) = checkpoint(driver, verifiers).await?;
    let records = driver.records_now()?.unwrap_or_default();
    let mut state = known(driver, &records, owner).await?;
    let known = state.tree.size();
    if checkpoint.size() < known || theirs.size < checkpoint.size() {
        return Err(TakeoverError::Sizes {
            checkpoint: checkpoint.size(),
            state: theirs.size,
            known,
        });
    }
    if state.head.frozen.is_some() && theirs.size > known {
        return Err(TakeoverError::Frozen { size: known });
    }
    check_root(
        &state,
        checkpoint.size(),
        checkpoint.root(),
        "the checkpoint",
    )?;
    while state.tree.size() < theirs.size {
        let page = state.tree.size() / PAGE;
        extend(driver, &mut state, page, &theirs, &checkpoint)?;
        if state.tree.size() == theirs.size || (page + 1).is_multiple_of(PAGES) {
            file(driver, &mut state).await?;
            progress(state.tree.size(), theirs.size);
        }
    }
    check_root(&state, theirs.size, theirs.root, "treeState")?;
    driver.remove_behind(theirs.size).map_err(unread)?;
    driver.end_takeover(right_edge(&state, records, known))?;
    Ok(Some(TakenOver {
        origin: state.head.origin.to_string(),
        size: theirs.size,
        new: theirs.size - known,
        root: theirs.root,
    }))
}

async fn checkpoint(
    driver: &LocalDriver,
    verifiers: &[NoteVerifier],
) -> Result<(Checkpoint, Owner), TakeoverError> {
    let published = driver.checkpoint().await?;
    let note = Note::parse(published.ok_or(TakeoverError::NoCheckpoint)?)?;
    if !verifiers.is_empty() {
        note.open(verifiers)?;
    }
    let checkpoint = Checkpoint::parse(note.text())?;
    let origin = checkpoint.origin();
    let mut lines = note.signatures().iter();
    let line = lines.find(|line| line.name() == origin);
    let line = line.ok_or_else(|| TakeoverError::Unsigned {
        origin: origin.to_owned(),
    })?;
    let owner = Owner {
        origin: origin.into(),
        key_id: line.key_id(),
    };
    Ok((checkpoint, owner))
}

/// What this program knows of the log: nothing, or where it was when it was handed over.
async fn known(
    driver: &LocalDriver,
    records: &[Arc<Record>],
    owner: Owner,
) -> Result<State, TakeoverError> {
    let filed = records.iter().map(|record| record.filed).max();
    let owner = records.last().map_or(owner, |last| Owner::from(&last.head));
    let format = Format::TlogTiles;
    let filed = filed.unwrap_or_default();
    let mut state = filed_state(driver, format, &owner, filed).await?;
    let extended = state.extend(records, &owner, format);
    extended.map_err(LogError::from)?;
    Ok(state)
}

/// Appends what the state lacks of a page.
fn extend(
    driver: &LocalDriver,
    state: &mut State,
    page: u64,
    theirs: &TreeState,
    checkpoint: &Checkpoint,
) -> Result<(), TakeoverError> {
    let there = theirs.size.saturating_sub(page * PAGE).min(PAGE);
    let width = Width::new(there).unwrap_or(Width::Full);
    let tile = Tile::entries(page, width);
    let missing = || TakeoverError::Missing {
        path: driver.file_of(Object::Tile(tile)),
        size: theirs.size,
    };
    let content = driver.their_tile(tile).map_err(unread)?;
    let content = content.ok_or_else(missing)?;
    let entries = bundle::parse(&content, width).map_err(|source| TakeoverError::Bundle {
        path: driver.file_of(Object::Tile(tile)),
        source,
    })?;
    let time = state.head.time;
    let known = (state.tree.size() - page * PAGE) as usize;
    for entry in entries.into_iter().skip(known) {
        let leaf_hash = leaf_hash(entry);
        let entry = RecordEntry {
            key: Key::from(leaf_hash),
            leaf_hash,
            stored: content.slice_ref(entry),
        };
        state.push(&entry, time);
        check_root(
            state,
            checkpoint.size(),
            checkpoint.root(),
            "the checkpoint",
        )?;
    }
    Ok(())
}

/// Refuses a state that is of this size and has another root.
fn check_root(
    state: &State,
    size: u64,
    recorded: Hash,
    place: &'static str,
) -> Result<(), TakeoverError> {
    if state.tree.size() != size || state.tree.root() == recorded {
        return Ok(());
    }
    Err(TakeoverError::Root {
        size,
        derived: state.tree.root(),
        recorded,
        place,
    })
}

/// Puts what is full into objects. Bundles and tiles are there, and must be the same.
async fn file(driver: &LocalDriver, state: &mut State) -> Result<(), TakeoverError> {
    let objects = filing::full_objects(state, Format::TlogTiles).map_err(LogError::from)?;
    driver.put(objects).await?;
    state.filed = state.tree.size() / PAGE * PAGE;
    state.drop_filed();
    Ok(())
}

/// The records of all that is in no object. Those of before stay as they are, and with them the times
/// of their entries.
fn right_edge(state: &State, mut records: Vec<Arc<Record>>, known: u64) -> Vec<Arc<Record>> {
    let (filed, size) = (state.filed, state.tree.size());
    let mut first = known;
    if known < filed || records.is_empty() {
        records.clear();
        first = filed;
    } else if known == size {
        return records;
    }
    let entries = (first..size).filter_map(|index| {
        let entry = state.shelf.entry(index)?;
        Some(RecordEntry {
            key: entry.key,
            leaf_hash: state.tree.node(Node { level: 0, index })?,
            stored: entry.stored.clone(),
        })
    });
    let mut head = state.head.clone();
    (head.size, head.root) = (size, state.tree.root());
    records.push(Arc::new(Record {
        first,
        entries: entries.collect(),
        head,
        filed,
    }));
    records
}

fn unread(source: std::io::Error) -> TakeoverError {
    TakeoverError::Driver(crate::files::failed("read the directory", source))
}

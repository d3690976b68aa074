//! What a log is kept in: a chain of records, immutable objects, and a guard apart from both.
//!
//! A driver is small, and it can lose a race. It puts no order into anything: a record is committed
//! on top of one head or not at all, and which records lie on top of each other is the order of the
//! log. The engine signs nothing that a driver has not committed.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use waxwing_tlog::Hash;
use waxwing_tlog::tile::Tile;

use crate::{Head, Key, KeyIndex};

/// What a driver's methods return: boxed, so that a log does not carry its driver's type.
pub type Operation<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A place to keep one log.
pub trait Driver: Send + Sync + 'static {
    /// Takes hold of the storage and reads what is there, the guard before the records.
    ///
    /// Called again after an [`Outcome::Unknown`]; then nothing that an earlier call has learnt may
    /// be relied upon. When it returns, no commit begun before may still come to pass, or it must
    /// come to pass as a conflict with whatever is committed later.
    fn open(&self) -> Operation<'_, Result<Recovered, DriverError>>;

    /// Makes `record` durable on top of `previous`, which is `None` for the first one; atomic, and a
    /// conflict if anything else lies on top of `previous` already.
    ///
    /// All records with a head of at most [`Record::filed`] leaves may be dropped afterwards, except
    /// the last one, which carries the head, and the one that says the most to be filed.
    fn commit<'a>(
        &'a self,
        previous: Option<&'a Head>,
        record: Arc<Record>,
    ) -> Operation<'a, Outcome>;

    /// Makes objects durable, in any order and all at the cost of few. The same bytes again are fine,
    /// others are [`DriverError::Different`], and what was there stays. After an error some of them
    /// may be there.
    fn put(&self, objects: Vec<(Object, Bytes)>) -> Operation<'_, Result<(), DriverError>>;

    /// Reads an object; `None` if it was never put.
    fn get(&self, object: Object) -> Operation<'_, Result<Option<Bytes>, DriverError>>;

    /// Shows a signed checkpoint to those who read the storage themselves, in place of the one before.
    /// Its head was committed; a crash may lose it, and the next one brings it again.
    fn publish(&self, checkpoint: Arc<str>) -> Operation<'_, Result<(), DriverError>>;

    /// Replaces the guard if it is still `expected`. It is kept apart from the rest, so that a
    /// restored copy of the rest is noticed. It may lag behind what a crash leaves, never run ahead.
    fn swap_guard(
        &self,
        expected: Option<Guard>,
        new: Guard,
    ) -> Operation<'_, Result<GuardSwap, DriverError>>;

    /// Says in the storage that whoever reads this form of log may go on from this head: all of it is in
    /// objects, the growing tiles as partial ones. Called when a log is closed, if its settings say so;
    /// a storage that only this program knows has nothing to do.
    fn hand_over<'a>(&'a self, head: &'a Head) -> Operation<'a, Result<(), DriverError>> {
        let _ = head;
        Box::pin(async { Ok(()) })
    }

    /// Makes durable what lags behind: the guard, and the checkpoint that was published last. Called
    /// when a log is closed.
    fn flush(&self) -> Operation<'_, Result<(), DriverError>>;
}

/// One batch of entries and the head of the tree that ends with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The index of the first entry: the size of the tree before.
    pub first: u64,
    /// The entries; none in the record that begins a log.
    pub entries: Vec<RecordEntry>,
    /// The head of the tree after them, not signed: whoever holds the key signs it again.
    pub head: Head,
    /// Everything below this index is in objects: full tiles, bundles and pages of the ledger.
    pub filed: u64,
}

/// One entry of a record. Its time is that of the record's head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordEntry {
    /// What tells it from others.
    pub key: Key,
    /// Its leaf in the tree.
    pub leaf_hash: Hash,
    /// Its bytes in the bundle or data tile.
    pub stored: Bytes,
}

/// What [`Driver::open`] has found.
#[derive(Debug, Clone)]
pub struct Recovered {
    /// The guard as it was before the records were read: it can only be behind them.
    pub guard: Option<Guard>,
    /// The records that were kept, oldest first. None means that there is no log yet.
    pub records: Vec<Arc<Record>>,
    /// The keys of entries that were filed.
    pub keys: Arc<dyn KeyIndex>,
    /// How many entries the keys covered before the records were read.
    pub covered: u64,
}

/// How a commit ended.
#[derive(Debug)]
pub enum Outcome {
    /// The record is durable.
    Committed,
    /// Another record is on top of `previous`. Perhaps our own: a commit that was sent twice can
    /// lose to itself.
    Conflict {
        /// The records on top of `previous`, oldest first, as far as they are still kept.
        records: Vec<Arc<Record>>,
    },
    /// The record may be durable or not, or become so later.
    Unknown {
        /// What happened.
        source: DriverError,
    },
}

/// The name of an immutable object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Object {
    /// A full tile of hashes or entries, in the bytes that readers of the log get.
    Tile(Tile),
    /// The page of the ledger for the entries of one full bundle: their times and lengths.
    Ledger {
        /// The bundle's index.
        index: u64,
    },
}

impl fmt::Display for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tile(tile) => tile.fmt(formatter),
            Self::Ledger { index } => write!(formatter, "ledger page {index}"),
        }
    }
}

/// The last head that was let out, as far as it is needed to notice that the log went back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// The size of the tree.
    pub size: u64,
    /// Its root.
    pub root: Hash,
}

/// How a compare-and-swap of the guard ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuardSwap {
    /// The guard is the new one.
    Swapped,
    /// The guard was not the expected one, and still is what it was.
    Other(Option<Guard>),
}

/// Why a driver could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DriverError {
    /// An immutable object is there with other bytes.
    #[error("{object} exists with other bytes; immutable objects are never replaced")]
    Different {
        /// The object.
        object: Object,
    },
    /// Another process writes the log.
    #[error("another process writes the log in {}; stop it, or open the log to be read only", path.display())]
    Locked {
        /// The log's directory.
        path: PathBuf,
    },
    /// The storage is of another version, or of another form of log.
    #[error("{} says {found:?}; this program reads {expected:?}", path.display())]
    Format {
        /// The file that says so.
        path: PathBuf,
        /// What it says.
        found: String,
        /// What it should say.
        expected: String,
    },
    /// Another program has written the log, or may have.
    #[error(
        "{} is a log of Tessera with {size} entries; take it over first: `waxwing log serve` does so, \
         and waxwing_log::takeover", path.display()
    )]
    Tessera {
        /// The directory.
        path: PathBuf,
        /// The size that Tessera says.
        size: u64,
    },
    /// The directory has something of a log, but not what it takes to go on with it.
    #[error(
        "{} has a checkpoint or tiles, but neither .state/format nor .state/treeState; expected a log, \
         or an empty directory to begin one in", path.display()
    )]
    Foreign {
        /// The directory.
        path: PathBuf,
    },
    /// The directory is on a file system that does not keep what a log relies on.
    #[error(
        "{} is on {kind}, where locks and flushes may not hold, and a log could fork or lose entries; \
         use a disk of this machine, or allow it with --allow-remote", path.display()
    )]
    Remote {
        /// The directory.
        path: PathBuf,
        /// What it is on.
        kind: &'static str,
    },
    /// The directory holds a copy of a log, which must not grow: the log itself may have grown too.
    #[error(
        "{} is a backup, not a log; make a log of it with `waxwing restore {} DIR`",
        path.display(), path.display()
    )]
    Backup {
        /// The directory.
        path: PathBuf,
    },
    /// The directory holds a log, and a copy of one was to be written there.
    #[error("{} holds a log; expected a backup or an empty directory", path.display())]
    NoBackup {
        /// The directory.
        path: PathBuf,
    },
    /// Somebody else has moved the guard.
    #[error(transparent)]
    GuardMoved(Box<GuardMoved>),
    /// The storage failed.
    #[error("the storage failed to {operation}: {source}")]
    Unavailable {
        /// What was attempted.
        operation: &'static str,
        /// What the storage said.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Another writer has moved the guard: the log is written elsewhere too, from a copy of it.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "the guard {place} was {}, and somebody else has written {}: another copy of this log is being written; \
     nothing more is let out here, so find it and stop one of the two",
    guard_told(known.as_ref()), guard_told(found.as_ref())
)]
pub struct GuardMoved {
    /// Where the guard is.
    pub place: String,
    /// What it is now.
    pub found: Option<Guard>,
    /// What it was here.
    pub known: Option<Guard>,
}

fn guard_told(guard: Option<&Guard>) -> String {
    match guard {
        Some(guard) => format!("that of {} entries", guard.size),
        None => "none".to_owned(),
    }
}

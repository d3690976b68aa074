//! Why a log cannot be opened, added to or read.

use std::sync::Arc;

use waxwing_encoding::time::UnixTime;
use waxwing_tlog::Hash;
use waxwing_tlog::bundle::BundleError;
use waxwing_tlog::merkle::ProofError;
use waxwing_tlog::note::NoteKeyError;

use crate::{DriverError, Object};

/// What was found smells of a fork, of a rollback or of damage. There is nothing to repair here:
/// somebody has to look.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The storage is empty although the log is said to exist.
    #[error("there is no log in the storage, although it should exist")]
    Absent,
    /// The storage holds another log.
    #[error("the storage holds the log {found:?}; expected {expected:?}")]
    Origin {
        /// The origin in the storage.
        found: String,
        /// The origin that the signer has.
        expected: String,
    },
    /// The storage holds heads of another key.
    #[error("the last head is of the key {found:02x?}; the signer has {expected:02x?}")]
    KeyId {
        /// The ID of the key that signed the last head.
        found: [u8; 4],
        /// The ID of the signer's key.
        expected: [u8; 4],
    },
    /// The clock is behind the last head.
    #[error("the clock shows {now}, but the last head is of {head}; set the clock right")]
    ClockBehind {
        /// The time of the last head.
        head: UnixTime,
        /// The clock's time.
        now: UnixTime,
    },
    /// A head's time is before that of the head below it.
    #[error("the head at size {size} is of {found}, before the previous head of {previous}")]
    TimeBackwards {
        /// The size of the tree.
        size: u64,
        /// The head's time.
        found: UnixTime,
        /// The time of the head below.
        previous: UnixTime,
    },
    /// Records do not follow one another.
    #[error("a record begins at index {found}, but the log has {expected} entries")]
    Gap {
        /// The size of the tree so far.
        expected: u64,
        /// The first index of the record.
        found: u64,
    },
    /// A record's parts contradict each other: its entries do not end at its head, or it calls more
    /// filed than there is.
    #[error(
        "the record at index {first} with {entries} entries and the head of size {size} is not sound"
    )]
    Record {
        /// The record's first index.
        first: u64,
        /// Entries in the record.
        entries: usize,
        /// The size of its head.
        size: u64,
    },
    /// The entries do not lead to the head above them.
    #[error("the entries lead to the root {derived} at size {size}, the head says {recorded}")]
    Root {
        /// The size of the tree.
        size: u64,
        /// The root that follows from the entries.
        derived: Hash,
        /// The root in the head.
        recorded: Hash,
    },
    /// The index against duplicates does not cover what it must, and this log's keys do not follow
    /// from its entries.
    #[error(
        "the index of keys covers {covered} entries, but {filed} are filed, and the keys of this log \
         do not follow from its entries; restore the directory of keys from a backup"
    )]
    KeysLost {
        /// Entries whose keys are there.
        covered: u64,
        /// Entries whose keys should be there.
        filed: u64,
    },
    /// An entry's bytes are not those of its leaf.
    #[error("entry {index} does not match its leaf in the tree")]
    Leaf {
        /// The entry's index.
        index: u64,
    },
    /// A record changes a log that was frozen.
    #[error("a record of size {size} follows the head that froze the log at {frozen}")]
    Frozen {
        /// The size of the record's head.
        size: u64,
        /// The size at which the log was frozen.
        frozen: u64,
    },
    /// The new tree does not extend the durable head.
    #[error("the new tree does not extend the durable head: {0}")]
    NotAnExtension(ProofError),
    /// The storage went back behind a head that was let out.
    #[error(
        "the storage holds {found} entries, but a head of {known} was let out; restore the rest"
    )]
    RolledBack {
        /// The size of the head that is known.
        known: u64,
        /// The size of the head in the storage.
        found: u64,
    },
    /// The storage holds another tree than one whose head was let out.
    #[error("the first {size} entries have the root {found}, but a head with {known} was let out")]
    Forked {
        /// The size of the head that is known.
        size: u64,
        /// The root that the storage's entries lead to.
        found: Hash,
        /// The root of the known head.
        known: Hash,
    },
}

/// Why a log cannot be opened, or has stopped taking entries.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The log refuses what it found.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The driver failed.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// Something could not be read back.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A head could not be signed.
    #[error("the head was not signed: {0}")]
    Signing(#[from] NoteKeyError),
    /// The log was closed.
    #[error("the log is closed")]
    Closed,
    /// A defect: a task of the log has panicked.
    #[error("a task of the log has panicked")]
    Panicked,
}

/// Why an entry was not added, or cannot be said to be.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum AddError {
    /// Too much is waiting; nothing was done.
    #[error("the log is busy: {entries} entries or {bytes} bytes are waiting; try again")]
    Busy {
        /// How many entries may wait.
        entries: usize,
        /// How many bytes may wait.
        bytes: usize,
    },
    /// The entry is longer than this log takes; nothing was done.
    #[error("the entry has {length} bytes; this log takes at most {longest}")]
    TooLong {
        /// The entry's length.
        length: usize,
        /// The limit.
        longest: usize,
    },
    /// The function that makes the leaf has panicked; nothing was done.
    #[error("the entry could not be made: its function panicked")]
    LeafPanicked,
    /// The log was frozen; nothing was done.
    #[error("the log is frozen and takes no more entries; use the log that follows it")]
    Frozen,
    /// The index against duplicates could not be read; nothing was done.
    #[error("whether the entry is in the log already could not be found out: {reason}")]
    KeysUnread {
        /// Why.
        reason: Arc<DriverError>,
    },
    /// The leaf differs from the stored entry, in a format where they are the same.
    #[error("in a tlog-tiles log the stored entry is the leaf itself")]
    LeafDiffers,
    /// The storage takes no objects, and too much waits to be put there; nothing was done.
    #[error("the storage takes no tiles, and too many wait for it; try again")]
    Unfiled,
    /// Other writers were faster each time; the entry is not in the log.
    #[error("another writer of this log was faster; try again")]
    Conflict,
    /// The storage failed, and after recovery the entry is not in the log.
    #[error("the storage failed and the entry was not added; try again")]
    NotCommitted,
    /// The log has stopped; whether the entry is in it is not known.
    #[error("the log takes no entries: {reason}")]
    Stopped {
        /// Why.
        reason: Arc<LogError>,
    },
    /// The entry is in the log, but its proof could not be made.
    #[error("the entry is in the log, but could not be read back: {reason}")]
    Unproven {
        /// Why.
        reason: Arc<ReadError>,
    },
}

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The size is beyond the published checkpoint.
    #[error("size {size} is beyond the published checkpoint of {published}")]
    BeyondCheckpoint {
        /// The size asked for.
        size: u64,
        /// The published size.
        published: u64,
    },
    /// The index or sizes fit no tree, or a proof did not verify.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The driver failed.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// An object that must be there is not.
    #[error("{object} is missing from the storage")]
    Missing {
        /// The object.
        object: Object,
    },
    /// An object is not what it must be.
    #[error("{object} is damaged")]
    Damaged {
        /// The object.
        object: Object,
    },
    /// An entry that does not fit in a public entry bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
}

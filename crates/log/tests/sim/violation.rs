//! What a log must never do.

/// What was found to be wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Violation {
    /// A head was signed that the log does not reach any more.
    #[error("a head of size {signed} was signed, but the log has {size} entries")]
    HeadLost { signed: u64, size: u64 },
    /// A head was signed that the log's entries do not lead to.
    #[error("a head of size {size} was signed that is not of this log")]
    Forked { size: u64 },
    /// An acknowledged entry is not there.
    #[error("entry {index} was acknowledged, but the log has {size} entries")]
    EntryLost { index: u64, size: u64 },
    /// Another entry is where an acknowledged one should be, or two ways to read it differ.
    #[error("entry {index} has other bytes than before")]
    EntryChanged { index: u64 },
    /// An entry has another time than its caller was told.
    #[error("entry {index} has another time than before")]
    TimeChanged { index: u64 },
    /// An entry is there twice.
    #[error("entries {first} and {second} are the same")]
    Twice { first: usize, second: usize },
    /// An entry is there of which everybody who offered it was told that it is not.
    #[error("entry {index} is there, and its callers were told that it is not")]
    Nobodys { index: usize },
    /// An entry is older than one before it.
    #[error("entry {index} has an earlier time than one before it")]
    TimeBackwards { index: u64 },
    /// A bundle is not what its width says.
    #[error("bundle {index} cannot be read")]
    Bundle { index: u64 },
    /// A tile has other hashes than follow from the entries.
    #[error("tile {index} of level {level} is not that of the entries")]
    Tile { level: u8, index: u64 },
    /// A tile or bundle is not there.
    #[error("tile {index} of level {level} is missing")]
    Missing { level: u8, index: u64 },
    /// Something beyond the checkpoint can be read.
    #[error("tile {index} of level {level} is beyond the checkpoint and can be read")]
    Beyond { level: u8, index: u64 },
    /// A file among the tiles that is not one, or not what it has to be.
    #[error("{path}: {reason}")]
    File { path: String, reason: String },
    /// A checkpoint is not signed, or no checkpoint.
    #[error("{reason}: {note:?}")]
    Note { note: String, reason: String },
    /// The log cannot be read although the disk can.
    #[error("the log cannot be read: {reason}")]
    Unreadable { reason: String },
    /// An entry that was acknowledged before was acknowledged otherwise.
    #[error("{entry} was at index {first} and is now told to be {second}")]
    Moved {
        entry: String,
        first: String,
        second: String,
    },
    /// An answer contradicts itself.
    #[error("the answer for entry {index} is wrong: {reason}")]
    Answer { index: u64, reason: String },
    /// The log did not open, or stopped, or took no entry, without anything that would explain it.
    #[error("nothing was wrong, and yet: {reason}")]
    Unearned { reason: String },
    /// The log did what it has to refuse.
    #[error("not refused: {what}")]
    NotRefused { what: String },
}

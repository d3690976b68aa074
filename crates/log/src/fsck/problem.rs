//! What can be wrong with a directory: where, what was found, what was expected, and what to do.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Problem {
    /// The file, below the log's directory unless it is the guard's.
    pub file: PathBuf,
    /// The entry that it begins with, or the size of the tree that it is about.
    pub index: Option<u64>,
    /// What it is.
    pub kind: ProblemKind,
    /// What was found.
    pub found: String,
    /// What was expected.
    pub expected: String,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The log cannot be relied upon, or will stop.
    Error,
    /// The log is whole, but somebody should look.
    Warning,
}

/// The kinds of problems, each with its severity, its name and its advice in one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// There is no checkpoint, or it cannot be read.
    Checkpoint,
    /// The checkpoint is signed by none of the keys.
    Signature,
    /// The entries do not lead to the root of the checkpoint.
    Root,
    /// The entries do not lead to a head of the write-ahead log, or the heads do not fit together.
    Head,
    /// The write-ahead log does not hold what it must.
    WriteAheadLog,
    /// The guard knows a newer head.
    GuardAhead,
    /// The guard knows another tree.
    GuardDiffers,
    /// The guard cannot be read.
    GuardUnreadable,
    /// A file cannot be read.
    Unreadable,
    /// A bundle or data tile is not there.
    BundleMissing,
    /// A bundle's lengths do not fit its bytes.
    BundleDamaged,
    /// Entries are not those of their leaves.
    Entries,
    /// A tile of hashes is not there.
    TileMissing,
    /// A tile of hashes has a wrong length.
    TileLength,
    /// A tile of hashes is not that of what lies below it.
    TileHashes,
    /// A bundle and its tile contradict each other, and nothing tells which one is right.
    EntriesOrHashes,
    /// A page of the ledger is missing or damaged.
    Ledger,
    /// A time goes backwards, or is after the last head's.
    Time,
    /// A run of the index of keys is damaged.
    KeysDamaged,
    /// The index of keys covers less, or more, than it must.
    KeysCovered,
    /// There is no index of keys, and the next start makes one.
    KeysAbsent,
    /// An entry is not found by its key.
    KeyMissing,
    /// An entry's key leads to another entry.
    KeyElsewhere,
    /// Two entries are the same.
    Duplicate,
    /// A tile is there that the tree does not have.
    Beyond,
    /// A partial tile lies there as a file, and is not what the log has.
    Partial,
    /// A file is there that no log puts there.
    Foreign,
    /// Something that was being written was left behind.
    Leftover,
}

impl ProblemKind {
    /// How bad it is.
    pub fn severity(self) -> Severity {
        match self {
            Self::KeysAbsent | Self::Partial | Self::Foreign | Self::Leftover => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// A name for programs.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// What to do.
    pub fn advice(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Checkpoint => (
                "checkpoint",
                "the checkpoint cannot be read",
                "start the log once, which publishes it anew; if that fails, restore a backup",
            ),
            Self::Signature => (
                "signature",
                "the checkpoint is not signed by a given key",
                "compare --vkey with the log's; if it is right, do not use this directory",
            ),
            Self::Root => (
                "root",
                "the entries do not lead to the checkpoint",
                "repair the problems named beside this one from a backup or a mirror",
            ),
            Self::Head => (
                "head",
                "a head of the write-ahead log does not fit",
                "do not start the log; restore a backup",
            ),
            Self::WriteAheadLog => (
                "write-ahead-log",
                "the write-ahead log does not hold what it must",
                "do not start the log; restore a backup",
            ),
            Self::GuardAhead => (
                "guard-ahead",
                "the guard knows a newer head: the directory was set back",
                "find the newer data; starting this directory would fork the log",
            ),
            Self::GuardDiffers => (
                "guard-differs",
                "the guard knows another tree: this is a fork, or the guard of another log",
                "keep both; find out which log the guard belongs to before anything is started",
            ),
            Self::GuardUnreadable => (
                "guard-unreadable",
                "the guard cannot be read",
                "name the file that the log is run with",
            ),
            Self::Unreadable => (
                "unreadable",
                "a file cannot be read",
                "look at the disk and at the permissions",
            ),
            Self::BundleMissing => (
                "bundle-missing",
                "a bundle of entries is missing",
                "copy the file from a backup or a mirror",
            ),
            Self::BundleDamaged => (
                "bundle-damaged",
                "a bundle cannot be taken apart",
                "copy the file from a backup or a mirror",
            ),
            Self::Entries => (
                "entries",
                "entries are not those that were logged",
                "copy the file from a backup or a mirror",
            ),
            Self::TileMissing => (
                "tile-missing",
                "a tile of hashes is missing",
                "copy the file from a backup or a mirror",
            ),
            Self::TileLength => (
                "tile-length",
                "a tile of hashes has a wrong length",
                "copy the file from a backup or a mirror",
            ),
            Self::TileHashes => (
                "tile-hashes",
                "a tile does not follow from what lies below it",
                "copy the file from a backup or a mirror",
            ),
            Self::EntriesOrHashes => (
                "entries-or-hashes",
                "a bundle and its tile of hashes contradict each other",
                "compare both files with a backup or a mirror; nothing here tells which is right",
            ),
            Self::Ledger => (
                "ledger",
                "a page of the ledger is missing or damaged",
                "copy the file from a backup; a mirror does not have it",
            ),
            Self::Time => (
                "time",
                "times are not in order",
                "copy the file from a backup; a mirror does not have it",
            ),
            Self::KeysDamaged => (
                "keys-damaged",
                "a file of the index of keys is damaged",
                "stop the log and start it again: it makes the index anew if the keys follow from \
                 the entries; else copy it from a backup",
            ),
            Self::KeysCovered => (
                "keys-covered",
                "the index of keys does not cover what it must",
                "start the log, which adds what lacks if the keys follow from the entries; else \
                 copy the index from a backup",
            ),
            Self::KeysAbsent => (
                "keys-absent",
                "there is no index of keys",
                "nothing: the next start makes it, which takes as long as reading all entries",
            ),
            Self::KeyMissing => (
                "key-missing",
                "an entry is not found by its key",
                "stop the log, remove .state/keys and start it: the index is made anew",
            ),
            Self::KeyElsewhere => (
                "key-elsewhere",
                "an entry's key leads to another entry",
                "stop the log, remove .state/keys and start it: the index is made anew",
            ),
            Self::Duplicate => (
                "duplicate",
                "an entry is there twice",
                "nothing can be removed from a log; find out who wrote it with an index of keys \
                 missing",
            ),
            Self::Beyond => (
                "beyond",
                "a tile is there that the tree does not have",
                "remove the file while the log is stopped; else the log stops when it comes there",
            ),
            Self::Partial => (
                "partial",
                "the file of a partial tile is not the log's",
                "remove it: it is for file servers and other programs, the log itself does not read it",
            ),
            Self::Foreign => (
                "foreign",
                "a file is there that no log puts there",
                "move it elsewhere",
            ),
            Self::Leftover => (
                "leftover",
                "something unfinished was left behind",
                "nothing: the next start removes it",
            ),
        }
    }
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.row().1)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.file.display())?;
        if let Some(index) = self.index {
            write!(formatter, " at {index}")?;
        }
        write!(
            formatter,
            ": {}; found {}, expected {}",
            self.kind, self.found, self.expected
        )
    }
}

/// Where all threads put what they find: the first ones whole, the rest counted.
#[derive(Debug)]
pub(super) struct Problems {
    listed: usize,
    found: Mutex<Found>,
}

#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) problems: Vec<Problem>,
    pub(super) errors: u64,
    pub(super) warnings: u64,
}

impl Problems {
    pub(super) fn new(listed: usize) -> Self {
        Self {
            listed,
            found: Mutex::default(),
        }
    }

    pub(super) fn add(
        &self,
        kind: ProblemKind,
        file: impl Into<PathBuf>,
        index: Option<u64>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) {
        let mut all = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        match kind.severity() {
            Severity::Error => all.errors += 1,
            Severity::Warning => all.warnings += 1,
        }
        if all.problems.len() < self.listed {
            all.problems.push(Problem {
                file: file.into(),
                index,
                kind,
                found: found.into(),
                expected: expected.into(),
            });
        }
    }

    /// All of them, sorted by place: threads find them in any order.
    pub(super) fn finish(self) -> Found {
        let mut found = self
            .found
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        found.problems.sort();
        found
    }
}

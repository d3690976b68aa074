//! How much has happened in a world, so that a suite in which nothing does is noticed.

/// How much has happened.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) lives: u64,
    /// Lives in which the log opened.
    pub(crate) opened: u64,
    /// Lives that a crash ended.
    pub(crate) deaths: u64,
    /// Changes of the disk.
    pub(crate) operations: u64,
    pub(crate) faults: u64,
    /// Answers to callers.
    pub(crate) acknowledged: u64,
    /// Callers who got none.
    pub(crate) failed: u64,
    pub(crate) behind: u64,
    pub(crate) second_writers: u64,
    pub(crate) closed: u64,
    /// Old copies of the log that were refused.
    pub(crate) rolled_back: u64,
    pub(crate) entries: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        self.lives += other.lives;
        self.opened += other.opened;
        self.deaths += other.deaths;
        self.operations += other.operations;
        self.faults += other.faults;
        self.acknowledged += other.acknowledged;
        self.failed += other.failed;
        self.behind += other.behind;
        self.second_writers += other.second_writers;
        self.closed += other.closed;
        self.rolled_back += other.rolled_back;
        self.entries += other.entries;
    }
}

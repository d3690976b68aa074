//! Defects on purpose, behind a feature that only tests switch on: a suite that stays green with one of
//! them tests nothing.

/// A defect to plant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// A commit does not wait for the disk.
    SyncSkipped,
    /// Callers are answered before their record is committed.
    AnsweredEarly,
    /// A slot of the write-ahead log is used again before its tiles are durable.
    SlotRecycledEarly,
}

//! The right edge: what the write-ahead log has of the entries that are in no file yet.

use std::sync::Arc;

use waxwing_encoding::time::UnixTime;
use waxwing_tlog::merkle::leaf_hash;
use waxwing_tlog::tile::FULL_WIDTH;

use super::problem::{ProblemKind, Problems};
use crate::state::check_sound;
use crate::{Format, Head, Record, RecordEntry};

const PAGE: u64 = FULL_WIDTH as u64;
const WAL: &str = ".state/wal";

/// The entries from some index on, as the records have them.
#[derive(Debug, Default)]
pub(super) struct Tail {
    first: u64,
    entries: Vec<(RecordEntry, UnixTime)>,
    /// The heads, oldest first.
    pub(super) heads: Vec<Head>,
    /// Everything below this is in objects, by the word of the records.
    pub(super) filed: u64,
}

impl Tail {
    /// Puts records one on top of the other; `None` if they do not follow each other, which they may
    /// not just while the log is written.
    pub(super) fn of(records: &[Arc<Record>]) -> Option<Self> {
        let mut tail = Self::default();
        for record in records {
            check_sound(record).ok()?;
            if tail.heads.is_empty() {
                tail.first = record.first;
            }
            let known = tail.end().checked_sub(record.first)?;
            let new = record.entries.iter().skip(known as usize);
            let time = record.head.time;
            tail.entries.extend(new.map(|entry| (entry.clone(), time)));
            tail.filed = tail.filed.max(record.filed);
            tail.heads.push(record.head.clone());
        }
        (tail.heads.is_empty() || tail.filed >= tail.first).then_some(tail)
    }

    /// The index behind the last entry.
    pub(super) fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// The entries of a page, if all of those below `size` are here.
    pub(super) fn page(&self, page: u64, size: u64) -> Option<&[(RecordEntry, UnixTime)]> {
        let end = size.min((page + 1) * PAGE).checked_sub(self.first)?;
        let start = (page * PAGE).checked_sub(self.first)?;
        self.entries.get(start as usize..end as usize)
    }

    /// The entries from an index on, each with it.
    pub(super) fn from(&self, index: u64) -> impl Iterator<Item = (u64, &RecordEntry)> {
        let skipped = index.saturating_sub(self.first) as usize;
        let entries = self.entries.iter().map(|(entry, _)| entry);
        (self.first..).zip(entries).skip(skipped)
    }

    /// Reports what does not fit in the records themselves; the roots of heads are compared elsewhere.
    pub(super) fn check(&self, format: Format, problems: &Problems) {
        if format == Format::TlogTiles {
            for (index, entry) in self.from(self.first) {
                let derived = leaf_hash(&entry.stored);
                if derived != entry.leaf_hash {
                    let (found, expected) = (derived.to_string(), entry.leaf_hash.to_string());
                    problems.add(
                        ProblemKind::WriteAheadLog,
                        WAL,
                        Some(index),
                        found,
                        expected,
                    );
                }
            }
        }
        for pair in self.heads.windows(2) {
            let [before, head] = pair else { continue };
            let report = |found: String, expected: String| {
                problems.add(ProblemKind::Head, WAL, Some(head.size), found, expected);
            };
            if (&before.origin, before.key_id) != (&head.origin, head.key_id) {
                let name = |head: &Head| format!("{} {:02x?}", head.origin, head.key_id);
                report(name(head), name(before));
            }
            if head.time < before.time {
                let time = head.time.to_string();
                report(time, format!("not before {}", before.time));
            }
            if before.frozen.is_some() && (head.size, head.frozen) != (before.size, before.frozen) {
                let expected = format!("none after the head that froze the log at {}", before.size);
                report(format!("a head of size {}", head.size), expected);
            }
        }
    }
}

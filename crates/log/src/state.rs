//! One head of a log with the tree and the entries under it.
//!
//! A batch is built on a clone of the durable state, and takes its place when the driver has
//! committed it; when not, the clone is dropped and nothing was changed.

use std::sync::Arc;

use waxwing_encoding::time::UnixTime;
use waxwing_tlog::merkle::{self, leaf_hash};

use waxwing_tlog::tile::FULL_WIDTH;

use crate::head::Owner;
use crate::shelf::{Shelf, ShelfEntry};
use crate::tree::Tree;
use crate::{Format, Head, Record, RecordEntry, Refusal};

/// A head, and what is needed to build on it.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) head: Head,
    pub(crate) tree: Tree,
    pub(crate) shelf: Shelf,
    /// Everything below this index is in objects.
    pub(crate) filed: u64,
}

impl State {
    /// Appends the entries of a record; the head stays behind until it is set.
    pub(crate) fn push(&mut self, entry: &RecordEntry, time: UnixTime) {
        self.tree.push(entry.leaf_hash);
        self.shelf.push(ShelfEntry {
            key: entry.key,
            time,
            stored: entry.stored.clone(),
        });
    }

    /// Refuses a tree that does not extend the durable head. The proof goes from the one to the
    /// other through the new tree's nodes, so a damaged tree in memory cannot become a head.
    pub(crate) fn check_extends(&self, durable: &Head) -> Result<(), Refusal> {
        let (old, new) = (durable.size, self.head.size);
        merkle::consistency_proof(old, new, |node| self.tree.node(node))
            .and_then(|proof| {
                merkle::verify_consistency(old, new, &proof, &durable.root, &self.head.root)
            })
            .map_err(Refusal::NotAnExtension)
    }

    /// Moves on over records that lie on top of this state: after a restart, or because another
    /// writer made them. Those that lie below are passed over. Nothing is believed: every root is
    /// derived again from the entries.
    pub(crate) fn extend(
        &mut self,
        records: &[Arc<Record>],
        owner: &Owner,
        format: Format,
    ) -> Result<(), Refusal> {
        for record in records {
            check_owner(&record.head, owner)?;
            check_sound(record)?;
            if record.head.size < self.tree.size() {
                continue;
            }
            self.extend_by(record, format)?;
        }
        Ok(())
    }

    fn extend_by(&mut self, record: &Record, format: Format) -> Result<(), Refusal> {
        let Some(known) = self.tree.size().checked_sub(record.first) else {
            return Err(Refusal::Gap {
                expected: self.tree.size(),
                found: record.first,
            });
        };
        if self.head.frozen.is_some()
            && (record.head.size, record.head.frozen) != (self.head.size, self.head.frozen)
        {
            return Err(Refusal::Frozen {
                size: record.head.size,
                frozen: self.head.size,
            });
        }
        if record.head.time < self.head.time {
            return Err(Refusal::TimeBackwards {
                size: record.head.size,
                found: record.head.time,
                previous: self.head.time,
            });
        }
        for entry in record.entries.iter().skip(known as usize) {
            if format == Format::TlogTiles && leaf_hash(&entry.stored) != entry.leaf_hash {
                return Err(Refusal::Leaf {
                    index: self.tree.size(),
                });
            }
            self.push(entry, record.head.time);
        }
        let derived = self.tree.root();
        if derived != record.head.root {
            return Err(Refusal::Root {
                size: record.head.size,
                derived,
                recorded: record.head.root,
            });
        }
        self.head = record.head.clone();
        // Another writer's word for what is in objects counts like our own: records below may be gone
        // because of it.
        self.filed = self.filed.max(record.filed);
        Ok(())
    }

    /// Lets go of what is in objects.
    pub(crate) fn drop_filed(&mut self) {
        self.tree.drop_below(self.filed);
        self.shelf.drop_below(self.filed);
    }
}

/// Refuses a head of another log, or of another key.
fn check_owner(head: &Head, owner: &Owner) -> Result<(), Refusal> {
    if head.origin != owner.origin {
        return Err(Refusal::Origin {
            found: head.origin.to_string(),
            expected: owner.origin.to_string(),
        });
    }
    if head.key_id != owner.key_id {
        return Err(Refusal::KeyId {
            found: head.key_id,
            expected: owner.key_id,
        });
    }
    Ok(())
}

/// Refuses a record whose entries do not end at its head, or that calls more filed than there is.
pub(crate) fn check_sound(record: &Record) -> Result<(), Refusal> {
    let (first, size) = (record.first, record.head.size);
    let entries = record.entries.len();
    let ends = first.checked_add(entries as u64) == Some(size);
    let filed = record.filed <= size && record.filed.is_multiple_of(FULL_WIDTH as u64);
    if ends && filed {
        return Ok(());
    }
    Err(Refusal::Record {
        first,
        entries,
        size,
    })
}

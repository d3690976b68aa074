//! The write-ahead log: preallocated files, and in them records one behind the other.
//!
//! ```text
//! slot 0   | record 4 | record 5 |  ...zeros, or what was there before...
//! slot 1   | copy 0 (epoch 2) | copy 1 | record 2 | torn |
//! ```
//!
//! A commit is one write into a preallocated file and one `fdatasync`: it changes no length and moves
//! no block, so the file system has nothing of its own to commit with it.
//!
//! Each start begins an epoch: it copies the records that are still needed into a slot that is not,
//! makes them durable, and goes on behind them. So the records of the newest complete epoch are all
//! there is to a log, whatever older ones left around; and what is needed was written and synchronised
//! by this process, not taken from a cache that a failed `fsync` of another may have filled.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::record::{self, BLOCK, Nonce, Place};
use crate::files::{File, FileSystem};
use crate::{Head, Record};

/// The first slot of a log is small, so that a small log is.
const FIRST_SLOT: u64 = 1 << 20;

/// No slot is longer; a longer one is not ours.
const LONGEST_SLOT: u64 = 1 << 30;

/// What a write-ahead log is made of.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// The records of the newest complete epoch, oldest first.
    pub(super) records: Vec<Arc<Record>>,
    /// The highest epoch that any record has.
    epoch: u64,
    slots: Vec<PathBuf>,
}

impl Found {
    /// Other records in these slots, for the epoch that follows.
    pub(super) fn with_records(self, records: Vec<Arc<Record>>) -> Self {
        Self { records, ..self }
    }
}

/// The writer's hand on it.
#[derive(Debug)]
pub(super) struct Wal {
    files: Arc<dyn FileSystem>,
    directory: PathBuf,
    nonce: Nonce,
    epoch: u64,
    sequence: u64,
    slot_length: u64,
    active: Slot,
    /// Slots with records that are needed, oldest first, each with the largest head in it.
    full: VecDeque<(Slot, u64)>,
    free: Vec<Slot>,
    next_slot: u64,
    /// The records that may still be asked for, oldest first; the last one is the log's.
    kept: VecDeque<Arc<Record>>,
    filed: u64,
    buffer: Vec<u8>,
    failed: bool,
    #[cfg(feature = "flaws")]
    flaw: Option<crate::Flaw>,
}

#[derive(Debug)]
struct Slot {
    file: Arc<dyn File>,
    length: u64,
    used: u64,
}

/// Reads what is there; changes nothing.
pub(super) fn read(files: &dyn FileSystem, directory: &Path, nonce: &Nonce) -> io::Result<Found> {
    let mut epochs: BTreeMap<u64, BTreeMap<u64, (Place, Arc<Record>)>> = BTreeMap::new();
    let mut slots = Vec::new();
    for name in files.list(directory)? {
        if name.parse::<u64>().is_err() {
            continue;
        }
        let path = directory.join(name);
        let content = crate::files::read(files, &path, LONGEST_SLOT)?.unwrap_or_default();
        for (place, record) in records(&content, nonce) {
            let epoch = epochs.entry(place.epoch).or_default();
            epoch.insert(place.sequence, (place, Arc::new(record)));
        }
        slots.push(path);
    }
    let epoch = epochs.keys().next_back().copied().unwrap_or(0);
    let newest = epochs.into_values().rev().find_map(complete);
    Ok(Found {
        records: newest.unwrap_or_default(),
        epoch,
        slots,
    })
}

/// All whole records in a slot, also those that nobody needs any more.
fn records(content: &Bytes, nonce: &Nonce) -> Vec<(Place, Record)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < content.len() {
        match record::decode(&content.slice(at..), nonce) {
            Some((place, record, length)) => {
                found.push((place, record));
                at += length;
            }
            None => at += BLOCK,
        }
    }
    found
}

/// The records of an epoch without a gap up to the last one, if its copies are all there. What lies
/// before a gap was used again; if it is needed all the same, the heads will not follow each other.
fn complete(epoch: BTreeMap<u64, (Place, Arc<Record>)>) -> Option<Vec<Arc<Record>>> {
    let mut records: VecDeque<Arc<Record>> = VecDeque::new();
    let mut first = None;
    let last_copies = epoch.values().next_back()?.0.copies;
    for (sequence, (_, record)) in epoch.into_iter().rev() {
        if first.is_some_and(|first| sequence + 1 != first) {
            break;
        }
        first = Some(sequence);
        records.push_front(record);
    }
    // Copies may have come through in any order before all of them were durable. Once something was
    // committed behind them they were.
    let complete = match last_copies {
        0 => true,
        left => left == 1 && first == Some(0),
    };
    complete.then(|| records.into())
}

impl Wal {
    /// Begins an epoch with the records that are needed.
    pub(super) fn begin(
        files: Arc<dyn FileSystem>,
        directory: PathBuf,
        nonce: Nonce,
        slot_length: u64,
        found: &Found,
    ) -> io::Result<Self> {
        let filed = found.records.iter().map(|record| record.filed).max();
        let filed = filed.unwrap_or(0);
        let needed = needed(&found.records, filed);
        let mut next_slot = 0;
        for slot in &found.slots {
            let name = slot.file_name().and_then(|name| name.to_str());
            let number: u64 = name.and_then(|name| name.parse().ok()).unwrap_or(0);
            next_slot = next_slot.max(number + 1);
        }
        let mut wal = Self {
            epoch: found.epoch + 1,
            sequence: 0,
            slot_length,
            active: create_slot(&*files, &directory, next_slot, FIRST_SLOT.min(slot_length))?,
            full: VecDeque::new(),
            free: Vec::new(),
            next_slot: next_slot + 1,
            kept: VecDeque::new(),
            filed,
            buffer: Vec::new(),
            failed: false,
            #[cfg(feature = "flaws")]
            flaw: None,
            files,
            directory,
            nonce,
        };
        for (place, record) in needed.iter().enumerate() {
            wal.write(record, (needed.len() - place) as u32)?;
            wal.kept.push_back(Arc::clone(record));
        }
        for (slot, _) in &wal.full {
            slot.file.sync()?;
        }
        wal.active.file.sync()?;
        wal.files.sync_directory(&wal.directory)?;
        // Only now is the epoch complete, and what was before it not needed. Slots of another process
        // are not used again: what a failed write left in their pages is not known.
        for slot in &found.slots {
            wal.files.remove(slot)?;
        }
        wal.files.sync_directory(&wal.directory)?;
        Ok(wal)
    }

    #[cfg(feature = "flaws")]
    pub(super) fn plant(&mut self, flaw: Option<crate::Flaw>) {
        self.flaw = flaw;
    }

    /// The records that are kept, oldest first.
    pub(super) fn kept(&self) -> Vec<Arc<Record>> {
        self.kept.iter().cloned().collect()
    }

    /// The records on top of a head; `None` if nothing is.
    pub(super) fn on_top_of(&self, previous: Option<&Head>) -> Option<Vec<Arc<Record>>> {
        if self.kept.back().map(|record| &record.head) == previous {
            return None;
        }
        let place = self
            .kept
            .iter()
            .rposition(|kept| Some(&kept.head) == previous);
        let after = place.map_or(0, |place| place + 1);
        Some(self.kept.iter().skip(after).cloned().collect())
    }

    /// Appends a record and makes it durable. After an error it may be there or not, and this hand on
    /// the log must not be used again.
    pub(super) fn commit(&mut self, record: &Arc<Record>) -> io::Result<()> {
        if self.failed {
            return Err(io::Error::other(
                "an earlier write failed; open the log again",
            ));
        }
        self.failed = true;
        self.write(record, 0)?;
        #[cfg(feature = "flaws")]
        let sync = self.flaw != Some(crate::Flaw::SyncSkipped);
        #[cfg(not(feature = "flaws"))]
        let sync = true;
        if sync {
            self.active.file.sync()?;
        }
        self.failed = false;
        self.kept.push_back(Arc::clone(record));
        self.filed = self.filed.max(record.filed);
        self.let_go();
        Ok(())
    }

    /// Writes a record into the active slot, or begins the next one.
    fn write(&mut self, record: &Record, copies: u32) -> io::Result<()> {
        let place = Place {
            epoch: self.epoch,
            sequence: self.sequence,
            copies,
        };
        let length = record::encoded_length(record) as u64;
        if self.active.used + length > self.active.length {
            self.next_slot(length)?;
        }
        self.buffer.clear();
        // Of two hands on one log the slower may know of less that is filed.
        let filed = record.filed.max(self.filed);
        record::encode(&mut self.buffer, &self.nonce, place, record, filed);
        self.active.file.write_at(&self.buffer, self.active.used)?;
        self.active.used += length;
        self.sequence += 1;
        Ok(())
    }

    fn next_slot(&mut self, length: u64) -> io::Result<()> {
        let fits = |slot: &Slot| slot.length >= length;
        let slot = match self.free.iter().position(fits) {
            Some(place) => self.free.swap_remove(place),
            None => {
                let length = self.slot_length.max(length);
                let slot = create_slot(&*self.files, &self.directory, self.next_slot, length)?;
                self.files.sync_directory(&self.directory)?;
                self.next_slot += 1;
                slot
            }
        };
        let last = self.kept.back().map_or(0, |record| record.head.size);
        let full = std::mem::replace(&mut self.active, slot);
        self.full.push_back((full, last));
        Ok(())
    }

    /// Lets go of records and slots of which everything is in objects. The record that says so is
    /// durable, and in the active slot.
    fn let_go(&mut self) {
        #[cfg(feature = "flaws")]
        if self.flaw == Some(crate::Flaw::SlotRecycledEarly) {
            self.filed = self.kept.back().map_or(0, |record| record.head.size);
        }
        while self.kept.len() > 1
            && self
                .kept
                .front()
                .is_some_and(|kept| kept.head.size <= self.filed)
        {
            self.kept.pop_front();
        }
        while self
            .full
            .front()
            .is_some_and(|(_, size)| *size <= self.filed)
        {
            if let Some((mut slot, _)) = self.full.pop_front() {
                slot.used = 0;
                self.free.push(slot);
            }
        }
    }
}

/// The records that a start cannot do without.
fn needed(records: &[Arc<Record>], filed: u64) -> Vec<Arc<Record>> {
    let says = records.iter().rposition(|record| record.filed == filed);
    let needed = records.iter().enumerate().filter(|(place, record)| {
        record.head.size > filed || place + 1 == records.len() || Some(*place) == says
    });
    needed.map(|(_, record)| Arc::clone(record)).collect()
}

/// Makes a slot of zeros. They are written and not only reserved: blocks that were never written are
/// marked so, and the first write to each would have to change that durably, in the middle of a commit.
fn create_slot(
    files: &dyn FileSystem,
    directory: &Path,
    number: u64,
    length: u64,
) -> io::Result<Slot> {
    let file = files.create(&directory.join(number.to_string()), true)?;
    let zeros = vec![0; 1 << 20];
    let mut at = 0;
    while at < length {
        let piece = (length - at).min(zeros.len() as u64);
        file.write_at(&zeros[..piece as usize], at)?;
        at += piece;
    }
    file.sync()?;
    Ok(Slot {
        file,
        length,
        used: 0,
    })
}

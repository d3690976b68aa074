//! What leaves a log, written down the moment before it does.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use waxwing_encoding::time::UnixTime;
use waxwing_log::{
    Driver, DriverError, Guard, GuardSwap, Head, Object, Operation, Outcome, Record, Recovered,
};
use waxwing_tlog::Hash;
use waxwing_tlog::note::NoteVerifier;

use crate::reader::read_note;
use crate::violation::Violation;

/// Everything that any process of a log has let out, whatever became of the process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outside(Arc<Mutex<Seen>>);

/// Sizes and roots of heads.
pub(crate) type Heads = BTreeSet<(u64, Hash)>;

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Heads that were signed or were just about to be.
    pub(crate) heads: Heads,
    /// Checkpoints as they were published, and not looked at yet.
    notes: BTreeSet<Arc<str>>,
    /// The latest time of a head that somebody tried to commit.
    pub(crate) latest: Option<UnixTime>,
}

impl Outside {
    /// What was let out of a log before.
    pub(crate) fn of(heads: Heads, latest: Option<UnixTime>) -> Self {
        let notes = BTreeSet::new();
        Self(Arc::new(Mutex::new(Seen {
            heads,
            notes,
            latest,
        })))
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn see(&self, note: &Arc<str>) {
        self.seen().notes.insert(Arc::clone(note));
    }

    /// Looks at the checkpoints that have come: they must be signed, and their heads count like all
    /// others.
    pub(crate) fn read_notes(&self, verifiers: &[NoteVerifier]) -> Result<(), Violation> {
        let mut seen = self.seen();
        for note in std::mem::take(&mut seen.notes) {
            seen.heads.insert(read_note(&note, Some(verifiers))?);
        }
        Ok(())
    }
}

/// Any driver, and somebody who looks over its shoulder.
pub(crate) struct RecordingDriver {
    inner: Arc<dyn Driver>,
    outside: Outside,
}

impl RecordingDriver {
    pub(crate) fn new(inner: Arc<dyn Driver>, outside: &Outside) -> Arc<Self> {
        Arc::new(Self {
            inner,
            outside: outside.clone(),
        })
    }
}

impl Driver for RecordingDriver {
    fn open(&self) -> Operation<'_, Result<Recovered, DriverError>> {
        self.inner.open()
    }

    fn commit<'a>(
        &'a self,
        previous: Option<&'a Head>,
        record: Arc<Record>,
    ) -> Operation<'a, Outcome> {
        let mut seen = self.outside.seen();
        seen.latest = seen.latest.max(Some(record.head.time));
        self.inner.commit(previous, record)
    }

    fn put(&self, objects: Vec<(Object, Bytes)>) -> Operation<'_, Result<(), DriverError>> {
        self.inner.put(objects)
    }

    fn get(&self, object: Object) -> Operation<'_, Result<Option<Bytes>, DriverError>> {
        self.inner.get(object)
    }

    fn publish(&self, checkpoint: Arc<str>) -> Operation<'_, Result<(), DriverError>> {
        self.outside.see(&checkpoint);
        self.inner.publish(checkpoint)
    }

    fn swap_guard(
        &self,
        expected: Option<Guard>,
        new: Guard,
    ) -> Operation<'_, Result<GuardSwap, DriverError>> {
        self.outside.seen().heads.insert((new.size, new.root));
        self.inner.swap_guard(expected, new)
    }

    fn flush(&self) -> Operation<'_, Result<(), DriverError>> {
        self.inner.flush()
    }
}

//! Several runs are made one, in the background.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};

use super::format::{Record, Span};
use super::plan;
use super::run::{Records, Run};
use super::store::{Merger, Store, locked};
use super::write::RunWriter;

/// After how many records a merge looks whether it is still wanted, and whether newer runs wait.
const PAUSE: u64 = 1 << 16;

/// The turn to merge: one at a time has it. It is given back when it is dropped, also if the job was
/// never run or has panicked.
#[derive(Debug)]
pub(super) struct Turn {
    store: Arc<Store>,
    over: bool,
}

impl Turn {
    /// The turn, if there is something to merge and nobody has it.
    pub(super) fn take(store: &Arc<Store>) -> Option<Self> {
        let mut merger = locked(&store.merger);
        if merger.running || store.due(0).is_none() {
            return None;
        }
        merger.running = true;
        Some(Self {
            store: Arc::clone(store),
            over: false,
        })
    }

    /// Merges until there is nothing left to merge.
    ///
    /// It may fail, and nothing is lost by that but speed: the next to add keys is told.
    pub(super) fn merge_all(mut self) {
        while let Some(runs) = self.next() {
            if let Err(error) = self.store.merge(&runs) {
                let store = Arc::clone(&self.store);
                let mut merger = locked(&store.merger);
                if !(store.closing() && error.kind() == io::ErrorKind::Interrupted) {
                    merger.failed = Some(error);
                }
                return self.give_back(merger);
            }
        }
    }

    /// What to merge next. If there is nothing the turn ends at that very moment, so that a run that
    /// comes just then is either seen here or finds nobody merging.
    fn next(&mut self) -> Option<Vec<Arc<Run>>> {
        let store = Arc::clone(&self.store);
        let merger = locked(&store.merger);
        let due = store.due(0).filter(|_| !store.closing());
        if due.is_none() {
            self.give_back(merger);
        }
        due
    }

    fn give_back(&mut self, mut merger: MutexGuard<'_, Merger>) {
        merger.running = false;
        self.over = true;
        self.store.at_rest.notify_all();
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.over {
            let store = Arc::clone(&self.store);
            self.give_back(locked(&store.merger));
        }
    }
}

impl Store {
    /// Nothing is merged from now on; waits until a merge under way has stopped.
    pub(super) fn stop_merging(&self) {
        self.closing.store(true, Ordering::Relaxed);
        let mut merger = locked(&self.merger);
        while merger.running {
            merger = self
                .at_rest
                .wait(merger)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// The runs to merge next, of those that begin at `first` or behind it.
    fn due(&self, first: u64) -> Option<Vec<Arc<Run>>> {
        let runs = self.runs();
        let newer = &runs[runs.partition_point(|run| run.span().first < first)..];
        let spans: Vec<Span> = newer.iter().map(|run| run.span()).collect();
        plan::merge(&spans, &self.settings).map(|range| newer[range].to_vec())
    }

    /// Puts one run in the place of several. It is durable under its name before they are removed;
    /// whatever a crash leaves of them is contained in it and removed by the next to open.
    pub(super) fn merge(&self, runs: &[Arc<Run>]) -> io::Result<()> {
        let (Some(first), Some(last)) = (runs.first(), runs.last()) else {
            return Ok(());
        };
        let span = Span {
            first: first.span().first,
            end: last.span().end,
        };
        self.put(span, |writer| self.merge_into(writer, runs, span.end))?;
        for run in runs {
            self.files.remove(run.path())?;
        }
        Ok(())
    }

    fn merge_into(&self, writer: &mut RunWriter, runs: &[Arc<Run>], end: u64) -> io::Result<()> {
        let mut inputs: Vec<Records> = runs.iter().cloned().map(Records::of).collect();
        let mut heads: BinaryHeap<Reverse<(Record, usize)>> = BinaryHeap::new();
        for (number, input) in inputs.iter_mut().enumerate() {
            heads.extend(input.next()?.map(|record| Reverse((record, number))));
        }
        let mut records = 0_u64;
        while let Some(mut head) = heads.peek_mut() {
            let Reverse((record, number)) = *head;
            match inputs[number].next()? {
                Some(next) => *head = Reverse((next, number)),
                None => drop(std::collections::binary_heap::PeekMut::pop(head)),
            }
            writer.push(record)?;
            records += 1;
            if records.is_multiple_of(PAUSE) {
                self.pause(end)?;
            }
        }
        Ok(())
    }

    /// In the middle of a long merge: stops it if nobody wants it any more, and merges what came
    /// meanwhile, so that small runs do not pile up.
    fn pause(&self, end: u64) -> io::Result<()> {
        if self.closing() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        while let Some(newer) = self.due(end) {
            self.merge(&newer)?;
        }
        Ok(())
    }
}

//! A driver that fails when it is told to, around any other driver.
//!
//! Every fault comes in two kinds, and only together they tell whether a caller assumes something:
//! the operation failed and was not done, or it failed and was done all the same.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::{Driver, DriverError, Guard, GuardSwap, Head, Object, Operation, Outcome, Record};

/// What shall go wrong, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A commit that says it lost, though nobody else was there.
    ConflictNotDone,
    /// A commit that says it lost, and the record on top is its own.
    ConflictDone,
    /// A commit without an answer, which did not take place.
    UnknownNotDone,
    /// A commit without an answer, which took place.
    UnknownDone,
    /// A commit without an answer, which takes place just before the next one.
    UnknownLate,
    /// A put that fails and leaves nothing.
    PutNotDone,
    /// A put that fails, and the object is there.
    PutDone,
    /// A checkpoint that is not shown.
    PublishNotDone,
    /// A checkpoint that is shown, and nobody is told.
    PublishDone,
    /// A swap of the guard that fails and leaves it as it was.
    GuardNotDone,
    /// A swap of the guard that fails, and it was swapped.
    GuardDone,
    /// Opening fails.
    Open,
    /// Reading an object fails.
    Get,
}

/// A driver with faults to come.
#[derive(Clone)]
pub struct FaultyDriver {
    inner: Arc<dyn Driver>,
    /// Each with how many operations of its kind still go well.
    faults: Arc<Mutex<Vec<(usize, Fault)>>>,
    late: Arc<Mutex<Option<Late>>>,
}

/// A commit that is still on its way.
type Late = (Option<Head>, Arc<Record>);

impl std::fmt::Debug for FaultyDriver {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "FaultyDriver({:?})", self.waiting())
    }
}

impl FaultyDriver {
    /// No faults yet.
    pub fn new(inner: Arc<dyn Driver>) -> Self {
        Self {
            inner,
            faults: Arc::default(),
            late: Arc::default(),
        }
    }

    /// Lets the next operation that the fault applies to fail, after those told before.
    pub fn inject(&self, fault: Fault) {
        self.inject_after(0, fault);
    }

    /// The same after some operations of that kind that go well.
    pub fn inject_after(&self, operations: usize, fault: Fault) {
        locked(&self.faults, |faults| faults.push((operations, fault)));
    }

    /// The faults that did not happen yet.
    pub fn waiting(&self) -> Vec<Fault> {
        locked(&self.faults, |faults| {
            faults.iter().map(|(_, fault)| *fault).collect()
        })
    }

    /// Takes the first fault that is among `kinds`.
    fn take(&self, kinds: &[Fault]) -> Option<Fault> {
        locked(&self.faults, |faults| {
            let place = faults.iter().position(|(_, fault)| kinds.contains(fault))?;
            let (operations, _) = &mut faults[place];
            if *operations > 0 {
                *operations -= 1;
                return None;
            }
            Some(faults.remove(place).1)
        })
    }
}

impl Driver for FaultyDriver {
    fn open(&self) -> Operation<'_, Result<crate::Recovered, DriverError>> {
        Box::pin(async {
            match self.take(&[Fault::Open]) {
                Some(_) => Err(failed("open")),
                None => self.inner.open().await,
            }
        })
    }

    fn commit<'a>(
        &'a self,
        previous: Option<&'a Head>,
        record: Arc<Record>,
    ) -> Operation<'a, Outcome> {
        use Fault::{ConflictDone, ConflictNotDone, UnknownDone, UnknownLate, UnknownNotDone};
        let kinds = [
            ConflictNotDone,
            ConflictDone,
            UnknownNotDone,
            UnknownDone,
            UnknownLate,
        ];
        Box::pin(async move {
            let late = locked(&self.late, Option::take);
            if let Some((previous, record)) = late {
                // Whether it still fits on top is the storage's to say, and nobody is told.
                self.inner.commit(previous.as_ref(), record).await;
            }
            let fault = self.take(&kinds);
            if fault == Some(UnknownLate) {
                let late = (previous.cloned(), Arc::clone(&record));
                locked(&self.late, |slot| *slot = Some(late));
            }
            let done = match fault {
                Some(ConflictNotDone | UnknownNotDone | UnknownLate) => None,
                _ => Some(self.inner.commit(previous, Arc::clone(&record)).await),
            };
            match (fault, done) {
                (Some(ConflictDone), Some(Outcome::Committed)) => Outcome::Conflict {
                    records: vec![record],
                },
                (Some(ConflictNotDone), _) => Outcome::Conflict { records: vec![] },
                (Some(UnknownDone), Some(Outcome::Committed)) | (Some(_), None) => {
                    Outcome::Unknown {
                        source: failed("commit"),
                    }
                }
                (_, Some(outcome)) => outcome,
                (None, None) => unreachable!("without a fault the commit was made"),
            }
        })
    }

    fn put(&self, objects: Vec<(Object, Bytes)>) -> Operation<'_, Result<(), DriverError>> {
        Box::pin(async move {
            // One after the other, so that a fault can come between two of them.
            for object in objects {
                let fault = self.take(&[Fault::PutNotDone, Fault::PutDone]);
                if fault != Some(Fault::PutNotDone) {
                    self.inner.put(vec![object]).await?;
                }
                fault.map_or(Ok(()), |_| Err(failed("put")))?;
            }
            Ok(())
        })
    }

    fn publish(&self, checkpoint: Arc<str>) -> Operation<'_, Result<(), DriverError>> {
        Box::pin(async move {
            let fault = self.take(&[Fault::PublishNotDone, Fault::PublishDone]);
            if fault != Some(Fault::PublishNotDone) {
                self.inner.publish(checkpoint).await?;
            }
            fault.map_or(Ok(()), |_| Err(failed("publish")))
        })
    }

    fn get(&self, object: Object) -> Operation<'_, Result<Option<Bytes>, DriverError>> {
        Box::pin(async move {
            match self.take(&[Fault::Get]) {
                Some(_) => Err(failed("get")),
                None => self.inner.get(object).await,
            }
        })
    }

    fn swap_guard(
        &self,
        expected: Option<Guard>,
        new: Guard,
    ) -> Operation<'_, Result<GuardSwap, DriverError>> {
        Box::pin(async move {
            let fault = self.take(&[Fault::GuardNotDone, Fault::GuardDone]);
            if fault == Some(Fault::GuardNotDone) {
                return Err(failed("swap the guard"));
            }
            let swap = self.inner.swap_guard(expected, new).await?;
            fault.map_or(Ok(swap), |_| Err(failed("swap the guard")))
        })
    }

    fn flush(&self) -> Operation<'_, Result<(), DriverError>> {
        self.inner.flush()
    }
}

fn locked<T, U>(mutex: &Mutex<T>, change: impl FnOnce(&mut T) -> U) -> U {
    change(&mut mutex.lock().unwrap_or_else(PoisonError::into_inner))
}

fn failed(operation: &'static str) -> DriverError {
    DriverError::Unavailable {
        operation,
        source: "injected by a test".into(),
    }
}

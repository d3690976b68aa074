//! The driver that keeps a log in memory, for tests and for a Sigstore that is thrown away.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::keys::MemoryKeys;
use crate::{
    Driver, DriverError, Guard, GuardSwap, Head, KeyIndex, Object, Operation, Outcome, Record,
    Recovered,
};

/// A log in memory. Clones are further hands on the same storage, as of a second process.
#[derive(Debug, Clone, Default)]
pub struct MemoryDriver {
    storage: Arc<Mutex<Storage>>,
}

#[derive(Debug, Default)]
struct Storage {
    records: Vec<Arc<Record>>,
    objects: BTreeMap<Object, Bytes>,
    guard: Option<Guard>,
    checkpoint: Option<Arc<str>>,
    keys: Arc<MemoryKeys>,
}

impl MemoryDriver {
    /// Empty storage.
    pub fn new() -> Self {
        Self::default()
    }

    /// The checkpoint that was published last.
    pub fn checkpoint(&self) -> Option<Arc<str>> {
        self.storage().checkpoint.clone()
    }

    fn storage(&self) -> MutexGuard<'_, Storage> {
        // Nothing in here panics between two writes, so a poisoned lock still guards whole values.
        self.storage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Driver for MemoryDriver {
    fn open(&self) -> Operation<'_, Result<Recovered, DriverError>> {
        Box::pin(async {
            let storage = self.storage();
            Ok(Recovered {
                guard: storage.guard,
                covered: storage.keys.covered(),
                records: storage.records.clone(),
                keys: Arc::clone(&storage.keys) as Arc<dyn KeyIndex>,
            })
        })
    }

    fn commit<'a>(
        &'a self,
        previous: Option<&'a Head>,
        record: Arc<Record>,
    ) -> Operation<'a, Outcome> {
        Box::pin(async move { self.storage().commit(previous, record) })
    }

    fn put(&self, objects: Vec<(Object, Bytes)>) -> Operation<'_, Result<(), DriverError>> {
        Box::pin(async move {
            let mut storage = self.storage();
            for (object, bytes) in objects {
                let kept = storage
                    .objects
                    .entry(object)
                    .or_insert_with(|| bytes.clone());
                if *kept != bytes {
                    return Err(DriverError::Different { object });
                }
            }
            Ok(())
        })
    }

    fn publish(&self, checkpoint: Arc<str>) -> Operation<'_, Result<(), DriverError>> {
        Box::pin(async move {
            self.storage().checkpoint = Some(checkpoint);
            Ok(())
        })
    }

    fn get(&self, object: Object) -> Operation<'_, Result<Option<Bytes>, DriverError>> {
        Box::pin(async move { Ok(self.storage().objects.get(&object).cloned()) })
    }

    fn swap_guard(
        &self,
        expected: Option<Guard>,
        new: Guard,
    ) -> Operation<'_, Result<GuardSwap, DriverError>> {
        Box::pin(async move {
            let mut storage = self.storage();
            if storage.guard != expected {
                return Ok(GuardSwap::Other(storage.guard));
            }
            storage.guard = Some(new);
            Ok(GuardSwap::Swapped)
        })
    }

    fn flush(&self) -> Operation<'_, Result<(), DriverError>> {
        Box::pin(async { Ok(()) })
    }
}

impl Storage {
    fn commit(&mut self, previous: Option<&Head>, record: Arc<Record>) -> Outcome {
        let last = self.records.last().map(|record| &record.head);
        if last != previous {
            let after = self
                .records
                .iter()
                .position(|record| Some(&record.head) == previous)
                .map_or(0, |place| place + 1);
            return Outcome::Conflict {
                records: self.records.split_at(after).1.to_vec(),
            };
        }
        let filed = record.filed;
        self.records.retain(|kept| kept.head.size > filed);
        self.records.push(record);
        Outcome::Committed
    }
}

//! The key index of a log in memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Key, KeyIndex};
use crate::{DriverError, Operation};

/// Keys in memory.
#[derive(Debug, Default)]
pub(crate) struct MemoryKeys(Mutex<Keys>);

#[derive(Debug, Default)]
struct Keys {
    entries: HashMap<Key, u64>,
    covered: u64,
}

impl MemoryKeys {
    fn keys(&self) -> MutexGuard<'_, Keys> {
        // The keys change by whole entries, so a poisoned lock still guards true ones.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyIndex for MemoryKeys {
    fn covered(&self) -> u64 {
        self.keys().covered
    }

    fn find(&self, key: &Key) -> Result<Option<u64>, DriverError> {
        Ok(self.keys().entries.get(key).copied())
    }

    fn absorb(&self, first: u64, new: Vec<Key>) -> Operation<'_, Result<(), DriverError>> {
        let mut keys = self.keys();
        for (index, key) in (first..).zip(new) {
            if index >= keys.covered {
                keys.entries.entry(key).or_insert(index);
                keys.covered = index + 1;
            }
        }
        Box::pin(async { Ok(()) })
    }
}

//! Where each key is: in memory for the newest entries, in the driver's index for the others.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::keys::MemoryKeys;
use crate::shelf::Shelf;
use crate::{DriverError, Key, KeyIndex};

/// The keys of all entries that were published.
#[derive(Debug)]
pub(crate) struct Keys(RwLock<Inner>);

#[derive(Debug)]
struct Inner {
    filed: Arc<dyn KeyIndex>,
    /// The keys of all entries from `from` on, and perhaps of some before.
    recent: HashMap<Key, u64>,
    from: u64,
    size: u64,
}

/// What is known of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// It is that entry's.
    At(u64),
    /// It is of no entry below this index.
    NotBelow(u64),
}

impl Default for Keys {
    fn default() -> Self {
        Self(RwLock::new(Inner {
            filed: Arc::new(MemoryKeys::default()),
            recent: HashMap::new(),
            from: 0,
            size: 0,
        }))
    }
}

impl Keys {
    /// Looks for a key.
    ///
    /// The newest are looked at first: keys go from there to the driver's index and never back, so one
    /// that moves in between is not missed.
    pub(crate) fn find(&self, key: &Key) -> Result<Known, DriverError> {
        let (size, filed) = {
            let inner = self.read();
            if let Some(index) = inner.recent.get(key) {
                return Ok(Known::At(*index));
            }
            (inner.size, Arc::clone(&inner.filed))
        };
        let found = filed.find(key)?;
        Ok(found.map_or(Known::NotBelow(size), Known::At))
    }

    /// Looks for a key of which something was known when it was looked for before: then what came
    /// since is in memory, and a disk need not be asked again.
    pub(crate) fn find_again(&self, key: &Key, known: Known) -> Result<Option<u64>, DriverError> {
        let since = match known {
            Known::At(index) => return Ok(Some(index)),
            Known::NotBelow(size) => size,
        };
        let inner = self.read();
        if since >= inner.from {
            return Ok(inner.recent.get(key).copied());
        }
        drop(inner);
        Ok(match self.find(key)? {
            Known::At(index) => Some(index),
            Known::NotBelow(_) => None,
        })
    }

    /// Begins anew over the driver's index, which covers at least what the shelf lacks.
    pub(crate) fn reset(&self, filed: Arc<dyn KeyIndex>, shelf: &Shelf) {
        let mut inner = self.write();
        inner.recent.clear();
        inner.from = shelf.start();
        inner.size = shelf.start();
        inner.filed = filed;
        inner.catch_up(shelf);
    }

    /// Notes the entries of the shelf that are not known yet.
    pub(crate) fn catch_up(&self, shelf: &Shelf) {
        self.write().catch_up(shelf);
    }

    /// The driver's index.
    pub(crate) fn filed(&self) -> Arc<dyn KeyIndex> {
        Arc::clone(&self.read().filed)
    }

    /// Forgets keys that the driver's index covers by now: those of the entries below `covered`.
    pub(crate) fn forget(&self, keys: &[Key], covered: u64) {
        let mut inner = self.write();
        for key in keys {
            inner.recent.remove(key);
        }
        inner.from = inner.from.max(covered);
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        // Changes are whole entries, so a poisoned lock still guards true ones.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn catch_up(&mut self, shelf: &Shelf) {
        while let Some(entry) = shelf.entry(self.size) {
            // If it is there already the first entry stays, as everybody was told before.
            self.recent.entry(entry.key).or_insert(self.size);
            self.size += 1;
        }
    }
}

//! A map whose entries end with time, and which never holds more than so many: the oldest makes room.
//!
//! That the oldest goes, and not that the newest is refused, makes a flood of requests cost its
//! sender the whole capacity within the minutes that somebody takes to log in.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use waxwing_encoding::time::UnixTime;

use crate::state::secret::Key;

/// A bounded map of values that end.
pub(crate) struct Expiring<V> {
    most: usize,
    inner: Mutex<Inner<V>>,
}

struct Inner<V> {
    entries: HashMap<Key, Entry<V>>,
    /// By the order of their arrival.
    order: BTreeMap<u64, Key>,
    next: u64,
}

struct Entry<V> {
    value: V,
    ends: UnixTime,
    number: u64,
}

impl<V> Expiring<V> {
    pub(crate) fn new(most: usize) -> Self {
        let inner = Inner {
            entries: HashMap::new(),
            order: BTreeMap::new(),
            next: 0,
        };
        Self {
            most,
            inner: Mutex::new(inner),
        }
    }

    /// Adds an entry that ends at `ends`; the oldest one makes room if there is none.
    pub(crate) fn insert(&self, key: Key, value: V, ends: UnixTime) {
        let mut inner = self.lock();
        inner.remove(&key);
        while inner.entries.len() >= self.most {
            let Some((_, oldest)) = inner.order.pop_first() else {
                break;
            };
            inner.entries.remove(&oldest);
        }
        let number = inner.next;
        inner.next += 1;
        inner.order.insert(number, key);
        let entry = Entry {
            value,
            ends,
            number,
        };
        inner.entries.insert(key, entry);
    }

    /// Removes an entry and gives it back, unless it has ended.
    pub(crate) fn take(&self, key: &Key, now: UnixTime) -> Option<V> {
        let entry = self.lock().remove(key)?;
        (now < entry.ends).then_some(entry.value)
    }

    /// Lets `with` see and change an entry that has not ended.
    pub(crate) fn with<T>(
        &self,
        key: &Key,
        now: UnixTime,
        with: impl FnOnce(&mut V) -> T,
    ) -> Option<T> {
        let mut inner = self.lock();
        let entry = inner.entries.get_mut(key)?;
        if now < entry.ends {
            return Some(with(&mut entry.value));
        }
        inner.remove(key);
        None
    }

    /// Removes an entry, ended or not.
    pub(crate) fn remove(&self, key: &Key) {
        self.lock().remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, Inner<V>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Inner<V> {
    fn remove(&mut self, key: &Key) -> Option<Entry<V>> {
        let entry = self.entries.remove(key)?;
        self.order.remove(&entry.number);
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> UnixTime {
        UnixTime::from_seconds(seconds).unwrap()
    }

    #[test]
    fn entries_end_and_are_taken_once() {
        let map = Expiring::new(8);
        map.insert([1; 32], "one", at(10));
        assert_eq!(map.with(&[1; 32], at(9), |value| *value), Some("one"));
        assert_eq!(map.with(&[1; 32], at(10), |value| *value), None);
        map.insert([2; 32], "two", at(10));
        assert_eq!(map.take(&[2; 32], at(9)), Some("two"));
        assert_eq!(map.take(&[2; 32], at(9)), None);
        map.insert([3; 32], "three", at(10));
        assert_eq!(map.take(&[3; 32], at(10)), None);
    }

    #[test]
    fn the_oldest_makes_room() {
        let map = Expiring::new(3);
        for number in 0..5 {
            map.insert([number; 32], number, at(10));
        }
        map.insert([3; 32], 33, at(10));
        let held = |number| map.with(&[number; 32], at(0), |value| *value);
        assert_eq!(
            [0, 1, 2, 3, 4].map(held),
            [None, None, Some(2), Some(33), Some(4)]
        );
        let inner = map.lock();
        assert_eq!((inner.entries.len(), inner.order.len()), (3, 3));
    }
}

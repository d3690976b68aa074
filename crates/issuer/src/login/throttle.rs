//! Guesses, counted by a name or an address: some are free, then each costs twice the wait of the one
//! before, up to a cap.
//!
//! A guess counts when it begins, so that many at once gain nothing, and is taken back if it was right.
//! It is forgotten after a day without another one: guessing slowly does not reset the count. The memory
//! is bounded; where it is full, who guessed least is forgotten first.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use waxwing_encoding::time::UnixTime;

/// The most names or addresses that are counted at once.
const MOST_COUNTED: usize = 4096;

/// How long a count is kept after the last guess, in seconds.
const KEPT_SECONDS: i64 = 24 * 3600;

/// How guesses are slowed down.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// How many are free.
    pub(crate) free: u32,
    /// The longest wait, in seconds. A wait locks out the right person as well.
    pub(crate) longest: i64,
}

/// Counts by keys of the type `K`.
#[derive(Debug)]
pub(crate) struct Throttle<K> {
    pace: Pace,
    counts: Mutex<HashMap<K, Count>>,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    guesses: u32,
    last: UnixTime,
    closed_until: UnixTime,
}

/// Too many guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts; try again in {seconds} s")]
pub(crate) struct TooManyGuesses {
    pub(crate) seconds: u64,
}

impl<K: Hash + Eq + Clone> Throttle<K> {
    pub(crate) fn new(pace: Pace) -> Self {
        Self {
            pace,
            counts: Mutex::default(),
        }
    }

    /// A guess begins, and counts as a wrong one until it is known to be right.
    pub(crate) fn begin(&self, key: &K, now: UnixTime) -> Result<(), TooManyGuesses> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if !counts.contains_key(key) && counts.len() >= MOST_COUNTED {
            make_room(&mut counts, now);
        }
        let fresh = Count {
            guesses: 0,
            last: now,
            closed_until: UnixTime::EARLIEST,
        };
        let count = counts.entry(key.clone()).or_insert(fresh);
        if count.last.plus_seconds(KEPT_SECONDS) < now {
            *count = fresh;
        }
        if now < count.closed_until {
            let wait = count.closed_until.seconds().saturating_sub(now.seconds());
            let seconds = u64::try_from(wait).unwrap_or(1).max(1);
            return Err(TooManyGuesses { seconds });
        }
        count.guesses = count.guesses.saturating_add(1);
        count.last = now;
        count.closed_until = now.plus_seconds(self.pace.wait(count.guesses));
        Ok(())
    }

    /// The guess was right: one less.
    pub(crate) fn take_back(&self, key: &K) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(key) {
            count.guesses = count.guesses.saturating_sub(1);
            count.closed_until = UnixTime::EARLIEST;
        }
    }

    /// The guess was right, and whoever made it is the one who may.
    pub(crate) fn forget(&self, key: &K) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.remove(key);
    }
}

impl Pace {
    /// The wait after so many guesses, in seconds.
    fn wait(self, guesses: u32) -> i64 {
        match guesses.checked_sub(self.free) {
            None | Some(0) => 0,
            Some(over) => self.longest.min(1 << (over - 1).min(30)),
        }
    }
}

fn make_room<K: Hash + Eq + Clone>(counts: &mut HashMap<K, Count>, now: UnixTime) {
    counts.retain(|_, count| now <= count.last.plus_seconds(KEPT_SECONDS));
    if counts.len() < MOST_COUNTED {
        return;
    }
    let least = counts
        .iter()
        .min_by_key(|(_, count)| (count.guesses, count.last));
    if let Some(key) = least.map(|(key, _)| key.clone()) {
        counts.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace {
        free: 3,
        longest: 60,
    };

    fn at(seconds: i64) -> UnixTime {
        UnixTime::from_seconds(seconds).unwrap()
    }

    fn wait<K: Hash + Eq + Copy>(throttle: &Throttle<K>, key: K, now: i64) -> u64 {
        throttle
            .begin(&key, at(now))
            .map_or_else(|error| error.seconds, |()| 0)
    }

    #[test]
    fn waits_double_up_to_the_cap() {
        let throttle = Throttle::new(PACE);
        let mut now = 0;
        for _ in 0..3 {
            assert_eq!(wait(&throttle, "alice", now), 0);
        }
        for expected in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            assert_eq!(wait(&throttle, "alice", now), 0);
            assert_eq!(wait(&throttle, "alice", now), expected);
            assert_eq!(wait(&throttle, "bob", now), 0, "others do not wait");
            throttle.forget(&"bob");
            now += i64::try_from(expected).unwrap();
        }
    }

    #[test]
    fn slow_guesses_are_counted_and_a_day_without_one_forgives() {
        let throttle = Throttle::new(PACE);
        for hour in 0..10 {
            assert_eq!(wait(&throttle, "alice", hour * 3600), 0);
        }
        assert_eq!(wait(&throttle, "alice", 9 * 3600 + 1), 59);
        let later = 9 * 3600 + KEPT_SECONDS + 1;
        for _ in 0..3 {
            assert_eq!(wait(&throttle, "alice", later), 0);
        }
    }

    #[test]
    fn right_guesses_do_not_count() {
        let throttle = Throttle::new(PACE);
        for _ in 0..20 {
            assert_eq!(wait(&throttle, "office", 0), 0);
            throttle.take_back(&"office");
        }
    }

    #[test]
    fn the_memory_is_bounded_and_keeps_who_guessed_most() {
        let throttle = Throttle::new(PACE);
        for _ in 0..4 {
            wait(&throttle, usize::MAX, 0);
        }
        for name in 0..MOST_COUNTED + 100 {
            wait(&throttle, name, 0);
        }
        assert_eq!(throttle.counts.lock().unwrap().len(), MOST_COUNTED);
        assert_eq!(wait(&throttle, usize::MAX, 0), 1);
    }
}

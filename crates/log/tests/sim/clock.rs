//! A clock that is set by hand, forwards and backwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use waxwing_encoding::time::{Clock, UnixTime};

use crate::dice::Dice;

/// Milliseconds since the epoch. Clones are the same clock.
#[derive(Debug, Clone)]
pub(crate) struct SimClock(Arc<AtomicU64>);

impl SimClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(1_700_000_000_000)))
    }

    pub(crate) fn set(&self, time: UnixTime) {
        self.0.store(time.milliseconds(), Ordering::Relaxed);
    }

    /// Lets some time go by; now and then the clock is set meanwhile, either way.
    pub(crate) fn pass(&self, dice: &mut Dice) {
        let now = self.0.load(Ordering::Relaxed);
        let then = match dice.below(12) {
            0 => now + dice.below(3_600_000),
            1 => now - dice.below(900),
            2 => now - dice.below(600_000),
            3 => now,
            _ => now + dice.below(2_000),
        };
        self.0.store(then, Ordering::Relaxed);
    }
}

impl Clock for SimClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_milliseconds(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

//! What a worker counts, and the sum of all workers.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

/// Histograms count nanoseconds, to three digits, from a microsecond to an hour.
const SHORTEST: u64 = 1_000;
const LONGEST: u64 = 3_600_000_000_000;
const DIGITS: u8 = 3;

/// Counts and times of acknowledged adds. Only what began after the warm-up is in here.
#[derive(Debug)]
pub(super) struct Tally {
    /// From the planned arrival to the checked answer.
    pub(super) latency: Times,
    /// From sending to the checked answer.
    pub(super) service: Times,
    /// From the planned arrival to sending: what the hammer itself, or its lack of free connections,
    /// adds to the latency.
    pub(super) late_start: Times,
    pub(super) acknowledged: u64,
    /// Of them, entries that had been sent before.
    pub(super) duplicates: u64,
    /// Of all, those of which the log said that it had them.
    pub(super) existed: u64,
    pub(super) refused: u64,
    /// Arrivals that found no free place until the hammer gave up.
    pub(super) unserved: u64,
    /// Entries sent again because no answer came.
    pub(super) retries: u64,
    /// Adds of the warm-up, in none of the other numbers.
    pub(super) warm_up: u64,
    /// What making entries and judging answers took, of all adds.
    pub(super) own: Duration,
    /// When the last counted answer came.
    pub(super) last: Option<Instant>,
}

/// A histogram of durations.
#[derive(Debug)]
pub(super) struct Times(Histogram<u64>);

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            latency: Times::new(),
            service: Times::new(),
            late_start: Times::new(),
            acknowledged: 0,
            duplicates: 0,
            existed: 0,
            refused: 0,
            unserved: 0,
            retries: 0,
            warm_up: 0,
            own: Duration::ZERO,
            last: None,
        }
    }

    /// Adds another worker's.
    pub(super) fn merge(&mut self, other: &Self) {
        self.latency.merge(&other.latency);
        self.service.merge(&other.service);
        self.late_start.merge(&other.late_start);
        self.acknowledged += other.acknowledged;
        self.duplicates += other.duplicates;
        self.existed += other.existed;
        self.refused += other.refused;
        self.unserved += other.unserved;
        self.retries += other.retries;
        self.warm_up += other.warm_up;
        self.own += other.own;
        self.last = self.last.max(other.last);
    }
}

impl Times {
    pub(super) fn new() -> Self {
        let histogram = Histogram::new_with_bounds(SHORTEST, LONGEST, DIGITS);
        Self(histogram.expect("invariant: the bounds are far enough apart"))
    }

    /// Longer times than an hour count as an hour.
    pub(super) fn record(&mut self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(LONGEST);
        self.0.saturating_record(nanoseconds);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.0
            .add(&other.0)
            .expect("invariant: all histograms have the same bounds");
    }

    /// The time that this share of all was not above, in milliseconds.
    pub(super) fn at(&self, share: f64) -> f64 {
        milliseconds(self.0.value_at_quantile(share) as f64)
    }

    /// The longest time in milliseconds.
    pub(super) fn longest(&self) -> f64 {
        milliseconds(self.0.max() as f64)
    }

    /// The mean in milliseconds.
    pub(super) fn mean(&self) -> f64 {
        milliseconds(self.0.mean())
    }
}

fn milliseconds(nanoseconds: f64) -> f64 {
    nanoseconds / 1e6
}

//! When entries arrive in an open loop: at times that are planned without looking at the log.
//!
//! A log that stalls meets the same arrivals as one that does not, and each latency counts from the
//! planned arrival: the wait of those behind a slow answer is in the figures (no coordinated omission).
//! The plan is kept by a thread of its own, because the executor's timers tick in milliseconds; what
//! is late all the same shows as `late_start`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use tokio::sync::mpsc::UnboundedSender;

use super::entries::Dice;

/// How the arrivals of an open loop lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Arrivals {
    /// At random, as from many callers who do not know of each other
    #[default]
    Poisson,
    /// At equal distances
    Fixed,
}

impl Arrivals {
    /// As on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Poisson => "poisson",
            Self::Fixed => "fixed",
        }
    }
}

/// A plan of arrivals.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) arrivals: Arrivals,
    pub(super) per_second: f64,
    pub(super) begin: Instant,
    /// From here on arrivals count towards `most`.
    pub(super) measured_from: Instant,
    pub(super) end: Option<Instant>,
    pub(super) most: Option<u64>,
    pub(super) seed: u64,
}

impl Plan {
    /// Sends each arrival, when it is due, to the workers in turn.
    pub(super) fn start(
        self,
        workers: Vec<UnboundedSender<Instant>>,
        stop: Arc<AtomicBool>,
    ) -> std::io::Result<JoinHandle<()>> {
        let keep = move || {
            let mut turns = workers.iter().cycle();
            for due in self.times() {
                if !wait_until(due, &stop) {
                    return;
                }
                let Some(Ok(())) = turns.next().map(|worker| worker.send(due)) else {
                    return;
                };
            }
        };
        std::thread::Builder::new()
            .name("hammer-pacer".into())
            .spawn(keep)
    }

    fn times(&self) -> impl Iterator<Item = Instant> {
        let mut dice = Dice::new(self.seed);
        let (begin, arrivals, per_second) = (self.begin, self.arrivals, self.per_second);
        let offsets = std::iter::successors(Some(0.0), move |offset| {
            let distance = match arrivals {
                Arrivals::Fixed => 1.0,
                Arrivals::Poisson => -(1.0 - dice.fraction()).ln(),
            };
            Some(offset + distance / per_second)
        });
        let mut left = self.most;
        let (measured_from, end) = (self.measured_from, self.end);
        offsets
            .map(move |offset| begin + Duration::from_secs_f64(offset))
            .take_while(move |due| {
                if let Some(left) = left.as_mut().filter(|_| *due >= measured_from) {
                    match left.checked_sub(1) {
                        Some(less) => *left = less,
                        None => return false,
                    }
                }
                end.is_none_or(|end| *due < end)
            })
    }
}

/// Sleeps, but not through the end of the run; false when it has come.
fn wait_until(due: Instant, stop: &AtomicBool) -> bool {
    loop {
        if stop.load(Ordering::Relaxed) {
            return false;
        }
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        std::thread::sleep(left.min(Duration::from_millis(100)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(arrivals: Arrivals, most: Option<u64>) -> Vec<Duration> {
        let begin = Instant::now();
        let plan = Plan {
            arrivals,
            per_second: 1000.0,
            begin,
            measured_from: begin + Duration::from_secs(1),
            end: Some(begin + Duration::from_secs(11)),
            most,
            seed: 1,
        };
        plan.times().map(|due| due - begin).collect()
    }

    #[test]
    fn arrivals_come_at_their_rate_until_the_end_or_the_last_entry() {
        let fixed = times(Arrivals::Fixed, None);
        assert!((10_999..=11_001).contains(&fixed.len()), "{}", fixed.len());
        assert_eq!(fixed[3], Duration::from_millis(3));
        let random = times(Arrivals::Poisson, None);
        assert!((10_500..11_500).contains(&random.len()), "{}", random.len());
        assert!(random.is_sorted());
        // A share of 1/e of the gaps of a Poisson process is longer than the mean.
        let gaps = random.windows(2).map(|pair| pair[1] - pair[0]);
        let long = gaps.filter(|gap| *gap > Duration::from_millis(1)).count();
        assert!((3_700..4_400).contains(&long), "{long}");
        let warm_up = |due: &&Duration| **due < Duration::from_secs(1);
        let few = times(Arrivals::Poisson, Some(5));
        assert_eq!(few.len() - few.iter().filter(warm_up).count(), 5);
    }
}

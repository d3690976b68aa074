//! When a worker sends its next entry: as soon as there is room, or when one arrives.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::mpsc::UnboundedReceiver;

/// How many arrivals are taken from the queue at once.
const AT_ONCE: usize = 1024;

/// When the next entry is to be sent.
#[derive(Debug)]
pub(super) enum Pace {
    /// As soon as there is room: a closed loop.
    Saturate {
        /// Until then, if there is an end.
        end: Option<Instant>,
        /// How many adds of all workers are left to measure, if that is bounded.
        left: Option<Arc<AtomicU64>>,
        /// Set when the run is to end early.
        stop: Arc<AtomicBool>,
        /// Whether the end was reached.
        over: bool,
    },
    /// When one arrives: an open loop.
    Arrivals {
        /// The arrivals of this worker.
        due: UnboundedReceiver<Instant>,
        /// Those that have come, and wait for room.
        waiting: VecDeque<Instant>,
        /// When those that still wait are given up.
        give_up: Option<Instant>,
        /// Whether no more will come.
        over: bool,
    },
}

impl Pace {
    /// The planned time of an add that may be sent now. Arrivals that were given up go to `unserved`.
    pub(super) fn next(
        &mut self,
        now: Instant,
        measured_from: Instant,
        unserved: &mut u64,
    ) -> Option<Instant> {
        match self {
            Self::Saturate {
                end,
                left,
                stop,
                over,
            } => {
                let ended = end.is_some_and(|end| now >= end) || stop.load(Ordering::Relaxed);
                let measured = now >= measured_from;
                let left = left.as_ref().filter(|_| measured);
                *over = *over || ended || left.is_some_and(|left| !take_one(left));
                (!*over).then_some(now)
            }
            Self::Arrivals {
                waiting, give_up, ..
            } => {
                if give_up.is_some_and(|give_up| now >= give_up) {
                    *unserved += waiting.len() as u64;
                    waiting.clear();
                }
                waiting.pop_front()
            }
        }
    }

    /// Whether nothing is to be sent any more.
    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Saturate { over, .. } => *over,
            Self::Arrivals { waiting, over, .. } => *over && waiting.is_empty(),
        }
    }

    /// Whether [`Pace::arrive`] has something to wait for.
    pub(super) fn expects_arrivals(&self) -> bool {
        matches!(self, Self::Arrivals { over: false, .. })
    }

    /// Waits for arrivals.
    pub(super) async fn arrive(&mut self) {
        let Self::Arrivals {
            due, waiting, over, ..
        } = self
        else {
            return;
        };
        let mut arrived = Vec::new();
        *over = due.recv_many(&mut arrived, AT_ONCE).await == 0;
        waiting.extend(arrived);
    }
}

fn take_one(left: &AtomicU64) -> bool {
    let less = |left: u64| left.checked_sub(1);
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
        .is_ok()
}

//! One worker: keeps its share of the adds in flight, and judges what comes back.
//!
//! There is one worker a core, and an add costs no task: a worker holds its adds in one set and is woken
//! for whatever of them is done. It shares nothing with the others on the way of an add but the
//! remembered heads.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bytes::Bytes;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use super::entries::{Dice, Entries};
use super::judge::{Judge, Sent};
use super::pace::Pace;
use super::record::{Line, Recorder};
use super::tally::Tally;
use super::target::{Acknowledged, Target, TargetError};
use super::violation::Violation;

/// How many answers are judged before what waits for a record is written.
const TOGETHER: usize = 256;

/// Why a run ended before its end.
#[derive(Debug)]
pub(super) enum Failure {
    /// The log broke a promise.
    Violation(Box<Violation>),
    /// The log stopped, cannot be reached, or the record cannot be written.
    Failed(anyhow::Error),
}

/// A worker and all that it needs.
pub(super) struct Worker<T> {
    /// This one, from 0.
    pub(super) number: u64,
    /// How many there are.
    pub(super) of: u64,
    /// Ways to the log that are free.
    pub(super) idle: Vec<T>,
    pub(super) pace: Pace,
    /// What begins before is warm-up.
    pub(super) measured_from: Instant,
    pub(super) entries: Entries,
    /// The share of entries that were sent before.
    pub(super) duplicates: f64,
    pub(super) dice: Dice,
    pub(super) judge: Judge,
    pub(super) tally: Tally,
    pub(super) recorder: Option<Arc<Recorder>>,
    /// Lines that are not written yet, and how many answers they are of.
    pub(super) unwritten: (Vec<u8>, u64),
    /// Adds acknowledged by all workers.
    pub(super) acknowledged: Arc<AtomicU64>,
}

/// An add that came back, with the way that it took.
struct Done<T> {
    target: T,
    sent: Sent,
    entry: Bytes,
    planned: Instant,
    began: Instant,
    answer: Result<Acknowledged, TargetError>,
}

impl<T: Target> Worker<T> {
    /// Works until the pace says that it is enough and all answers are in.
    pub(super) async fn run(mut self) -> Result<(Tally, Judge), Failure> {
        let mut flying = FuturesUnordered::new();
        loop {
            while let Some(add) = self.next_add() {
                flying.push(add);
            }
            if flying.is_empty() && self.pace.is_over() {
                return Ok((self.tally, self.judge));
            }
            tokio::select! {
                biased;
                Some(done) = flying.next(), if !flying.is_empty() => {
                    self.settle(done)?;
                    for _ in 0..TOGETHER {
                        while let Some(add) = self.next_add() {
                            flying.push(add);
                        }
                        let Some(Some(done)) = flying.next().now_or_never() else {
                            break;
                        };
                        self.settle(done)?;
                    }
                    self.count()?;
                    // Others have a turn, the log among them.
                    tokio::task::yield_now().await;
                }
                () = self.pace.arrive(), if self.pace.expects_arrivals() => {}
            }
        }
    }

    /// The next add, if one is due and there is room for it.
    fn next_add(&mut self) -> Option<impl Future<Output = Done<T>> + use<T>> {
        if self.idle.is_empty() {
            return None;
        }
        let began = Instant::now();
        let planned = self
            .pace
            .next(began, self.measured_from, &mut self.tally.unserved)?;
        let mut target = self.idle.pop()?;
        let sent = self.choose();
        let entry = self.entries.bytes(sent.number);
        let sending = Instant::now();
        self.tally.own += sending - began;
        Some(async move {
            let answer = target.add(entry.clone()).await;
            Done {
                target,
                sent,
                entry,
                planned,
                began: sending,
                answer,
            }
        })
    }

    /// Which entry to send: mostly a new one.
    fn choose(&mut self) -> Sent {
        let entries = self.judge.entries() as u64;
        let number = |own: u64| own * self.of + self.number;
        if entries > 0 && self.dice.fraction() < self.duplicates {
            let own = self.dice.below(entries);
            return self.judge.again(number(own), own as usize);
        }
        self.judge.fresh(number(entries))
    }

    /// Judges an answer and takes it down.
    fn settle(&mut self, done: Done<T>) -> Result<(), Failure> {
        let arrived = Instant::now();
        self.idle.push(done.target);
        let measured = done.planned >= self.measured_from;
        let answer = match done.answer {
            Ok(answer) => answer,
            Err(TargetError::Refused) => {
                self.tally.refused += u64::from(measured);
                return Ok(());
            }
            Err(TargetError::Violation(violation)) => return Err(violation.into()),
            Err(TargetError::Failed(error)) => return Err(Failure::Failed(error)),
        };
        let (leaf_hash, head) = self.judge.judge(done.sent, &done.entry, &answer)?;
        if self.recorder.is_some() {
            let line = Line {
                index: answer.index,
                leaf_hash,
                head,
            };
            line.append_to(&mut self.unwritten.0);
        }
        self.unwritten.1 += 1;
        let tally = &mut self.tally;
        tally.retries += u64::from(answer.retries);
        if measured {
            tally.latency.record(arrived - done.planned);
            tally.service.record(arrived - done.began);
            tally.late_start.record(done.began - done.planned);
            tally.acknowledged += 1;
            tally.duplicates += u64::from(!done.sent.fresh);
            tally.existed += u64::from(answer.existed);
            tally.last = Some(arrived);
        } else {
            tally.warm_up += 1;
        }
        tally.own += arrived.elapsed();
        Ok(())
    }

    /// Makes the answers count, once they are recorded.
    fn count(&mut self) -> Result<(), Failure> {
        let (lines, answers) = &mut self.unwritten;
        if let Some(recorder) = &self.recorder {
            recorder.write(lines).map_err(Failure::Failed)?;
            lines.clear();
        }
        self.acknowledged.fetch_add(*answers, Ordering::Relaxed);
        *answers = 0;
        Ok(())
    }
}

impl From<Violation> for Failure {
    fn from(violation: Violation) -> Self {
        Self::Violation(Box::new(violation))
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.into())
    }
}

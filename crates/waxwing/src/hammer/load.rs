//! A run: as many workers as cores, for as long as was asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use tokio::sync::mpsc;
use tokio::task::{JoinSet, unconstrained};

use super::entries::{Dice, Entries};
use super::heads::Heads;
use super::judge::Judge;
use super::pace::Pace;
use super::pacer::{Arrivals, Plan};
use super::process::Usage;
use super::record::Recorder;
use super::tally::Tally;
use super::target::Target;
use super::worker::{Failure, Worker};

/// What is asked of a run.
#[derive(Debug, Clone)]
pub(super) struct Load {
    /// Arrivals a second; `None` to saturate the log.
    pub(super) rate: Option<f64>,
    pub(super) arrivals: Arrivals,
    /// How many adds are in flight at most.
    pub(super) outstanding: usize,
    /// How long it is measured.
    pub(super) duration: Option<Duration>,
    /// How many adds are measured at most.
    pub(super) adds: Option<u64>,
    pub(super) warm_up: Duration,
    pub(super) entry_bytes: usize,
    /// The share of entries that were sent before.
    pub(super) duplicates: f64,
    pub(super) seed: u64,
    /// Whether an earlier run may have sent these very entries.
    pub(super) may_exist: bool,
    /// How long after the end late arrivals are still served.
    pub(super) patience: Duration,
}

/// What came of a run.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) tally: Tally,
    /// For each acknowledged entry its index and its number, ascending.
    pub(super) places: Vec<(u64, u64)>,
    /// How many different entries were sent, whatever came of them.
    pub(super) entries: u64,
    /// From the end of the warm-up to the last answer.
    pub(super) took: Duration,
    /// What the process used meanwhile, and for how many adds.
    pub(super) usage: Usage,
    pub(super) usage_adds: u64,
}

/// Runs a load. `progress` is told once a second how many adds are acknowledged.
pub(super) async fn run<T: Target>(
    target: &T,
    load: &Load,
    heads: &Arc<Heads>,
    recorder: Option<&Arc<Recorder>>,
    mut progress: impl FnMut(Duration, u64),
) -> Result<Run, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let count = cores.min(load.outstanding).max(1);
    let begin = Instant::now();
    let measured_from = begin + load.warm_up;
    let stop = Arc::new(Stop::default());
    let paces = paces(load, count, measured_from, &stop.0)?;
    let acknowledged = Arc::new(AtomicU64::new(0));
    let mut workers = JoinSet::new();
    for (number, pace) in paces.into_iter().enumerate() {
        let ways = share(load.outstanding, number, count);
        let number = number as u64;
        let worker = Worker {
            number,
            of: count as u64,
            idle: std::iter::repeat_n(target, ways).cloned().collect(),
            pace,
            measured_from,
            entries: Entries::new(load.seed, load.entry_bytes),
            duplicates: load.duplicates,
            dice: Dice::new(load.seed ^ number),
            judge: Judge::new(Arc::clone(heads), load.may_exist),
            tally: Tally::new(),
            recorder: recorder.cloned(),
            unwritten: (Vec::new(), 0),
            acknowledged: Arc::clone(&acknowledged),
        };
        // The executor's budget for a task is 128 answers. One that comes after is put off, and with it
        // the whole set, which then comes back in reverse. With 1024 adds in flight the 99th percentile
        // was 194 ms that way and is 32 ms in order.
        workers.spawn(unconstrained(async move { (number, worker.run().await) }));
    }

    let warm = tokio::time::sleep_until(measured_from.into());
    tokio::pin!(warm);
    let mut before = None;
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    let mut done = Vec::with_capacity(count);
    loop {
        tokio::select! {
            joined = workers.join_next() => match joined {
                Some(Ok((number, ended))) => done.push((number, ended?)),
                Some(Err(error)) => return Err(Failure::Failed(error.into())),
                None => break,
            },
            // The first time the run ends in peace and is reported.
            Ok(()) = tokio::signal::ctrl_c() => {
                if stop.0.swap(true, Ordering::Relaxed) {
                    return Err(Failure::Failed(anyhow!("interrupted")));
                }
            }
            () = &mut warm, if before.is_none() => {
                before = Some((Usage::now(), acknowledged.load(Ordering::Relaxed)));
            }
            _ = seconds.tick() => {
                progress(begin.elapsed(), acknowledged.load(Ordering::Relaxed));
            }
        }
    }
    let (usage, adds) = before.unwrap_or_else(|| (Usage::now(), 0));
    let mut run = Run {
        tally: Tally::new(),
        places: Vec::new(),
        entries: 0,
        took: Duration::ZERO,
        usage: Usage::now().since(&usage),
        usage_adds: acknowledged.load(Ordering::Relaxed) - adds,
    };
    for (number, (tally, judge)) in done {
        run.tally.merge(&tally);
        run.entries += judge.entries() as u64;
        let places = (0..).zip(judge.into_places());
        let of = count as u64;
        run.places
            .extend(places.filter_map(|(own, index): (u64, _)| Some((index?, own * of + number))));
    }
    run.places.sort_unstable();
    let last = run.tally.last.unwrap_or(measured_from);
    run.took = last.saturating_duration_since(measured_from);
    Ok(run)
}

/// Ends the run early, and tells the pacer so, whichever way the run ends.
#[derive(Debug, Default)]
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn paces(
    load: &Load,
    count: usize,
    measured_from: Instant,
    stop: &Arc<AtomicBool>,
) -> Result<Vec<Pace>, Failure> {
    let end = load.duration.map(|duration| measured_from + duration);
    let Some(per_second) = load.rate else {
        let left = load.adds.map(|adds| Arc::new(AtomicU64::new(adds)));
        let saturate = || Pace::Saturate {
            end,
            left: left.clone(),
            stop: Arc::clone(stop),
            over: false,
        };
        return Ok(std::iter::repeat_with(saturate).take(count).collect());
    };
    let (senders, receivers): (Vec<_>, Vec<_>) =
        (0..count).map(|_| mpsc::unbounded_channel()).unzip();
    let plan = Plan {
        arrivals: load.arrivals,
        per_second,
        begin: measured_from - load.warm_up,
        measured_from,
        end,
        most: load.adds,
        seed: load.seed,
    };
    let started = plan.start(senders, Arc::clone(stop));
    started.map_err(|error| Failure::Failed(error.into()))?;
    let give_up = end.map(|end| end + load.patience);
    let paces = receivers.into_iter().map(|due| Pace::Arrivals {
        due,
        waiting: Default::default(),
        give_up,
        over: false,
    });
    Ok(paces.collect())
}

/// The part of `whole` that falls to the `number`-th of `count`.
fn share(whole: usize, number: usize, count: usize) -> usize {
    whole / count + usize::from(number < whole % count)
}

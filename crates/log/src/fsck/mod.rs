//! Checking a log's directory: everything is hashed again and compared, and nothing is changed.
//!
//! ```text
//! entry ─▶ leaf ═ level-0 tile ─▶ root ═ level-1 tile ─▶ … ─▶ root ═ checkpoint, heads, guard
//!   └─ found by its key at its own index     ledger: times in order, lengths fit
//! ```
//!
//! Threads take blocks of 65,536 entries; what they find is put together in order, so memory is
//! bounded by the number of threads and not by the log. It may run beside the writer: the checkpoint
//! is taken first, and what it does not cover is not missed. After a crash it says what is there
//! before anything is started.

mod block;
mod ground;
mod keys;
mod leaf;
mod look;
mod page;
mod partial;
mod problem;
mod stray;
mod sum;
mod tail;
mod verdict;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use waxwing_tlog::Hash;
use waxwing_tlog::note::NoteVerifier;
use waxwing_tlog::tile::FULL_WIDTH;

use self::block::BLOCK;
use self::ground::Ground;
pub(crate) use self::keys::keys_follow;
use self::look::{believed, known_guard, look, newest_size};
use self::problem::Problems;
pub use self::problem::{Problem, ProblemKind, Severity};
use self::sum::Sum;
use crate::{DriverError, LocalDriver, LocalSettings};

const PAGE: u64 = FULL_WIDTH as u64;
/// Between two calls of the progress function.
const TICK: Duration = Duration::from_millis(100);

/// How much is checked.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// How many threads; 0 for as many as the machine runs at a time.
    pub jobs: usize,
    /// Looks up the key of every entry: 1, of each tenth: 10, or of none: 0.
    pub every_key: u64,
    /// How many problems are listed; the rest is counted.
    pub listed: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            jobs: 0,
            every_key: 1,
            listed: 1000,
        }
    }
}

/// What was found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// The log's name, if the checkpoint could be read.
    pub origin: Option<String>,
    /// How many entries the checkpoint covers, and under which root.
    pub published: Option<(u64, Hash)>,
    /// Entries that are durable and not under the checkpoint yet.
    pub unpublished: u64,
    /// Entries that were read, and their bytes.
    pub entries: u64,
    /// The bytes of bundles.
    pub bytes: u64,
    /// The problems, sorted by file and index.
    pub problems: Vec<Problem>,
    /// How many errors there are, also those not listed.
    pub errors: u64,
    /// How many warnings there are, also those not listed.
    pub warnings: u64,
    /// What was not checked, and why.
    pub not_checked: Vec<String>,
}

impl Report {
    /// Whether there are no errors; there may be warnings.
    pub fn is_sound(&self) -> bool {
        self.errors == 0
    }
}

/// Why a directory could not be checked at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FsckError {
    /// There is no log.
    #[error("{0} holds no log; expected a directory with .state/format in it")]
    NoLog(String),
    /// The state of the log cannot be read.
    #[error(transparent)]
    Driver(#[from] DriverError),
}

/// Checks the log in a directory. Blocks, with threads of its own. The checkpoint is believed under
/// `verifiers`; without any it is taken as it is, and the report says so. `progress` is told how many
/// entries of how many were read.
pub fn check(
    settings: LocalSettings,
    verifiers: &[NoteVerifier],
    options: &Options,
    mut progress: impl FnMut(u64, u64),
) -> Result<Report, FsckError> {
    let directory = settings.directory.clone();
    let format = settings.format;
    let guarded = settings.guard.clone();
    let driver = LocalDriver::new(LocalSettings {
        read_only: true,
        ..settings
    });
    let problems = Problems::new(options.listed);
    let mut not_checked = Vec::new();
    // The guard first: it can only be behind what is read after it.
    let guard = driver.guard_blocking();
    let (checkpoint, tail) = look(&driver, &problems)?
        .ok_or_else(|| FsckError::NoLog(directory.display().to_string()))?;
    let checkpoint = checkpoint.and_then(|note| believed(&note, verifiers, &problems));
    if verifiers.is_empty() {
        not_checked.push("the signature of the checkpoint: no key was given".to_owned());
    }
    let published = checkpoint
        .as_ref()
        .map(|found| (found.size(), found.root()));
    let published_size = published.map_or(0, |(size, _)| size);
    let size = published_size.max(tail.end());
    tail.check(format, &problems);
    let filed = match tail.heads.is_empty() {
        true => size / PAGE * PAGE,
        false => tail.filed.min(size),
    };
    let mut ground = Ground {
        driver,
        format,
        tail,
        size,
        filed,
        keys: None,
        problems,
        done: AtomicU64::new(0),
        bytes: AtomicU64::new(0),
        not_derived: AtomicU64::new(0),
    };
    ground.keys = keys::open(&ground, options.every_key, &mut not_checked)?;
    let guard = known_guard(&ground, guard, guarded, &mut not_checked);

    let mut marks: BTreeSet<u64> = ground.tail.heads.iter().map(|head| head.size).collect();
    marks.extend(published.map(|(size, _)| size));
    marks.extend(guard.as_ref().map(|(guard, _)| guard.size));
    marks.retain(|mark| *mark <= size);
    let unfinished = stray::unfinished(&ground);
    let sum = run(&ground, Sum::new(marks), options.jobs, &mut progress);
    verdict::compare(&ground, &sum, published, guard, &mut not_checked);
    // The log may have grown meanwhile, and its tiles with it.
    let newest = newest_size(&ground.driver).max(size);
    stray::check(&ground, newest, &unfinished);

    let not_derived = ground.not_derived.load(Ordering::Relaxed);
    if not_derived > 0 {
        not_checked.push(format!(
            "the leaves of {not_derived} entries: they are not in the form of static-ct-api, so \
             their hashes were taken from the tiles"
        ));
    }
    let entries = ground.done.load(Ordering::Relaxed);
    let bytes = ground.bytes.load(Ordering::Relaxed);
    let found = ground.problems.finish();
    Ok(Report {
        origin: checkpoint.map(|checkpoint| checkpoint.origin().to_owned()),
        published,
        unpublished: size - published_size,
        entries,
        bytes,
        problems: found.problems,
        errors: found.errors,
        warnings: found.warnings,
        not_checked,
    })
}

/// Lets threads check all blocks, and puts together what they find.
fn run(ground: &Ground, mut sum: Sum, jobs: usize, progress: &mut dyn FnMut(u64, u64)) -> Sum {
    let blocks = ground.size.div_ceil(BLOCK);
    let jobs = match jobs {
        0 => thread::available_parallelism().map_or(1, usize::from),
        jobs => jobs,
    };
    let marked = sum.marked_pages();
    let next = AtomicU64::new(0);
    thread::scope(|scope| {
        let (found, blocks_found) = mpsc::sync_channel(2 * jobs);
        for _ in 0..(jobs as u64).min(blocks) {
            let found = found.clone();
            let (next, marked) = (&next, &marked);
            scope.spawn(move || {
                loop {
                    let block = next.fetch_add(1, Ordering::Relaxed);
                    if block >= blocks {
                        return;
                    }
                    let checked = block::check(ground, block, marked);
                    if found.send((block, checked)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(found);
        loop {
            match blocks_found.recv_timeout(TICK) {
                Ok((index, block)) => sum.take(ground, index, block),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            progress(ground.done.load(Ordering::Relaxed), ground.size);
        }
    });
    sum
}

//! What an add costs in a log of a thousand entries, of ten million with all their keys on the disk,
//! and of a billion: the engine's own time, without the disk's.
//!
//! ```text
//! cargo bench -p waxwing-log --bench scale
//! ```
//!
//! The first entries are all alike and take no room (`tests/support/identical.rs`); their keys are as
//! different as real ones, and are really in the index. What is added is real.

#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "a bench prints what it found")]

#[path = "../tests/support/identical.rs"]
mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use tokio::runtime::{Builder, Runtime};
use waxwing_crypto::{KeyType, PrivateKey, SystemRandom};
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_log::files::Disk;
use waxwing_log::{HeadSigner, Key, KeyIndex, KeySettings, LocalKeys, Log, Settings};
use waxwing_tlog::merkle::{leaf_hash, verify_inclusion};
use waxwing_tlog::note::NoteSigner;

use support::Identical;

const SMALL: u64 = 1024;
const KEYS: u64 = 10_000_128;
const LARGE: u64 = 1_000_000_000;
const ROUNDS: usize = 7;
const ADDS: u64 = 60_000;
const OUTSTANDING: u64 = 1024;

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_duration(SystemTime::UNIX_EPOCH.elapsed().unwrap()).unwrap()
    }
}

/// A log, and how many entries were made for it.
struct Subject {
    size: u64,
    log: Log,
    made: u64,
}

fn main() {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let key = Arc::new(PrivateKey::generate(KeyType::Ed25519).unwrap());
    let signer = NoteSigner::ed25519("log.example.com", key).unwrap();
    let signer = HeadSigner::new("log.example.com", signer).unwrap();
    let keys = |size: u64| {
        let directory = scratch.path().join(size.to_string());
        fs::create_dir(&directory).unwrap();
        filled(&runtime, &directory, size)
    };
    let open = |size: u64, keys: Option<Arc<dyn KeyIndex>>| {
        let driver = match keys {
            Some(keys) => Identical::with_keys(&signer, size, SystemClock.now(), keys),
            None => Identical::new(&signer, size, SystemClock.now()),
        };
        let began = Instant::now();
        let mut settings = Settings::of_entries();
        settings.queue_entries = 2 * OUTSTANDING as usize;
        let opened = Log::open(
            Arc::new(driver),
            signer.clone(),
            Arc::new(SystemClock),
            settings,
        );
        let log = runtime.block_on(opened).unwrap();
        println!("opened at {size} entries in {:.1?}", began.elapsed());
        Subject { size, log, made: 0 }
    };
    let mut small = open(SMALL, None);
    let mut large = open(LARGE, None);
    compare(&runtime, "the tree", &mut small, &mut large);
    let mut small = open(SMALL, Some(keys(SMALL)));
    let mut large = open(KEYS, Some(keys(KEYS)));
    compare(&runtime, "keys and tree", &mut small, &mut large);
}

/// In turns, so that a machine that slows down slows both.
fn compare(runtime: &Runtime, what: &str, small: &mut Subject, large: &mut Subject) {
    let mut figures = Vec::new();
    for _ in 0..=ROUNDS {
        let costs = (round(runtime, small), round(runtime, large));
        figures.push(costs);
    }
    // The first round warms up.
    figures.remove(0);
    let median = |pick: &dyn Fn(&(Duration, Duration)) -> f64| {
        let mut values: Vec<f64> = figures.iter().map(pick).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let micros = |time: &Duration| time.as_secs_f64() * 1e6 / ADDS as f64;
    println!(
        "{what}: {:.2} us an add at {} entries, {:.2} us at {}: ratio {:.2} (median of {ROUNDS} pairs)",
        median(&|pair| micros(&pair.0)),
        small.size,
        median(&|pair| micros(&pair.1)),
        large.size,
        median(&|pair| micros(&pair.1) / micros(&pair.0)),
    );
}

/// The processor time of this thread, which does everything, for so many adds. The answers are checked
/// afterwards, and that is not counted: what a caller spends on a proof is the caller's.
fn round(runtime: &Runtime, subject: &mut Subject) -> Duration {
    let first = subject.made;
    subject.made += ADDS;
    let entries: Arc<Vec<Bytes>> = Arc::new(
        (first..subject.made)
            .map(|number| {
                let mut entry = vec![0xa5; 256];
                entry[..8].copy_from_slice(&number.to_be_bytes());
                entry.into()
            })
            .collect(),
    );
    let log = &subject.log;
    let (took, answers) = runtime.block_on(async {
        let began = processor_time();
        let tasks: Vec<_> = (0..OUTSTANDING)
            .map(|lane| {
                let (log, entries) = (log.clone(), Arc::clone(&entries));
                tokio::spawn(async move {
                    let mut answers = Vec::new();
                    for entry in entries
                        .iter()
                        .skip(lane as usize)
                        .step_by(OUTSTANDING as usize)
                    {
                        answers.push((entry.clone(), log.add_entry(entry.clone()).await.unwrap()));
                    }
                    answers
                })
            })
            .collect();
        let mut answers = Vec::new();
        for task in tasks {
            answers.extend(task.await.unwrap());
        }
        (processor_time() - began, answers)
    });
    assert_eq!(answers.len() as u64, ADDS);
    for (entry, added) in answers {
        let head = &added.published;
        assert!(!added.existed);
        let leaf = leaf_hash(&entry);
        verify_inclusion(added.index, head.size, &leaf, &added.proof, &head.root).unwrap();
    }
    took
}

fn processor_time() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanoseconds = text.split(' ').next().unwrap().parse().unwrap();
    Duration::from_nanos(nanoseconds)
}

/// An index of that many keys on the disk.
fn filled(runtime: &Runtime, directory: &Path, size: u64) -> Arc<dyn KeyIndex> {
    let _inside = runtime.enter();
    let (files, directory) = (Arc::new(Disk), directory.to_owned());
    let settings = KeySettings::default();
    let index = LocalKeys::open(files, directory, settings, true, &SystemRandom).unwrap();
    let mut first = 0;
    while first < size {
        let end = size.min(first + 65_536);
        let keys = (first..end)
            .map(|number| Key::of(&number.to_be_bytes()))
            .collect();
        runtime.block_on(index.absorb(first, keys)).unwrap();
        first = end;
    }
    assert_eq!(
        index.find(&Key::of(&(size - 1).to_be_bytes())).unwrap(),
        Some(size - 1)
    );
    Arc::new(index)
}

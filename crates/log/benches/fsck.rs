//! What checking a log costs, against the hashes that it cannot do without, in the same run.
//!
//! ```sh
//! cargo bench -p waxwing-log --bench fsck -- [entries] [bytes] [jobs]
//! ```

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and may panic"
)]

use std::sync::Arc;
use std::time::Instant;

use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_log::fsck::{self, Options};
use waxwing_log::{Format, HeadSigner, LocalDriver, LocalSettings, Log, Settings};
use waxwing_tlog::merkle::{CompactRange, leaf_hash};
use waxwing_tlog::note::NoteSigner;

struct Still;

impl Clock for Still {
    fn now(&self) -> UnixTime {
        UnixTime::from_seconds(1_700_000_000).unwrap()
    }
}

fn argument(place: usize, default: u64) -> u64 {
    let arguments: Vec<String> = std::env::args()
        .filter(|argument| argument != "--bench")
        .collect();
    arguments
        .get(place)
        .and_then(|argument| argument.parse().ok())
        .unwrap_or(default)
}

fn entry(number: u64, bytes: usize) -> Vec<u8> {
    let mut entry = vec![0x5a; bytes];
    entry[..8].copy_from_slice(&number.to_be_bytes());
    entry
}

async fn fill(settings: LocalSettings, entries: u64, bytes: usize) -> HeadSigner {
    let key = Arc::new(PrivateKey::generate(KeyType::Ed25519).unwrap());
    let signer = NoteSigner::ed25519("log.example.com", key).unwrap();
    let signer = HeadSigner::new("log.example.com", signer).unwrap();
    let mut log_settings = Settings::of_entries();
    log_settings.queue_entries = 65_536;
    let driver = Arc::new(LocalDriver::new(settings));
    let log = Log::open(driver, signer.clone(), Arc::new(Still), log_settings).await;
    let log = log.unwrap();
    for start in (0..entries).step_by(20_000) {
        let tasks: Vec<_> = (start..(start + 20_000).min(entries))
            .map(|number| {
                let log = log.clone();
                tokio::spawn(async move { log.add_entry(entry(number, bytes).into()).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    }
    log.close().await;
    signer
}

/// Seconds of processor time that all threads have had: other programs do not count.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
    let ticks: u64 = fields
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().unwrap())
        .sum();
    ticks as f64 / 100.0
}

fn main() {
    let entries = argument(1, 1_000_000);
    let bytes = argument(2, 32).max(8) as usize;
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let jobs = argument(3, cores) as usize;
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let settings = LocalSettings::new(directory.path().join("log"), Format::TlogTiles);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_time()
        .build()
        .unwrap();
    let signer = runtime.block_on(fill(settings.clone(), entries, bytes));
    drop(runtime);

    // The floor: one hash for each leaf and one for each node, on one core, from memory.
    let leaves: Vec<Vec<u8>> = (0..1_000_000).map(|number| entry(number, bytes)).collect();
    let began = processor_seconds();
    let mut range = CompactRange::new();
    for leaf in &leaves {
        range.append(leaf_hash(leaf));
    }
    std::hint::black_box(range.root());
    let floor = leaves.len() as f64 / (processor_seconds() - began);
    println!("floor     {floor:>10.0} leaves/s/core: SHA-256 of {bytes} bytes and of a node");

    for (name, every_key) in [("no keys", 0), ("all keys", 1)] {
        let mut options = Options::default();
        options.jobs = jobs;
        options.every_key = every_key;
        let (mut best, mut wall) = (f64::MAX, f64::MAX);
        for _ in 0..3 {
            let (began, processor) = (Instant::now(), processor_seconds());
            let checked = fsck::check(settings.clone(), &signer.verifiers(), &options, |_, _| {});
            let report = checked.unwrap();
            assert!(report.is_sound(), "{:?}", report.problems.first());
            wall = wall.min(began.elapsed().as_secs_f64());
            best = best.min(processor_seconds() - processor);
        }
        let rate = entries as f64 / best;
        println!(
            "{name:<9} {rate:>10.0} leaves/s/core of processor time, {:.2} of the floor; {wall:.2} s \
             with {jobs} threads",
            rate / floor
        );
    }
}

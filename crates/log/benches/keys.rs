//! What the index of keys costs on this machine's disk, small and large.
//!
//! ```text
//! cargo bench -p waxwing-log --bench keys [-- <number of keys>]
//! ```
//!
//! The index is in a directory below that of the build, where files are on a disk; those of a system's
//! own scratch directory may be in memory.
#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "a bench prints what it found")]

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use waxwing_crypto::SystemRandom;
use waxwing_log::Key;
use waxwing_log::files::Disk;
use waxwing_log::{KeyIndex as _, KeySettings, LocalKeys};

const SMALL: u64 = 1_000;
const LARGE: u64 = 10_000_000;
/// The keys of one call while the large index is made.
const BATCH: u64 = 65_536;
/// The keys of one call of a log with little to do.
const SMALL_BATCH: u64 = 256;
const FINDS: u64 = 1_000_000;

fn main() {
    // Cargo says `--bench`; a number is how large the large index shall be.
    let number = std::env::args().find_map(|argument| argument.parse().ok());
    let large = number.unwrap_or(LARGE);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let _inside = runtime.enter();
    let scratch = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();

    let directory = scratch.path().join("small");
    let index = open(&directory);
    runtime.block_on(index.absorb(0, keys(0..SMALL))).unwrap();
    println!("{SMALL} keys");
    find(&index, SMALL);

    let directory = scratch.path().join("large");
    let index = open(&directory);
    println!("{large} keys, {BATCH} at a time");
    let before = resident();
    let mut most = before;
    let started = Instant::now();
    let mut generating = Duration::ZERO;
    let mut longest = Duration::ZERO;
    for first in (0..large).step_by(BATCH as usize) {
        let begun = Instant::now();
        let batch = keys(first..large.min(first + BATCH));
        generating += begun.elapsed();
        let begun = Instant::now();
        runtime.block_on(index.absorb(first, batch)).unwrap();
        longest = longest.max(begun.elapsed());
        most = most.max(resident());
    }
    let taken = started.elapsed() - generating;
    println!(
        "  absorb        {:8.0} ns a key, the longest call {longest:.1?}",
        each(taken, large)
    );
    at_rest(&directory);
    let all = started.elapsed() - generating;
    println!("  with merging  {:8.0} ns a key", each(all, large));
    println!(
        "  memory        {:8.1} MiB more at most, {:.1} MiB in the end",
        mib(most - before),
        mib(resident() - before)
    );
    let (files, bytes) = size(&directory);
    println!(
        "  disk          {:8.3} bytes a key, {files} runs",
        bytes as f64 / large as f64
    );
    find(&index, large);
    drop(index);

    let started = Instant::now();
    let index = open(&directory);
    println!("  open          {:8.1?}", started.elapsed());
    find(&index, large);

    let more = 400 * SMALL_BATCH;
    println!("{more} keys more, {SMALL_BATCH} at a time");
    let started = Instant::now();
    let mut longest = Duration::ZERO;
    for first in (large..large + more).step_by(SMALL_BATCH as usize) {
        let batch = keys(first..first + SMALL_BATCH);
        let begun = Instant::now();
        runtime.block_on(index.absorb(first, batch)).unwrap();
        longest = longest.max(begun.elapsed());
    }
    println!(
        "  absorb        {:8.0} ns a key, the longest call {longest:.1?}",
        each(started.elapsed(), more)
    );
    at_rest(&directory);
    println!("  disk                   {} runs", size(&directory).0);
    find(&index, large + more);
    index.close();
}

fn open(directory: &Path) -> LocalKeys {
    LocalKeys::open(
        Arc::new(Disk),
        directory.to_owned(),
        KeySettings::default(),
        true,
        &SystemRandom,
    )
    .unwrap()
}

/// A key that is cheap to make: the finaliser of SplitMix64 over a counter.
fn key(number: u64) -> Key {
    let mut digest = [0; 32];
    for (slot, part) in digest.chunks_exact_mut(8).zip(0..) {
        let mut word = (4 * number + part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        slot.copy_from_slice(&(word ^ (word >> 31)).to_be_bytes());
    }
    Key::from_digest(digest)
}

fn keys(numbers: std::ops::Range<u64>) -> Vec<Key> {
    numbers.map(key).collect()
}

/// Keys that are not there, and keys that are.
fn find(index: &LocalKeys, size: u64) {
    let absent = 1 << 40;
    for (what, spread, from) in [("absent", 1, absent), ("present", 7919, 0)] {
        let mut slowest = Duration::ZERO;
        let mut quickest = Duration::MAX;
        for round in 0..5 {
            let started = Instant::now();
            for step in 0..FINDS / 5 {
                let number = from + (round * FINDS + step) * spread % size.max(from);
                assert_eq!(
                    black_box(index.find(&key(number)).unwrap()).is_some(),
                    from == 0
                );
            }
            slowest = slowest.max(started.elapsed());
            quickest = quickest.min(started.elapsed());
        }
        let (quickest, slowest) = (each(quickest, FINDS / 5), each(slowest, FINDS / 5));
        println!("  find {what:8} {quickest:8.0} ns, at most {slowest:.0}");
    }
}

/// Waits until nothing is merged any more.
fn at_rest(directory: &Path) {
    let mut before = (0, 0);
    while size(directory) != before {
        before = size(directory);
        std::thread::sleep(Duration::from_millis(300));
    }
}

/// How many runs there are, and the bytes of all files.
fn size(directory: &Path) -> (usize, u64) {
    let files: Vec<u64> = fs::read_dir(directory.join("runs"))
        .unwrap()
        .filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len()))
        .collect();
    (files.len(), files.iter().sum())
}

/// The memory of this process in bytes.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or_default() * 1024
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn each(all: Duration, number: u64) -> f64 {
    all.as_nanos() as f64 / number as f64
}

//! What the machine itself can do, measured in the same run and in the same directory.
//!
//! A figure of a log says little without them: a disk that takes 4 ms to make anything durable bounds
//! what any log on it can do. So each result is also told as a multiple of its floor.

use std::fs::{self, File, OpenOptions};
use std::hint::black_box;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use waxwing_tlog::merkle::leaf_hash;

use super::entries::Entries;
use super::tally::Times;

/// How often a block is made durable, and how large it is.
const FLUSHES: u64 = 500;
const BLOCK: usize = 4096;

/// How much is written one after the other, in which pieces.
const PIECES: usize = 16;
const PIECE: usize = 4 << 20;

/// How long hashing is timed.
const HASHING: Duration = Duration::from_millis(200);

/// The floors of a run.
#[derive(Debug)]
pub(super) struct Floors {
    /// Leaf hashes of entries of the run's size, a second on one core.
    pub(super) leaf_hashes: f64,
    pub(super) disk: Option<DiskFloors>,
}

/// The floors of a directory.
#[derive(Debug)]
pub(super) struct DiskFloors {
    /// Overwriting 4 KiB of a file that has its blocks already, and `fdatasync`.
    pub(super) flush: Times,
    /// Megabytes a second, written in pieces of 4 MiB with `fdatasync` after each.
    pub(super) write: f64,
}

impl Floors {
    /// Measures them. Leaves nothing in the directory.
    pub(super) fn measure(entry_bytes: usize, directory: Option<&Path>) -> anyhow::Result<Self> {
        let disk = directory.map(DiskFloors::measure).transpose()?;
        let leaf_hashes = leaf_hashes(entry_bytes);
        Ok(Self { leaf_hashes, disk })
    }
}

impl DiskFloors {
    /// Measures a directory.
    pub(super) fn measure(directory: &Path) -> anyhow::Result<Self> {
        let path = directory.join("waxwing-hammer-floor");
        let measured = Self::measure_at(&path);
        // The file may not have come into being; the first error is the one to tell.
        let removed = fs::remove_file(&path);
        let measured =
            measured.with_context(|| format!("measuring the disk with {}", path.display()))?;
        removed?;
        Ok(measured)
    }

    fn measure_at(path: &Path) -> std::io::Result<Self> {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).open(path)?;
        let write = write_floor(&mut file)?;
        let flush = flush_floor(&file)?;
        Ok(Self { flush, write })
    }
}

fn write_floor(file: &mut File) -> std::io::Result<f64> {
    let piece = Entries::new(0, PIECE).bytes(0);
    let began = Instant::now();
    for _ in 0..PIECES {
        file.write_all(&piece)?;
        file.sync_data()?;
    }
    let megabytes = (PIECES * PIECE) as f64 / 1e6;
    Ok(megabytes / began.elapsed().as_secs_f64())
}

/// The file has its blocks already, so that nothing but the data has to become durable.
fn flush_floor(file: &File) -> std::io::Result<Times> {
    let block = Entries::new(1, BLOCK).bytes(0);
    let mut times = Times::new();
    for number in 0..FLUSHES {
        let began = Instant::now();
        file.write_all_at(&block, number * BLOCK as u64)?;
        file.sync_data()?;
        times.record(began.elapsed());
    }
    Ok(times)
}

fn leaf_hashes(entry_bytes: usize) -> f64 {
    let entry = Entries::new(0, entry_bytes).bytes(0);
    let began = Instant::now();
    let mut hashed = 0u32;
    while began.elapsed() < HASHING {
        for _ in 0..100 {
            black_box(leaf_hash(black_box(&entry)));
        }
        hashed += 100;
    }
    f64::from(hashed) / began.elapsed().as_secs_f64()
}

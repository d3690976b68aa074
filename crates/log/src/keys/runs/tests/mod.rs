//! The index on a real disk: asked, restarted, broken, and stopped at every step.

mod behaviour;
mod damage;
mod failing;
mod model;
mod restart;

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use waxwing_crypto::SystemRandom;

use super::format::{BLOCK, Header, KeyedHash, Record, Span};
use super::run::Run;
use super::secret::Secret;
use super::write::RunWriter;
use super::{KeySettings, LocalKeys};
use crate::files::{Disk, FileSystem as _};
use crate::keys::KeyIndex as _;
use crate::{DriverError, Key};
use failing::Failing;

const TINY: KeySettings = KeySettings {
    run_entries: 64,
    fan_out: 3,
    filter_bytes: 1 << 20,
};

/// Nothing is ever merged.
const APART: KeySettings = KeySettings {
    fan_out: usize::MAX / 8,
    ..TINY
};

fn key(number: u64) -> Key {
    Key::of(&number.to_be_bytes())
}

fn keys(numbers: std::ops::Range<u64>) -> Vec<Key> {
    numbers.map(key).collect()
}

fn open_with(directory: &TempDir, settings: KeySettings, writable: bool) -> LocalKeys {
    let path = directory.path().join("keys");
    LocalKeys::open(Failing::never(), path, settings, writable, &SystemRandom).unwrap()
}

fn open(directory: &TempDir) -> LocalKeys {
    open_with(directory, TINY, true)
}

fn try_absorb(index: &LocalKeys, first: u64, keys: Vec<Key>) -> Result<(), DriverError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(index.absorb(first, keys))
}

fn absorb(index: &LocalKeys, numbers: std::ops::Range<u64>) {
    try_absorb(index, numbers.start, keys(numbers)).unwrap();
}

/// That entry `n` has key `n` for all that are covered, and that no other key is there.
fn check(index: &LocalKeys) {
    let covered = index.covered();
    for number in 0..covered + 500 {
        let expected = (number < covered).then_some(number);
        assert_eq!(index.find(&key(number)).unwrap(), expected);
    }
}

/// A directory of runs `[0, 100)`, `[100, 400)` and `[400, 600)`.
fn three_runs() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let index = open_with(&directory, APART, true);
    absorb(&index, 0..100);
    absorb(&index, 100..400);
    absorb(&index, 400..600);
    drop(index);
    assert_eq!(names(&directory).len(), 3);
    directory
}

fn runs(directory: &TempDir) -> PathBuf {
    directory.path().join("keys/runs")
}

fn names(directory: &TempDir) -> Vec<String> {
    let mut names = Disk.list(&runs(directory)).unwrap();
    names.sort();
    names
}

fn path(directory: &TempDir, first: u64, end: u64) -> PathBuf {
    runs(directory).join(Span { first, end }.name())
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 4;
    fs::write(path, bytes).unwrap();
}

//! The index of keys on a local disk: sorted runs that never change, merged in the background.
//!
//! ```text
//! <directory>/secret                                        32 random bytes, for the owner alone
//! <directory>/runs/00000000000000000000-00000000000000065536  the entries 0 to 65535, see `format`
//!                  00000000000000065536-00000000000000065792  the next 256
//! ```
//!
//! A run is a file of 16 bytes of a keyed hash and 5 bytes of index for each key, with a filter that
//! is kept in memory. To look up a key that is not there, which nearly none is, takes one line of
//! memory a run, and there are few runs: `plan` says how few. Keys are added as one new run; nothing
//! is ever changed in place, so that a crash leaves all of a run or nothing.
//!
//! It is an index and no more. What is damaged is not used, and the log writes it anew.

mod filter;
mod format;
mod merge;
mod plan;
mod recover;
mod run;
mod secret;
mod store;
#[cfg(test)]
mod tests;
mod write;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use waxwing_crypto::Random;

use super::KeyIndex;
use crate::files::{self, FileSystem};
use crate::{DriverError, Key, Operation};
use merge::Turn;
use store::Store;

/// The measures of a [`LocalKeys`]. They may be others each time it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySettings {
    /// Where the tiers of runs begin: with runs of that many keys. The bounds of all other tiers are
    /// that number multiplied or divided by `fan_out` again and again. At least 1.
    pub run_entries: u64,
    /// How many runs of one tier are merged into one of the next. At least 2. More makes fewer
    /// copies of each key and more runs to ask.
    pub fan_out: usize,
    /// How many bytes of memory all filters together may have; a key takes 1.5. The largest runs
    /// go without first, and are then asked by reading a block of their file each time.
    pub filter_bytes: u64,
}

impl Default for KeySettings {
    fn default() -> Self {
        Self {
            run_entries: 65_536,
            fan_out: 8,
            filter_bytes: 64 << 20,
        }
    }
}

/// The index of keys in a directory, 22.7 bytes a key.
///
/// In memory are the filters and 8 bytes for each 194 keys.
#[derive(Debug)]
pub struct LocalKeys(Arc<Store>);

impl LocalKeys {
    /// Opens the index in `directory`, which is made if it is `writable` and not there. Blocks.
    ///
    /// At most one writable one at a time may be open on a directory: [`LocalKeys::close`] the one
    /// before. One that is not writable creates, removes and merges nothing; if another one merges
    /// meanwhile it may cover less than there is.
    ///
    /// A new index takes its secret from `random`.
    ///
    /// What a crash has left is removed. A run that is damaged or of another secret is removed too,
    /// with all behind it: [`LocalKeys::damaged`] says so, and [`KeyIndex::covered`] is less.
    ///
    /// # Errors
    ///
    /// [`DriverError::Unavailable`] if a file cannot be read, made or removed.
    pub fn open(
        files: Arc<dyn FileSystem>,
        directory: PathBuf,
        settings: KeySettings,
        writable: bool,
        random: &dyn Random,
    ) -> Result<Self, DriverError> {
        Store::open(files, directory, settings, writable, random)
            .map(|store| Self(Arc::new(store)))
            .map_err(|error| files::failed("open the index of keys", error))
    }

    /// What was found damaged when it was opened and is not used: one line a file, which names it.
    pub fn damaged(&self) -> Vec<String> {
        self.0.damaged().to_vec()
    }

    /// Ends the merging in the background and waits until it has ended. Blocks, for as long as some
    /// tens of thousands of keys are written or a file is made durable.
    ///
    /// Dropping it ends the merging too, without waiting.
    pub fn close(&self) {
        self.0.stop_merging();
    }
}

impl Drop for LocalKeys {
    fn drop(&mut self) {
        self.0.closing.store(true, Ordering::Relaxed);
    }
}

impl KeyIndex for LocalKeys {
    fn covered(&self) -> u64 {
        self.0.covered()
    }

    /// Fails if a file cannot be read or a block of it is damaged; the error names the file. Who
    /// removes it and opens the index again has it rebuilt.
    fn find(&self, key: &Key) -> Result<Option<u64>, DriverError> {
        self.0
            .find(key)
            .map_err(|error| files::failed("look up a key", error))
    }

    /// Fails too if the last merge in the background has: then nothing was added, and the next call
    /// tries again.
    fn absorb(&self, first: u64, keys: Vec<Key>) -> Operation<'_, Result<(), DriverError>> {
        let store = Arc::clone(&self.0);
        Box::pin(async move {
            let files = Arc::clone(&store.files);
            let adding = Arc::clone(&store);
            let job = move || adding.absorb(first, &keys);
            files::blocking(&*files, "extend the index of keys", job).await?;
            if let Some(turn) = Turn::take(&store) {
                files.spawn(Box::new(move || turn.merge_all()));
            }
            Ok(())
        })
    }
}

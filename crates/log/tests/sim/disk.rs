//! A file system in memory that does to a log whatever [`waxwing_log::files`] allows it to.
//!
//! ```text
//! Process (a FileSystem) --+
//! Process                  +--> SimDisk: page cache, disk, locks --crash--> the next SimDisk
//! ```
//!
//! A [`Process`] dies at a chosen operation, and its locks are let go of; what it has written stays in
//! the page cache, where the next process sees it, durable or not. [`SimDisk::crash`] cuts the power:
//! what was not synchronised is kept, lost or torn by sectors of 512 bytes, each for itself, and every
//! change of a name that was not synchronised has happened or not.

mod actions;
mod content;
mod names;
mod process;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use actions::Faults;
pub(crate) use process::Process;

use crate::dice::Dice;
use content::Content;
use names::Names;

/// A disk, with the memory of the machine that it is in. Clones are the same disk.
#[derive(Debug, Clone)]
pub(crate) struct SimDisk(Arc<Mutex<State>>);

/// What a disk holds at a moment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Image {
    files: Vec<Content>,
    names: Names,
}

#[derive(Debug)]
struct State {
    dice: Dice,
    image: Image,
    processes: Vec<actions::ProcessState>,
    /// Which files are locked, and a number for each time that one was.
    locks: BTreeMap<usize, Lock>,
    locked: u64,
    /// What was done so far, as one number.
    fingerprint: u64,
    /// The same in words, if somebody wants to read it.
    story: Option<Vec<String>>,
}

#[derive(Debug)]
struct Lock {
    process: usize,
    number: u64,
}

impl SimDisk {
    /// An empty disk.
    pub(crate) fn new(seed: u64) -> Self {
        Self::of(Image::default(), seed)
    }

    fn of(image: Image, seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            dice: Dice::new(seed),
            image,
            processes: Vec::new(),
            locks: BTreeMap::new(),
            locked: 0,
            fingerprint: 0,
            story: None,
        })))
    }

    /// Starts a process, which dies at its `crash_at`-th change of anything, counted from 1.
    pub(crate) fn process(&self, crash_at: Option<u64>, faults: Faults) -> Arc<Process> {
        Process::start(self, crash_at, faults)
    }

    /// Cuts the power and turns it on again: every process is dead, and the disk that comes back has
    /// what was synchronised, and of the rest what chance has left.
    pub(crate) fn crash(&self, seed: u64) -> Self {
        let mut state = self.state();
        for process in &mut state.processes {
            process.dead = true;
        }
        state.locks.clear();
        let mut image = state.image.clone();
        let mut dice = Dice::new(seed);
        let late = dice.one_in(4);
        for file in &mut image.files {
            file.crash(&mut dice, late);
        }
        image.names.crash(&mut dice);
        let next = Self::of(image, dice.roll());
        next.state().fingerprint = state.fingerprint;
        next.state().story = state.story.as_ref().map(|_| Vec::new());
        next
    }

    /// A copy of all that processes see, as a backup takes it.
    pub(crate) fn snapshot(&self) -> Image {
        self.state().image.clone()
    }

    /// All files below a directory, as processes see them.
    pub(crate) fn files_below(&self, directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
        let state = self.state();
        let files = state.image.names.files_below(directory);
        let content = |file: usize| state.image.files[file].cached().to_vec();
        let files = files.into_iter();
        files.map(|(path, file)| (path, content(file))).collect()
    }

    /// A disk with the backup on it, except that what was below `keep` in the root stays as it is
    /// here.
    pub(crate) fn restore(&self, snapshot: &Image, keep: Option<&str>, seed: u64) -> Self {
        let here = self.snapshot();
        let mut image = Image::default();
        image.take_all(snapshot, keep);
        if let Some(keep) = keep {
            image.take(&here, keep);
        }
        Self::of(image, seed)
    }

    /// What was done on this disk and those before it, as one number.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.state().fingerprint
    }

    /// Writes down from now on what is done.
    pub(crate) fn watch(&self) {
        self.state().story = Some(Vec::new());
    }

    /// What was done since this was asked last, if it is written down.
    pub(crate) fn story(&self) -> Vec<String> {
        let mut state = self.state();
        state.story.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A test that panics here has failed already, and says so itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Image {
    fn take_all(&mut self, other: &Self, except: Option<&str>) {
        for name in other.names.list(0) {
            if Some(&*name) != except {
                self.take(other, &name);
            }
        }
    }

    /// Takes over what another image has under one of the root's names.
    fn take(&mut self, other: &Self, name: &str) {
        let files = &mut self.files;
        self.names.graft(name, &other.names, &mut |file| {
            let mut content = other.files[file].clone();
            content.sync();
            files.push(content);
            files.len() - 1
        });
    }
}

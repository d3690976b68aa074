//! What a process does to the disk, one thing at a time, and what of it goes wrong.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::Path;

use super::content::Content;
use super::names::{Names, Node};
use super::{Lock, SimDisk, State};

/// What goes wrong besides crashes: each once in so many times, or never if 0.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    /// A synchronisation fails and has dropped what it should have written.
    pub(crate) sync_lost: u64,
    /// A synchronisation fails, and it was done.
    pub(crate) sync_done: u64,
    /// The disk is full for a while: files do not grow, and none can be made.
    pub(crate) full: u64,
    /// A read fails.
    pub(crate) read: u64,
    /// A write fails in the middle.
    pub(crate) write: u64,
    /// A name is not made, changed or removed; or it is, and the answer says otherwise.
    pub(crate) name: u64,
}

/// What the disk knows of a process.
#[derive(Debug)]
pub(super) struct ProcessState {
    pub(super) dead: bool,
    pub(super) operations: u64,
    pub(super) crash_at: Option<u64>,
    pub(super) faults: Faults,
    /// How many faults there were.
    pub(super) fired: u64,
    /// How many more operations find no room for new bytes.
    pub(super) full: u64,
    /// Neither crashes nor faults for now: somebody is looking.
    pub(super) spared: bool,
}

impl State {
    pub(super) fn kill(&mut self, process: usize) {
        self.processes[process].dead = true;
        self.locks.retain(|_, lock| lock.process != process);
    }

    pub(super) fn note(&mut self, what: &str) {
        let mut hasher = DefaultHasher::new();
        (self.fingerprint, what).hash(&mut hasher);
        self.fingerprint = hasher.finish();
        if let Some(story) = &mut self.story {
            story.push(what.to_owned());
        }
    }

    /// Whether a fault happens now that happens to this process once in so many times.
    pub(super) fn fails(&mut self, process: usize, rate: impl FnOnce(&Faults) -> u64) -> bool {
        let spared = self.processes[process].spared;
        let rate = rate(&self.processes[process].faults);
        let fails = !spared && rate > 0 && self.dice.one_in(rate);
        if fails {
            self.processes[process].fired += 1;
        }
        fails
    }

    /// Whether there is no room for a new file or for bytes beyond the end of one.
    pub(super) fn is_full(&mut self, process: usize) -> bool {
        let state = &mut self.processes[process];
        if state.spared {
            return false;
        }
        if state.full > 0 {
            state.full -= 1;
            state.fired += 1;
            return true;
        }
        let full = self.fails(process, |faults| faults.full);
        if full {
            self.processes[process].full = self.dice.below(20);
        }
        full
    }

    /// Changes a name, unless that fails; and perhaps it does all the same.
    pub(super) fn change_name(
        &mut self,
        process: usize,
        change: impl FnOnce(&mut Names),
    ) -> io::Result<()> {
        let fails = self.fails(process, |faults| faults.name);
        if !fails || self.dice.coin() {
            change(&mut self.image.names);
        }
        match fails {
            true => Err(io::Error::other("the disk cannot change this name")),
            false => Ok(()),
        }
    }

    pub(super) fn create(&mut self, process: usize, path: &Path) -> io::Result<usize> {
        let place = self.image.names.place(path)?;
        if self.image.names.at(&place).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if self.is_full(process) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.image.files.push(Content::default());
        let file = self.image.files.len() - 1;
        self.change_name(process, |names| names.link(place, Node::File(file)))?;
        Ok(file)
    }

    pub(super) fn write(
        &mut self,
        process: usize,
        file: usize,
        offset: usize,
        bytes: &[u8],
    ) -> io::Result<()> {
        let length = self.image.files[file].cached().len();
        if self.fails(process, |faults| faults.write) {
            let some = self.dice.below(bytes.len() as u64 + 1) as usize;
            self.image.files[file].write(offset, &bytes[..some]);
            return Err(io::Error::other("the disk cannot write this"));
        }
        if offset + bytes.len() > length && self.is_full(process) {
            // What fits is written before the system says that the rest does not.
            let room = length.saturating_sub(offset);
            let some = room + self.dice.below((bytes.len() - room) as u64) as usize;
            self.image.files[file].write(offset, &bytes[..some]);
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.image.files[file].write(offset, bytes);
        Ok(())
    }

    pub(super) fn sync(&mut self, process: usize, file: usize) -> io::Result<()> {
        if self.fails(process, |faults| faults.sync_lost) {
            self.image.files[file].lose_sync(&mut self.dice);
            return Err(io::Error::other(
                "the disk has failed, and the pages are gone",
            ));
        }
        self.image.files[file].sync();
        match self.fails(process, |faults| faults.sync_done) {
            true => Err(io::Error::other("the disk says that it has failed")),
            false => Ok(()),
        }
    }

    pub(super) fn sync_directory(&mut self, process: usize, path: &Path) -> io::Result<()> {
        let directory = self.image.names.directory(path)?;
        if self.fails(process, |faults| faults.sync_lost) {
            return Err(io::Error::other("the disk has failed"));
        }
        self.image.names.sync(directory);
        match self.fails(process, |faults| faults.sync_done) {
            true => Err(io::Error::other("the disk says that it has failed")),
            false => Ok(()),
        }
    }

    pub(super) fn lock(&mut self, process: usize, path: &Path) -> io::Result<Option<Held>> {
        let file = match self.image.names.file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.create(process, path)?,
            found => found?,
        };
        if self.locks.contains_key(&file) {
            return Ok(None);
        }
        self.locked += 1;
        let number = self.locked;
        self.locks.insert(file, Lock { process, number });
        Ok(Some(Held {
            disk: None,
            file,
            number,
        }))
    }
}

/// A lock that is held.
#[derive(Debug)]
pub(super) struct Held {
    /// Set once the disk's own state is not borrowed any more.
    pub(super) disk: Option<SimDisk>,
    file: usize,
    number: u64,
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(disk) = &self.disk else { return };
        let mut state = disk.state();
        // Not that of somebody who has locked it since, when this process was dead.
        if state.locks.get(&self.file).map(|lock| lock.number) == Some(self.number) {
            state.locks.remove(&self.file);
        }
    }
}

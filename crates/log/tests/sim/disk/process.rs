//! A process on the simulated disk: the file system that a log is opened on.

use std::any::Any;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::runtime::Handle;
use waxwing_log::files::{File, FileSystem};

use super::actions::{Faults, ProcessState};
use super::names::Node;
use super::{SimDisk, State};

/// A process that does everything through the disk. Dead, it does nothing any more.
#[derive(Debug)]
pub(crate) struct Process {
    disk: SimDisk,
    number: usize,
}

impl Process {
    pub(super) fn start(disk: &SimDisk, crash_at: Option<u64>, faults: Faults) -> Arc<Self> {
        let mut state = disk.state();
        state.processes.push(ProcessState {
            dead: false,
            operations: 0,
            crash_at,
            faults,
            fired: 0,
            full: 0,
            spared: false,
        });
        Arc::new(Self {
            disk: disk.clone(),
            number: state.processes.len() - 1,
        })
    }

    /// Ends it at once. What it has written stays.
    pub(crate) fn kill(&self) {
        self.disk.state().kill(self.number);
    }

    /// Lets it die that many changes from now.
    pub(crate) fn die_after(&self, changes: u64) {
        let process = &mut self.disk.state().processes[self.number];
        process.crash_at = Some(process.operations + changes);
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.disk.state().processes[self.number].dead
    }

    /// How many changes it has made or tried to.
    pub(crate) fn operations(&self) -> u64 {
        self.disk.state().processes[self.number].operations
    }

    /// How often it has met with a fault.
    pub(crate) fn faults(&self) -> u64 {
        self.disk.state().processes[self.number].fired
    }

    /// Whether it is spared crashes and faults for now.
    pub(crate) fn spare(&self, spared: bool) {
        self.disk.state().processes[self.number].spared = spared;
    }

    /// A change: counted, perhaps the last one, and then done or not.
    fn change<T>(
        &self,
        what: impl FnOnce() -> String,
        change: impl FnOnce(&mut State) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut state = self.disk.state();
        let process = &mut state.processes[self.number];
        if process.dead {
            return Err(dead());
        }
        let dies = !process.spared && {
            process.operations += 1;
            process.crash_at == Some(process.operations)
        };
        let what = what();
        state.note(&what);
        if !dies {
            let done = change(&mut state);
            if let Err(error) = &done {
                state.note(&format!("failed: {error}"));
            }
            return done;
        }
        // Nobody is left who could hear whether it went well.
        let done = state.dice.coin();
        if done {
            let _ = change(&mut state);
        }
        state.note(&format!("dead, {done}"));
        state.kill(self.number);
        Err(dead())
    }

    fn look<T>(&self, look: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.disk.state();
        match state.processes[self.number].dead {
            true => Err(dead()),
            false => look(&mut state),
        }
    }
}

impl FileSystem for Process {
    /// Done at once, or a little later when something else has gone on, as threads would have it.
    fn spawn(&self, job: Box<dyn FnOnce() + Send>) {
        let (later, turns) = {
            let dice = &mut self.disk.state().dice;
            (dice.one_in(4), dice.below(12))
        };
        match Handle::try_current() {
            Ok(runtime) if later => {
                runtime.spawn(async move {
                    for _ in 0..turns {
                        tokio::task::yield_now().await;
                    }
                    job();
                });
            }
            _ => job(),
        }
    }

    fn create(&self, path: &Path, _private: bool) -> io::Result<Arc<dyn File>> {
        let file = self.change(
            || format!("create {}", path.display()),
            |state| state.create(self.number, path),
        )?;
        Ok(self.handle(file, true))
    }

    fn open(&self, path: &Path, writable: bool) -> io::Result<Arc<dyn File>> {
        let file = self.look(|state| state.image.names.file(path))?;
        Ok(self.handle(file, writable))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(
            || format!("rename {} to {}", from.display(), to.display()),
            |state| {
                let names = &mut state.image.names;
                names.file(from)?;
                let (from, to) = (names.place(from)?, names.place(to)?);
                if let Some(Node::Directory(_)) = names.at(&to) {
                    return Err(io::ErrorKind::IsADirectory.into());
                }
                state.change_name(self.number, |names| names.rename(from, to))
            },
        )
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change(
            || format!("remove {}", path.display()),
            |state| {
                let names = &mut state.image.names;
                names.file(path)?;
                let place = names.place(path)?;
                state.change_name(self.number, |names| names.unlink(place))
            },
        )
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        self.change(
            || format!("remove directory {}", path.display()),
            |state| {
                let names = &mut state.image.names;
                let directory = names.directory(path)?;
                if !names.list(directory).is_empty() {
                    return Err(io::ErrorKind::DirectoryNotEmpty.into());
                }
                let place = names.place(path)?;
                state.change_name(self.number, |names| names.unlink(place))
            },
        )
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        self.look(|state| {
            let directory = state.image.names.directory(directory)?;
            let mut names = state.image.names.list(directory);
            state.dice.shuffle(&mut names);
            Ok(names)
        })
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.change(
            || format!("create directory {}", path.display()),
            |state| {
                let place = match state.image.names.find(path) {
                    Ok(Node::Directory(_)) => return Ok(()),
                    Ok(Node::File(_)) => return Err(io::ErrorKind::AlreadyExists.into()),
                    Err(_) => state.image.names.place(path)?,
                };
                if state.is_full(self.number) {
                    return Err(io::ErrorKind::StorageFull.into());
                }
                state.change_name(self.number, |names| names.make_directory(place))
            },
        )
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.change(
            || format!("sync directory {}", path.display()),
            |state| state.sync_directory(self.number, path),
        )
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        let held = self.change(
            || format!("lock {}", path.display()),
            |state| state.lock(self.number, path),
        )?;
        Ok(held.map(|mut held| -> Box<dyn Any + Send + Sync> {
            held.disk = Some(self.disk.clone());
            Box::new(held)
        }))
    }

    fn lock_records(&self, path: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        self.lock(path)
    }

    fn remote(&self, _directory: &Path) -> io::Result<Option<&'static str>> {
        Ok(None)
    }
}

impl Process {
    fn handle(&self, file: usize, writable: bool) -> Arc<dyn File> {
        Arc::new(Opened {
            process: Self {
                disk: self.disk.clone(),
                number: self.number,
            },
            file,
            writable,
        })
    }
}

/// An open file.
#[derive(Debug)]
struct Opened {
    process: Process,
    file: usize,
    writable: bool,
}

impl File for Opened {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.process.look(|state| {
            if state.fails(self.process.number, |faults| faults.read) {
                return Err(io::Error::other("the disk cannot read this"));
            }
            let content = state.image.files[self.file].cached();
            let start = (offset as usize).min(content.len());
            let Some(found) = content[start..].get(..buffer.len()) else {
                return Err(io::ErrorKind::UnexpectedEof.into());
            };
            buffer.copy_from_slice(found);
            Ok(())
        })
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if !self.writable {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let number = self.process.number;
        let what = || {
            format!(
                "write file {} at {offset}, {} bytes",
                self.file,
                bytes.len()
            )
        };
        self.process.change(what, |state| {
            state.write(number, self.file, offset as usize, bytes)
        })
    }

    fn sync(&self) -> io::Result<()> {
        let number = self.process.number;
        self.process.change(
            || format!("sync file {}", self.file),
            |state| state.sync(number, self.file),
        )
    }

    fn length(&self) -> io::Result<u64> {
        self.process
            .look(|state| Ok(state.image.files[self.file].cached().len() as u64))
    }
}

fn dead() -> io::Error {
    io::Error::other("this process is dead")
}

//! The file system as the local driver and the key index use it, and nothing more of it.
//!
//! Whatever a crash can tear, lose or put into another order goes through this trait, so that a test
//! can be that file system: `tests/it` has one in memory that crashes at every step.
//!
//! What is promised, and what is not: bytes that were written are there after a crash only once
//! [`File::sync`] has returned; before that any of them may be, each 512-byte sector for itself. A
//! name that was made, renamed or removed is certain only once [`FileSystem::sync_directory`] of its
//! directory has returned; before that it may be either way. Nothing that was synchronised goes away.

mod disk;

use std::any::Any;
use std::fmt::Debug;
use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot;

pub use disk::Disk;

use crate::DriverError;

/// Files in directories.
pub trait FileSystem: Debug + Send + Sync + 'static {
    /// Runs something that blocks on this file system, where it holds up nobody.
    fn spawn(&self, job: Box<dyn FnOnce() + Send>);

    /// Makes a file that is not there yet, to be read and written. `private`: for its owner alone.
    fn create(&self, path: &Path, private: bool) -> io::Result<Arc<dyn File>>;

    /// Opens a file that is there; `writable` or only to be read.
    fn open(&self, path: &Path, writable: bool) -> io::Result<Arc<dyn File>>;

    /// Gives a file another name in one step; what had that name before is gone.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Takes a file's name away.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// The names in a directory, in any order.
    fn list(&self, directory: &Path) -> io::Result<Vec<String>>;

    /// Makes one directory; its parent is there. It is no error if it is there already.
    fn create_directory(&self, path: &Path) -> io::Result<()>;

    /// Takes a directory away, if nothing is in it.
    fn remove_directory(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a directory durable.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;

    /// Takes hold of a file as the only one, among all processes of this machine; `None` if somebody
    /// has it. It is let go when the value is dropped, or the process ends in any way.
    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>>;

    /// The same by POSIX record locks, which other programs look at and [`FileSystem::lock`] does not.
    /// They are weak: any hand on the file that this process closes lets go of them. So the file is
    /// touched by nothing but this, once, under the other lock.
    fn lock_records(&self, path: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>>;

    /// The kind of a file system on which locks, renamings or flushes do not keep what is promised
    /// here: one behind a network or behind a program. `None` if the directory is on this machine.
    fn remote(&self, directory: &Path) -> io::Result<Option<&'static str>>;
}

/// An open file.
pub trait File: Debug + Send + Sync {
    /// Fills the buffer from that place on; an error if the file ends before.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all bytes to that place; the file grows if it must.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Makes what was written durable, and the length that goes with it. After an error nothing is
    /// known of what was written before, and trying again would tell nothing: the kernel may have
    /// dropped it.
    fn sync(&self) -> io::Result<()>;

    /// The length in bytes.
    fn length(&self) -> io::Result<u64>;
}

/// Reads a whole file; `None` if it is not there. Refuses one that is longer than `longest`.
pub fn read(files: &dyn FileSystem, path: &Path, longest: u64) -> io::Result<Option<Bytes>> {
    let file = match files.open(path, false) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = file.length()?;
    if length > longest {
        let reason = format!(
            "{} has {length} bytes; at most {longest} are read",
            path.display()
        );
        return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
    }
    let mut content = vec![0; length as usize];
    file.read_at(&mut content, 0)?;
    Ok(Some(content.into()))
}

/// Puts a whole file in place, durably: readers and a crash find the old content or the new one.
/// `temporary` is a name on the same file system that nobody else uses.
pub fn replace(
    files: &dyn FileSystem,
    temporary: &Path,
    path: &Path,
    content: &[u8],
    private: bool,
) -> io::Result<()> {
    write_new(files, temporary, content, private)?;
    files.rename(temporary, path)?;
    path.parent()
        .map_or(Ok(()), |parent| files.sync_directory(parent))
}

/// Writes a new file and makes its content, not its name, durable. What a crash left under that name
/// is removed before.
pub fn write_new(
    files: &dyn FileSystem,
    path: &Path,
    content: &[u8],
    private: bool,
) -> io::Result<()> {
    let file = match files.create(path, private) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            files.remove(path)?;
            files.create(path, private)?
        }
        created => created?,
    };
    file.write_at(content, 0)?;
    file.sync()
}

/// Makes a directory and those above it, durably, from `base` on.
///
/// That one is there already says nothing: a process that was killed may have made it and not come
/// to the point of synchronising, and a loss of power would take it with all that is in it. So the
/// names of all are synchronised, whoever made them. What is above `base` is made if it must be.
pub fn create_directories(files: &dyn FileSystem, base: &Path, path: &Path) -> io::Result<()> {
    if path != base
        && let Some(parent) = path.parent()
        && path.starts_with(base)
    {
        create_directories(files, base, parent)?;
    }
    match files.create_directory(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let parent = path.parent().ok_or(error)?;
            create_directories(files, parent, parent)?;
            files.create_directory(path)?;
        }
        made => made?,
    }
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    files.sync_directory(parent.unwrap_or(Path::new(".")))
}

/// Runs something that blocks, and waits for it without blocking. `operation` is what an error says
/// was attempted.
pub(crate) async fn blocking<T: Send + 'static>(
    files: &dyn FileSystem,
    operation: &'static str,
    job: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, DriverError> {
    let (reply, answer) = oneshot::channel();
    files.spawn(Box::new(move || {
        // Whoever asked may have gone away; the job was done all the same.
        let _ = reply.send(job());
    }));
    match answer.await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(source)) => Err(failed(operation, source)),
        Err(_) => Err(failed(operation, io::Error::other("the task has panicked"))),
    }
}

pub(crate) fn failed(operation: &'static str, source: io::Error) -> DriverError {
    DriverError::Unavailable {
        operation,
        source: Box::new(source),
    }
}

/// An error that names the file it is about.
pub(crate) fn about(path: &Path, source: &io::Error) -> io::Error {
    io::Error::new(source.kind(), format!("{}: {source}", path.display()))
}

//! The real file system.

use std::any::Any;
use std::fs::{self, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{FlockOperation, fcntl_lock};
use rustix::io::Errno;

use super::{File, FileSystem};

/// The file system of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl FileSystem for Disk {
    fn spawn(&self, job: Box<dyn FnOnce() + Send>) {
        tokio::task::spawn_blocking(job);
    }

    fn create(&self, path: &Path, private: bool) -> io::Result<Arc<dyn File>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        options.mode(if private { 0o600 } else { 0o644 });
        named(path, options.open(path)).map(share)
    }

    fn open(&self, path: &Path, writable: bool) -> io::Result<Arc<dyn File>> {
        let file = OpenOptions::new().read(true).write(writable).open(path);
        named(path, file).map(share)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        named(to, fs::rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        named(path, fs::remove_file(path))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let entries = named(directory, fs::read_dir(directory))?;
        let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        names.collect()
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        match fs::create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            made => named(path, made),
        }
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        named(path, fs::remove_dir(path))
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        named(
            path,
            fs::File::open(path).and_then(|directory| directory.sync_all()),
        )
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        let mut options = OpenOptions::new();
        options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600);
        let file = named(path, options.open(path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => named(path, Err(error)),
        }
    }

    fn lock_records(&self, path: &Path) -> io::Result<Option<Box<dyn Any + Send + Sync>>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = named(path, options.mode(0o644).open(path))?;
        match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Box::new(file))),
            // POSIX leaves open which of the two says so.
            Err(Errno::AGAIN | Errno::ACCESS) => Ok(None),
            Err(error) => named(path, Err(error.into())),
        }
    }

    fn remote(&self, directory: &Path) -> io::Result<Option<&'static str>> {
        let found = rustix::fs::statfs(directory).map_err(io::Error::from);
        Ok(remote_kind(named(directory, found)?.f_type))
    }
}

/// `statfs(2)` and the kernel's `magic.h`; the type has another width on every architecture.
fn remote_kind(magic: impl TryInto<i64>) -> Option<&'static str> {
    // Some architectures have these numbers as signed ones of 32 bits.
    let magic = magic.try_into().ok()? as u32;
    Some(match magic {
        0x6969 => "NFS",
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => "SMB",
        0x6573_5546 => "FUSE",
        0x0102_1997 => "9P",
        0x00c3_6400 => "Ceph",
        0x5346_414f | 0x6b41_4653 => "AFS",
        0x7375_7245 => "Coda",
        0x0bd0_0bd0 => "Lustre",
        0x4750_4653 => "GPFS",
        0x0116_1970 => "GFS2",
        0x7461_636f => "OCFS2",
        0x786f_4256 => "a shared folder of VirtualBox",
        _ => return None,
    })
}

impl File for fs::File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.read_exact_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}

fn share(file: fs::File) -> Arc<dyn File> {
    Arc::new(file)
}

fn named<T>(path: &Path, result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| super::about(path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_systems_behind_a_network_are_known_by_their_numbers() {
        // ext4, tmpfs, overlayfs, XFS, Btrfs, ZFS.
        for local in [
            0xef53_i64,
            0x0102_1994,
            0x794c_7630,
            0x5846_5342,
            0x9123_683e,
            0x2fc1_2fc1,
        ] {
            assert_eq!(remote_kind(local), None, "{local:x}");
        }
        assert_eq!(remote_kind(0x6969_i64), Some("NFS"));
        assert_eq!(remote_kind(0x6573_5546_i32), Some("FUSE"));
        // -11317950 is 0xff534d42 where the field is signed.
        assert_eq!(remote_kind(-11_317_950_i32), Some("SMB"));
        assert_eq!(Disk.remote(Path::new("/")).unwrap(), None);
    }

    #[test]
    fn a_record_lock_is_seen_by_another_process_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("treeState.lock");
        let script = "import fcntl,sys\ntry: fcntl.lockf(open(sys.argv[1],'r+'),fcntl.LOCK_EX|fcntl.LOCK_NB)\nexcept OSError: sys.exit(7)";
        let taken = || {
            let mut python = std::process::Command::new("python3");
            let status = python.args(["-c", script]).arg(&path).status().unwrap();
            status.code()
        };
        let held = Disk.lock_records(&path).unwrap().unwrap();
        assert_eq!(taken(), Some(7));
        drop(held);
        assert_eq!(taken(), Some(0));
    }
}

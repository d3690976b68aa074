//! What a log takes on the disk, by what it is for.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::Serialize;

/// Files of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Space {
    pub(super) files: u64,
    /// The lengths of the files.
    pub(super) apparent_bytes: u64,
    /// The blocks that they take.
    pub(super) allocated_bytes: u64,
}

/// A directory with a log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Disk {
    /// Hash tiles.
    pub(super) tiles: Space,
    /// Entry bundles.
    pub(super) entries: Space,
    /// Everything else: the commit log, the ledger, the index of keys, the directories themselves.
    pub(super) rest: Space,
}

impl Disk {
    /// Looks at every file below a directory.
    pub(super) fn measure(directory: &Path) -> io::Result<Self> {
        let mut disk = Self::default();
        disk.walk(directory, directory)?;
        Ok(disk)
    }

    fn walk(&mut self, root: &Path, directory: &Path) -> io::Result<()> {
        for file in fs::read_dir(directory)? {
            let file = file?;
            let metadata = match file.metadata() {
                Ok(metadata) => metadata,
                // Filed away or recycled between the two looks.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let path = file.path();
            if metadata.is_dir() {
                self.walk(root, &path)?;
            }
            let within = path.strip_prefix(root).unwrap_or(&path);
            let space = self.kind(within, metadata.is_dir());
            space.files += u64::from(metadata.is_file());
            space.apparent_bytes += metadata.len();
            space.allocated_bytes += metadata.blocks() * 512;
        }
        Ok(())
    }

    fn kind(&mut self, path: &Path, is_directory: bool) -> &mut Space {
        let mut names = path.iter().skip_while(|name| *name != "tile").skip(1);
        match names.next() {
            _ if is_directory => &mut self.rest,
            Some(kind) if kind == "entries" || kind == "data" => &mut self.entries,
            Some(_) => &mut self.tiles,
            None => &mut self.rest,
        }
    }

    /// All kinds together.
    pub(super) fn total(&self) -> Space {
        let mut total = Space::default();
        for space in [self.tiles, self.entries, self.rest] {
            total.files += space.files;
            total.apparent_bytes += space.apparent_bytes;
            total.allocated_bytes += space.allocated_bytes;
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_count_as_what_they_are_for() {
        let folder = tempfile::tempdir().unwrap();
        for (path, bytes) in [
            ("log.key", 100),
            ("log/tile/0/000", 8192),
            ("log/tile/0/x001/001", 8192),
            ("log/tile/entries/000", 5000),
            ("log/commits/000", 70_000),
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, vec![1; bytes]).unwrap();
        }
        let disk = Disk::measure(folder.path()).unwrap();
        assert_eq!((disk.tiles.files, disk.tiles.apparent_bytes), (2, 16_384));
        assert_eq!((disk.entries.files, disk.entries.apparent_bytes), (1, 5000));
        assert_eq!(disk.rest.files, 2);
        assert!(disk.rest.apparent_bytes >= 70_100);
        assert!(disk.total().allocated_bytes >= 90_000);
        assert_eq!(disk.total().files, 5);
    }
}

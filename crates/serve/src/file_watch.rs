//! Whether files are what they were: by what is in them, however it came there.
//!
//! ```text
//! /etc/tls/tls.crt -> ..data/tls.crt        ..data -> ..2026_11_28_18_00_00     Kubernetes exchanges the
//!                                           ..data -> ..2026_11_28_19_00_00     inner link
//! ```
//!
//! Events of a file system say nothing of that: no file is written, and the directory of the link is
//! not that of the file. So the files are read now and then, which for a few kibibytes costs nothing.
//! A file that is missing or cannot be read is a state as well; it comes and goes while files are
//! exchanged.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use waxwing_crypto::{sha256, sha256_of_parts};

/// What is read of a file, in bytes. What changes behind that is not noticed.
const MOST: u64 = 4 << 20;

/// Files, and what was in them when they were last looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileWatch {
    paths: Vec<PathBuf>,
    seen: [u8; 32],
}

impl FileWatch {
    /// Looks at files. Do so before they are read for use, or a change in between is not noticed.
    /// Blocks on the disk.
    pub fn new(paths: Vec<PathBuf>) -> Self {
        let seen = look(&paths);
        Self { paths, seen }
    }

    /// The files.
    pub fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Whether something else is in them than at the last look. Blocks on the disk.
    pub fn changed(&mut self) -> bool {
        let seen = look(&self.paths);
        let changed = seen != self.seen;
        self.seen = seen;
        changed
    }
}

fn look(paths: &[PathBuf]) -> [u8; 32] {
    let mut digests = Vec::new();
    for path in paths {
        let mut content = Vec::new();
        let read = File::open(path).and_then(|file| file.take(MOST).read_to_end(&mut content));
        match read {
            Ok(_) => digests.push(sha256(&content)),
            // No file has this digest that anybody could find.
            Err(_) => digests.push([0; 32]),
        }
    }
    let parts: Vec<&[u8]> = digests.iter().map(<[u8; 32]>::as_slice).collect();
    sha256_of_parts(&parts)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_change_is_noticed_however_it_comes() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for (version, content) in [("..1", "one"), ("..2", "two")] {
            fs::create_dir(path(version)).unwrap();
            fs::write(path(version).join("file"), content).unwrap();
        }
        symlink("..1", path("..data")).unwrap();
        symlink("..data/file", path("file")).unwrap();
        let mut watch = FileWatch::new(vec![path("other"), path("file")]);
        assert!(!watch.changed());
        // As Kubernetes does it: a new link beside the old one, and then in its place.
        symlink("..2", path("..data_tmp")).unwrap();
        fs::rename(path("..data_tmp"), path("..data")).unwrap();
        assert!(watch.changed());
        assert!(!watch.changed());
        fs::write(path("..2/file"), "three").unwrap();
        assert!(watch.changed());
        fs::remove_file(path("file")).unwrap();
        assert!(watch.changed());
        fs::write(path("file"), "three").unwrap();
        assert!(watch.changed());
        // A file that appears is a change; the same again is none.
        fs::write(path("other"), "").unwrap();
        assert!(watch.changed());
        fs::write(path("other"), "").unwrap();
        assert!(!watch.changed());
    }
}

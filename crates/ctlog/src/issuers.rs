//! The certificates above the leaves, by SHA-256 of their DER: what data tiles refer to (static-ct-api,
//! "Issuers").
//!
//! ```text
//! DIR/issuer/8f5c3d1b…       the DER, as `GET /issuer/8f5c3d1b…` serves it
//! ```
//!
//! One is durable before the first entry that refers to it, and is never changed.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};

use bytes::Bytes;
use waxwing_encoding::hex;

/// No certificate that a log takes is larger, in bytes: a whole submission is not.
const LARGEST: u64 = 512 << 10;

/// SHA-256 of a certificate's DER.
pub type Fingerprint = [u8; 32];

/// A place for issuers. Both calls may block.
pub trait Issuers: std::fmt::Debug + Send + Sync + 'static {
    /// Whether [`Issuers::keep`] has nothing to do, without touching a disk: nearly always so.
    fn knows(&self, fingerprint: &Fingerprint) -> bool;

    /// Keeps a certificate, durably.
    fn keep(&self, fingerprint: &Fingerprint, der: &Bytes) -> io::Result<()>;

    /// A certificate that was kept.
    fn get(&self, fingerprint: &Fingerprint) -> io::Result<Option<Bytes>>;
}

/// Issuers in memory, for a log that is thrown away.
#[derive(Debug, Default)]
pub struct MemoryIssuers {
    kept: RwLock<BTreeMap<Fingerprint, Bytes>>,
}

impl Issuers for MemoryIssuers {
    fn knows(&self, fingerprint: &Fingerprint) -> bool {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.contains_key(fingerprint)
    }

    fn keep(&self, fingerprint: &Fingerprint, der: &Bytes) -> io::Result<()> {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.entry(*fingerprint).or_insert_with(|| der.clone());
        Ok(())
    }

    fn get(&self, fingerprint: &Fingerprint) -> io::Result<Option<Bytes>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        Ok(kept.get(fingerprint).cloned())
    }
}

/// Issuers as files in a directory, where a file server finds them too.
#[derive(Debug)]
pub struct DirectoryIssuers {
    directory: PathBuf,
    /// Those that this process has made durable. Roots are few, so there are few issuers.
    known: MemoryIssuers,
    /// Held while one is written: the first submissions after a start come many at once, all with the
    /// same issuers.
    writing: Mutex<()>,
}

impl DirectoryIssuers {
    /// Keeps them in `directory`, which is made with the first one.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            known: MemoryIssuers::default(),
            writing: Mutex::default(),
        }
    }

    fn path(&self, fingerprint: &Fingerprint) -> PathBuf {
        self.directory.join(hex::encode(fingerprint))
    }

    fn write(&self, path: &Path, der: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.directory)?;
        // Each process writes under a name of its own; whoever comes last puts the same bytes there.
        let beside = path.with_extension(format!("{}.new", std::process::id()));
        let mut file = File::create(&beside)?;
        file.write_all(der)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        File::open(&self.directory)?.sync_all()?;
        match self.directory.parent() {
            Some(parent) => File::open(parent)?.sync_all(),
            None => Ok(()),
        }
    }
}

impl Issuers for DirectoryIssuers {
    fn knows(&self, fingerprint: &Fingerprint) -> bool {
        self.known.knows(fingerprint)
    }

    fn keep(&self, fingerprint: &Fingerprint, der: &Bytes) -> io::Result<()> {
        let _alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.knows(fingerprint) {
            return Ok(());
        }
        // Also if the file is there: a process that was killed may not have come to make it durable.
        self.write(&self.path(fingerprint), der)?;
        self.known.keep(fingerprint, der)
    }

    fn get(&self, fingerprint: &Fingerprint) -> io::Result<Option<Bytes>> {
        if let Some(der) = self.known.get(fingerprint)? {
            return Ok(Some(der));
        }
        let path = self.path(fingerprint);
        let length = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            metadata => metadata?.len(),
        };
        if length > LARGEST {
            let reason = format!("{} has {length} bytes", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        fs::read(path).map(|der| Some(der.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_at_once_keep_the_same_one() {
        let folder = tempfile::tempdir().unwrap();
        for round in 0..20 {
            let directory = folder.path().join(format!("issuer-{round}"));
            let issuers = DirectoryIssuers::new(&directory);
            let der = Bytes::from_static(b"der");
            std::thread::scope(|scope| {
                let keep = || scope.spawn(|| issuers.keep(&[7; 32], &der));
                let keeping: Vec<_> = std::iter::repeat_with(keep).take(8).collect();
                for kept in keeping {
                    kept.join().unwrap().unwrap();
                }
            });
            let names: Vec<_> = fs::read_dir(&directory).unwrap().collect();
            assert_eq!(names.len(), 1);
        }
    }

    #[test]
    fn what_was_kept_is_there_for_the_next_process_too() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("issuer");
        let (der, fingerprint) = (Bytes::from_static(b"der"), [7; 32]);
        for issuers in [
            &MemoryIssuers::default() as &dyn Issuers,
            &DirectoryIssuers::new(&directory),
        ] {
            assert_eq!(issuers.get(&fingerprint).unwrap(), None);
            assert!(!issuers.knows(&fingerprint));
            issuers.keep(&fingerprint, &der).unwrap();
            issuers.keep(&fingerprint, &der).unwrap();
            assert!(issuers.knows(&fingerprint));
            assert_eq!(issuers.get(&fingerprint).unwrap().as_ref(), Some(&der));
        }
        let names: Vec<_> = fs::read_dir(&directory).unwrap().collect();
        assert_eq!(names.len(), 1);
        let later = DirectoryIssuers::new(&directory);
        assert_eq!(later.get(&fingerprint).unwrap(), Some(der));
        assert!(!later.knows(&fingerprint));
    }
}

//! The runs of one directory: opened, looked up, added to.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};

use waxwing_crypto::Random;

use super::KeySettings;
use super::format::{INDEXES, Record, Span};
use super::plan;
use super::recover::is_damage;
use super::run::Run;
use super::secret::Secret;
use super::write::RunWriter;
use crate::Key;
use crate::files::{self, FileSystem};

/// The directory of the runs, below that of the secret.
const RUNS: &str = "runs";

/// What the name of a run ends with until it is complete.
pub(super) const UNFINISHED: &str = ".new";

#[derive(Debug)]
pub(super) struct Store {
    pub(super) files: Arc<dyn FileSystem>,
    pub(super) settings: KeySettings,
    /// Where the runs are.
    pub(super) directory: PathBuf,
    /// There is none in a directory that was only opened to be read and never written.
    secret: Option<Secret>,
    pub(super) writable: bool,
    /// A chain, see [`plan::chain`]. It is taken out whole and never changed in place: nobody waits
    /// for a file while holding the lock.
    pub(super) runs: RwLock<Arc<Vec<Arc<Run>>>>,
    pub(super) damaged: Vec<String>,
    /// Held while keys are added: a caller may have gone away and another one come.
    adding: Mutex<()>,
    pub(super) merger: Mutex<Merger>,
    pub(super) at_rest: Condvar,
    pub(super) closing: AtomicBool,
}

/// Who merges.
#[derive(Debug, Default)]
pub(super) struct Merger {
    pub(super) running: bool,
    /// Why the last merge failed, until somebody was told.
    pub(super) failed: Option<io::Error>,
}

impl Store {
    pub(super) fn open(
        files: Arc<dyn FileSystem>,
        mut directory: PathBuf,
        settings: KeySettings,
        writable: bool,
        random: &dyn Random,
    ) -> io::Result<Self> {
        if writable {
            files::create_directories(&*files, &directory, &directory.join(RUNS))?;
        }
        let mut damaged = Vec::new();
        let mut secret = match Secret::read(&*files, &directory) {
            Err(error) if is_damage(&error) => {
                damaged.push(error.to_string());
                None
            }
            read => read?,
        };
        if secret.is_none() && writable {
            secret = Some(Secret::create(&*files, &directory, random)?);
        }
        directory.push(RUNS);
        let mut store = Self {
            files,
            settings,
            directory,
            secret,
            writable,
            runs: RwLock::default(),
            damaged,
            adding: Mutex::default(),
            merger: Mutex::default(),
            at_rest: Condvar::new(),
            closing: AtomicBool::new(false),
        };
        if let Some(secret) = secret {
            store.recover(&secret)?;
        }
        Ok(store)
    }

    pub(super) fn damaged(&self) -> &[String] {
        &self.damaged
    }

    pub(super) fn runs(&self) -> Arc<Vec<Arc<Run>>> {
        Arc::clone(&self.runs.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn covered(&self) -> u64 {
        self.runs().last().map_or(0, |run| run.span().end)
    }

    pub(super) fn find(&self, key: &Key) -> io::Result<Option<u64>> {
        let Some(secret) = &self.secret else {
            return Ok(None);
        };
        let hash = secret.hash(key);
        // From the oldest on: of two entries with one key the first is found.
        for run in self.runs().iter() {
            if let Some(index) = run.find(hash)? {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// Adds the keys of the entries from `first` on as one run.
    pub(super) fn absorb(&self, first: u64, keys: &[Key]) -> io::Result<()> {
        let _adding = locked(&self.adding);
        if keys.is_empty() {
            return Ok(());
        }
        let Some(secret) = self.secret.filter(|_| self.writable) else {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "the index of keys was opened to be read only",
            ));
        };
        if let Some(error) = locked(&self.merger).failed.take() {
            return Err(error);
        }
        let covered = self.covered();
        if first > covered {
            return Err(refused(format!(
                "the keys of the entries from {first} on were given, and only those below {covered} \
                 are covered"
            )));
        }
        let new = usize::try_from(covered - first).ok();
        let keys = new.and_then(|new| keys.get(new..)).unwrap_or_default();
        if keys.is_empty() {
            return Ok(());
        }
        let span = Span {
            first: covered,
            end: covered + keys.len() as u64,
        };
        if span.end > INDEXES {
            return Err(refused(format!("an index has no room above {INDEXES}")));
        }
        let mut records: Vec<Record> = keys
            .iter()
            .zip(covered..)
            .map(|(key, index)| Record {
                hash: secret.hash(key),
                index,
            })
            .collect();
        records.sort_unstable();
        self.put(span, |writer| {
            records
                .into_iter()
                .try_for_each(|record| writer.push(record))
        })
    }

    /// Writes a run, durably, and puts it in the place of those that it contains.
    pub(super) fn put(
        &self,
        span: Span,
        write: impl FnOnce(&mut RunWriter) -> io::Result<()>,
    ) -> io::Result<()> {
        let mark = self.secret.map(|secret| secret.mark()).unwrap_or_default();
        let path = self.directory.join(span.name());
        let unfinished = self.directory.join(span.name() + UNFINISHED);
        let written = RunWriter::create(&*self.files, &unfinished, span, mark)
            .and_then(|mut writer| write(&mut writer).and_then(|()| writer.finish()));
        if let Err(error) = written {
            // It is removed when the directory is opened again, if it cannot be now.
            let _ = self.files.remove(&unfinished);
            return Err(error);
        }
        self.files.rename(&unfinished, &path)?;
        self.files.sync_directory(&self.directory)?;

        let (at, spans) = self.replaced(&self.runs(), span);
        let filter = plan::filters(&spans, &self.settings)[at.start];
        let run = Run::open(&*self.files, &self.directory, span, mark, filter)?;
        self.swap_in(Arc::new(run));
        Ok(())
    }

    fn swap_in(&self, run: Arc<Run>) {
        let mut current = write(&self.runs);
        let (at, spans) = self.replaced(&current, run.span());
        let mut runs = current.to_vec();
        runs.splice(at, [run]);
        for (run, filter) in runs.iter_mut().zip(plan::filters(&spans, &self.settings)) {
            if run.has_filter() && !filter {
                *run = Arc::new(run.without_filter());
            }
        }
        *current = Arc::new(runs);
    }

    /// Where a new run goes, and the spans once it is there.
    fn replaced(&self, runs: &[Arc<Run>], new: Span) -> (std::ops::Range<usize>, Vec<Span>) {
        let mut spans: Vec<Span> = runs.iter().map(|run| run.span()).collect();
        let start = spans.partition_point(|span| span.first < new.first);
        let contained = spans[start..].iter().take_while(|span| new.contains(span));
        let at = start..start + contained.count();
        spans.splice(at.clone(), [new]);
        (at, spans)
    }
}

fn refused(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

/// Nothing here is left half changed by a panic.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

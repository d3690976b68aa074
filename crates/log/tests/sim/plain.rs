//! A driver as simple as one can be that loses nothing: all records in one file that is written anew
//! at each start, each object in a file of its own, everything synchronised at once.
//!
//! It shows that the suite asks for nothing impossible, and with one of its [`Flaw`]s, that the suite
//! notices.

mod record;

use std::any::Any;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::oneshot;
use waxwing_log::files::{self, File, FileSystem};
use waxwing_log::{
    Driver, DriverError, Guard, GuardSwap, Head, Key, KeyIndex, Object, Operation, Outcome, Record,
    Recovered,
};

use self::record::{encode, parse_records, take};
use crate::ground::Ground;
use crate::identity;

const LONGEST: u64 = 1 << 30;

/// What a careless driver does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Records are not synchronised.
    RecordsUnsynchronised,
    /// A commit is answered before it is made.
    AnswersEarly,
    /// Objects are not synchronised, so that records are dropped before what they hold is elsewhere.
    ObjectsUnsynchronised,
    /// The names of objects are not made durable.
    NamesUnsynchronised,
    /// What is read back at a start is taken to be durable.
    TrustsTheCache,
    /// Nobody is kept from opening the log a second time.
    Unlocked,
    /// The guard is not kept.
    Unguarded,
}

impl Flaw {
    pub(crate) const ALL: [Self; 7] = [
        Self::RecordsUnsynchronised,
        Self::AnswersEarly,
        Self::ObjectsUnsynchronised,
        Self::NamesUnsynchronised,
        Self::TrustsTheCache,
        Self::Unlocked,
        Self::Unguarded,
    ];
}

/// Worlds of the plain driver.
pub(crate) fn ground(flaw: Option<Flaw>) -> Ground {
    Ground::new(identity::signer(), move |process, _| {
        Arc::new(PlainDriver::new(process, flaw))
    })
}

/// A driver. Clones are the same one.
#[derive(Clone)]
struct PlainDriver {
    files: Arc<dyn FileSystem>,
    flaw: Option<Flaw>,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    lock: Option<Box<dyn Any + Send + Sync>>,
    records: Vec<Arc<Record>>,
    guard: Option<Guard>,
    /// The file of records and where it ends; `None` before it was opened or after an error.
    file: Option<(Arc<dyn File>, u64)>,
    /// A record that was answered for and not written yet.
    late: Option<Arc<Record>>,
}

impl PlainDriver {
    fn new(files: Arc<dyn FileSystem>, flaw: Option<Flaw>) -> Self {
        Self {
            files,
            flaw,
            inner: Arc::default(),
        }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        job: impl FnOnce(&Self) -> io::Result<T> + Send + 'static,
    ) -> Result<T, DriverError> {
        let (reply, answer) = oneshot::channel();
        let this = self.clone();
        self.files.spawn(Box::new(move || {
            let _ = reply.send(job(&this));
        }));
        let answer = answer.await.map_err(io::Error::other);
        answer
            .and_then(|answer| answer)
            .map_err(|source| DriverError::Unavailable {
                operation,
                source: Box::new(source),
            })
    }

    fn open_now(&self) -> io::Result<Recovered> {
        let files = &*self.files;
        let mut inner = self.inner();
        for directory in ["/log/objects", "/guard"] {
            files::create_directories(files, Path::new("/log"), Path::new(directory))?;
        }
        if inner.lock.is_none() && !self.has(Flaw::Unlocked) {
            let lock = files.lock(Path::new("/log/lock"))?;
            inner.lock = Some(lock.ok_or(io::ErrorKind::WouldBlock)?);
        }
        inner.file = None;
        let guard = files::read(files, Path::new("/guard/guard"), LONGEST)?;
        inner.guard = guard.map(|bytes| parse_guard(&bytes)).transpose()?;
        let path = Path::new("/log/records");
        let content = files::read(files, path, LONGEST)?.unwrap_or_default();
        let (mut records, whole) = parse_records(&content);
        let filed = records.iter().map(|record| record.filed).max().unwrap_or(0);
        let last = records.last().cloned();
        records.retain(|record| record.head.size > filed || record.filed == filed);
        if let Some(last) = last.filter(|last| records.last() != Some(last)) {
            records.push(last);
        }
        let length = if self.has(Flaw::TrustsTheCache) && !content.is_empty() {
            whole
        } else {
            // What was read may be in memory only: the process before, or this one, may have failed to
            // synchronise it. A new file is synchronised before anybody relies on it.
            let kept: Vec<u8> = records.iter().flat_map(|record| encode(record)).collect();
            files::replace(files, Path::new("/log/records.new"), path, &kept, true)?;
            kept.len()
        };
        inner.file = Some((files.open(path, true)?, length as u64));
        inner.records.clone_from(&records);
        Ok(Recovered {
            guard: inner.guard,
            records,
            keys: Arc::<PlainKeys>::default(),
            covered: 0,
        })
    }

    fn commit_now(&self, previous: Option<&Head>, record: Arc<Record>) -> Outcome {
        let mut inner = self.inner();
        let last = inner.records.last().map(|record| &record.head);
        if last != previous {
            let mut after = inner.records.iter();
            let known = after.any(|record| Some(&record.head) == previous);
            let records = if known { after } else { inner.records.iter() };
            let records = records.cloned().collect();
            return Outcome::Conflict { records };
        }
        let mut written = Ok(());
        if let Some(late) = inner.late.take() {
            written = self.append(&mut inner, &late);
        }
        if self.has(Flaw::AnswersEarly) {
            inner.late = Some(Arc::clone(&record));
        } else if written.is_ok() {
            written = self.append(&mut inner, &record);
        }
        if let Err(source) = written {
            inner.file = None;
            let source = DriverError::Unavailable {
                operation: "write a record",
                source: Box::new(source),
            };
            return Outcome::Unknown { source };
        }
        inner.records.push(record);
        Outcome::Committed
    }

    fn append(&self, inner: &mut Inner, record: &Record) -> io::Result<()> {
        let closed = || io::Error::other("the records must be read again first");
        let (file, end) = inner.file.as_mut().ok_or_else(closed)?;
        let bytes = encode(record);
        file.write_at(&bytes, *end)?;
        *end += bytes.len() as u64;
        match self.has(Flaw::RecordsUnsynchronised) {
            true => Ok(()),
            false => file.sync(),
        }
    }

    fn put_now(&self, object: Object, bytes: &Bytes) -> io::Result<Result<(), DriverError>> {
        let files = &*self.files;
        let path = object_path(object);
        if let Some(found) = files::read(files, &path, LONGEST)?
            && found != *bytes
        {
            return Ok(Err(DriverError::Different { object }));
        }
        // Also if it is there already: perhaps it is not on the disk.
        let new = Path::new("/log/new");
        if self.has(Flaw::ObjectsUnsynchronised) {
            let _ = files.remove(new);
            files.create(new, false)?.write_at(bytes, 0)?;
        } else {
            files::write_new(files, new, bytes, false)?;
        }
        files.rename(new, &path)?;
        match self.has(Flaw::NamesUnsynchronised) {
            true => Ok(Ok(())),
            false => files.sync_directory(Path::new("/log/objects")).map(Ok),
        }
    }

    fn swap_guard_now(&self, expected: Option<Guard>, new: Guard) -> io::Result<GuardSwap> {
        let mut inner = self.inner();
        if inner.guard != expected {
            return Ok(GuardSwap::Other(inner.guard));
        }
        if !self.has(Flaw::Unguarded) {
            let mut content = new.size.to_be_bytes().to_vec();
            content.extend_from_slice(new.root.as_bytes());
            let (temporary, path) = (Path::new("/guard/new"), Path::new("/guard/guard"));
            files::replace(&*self.files, temporary, path, &content, true)?;
        }
        inner.guard = Some(new);
        Ok(GuardSwap::Swapped)
    }
}

impl Driver for PlainDriver {
    fn open(&self) -> Operation<'_, Result<Recovered, DriverError>> {
        Box::pin(self.run("open", Self::open_now))
    }

    fn commit<'a>(
        &'a self,
        previous: Option<&'a Head>,
        record: Arc<Record>,
    ) -> Operation<'a, Outcome> {
        let previous = previous.cloned();
        let commit = self.run("commit", move |this| {
            Ok(this.commit_now(previous.as_ref(), record))
        });
        Box::pin(async {
            commit
                .await
                .unwrap_or_else(|source| Outcome::Unknown { source })
        })
    }

    fn put(&self, objects: Vec<(Object, Bytes)>) -> Operation<'_, Result<(), DriverError>> {
        Box::pin(async move {
            for (object, bytes) in objects {
                self.run("put", move |this| this.put_now(object, &bytes))
                    .await??;
            }
            Ok(())
        })
    }

    fn publish(&self, checkpoint: Arc<str>) -> Operation<'_, Result<(), DriverError>> {
        Box::pin(self.run("publish", move |this| {
            let (temporary, path) = (Path::new("/log/shown"), Path::new("/log/checkpoint"));
            files::replace(&*this.files, temporary, path, checkpoint.as_bytes(), false)
        }))
    }

    fn flush(&self) -> Operation<'_, Result<(), DriverError>> {
        Box::pin(async { Ok(()) })
    }

    fn get(&self, object: Object) -> Operation<'_, Result<Option<Bytes>, DriverError>> {
        Box::pin(self.run("get", move |this| {
            files::read(&*this.files, &object_path(object), LONGEST)
        }))
    }

    fn swap_guard(
        &self,
        expected: Option<Guard>,
        new: Guard,
    ) -> Operation<'_, Result<GuardSwap, DriverError>> {
        Box::pin(self.run("swap the guard", move |this| {
            this.swap_guard_now(expected, new)
        }))
    }
}

/// Keys in memory, which the engine fills at each start from what is filed.
#[derive(Debug, Default)]
struct PlainKeys(Mutex<(HashMap<Key, u64>, u64)>);

impl PlainKeys {
    fn inner(&self) -> MutexGuard<'_, (HashMap<Key, u64>, u64)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyIndex for PlainKeys {
    fn covered(&self) -> u64 {
        self.inner().1
    }

    fn find(&self, key: &Key) -> Result<Option<u64>, DriverError> {
        Ok(self.inner().0.get(key).copied())
    }

    fn absorb(&self, first: u64, new: Vec<Key>) -> Operation<'_, Result<(), DriverError>> {
        let mut inner = self.inner();
        for (index, key) in (first..).zip(new) {
            if index >= inner.1 {
                inner.0.entry(key).or_insert(index);
                inner.1 = index + 1;
            }
        }
        Box::pin(async { Ok(()) })
    }
}

fn object_path(object: Object) -> PathBuf {
    let name = object.to_string().replace(['/', ' '], "-");
    Path::new("/log/objects").join(name)
}

fn parse_guard(bytes: &[u8]) -> io::Result<Guard> {
    let mut rest = bytes;
    let guard = take(&mut rest).zip(take(&mut rest));
    let (size, root): ([u8; 8], [u8; 32]) = guard.ok_or(io::ErrorKind::InvalidData)?;
    Ok(Guard {
        size: u64::from_be_bytes(size),
        root: root.into(),
    })
}

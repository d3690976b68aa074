//! The driver that keeps a log in a directory: the default, and the fast one.
//!
//! Start reading at `wal`, which is the commit; `layout` has the directory. Everything goes through
//! [`FileSystem`], so that a test can crash it at every step.

mod backup;
mod format;
mod guard;
mod inspect;
mod layout;
mod objects;
mod record;
mod takeover;
mod tessera;
mod wal;

use std::any::Any;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use waxwing_crypto::{Random, SystemRandom};

pub use self::guard::{GuardPlace, GuardServerError};
use self::layout::Layout;
use self::objects::{Objects, Unsynced};
use self::record::Nonce;
pub(crate) use self::tessera::TreeState;
use self::wal::Wal;
use crate::files::{self, Disk, FileSystem, blocking};
use crate::keys::{KeySettings, LocalKeys};
use crate::{
    Driver, DriverError, Format, Guard, GuardMoved, GuardSwap, Head, KeyIndex, Object, Operation,
    Outcome, Record, Recovered, ledger,
};

/// How many objects are written at a time: each waits for the disk, and they wait together.
const WRITERS: usize = 8;

/// How long it takes at most until a server that did not take the guard is asked again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Where a log is, and how it is kept.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LocalSettings {
    /// The log's directory.
    pub directory: PathBuf,
    /// In which form the entries are; it is fixed when the log begins.
    pub format: Format,
    /// Where the guard is: on another disk than the directory, or with a server. Without one a directory
    /// that was set back to an older copy of itself is not noticed.
    pub guard: Option<GuardPlace>,
    /// The bytes of one file of the write-ahead log.
    pub slot_bytes: u64,
    /// How the index against duplicates is kept.
    pub keys: KeySettings,
    /// Reads the log and changes nothing; others may write it meanwhile.
    pub read_only: bool,
    /// Writes the log also on a file system behind a network or a program, such as NFS, SMB or FUSE.
    /// Whether locks, renamings and flushes hold there, only its operator can know.
    pub allow_remote: bool,
    /// A defect for the tests to find.
    #[cfg(feature = "flaws")]
    pub flaw: Option<crate::Flaw>,
}

impl LocalSettings {
    /// The defaults, without a guard.
    pub fn new(directory: impl Into<PathBuf>, format: Format) -> Self {
        Self {
            directory: directory.into(),
            format,
            guard: None,
            slot_bytes: 16 << 20,
            keys: KeySettings::default(),
            read_only: false,
            allow_remote: false,
            #[cfg(feature = "flaws")]
            flaw: None,
        }
    }
}

/// A log in a directory. Clones are further hands on it, within the process that is the writer.
#[derive(Clone)]
pub struct LocalDriver {
    inner: Arc<Inner>,
}

struct Inner {
    files: Arc<dyn FileSystem>,
    random: Arc<dyn Random>,
    settings: LocalSettings,
    layout: Layout,
    objects: Objects,
    writer: Mutex<Writer>,
    guard: Mutex<GuardState>,
    /// Held while the guard is written: of two writes the older must not come last.
    guard_place: tokio::sync::Mutex<()>,
    /// Held while a checkpoint is written: whoever opens a log shows the first one, and so does the
    /// task that shows all others, and both write under one name before.
    checkpoint_file: Mutex<()>,
}

/// What only the writer has.
#[derive(Default)]
struct Writer {
    locks: Vec<Box<dyn Any + Send + Sync>>,
    wal: Option<Wal>,
    keys: Option<Arc<LocalKeys>>,
}

#[derive(Debug, Default)]
struct GuardState {
    current: Option<Guard>,
    /// Whether its place lacks the current one.
    behind: bool,
    /// Whether a task is about to write it.
    scheduled: bool,
    /// Whether the log is being closed, or was. What is lacking then is written at the next start: a task that
    /// waits for a server would keep the locks.
    closed: bool,
    /// What another writer has put there. Nothing more is let out: which of the two logs is the right one,
    /// only an operator can say.
    moved: Option<Box<GuardMoved>>,
}

impl fmt::Debug for LocalDriver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "LocalDriver({})",
            self.inner.layout.root().display()
        )
    }
}

impl LocalDriver {
    /// A log on this machine's disk. Nothing is touched before it is opened.
    pub fn new(settings: LocalSettings) -> Self {
        Self::on(Arc::new(Disk), Arc::new(SystemRandom), settings)
    }

    /// A log on any file system.
    pub fn on(
        files: Arc<dyn FileSystem>,
        random: Arc<dyn Random>,
        settings: LocalSettings,
    ) -> Self {
        let layout = Layout::new(settings.directory.clone());
        let page = ledger::page_length(settings.format);
        let inner = Inner {
            objects: Objects::new(Arc::clone(&files), layout.clone(), page),
            files,
            random,
            settings,
            layout,
            writer: Mutex::default(),
            guard: Mutex::default(),
            guard_place: tokio::sync::Mutex::default(),
            checkpoint_file: Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The checkpoint that was published last, as readers of the directory see it.
    pub async fn checkpoint(&self) -> Result<Option<Bytes>, DriverError> {
        let inner = Arc::clone(&self.inner);
        blocking(&*self.inner.files, "read the checkpoint", move || {
            files::read(&*inner.files, &inner.layout.checkpoint(), 1 << 20)
        })
        .await
    }
}

impl Driver for LocalDriver {
    fn open(&self) -> Operation<'_, Result<Recovered, DriverError>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            let files = Arc::clone(&inner.files);
            let held = Arc::clone(&inner);
            blocking(&*files, "open the log", move || Ok(held.begin_opening())).await??;
            let guard = inner.read_guard().await?;
            blocking(&*files, "open the log", move || Ok(inner.open(guard))).await?
        })
    }

    fn commit<'a>(
        &'a self,
        previous: Option<&'a Head>,
        record: Arc<Record>,
    ) -> Operation<'a, Outcome> {
        let inner = Arc::clone(&self.inner);
        let previous = previous.cloned();
        Box::pin(async move {
            let files = Arc::clone(&inner.files);
            let done = blocking(&*files, "commit a record", move || {
                inner.writer().commit(previous.as_ref(), &record)
            });
            match done.await {
                Ok(None) => Outcome::Committed,
                Ok(Some(records)) => Outcome::Conflict { records },
                Err(source) => Outcome::Unknown { source },
            }
        })
    }

    fn put(&self, objects: Vec<(Object, Bytes)>) -> Operation<'_, Result<(), DriverError>> {
        Box::pin(async move {
            let inner = &self.inner;
            inner.must_write("put an object")?;
            let share = objects.len().div_ceil(WRITERS).max(1);
            let jobs = objects.chunks(share).map(|chunk| {
                let (inner, chunk) = (Arc::clone(inner), chunk.to_vec());
                let (reply, answer) = tokio::sync::oneshot::channel();
                inner.files.spawn(Box::new({
                    let inner = Arc::clone(&inner);
                    move || {
                        let _ = reply.send(inner.objects.put(&chunk));
                    }
                }));
                answer
            });
            let mut unsynced = Unsynced::default();
            // All are waited for, also when one fails: an object must not appear behind an error.
            let mut failure = None;
            for job in jobs.collect::<Vec<_>>() {
                match job.await {
                    Ok(Ok(written)) => unsynced.extend(written),
                    Ok(Err(error)) => failure = Some(error),
                    Err(_) => {
                        let source = io::Error::other("the task has panicked");
                        failure = Some(files::failed("put an object", source));
                    }
                }
            }
            failure.map_or(Ok(()), Err)?;
            let sync = Arc::clone(inner);
            blocking(&*inner.files, "put an object", move || {
                Ok(sync.objects.sync(&unsynced))
            })
            .await?
        })
    }

    fn get(&self, object: Object) -> Operation<'_, Result<Option<Bytes>, DriverError>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            let files = Arc::clone(&inner.files);
            blocking(&*files, "read an object", move || inner.objects.get(object)).await
        })
    }

    fn publish(&self, checkpoint: Arc<str>) -> Operation<'_, Result<(), DriverError>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            inner.must_write("publish a checkpoint")?;
            let files = Arc::clone(&inner.files);
            blocking(&*files, "publish a checkpoint", move || {
                inner.publish(&checkpoint)
            })
            .await
        })
    }

    fn swap_guard(
        &self,
        expected: Option<Guard>,
        new: Guard,
    ) -> Operation<'_, Result<GuardSwap, DriverError>> {
        Box::pin(async move {
            self.inner.must_write("swap the guard")?;
            let place = self.inner.settings.guard.as_ref();
            // A server may be out of reach, or refuse: who starts a log is told so at once.
            let is_first = expected.is_none() && place.is_some_and(|place| place.path().is_none());
            {
                let mut guard = self.inner.guard();
                // Who says what was found there has seen that it is a head of this log.
                let is_seen = |moved: &mut Box<GuardMoved>| moved.found == expected;
                if expected.is_some() && guard.moved.take_if(is_seen).is_some() {
                    guard.current = expected;
                    place.inspect(|place| place.accept(expected));
                }
                guard.refuse_moved()?;
                if guard.current != expected {
                    return Ok(GuardSwap::Other(guard.current));
                }
                guard.current = Some(new);
                guard.behind = true;
                let Some(place) = place else {
                    return Ok(GuardSwap::Swapped);
                };
                place.lacks();
                if guard.scheduled {
                    return Ok(GuardSwap::Swapped);
                }
                guard.scheduled = !is_first;
            }
            if is_first {
                let written = self.inner.write_guard().await;
                if written.is_err() {
                    // Whoever opens the log once more finds out what is there, and is told so again.
                    self.inner.guard().current = None;
                }
                written?;
            } else {
                tokio::spawn(write_guard_behind(Arc::downgrade(&self.inner)));
            }
            Ok(GuardSwap::Swapped)
        })
    }

    fn hand_over<'a>(&'a self, head: &'a Head) -> Operation<'a, Result<(), DriverError>> {
        let (inner, head) = (Arc::clone(&self.inner), head.clone());
        Box::pin(async move {
            inner.must_write("hand the log over")?;
            let files = Arc::clone(&inner.files);
            blocking(&*files, "hand the log over", move || {
                match inner.settings.format {
                    Format::TlogTiles => tessera::hand_over(&*inner.files, &inner.layout, &head),
                    Format::StaticCt => Ok(()),
                }
            })
            .await
        })
    }

    fn flush(&self) -> Operation<'_, Result<(), DriverError>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            inner.guard().closed = true;
            inner.write_guard().await?;
            let files = Arc::clone(&inner.files);
            blocking(&*files, "flush the log", move || inner.settle_checkpoint()).await
        })
    }
}

/// Writes the guard after a pause, once for all that came in meanwhile.
async fn write_guard_behind(inner: Weak<Inner>) {
    // A log that was closed has written its guard, and the lock must not wait for this.
    let interval = |inner: Arc<Inner>| inner.settings.guard.as_ref().map(GuardPlace::interval);
    let mut pause = inner.upgrade().and_then(interval).unwrap_or_default();
    loop {
        tokio::time::sleep(pause).await;
        let Some(inner) = inner.upgrade() else { return };
        inner.guard().scheduled = false;
        // What could not be written is written with the next head, or when the log is closed.
        let written = inner.write_guard_unless_closed().await;
        // A server comes back some day, and the next head may be a long time off.
        let place = inner.settings.guard.as_ref();
        let is_server = place.is_some_and(|place| place.path().is_none());
        let mut state = inner.guard();
        if written.is_ok() || !is_server || state.scheduled || state.closed || state.moved.is_some()
        {
            return;
        }
        state.scheduled = true;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

impl Inner {
    fn writer(&self) -> MutexGuard<'_, Writer> {
        // A write-ahead log that panicked in the middle of a write refuses to go on by itself.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn guard(&self) -> MutexGuard<'_, GuardState> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn must_write(&self, operation: &'static str) -> Result<(), DriverError> {
        if !self.settings.read_only {
            return Ok(());
        }
        let source = io::Error::new(io::ErrorKind::PermissionDenied, "opened to be read only");
        Err(files::failed(operation, source))
    }

    /// What comes before the guard is read: for the writer the locks, for a reader nothing.
    fn begin_opening(&self) -> Result<(), DriverError> {
        if self.settings.read_only {
            return Ok(());
        }
        self.refuse_backup()?;
        let mut writer = self.writer();
        self.guard().closed = false;
        // The hand on the files of before goes first: after an error nothing about it is sure.
        writer.wal = None;
        self.objects.forget();
        self.take_hold(&mut writer)
    }

    fn open(&self, guard: Option<Guard>) -> Result<Recovered, DriverError> {
        if self.settings.read_only {
            return self.look(guard);
        }
        let mut writer = self.writer();
        let nonce = match format::read(&*self.files, &self.layout, self.settings.format)? {
            Some(nonce) => nonce,
            None => {
                self.refuse_foreign()?;
                self.begin()?
            }
        };
        let directory = self.layout.wal();
        let found = wal::read(&*self.files, &directory, &nonce).map_err(open_failed)?;
        self.claim(found.records.last().map(|record| &record.head))?;
        let files = Arc::clone(&self.files);
        let slot = self.settings.slot_bytes;
        let wal = Wal::begin(files, directory, nonce, slot, &found).map_err(open_failed)?;
        #[cfg(feature = "flaws")]
        let wal = {
            let mut wal = wal;
            wal.plant(self.settings.flaw);
            wal
        };
        let records = wal.kept();
        writer.wal = Some(wal);
        // Runs of keys never change once they are made, so there is nothing to read again.
        let keys = match &writer.keys {
            Some(keys) => Arc::clone(keys),
            None => Arc::new(self.open_keys()?),
        };
        writer.keys = Some(Arc::clone(&keys));
        Ok(recovered(guard, records, keys))
    }

    /// Makes the directory, and takes its locks unless they are held already.
    fn take_hold(&self, writer: &mut Writer) -> Result<(), DriverError> {
        self.make_directories().map_err(open_failed)?;
        let remote = self.files.remote(self.layout.root()).map_err(open_failed)?;
        if let Some(kind) = remote.filter(|_| !self.settings.allow_remote) {
            let path = self.layout.root().to_owned();
            return Err(DriverError::Remote { path, kind });
        }
        if writer.locks.is_empty() {
            let lock = self.files.lock(&self.layout.lock()).map_err(open_failed)?;
            let lock = lock.ok_or_else(|| DriverError::Locked {
                path: self.layout.root().to_owned(),
            })?;
            let mut locks = vec![lock];
            if self.settings.format == Format::TlogTiles {
                locks.extend(tessera::lock(&*self.files, &self.layout)?);
            }
            writer.locks = locks;
        }
        self.remove_temporaries().map_err(open_failed)
    }

    /// Reads what is there beside whoever writes it.
    fn look(&self, guard: Option<Guard>) -> Result<Recovered, DriverError> {
        let nonce = format::read(&*self.files, &self.layout, self.settings.format)?;
        let records = match nonce {
            Some(nonce) => {
                let found = wal::read(&*self.files, &self.layout.wal(), &nonce);
                found.map_err(open_failed)?.records
            }
            None => Vec::new(),
        };
        let keys = Arc::new(self.open_keys()?);
        Ok(recovered(guard, records, keys))
    }

    fn open_keys(&self) -> Result<LocalKeys, DriverError> {
        let files = Arc::clone(&self.files);
        let settings = self.settings.keys;
        LocalKeys::open(
            files,
            self.layout.keys(),
            settings,
            !self.settings.read_only,
            &*self.random,
        )
    }

    /// The guard, as it is in memory or in its place: in one process it may not have been written yet.
    async fn read_guard(&self) -> Result<Option<Guard>, DriverError> {
        {
            let state = self.guard();
            state.refuse_moved()?;
            if state.current.is_some() {
                return Ok(state.current);
            }
        }
        let Some(place) = &self.settings.guard else {
            return Ok(None);
        };
        let guard = place.read(&self.files, !self.settings.read_only).await?;
        self.guard().current = guard;
        Ok(guard)
    }

    async fn write_guard(&self) -> Result<(), DriverError> {
        let _writing = self.guard_place.lock().await;
        self.write_guard_now().await
    }

    async fn write_guard_unless_closed(&self) -> Result<(), DriverError> {
        let _writing = self.guard_place.lock().await;
        let closed = self.guard().closed;
        match closed {
            true => Ok(()),
            false => self.write_guard_now().await,
        }
    }

    /// For who has the place to himself.
    async fn write_guard_now(&self) -> Result<(), DriverError> {
        let Some(place) = &self.settings.guard else {
            return Ok(());
        };
        let guard = {
            let mut state = self.guard();
            state.refuse_moved()?;
            if !std::mem::take(&mut state.behind) {
                return Ok(());
            }
            state.current
        };
        let Some(guard) = guard else {
            return Ok(());
        };
        let written = place.write(&self.files, guard).await;
        if let Err(error) = &written {
            let mut state = self.guard();
            state.behind = true;
            if let DriverError::GuardMoved(moved) = error {
                state.moved = Some(moved.clone());
            }
        } else {
            let state = self.guard();
            if !state.behind {
                place.has_all();
            }
        }
        written
    }

    fn begin(&self) -> Result<Nonce, DriverError> {
        format::write(
            &*self.files,
            &self.layout,
            self.settings.format,
            &*self.random,
        )
    }

    fn make_directories(&self) -> io::Result<()> {
        for directory in self.layout.directories() {
            files::create_directories(&*self.files, self.layout.root(), &directory)?;
        }
        Ok(())
    }

    /// A log that was closed a moment ago may still be showing its last checkpoint: that is waited for, and
    /// what is gone by itself is as good as removed.
    fn remove_temporaries(&self) -> io::Result<()> {
        let _showing = self
            .checkpoint_file
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let directory = self.layout.temporary();
        for name in self.files.list(&directory)? {
            match self.files.remove(&directory.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Not synchronised: the checkpoint is signed, whoever reads a torn one sees it, and the next one
    /// or the next start brings another. With it every commit would wait for two disks writes.
    fn publish(&self, checkpoint: &str) -> io::Result<()> {
        let _writing = self
            .checkpoint_file
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let temporary = self.layout.temporary().join("checkpoint");
        let file = match self.files.create(&temporary, false) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.files.remove(&temporary)?;
                self.files.create(&temporary, false)?
            }
            created => created?,
        };
        file.write_at(checkpoint.as_bytes(), 0)?;
        self.files.rename(&temporary, &self.layout.checkpoint())
    }

    /// Makes the checkpoint durable when a log is closed: one that was frozen may never be opened again,
    /// and is handed to a file server as it is.
    fn settle_checkpoint(&self) -> io::Result<()> {
        match self.files.open(&self.layout.checkpoint(), true) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            file => file?.sync()?,
        }
        self.files.sync_directory(self.layout.root())
    }
}

impl GuardState {
    fn refuse_moved(&self) -> Result<(), DriverError> {
        match &self.moved {
            None => Ok(()),
            Some(moved) => Err(DriverError::GuardMoved(moved.clone())),
        }
    }
}

impl Drop for Writer {
    /// The lock goes last: what merges keys must have ended when the next process takes it.
    fn drop(&mut self) {
        if let Some(keys) = self.keys.take() {
            keys.close();
        }
    }
}

impl Writer {
    /// Commits a record; `Some` with the records on top of `previous` if there are any.
    fn commit(
        &mut self,
        previous: Option<&Head>,
        record: &Arc<Record>,
    ) -> io::Result<Option<Vec<Arc<Record>>>> {
        let Some(wal) = &mut self.wal else {
            return Err(io::Error::other("the log is not open"));
        };
        if let Some(records) = wal.on_top_of(previous) {
            return Ok(Some(records));
        }
        wal.commit(record)?;
        Ok(None)
    }
}

fn recovered(guard: Option<Guard>, records: Vec<Arc<Record>>, keys: Arc<LocalKeys>) -> Recovered {
    Recovered {
        guard,
        covered: keys.covered(),
        records,
        keys,
    }
}

fn open_failed(source: io::Error) -> DriverError {
    files::failed("open the log", source)
}

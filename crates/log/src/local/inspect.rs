//! Looking at a directory as it lies there, for those who check it or copy it: every call reads the
//! disk on the caller's thread, and none of them changes anything.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::{GuardPlace, Inner, LocalDriver, format, guard, wal};
use crate::files;
use crate::keys::LocalKeys;
use crate::{DriverError, Format, Guard, LocalSettings, Object, Record};

impl LocalSettings {
    /// The settings of the log that is in a directory; `None` if there is none. Which form its
    /// entries have, the directory says itself.
    pub fn of_directory(directory: impl Into<PathBuf>) -> Result<Option<Self>, DriverError> {
        let directory = directory.into();
        let mut refused = None;
        for form in [Format::TlogTiles, Format::StaticCt] {
            let settings = Self::new(directory.clone(), form);
            let driver = LocalDriver::new(settings.clone());
            match format::read(&*driver.inner.files, &driver.inner.layout, form) {
                Ok(Some(_)) => return Ok(Some(settings)),
                Ok(None) => return Ok(None),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        refused.map_or(Ok(None), Err)
    }
}

impl LocalDriver {
    /// The log's directory.
    pub(crate) fn directory(&self) -> &Path {
        self.inner.layout.root()
    }

    /// The checkpoint that was published last.
    pub(crate) fn checkpoint_now(&self) -> io::Result<Option<Bytes>> {
        let inner = &self.inner;
        files::read(&*inner.files, &inner.layout.checkpoint(), 1 << 20)
    }

    /// The records of the write-ahead log; `None` if the directory has no log.
    pub(crate) fn records_now(&self) -> Result<Option<Vec<Arc<Record>>>, DriverError> {
        let inner = &self.inner;
        let nonce = format::read(&*inner.files, &inner.layout, inner.settings.format)?;
        let Some(nonce) = nonce else {
            return Ok(None);
        };
        let found = wal::read(&*inner.files, &inner.layout.wal(), &nonce);
        let found = found.map_err(|source| files::failed("read the write-ahead log", source))?;
        Ok(Some(found.records))
    }

    /// What the guard says, if a place was named for it.
    pub(crate) async fn guard_now(&self) -> Result<Option<Guard>, DriverError> {
        match &self.inner.settings.guard {
            Some(place) => place.read(&self.inner.files, false).await,
            None => Ok(None),
        }
    }

    /// The same, for who blocks anyway: a server is asked from a thread of its own, since whoever calls may be in
    /// a runtime or in none.
    pub(crate) fn guard_blocking(&self) -> Result<Option<Guard>, DriverError> {
        let failed = |source| files::failed("read the guard", source);
        if let Some(GuardPlace::File(path)) = &self.inner.settings.guard {
            return guard::read_file(&*self.inner.files, path).map_err(failed);
        }
        let ask = || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build().map_err(failed)?;
            runtime.block_on(self.guard_now())
        };
        std::thread::scope(|scope| match scope.spawn(ask).join() {
            Ok(answer) => answer,
            Err(_) => Err(failed(io::Error::other("the thread has panicked"))),
        })
    }

    /// The index of keys, to be read.
    pub(crate) fn keys_now(&self) -> Result<LocalKeys, DriverError> {
        let inner = &self.inner;
        let files = Arc::clone(&inner.files);
        LocalKeys::open(
            files,
            inner.layout.keys(),
            inner.settings.keys,
            false,
            &*inner.random,
        )
    }

    /// An object's content.
    pub(crate) fn object_now(&self, object: Object) -> io::Result<Option<Bytes>> {
        self.inner.objects.get(object)
    }

    /// The file that an object is in, below the directory.
    pub(crate) fn file_of(&self, object: Object) -> PathBuf {
        let path = match object {
            Object::Tile(tile) => self.inner.layout.tile(tile),
            Object::Ledger { index } => self.inner.objects.ledger_file(index),
        };
        let below = path.strip_prefix(self.inner.layout.root());
        below.map(Path::to_owned).unwrap_or(path)
    }

    /// The names in a directory below the log's; none if it is not there.
    pub(crate) fn names_in(&self, below: &Path) -> io::Result<Vec<String>> {
        self.inner.names_in(below)
    }
}

impl Inner {
    pub(super) fn names_in(&self, below: &Path) -> io::Result<Vec<String>> {
        match self.files.list(&self.layout.root().join(below)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            listed => listed,
        }
    }
}

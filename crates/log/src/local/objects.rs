//! Tiles, bundles and the ledger: what is written once and then never again.
//!
//! A tile is a file of its own, as its readers fetch it. It is written under another name, made
//! durable and renamed, so that under its own name there is all of it or nothing. Pages of the ledger
//! are small and nobody fetches them, so 256 of them share a file, each in a place of its own and with
//! a checksum behind it: one that a crash has torn is as good as none.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use waxwing_tlog::tile::{Tile, Width};

use super::layout::Layout;
use crate::files::{self, FileSystem};
use crate::{DriverError, Object};

/// Pages of the ledger in one file.
const PAGES: u64 = 256;
const CHECKSUM: usize = 4;

/// No object is longer: 256 entries of a mebibyte, and some.
const LONGEST_OBJECT: u64 = 300 << 20;

/// What objects that were written need before they are durable.
#[derive(Debug, Default)]
pub(super) struct Unsynced {
    /// Files with pages of the ledger, which other writers may share: they are synchronised once all
    /// have written, since a synchronisation that fails takes everybody's pages with it.
    ledgers: BTreeSet<PathBuf>,
    directories: BTreeSet<PathBuf>,
}

impl Unsynced {
    pub(super) fn extend(&mut self, other: Self) {
        self.ledgers.extend(other.ledgers);
        self.directories.extend(other.directories);
    }
}

/// The objects of a log.
#[derive(Debug)]
pub(super) struct Objects {
    files: Arc<dyn FileSystem>,
    layout: Layout,
    page_length: usize,
    temporaries: AtomicU64,
    /// Directories that are known to be there for good.
    directories: Mutex<BTreeSet<PathBuf>>,
}

impl Objects {
    pub(super) fn new(files: Arc<dyn FileSystem>, layout: Layout, page_length: usize) -> Self {
        Self {
            files,
            layout,
            page_length,
            temporaries: AtomicU64::new(0),
            directories: Mutex::default(),
        }
    }

    /// Forgets what is only believed of the directory.
    pub(super) fn forget(&self) {
        let mut directories = self
            .directories
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        directories.clear();
    }

    pub(super) fn get(&self, object: Object) -> io::Result<Option<Bytes>> {
        match object {
            Object::Tile(tile) => {
                files::read(&*self.files, &self.layout.tile(tile), LONGEST_OBJECT)
            }
            Object::Ledger { index } => self.ledger(index),
        }
    }

    /// Writes objects; tells what must be synchronised before they are durable.
    pub(super) fn put(&self, objects: &[(Object, Bytes)]) -> Result<Unsynced, DriverError> {
        let mut unsynced = Unsynced::default();
        for (object, bytes) in objects {
            let there = self.get(*object).map_err(put_failed)?;
            if there.as_ref().is_some_and(|there| there != bytes) {
                return Err(DriverError::Different { object: *object });
            }
            self.write(*object, bytes, there.is_some(), &mut unsynced)
                .map_err(put_failed)?;
        }
        Ok(unsynced)
    }

    /// Makes durable what was written.
    pub(super) fn sync(&self, unsynced: &Unsynced) -> Result<(), DriverError> {
        for path in &unsynced.ledgers {
            let synced = self.files.open(path, true).and_then(|file| file.sync());
            synced.map_err(put_failed)?;
        }
        for directory in &unsynced.directories {
            self.files.sync_directory(directory).map_err(put_failed)?;
        }
        Ok(())
    }

    fn write(
        &self,
        object: Object,
        bytes: &Bytes,
        there: bool,
        unsynced: &mut Unsynced,
    ) -> io::Result<()> {
        match object {
            Object::Tile(tile) => {
                let path = self.layout.tile(tile);
                unsynced.directories.insert(self.parent(&path)?);
                // What has that name was synchronised before it got it.
                if there {
                    return Ok(());
                }
                let temporary = self.temporary();
                files::write_new(&*self.files, &temporary, bytes, false)?;
                self.files.rename(&temporary, &path)?;
                if tile.width == Width::Full {
                    self.remove_partials(&path);
                }
                Ok(())
            }
            Object::Ledger { index } => {
                if bytes.len() != self.page_length {
                    let reason = format!(
                        "{object} has {} bytes, not {}",
                        bytes.len(),
                        self.page_length
                    );
                    return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
                }
                let path = self.ledger_file(index);
                unsynced.directories.insert(self.parent(&path)?);
                let file = match self.files.open(&path, true) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        match self.files.create(&path, true) {
                            // Another page of the same file was faster.
                            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                                self.files.open(&path, true)
                            }
                            created => created,
                        }
                    }
                    opened => opened,
                }?;
                let mut page = Vec::with_capacity(bytes.len() + CHECKSUM);
                page.extend_from_slice(bytes);
                page.extend_from_slice(&crc32c::crc32c(bytes).to_be_bytes());
                // Also if it is there: that may be a cache's word only, after a synchronisation that
                // failed, and to synchronise it again would say that all is well.
                file.write_at(&page, self.ledger_offset(index))?;
                unsynced.ledgers.insert(path);
                Ok(())
            }
        }
    }

    /// Removes the files of a tile's partial ones, of which readers take the full one from here on. That
    /// they stay does no harm.
    fn remove_partials(&self, full: &Path) {
        let mut directory = full.as_os_str().to_owned();
        directory.push(".p");
        let directory = PathBuf::from(directory);
        for name in self.files.list(&directory).unwrap_or_default() {
            let _ = self.files.remove(&directory.join(name));
        }
        let _ = self.files.remove_directory(&directory);
    }

    fn ledger(&self, index: u64) -> io::Result<Option<Bytes>> {
        let file = match self.files.open(&self.ledger_file(index), false) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut page = vec![0; self.page_length + CHECKSUM];
        let offset = self.ledger_offset(index);
        if file.length()? < offset + page.len() as u64 {
            return Ok(None);
        }
        file.read_at(&mut page, offset)?;
        let checksum = page.split_off(self.page_length);
        let page = Bytes::from(page);
        Ok((crc32c::crc32c(&page).to_be_bytes() == *checksum).then_some(page))
    }

    pub(super) fn ledger_file(&self, index: u64) -> PathBuf {
        // The same groups of three digits as tiles have.
        let like = Tile::hashes(0, index / PAGES, Width::Full).to_string();
        let name = like.strip_prefix("tile/0/").unwrap_or(&like);
        self.layout.ledger().join(name)
    }

    fn ledger_offset(&self, index: u64) -> u64 {
        index % PAGES * (self.page_length + CHECKSUM) as u64
    }

    fn temporary(&self) -> PathBuf {
        let number = self.temporaries.fetch_add(1, Ordering::Relaxed);
        self.layout.temporary().join(number.to_string())
    }

    /// The directory of a file, which is made if it is not there.
    fn parent(&self, path: &Path) -> io::Result<PathBuf> {
        let parent = path.parent().unwrap_or(path).to_owned();
        let known = || {
            self.directories
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if !known().contains(&parent) {
            files::create_directories(&*self.files, self.layout.root(), &parent)?;
            known().insert(parent.clone());
        }
        Ok(parent)
    }
}

fn put_failed(source: io::Error) -> DriverError {
    files::failed("put an object", source)
}

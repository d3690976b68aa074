//! The driver's half of taking a log over from Tessera, and of noticing that it must be.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use waxwing_tlog::tile::{FULL_WIDTH, Tile, Width, full_tiles, partial_width};

use super::tessera::{self, TreeState};
use super::{Inner, LocalDriver, format};
use crate::{DriverError, Format, Head, Record, files};

/// No bundle is longer: 256 entries of 65,535 bytes, each behind its length.
const LONGEST_BUNDLE: u64 = 257 * 65_537;

impl Inner {
    /// Refuses to begin a log where there is something of one.
    pub(super) fn refuse_foreign(&self) -> Result<(), DriverError> {
        let path = self.layout.root().to_owned();
        let theirs = tessera::read(&*self.files, &self.layout).map_err(failed)?;
        if let Some(TreeState { size, .. }) = theirs {
            return Err(DriverError::Tessera { path, size });
        }
        if self.has_public_files().map_err(failed)? {
            return Err(DriverError::Foreign { path });
        }
        Ok(())
    }

    /// Makes the directory this program's, unless another one has gone on from the last head.
    pub(super) fn claim(&self, last: Option<&Head>) -> Result<(), DriverError> {
        if self.settings.format != Format::TlogTiles {
            return Ok(());
        }
        let theirs = tessera::read(&*self.files, &self.layout).map_err(failed)?;
        let ours = last.map(|head| TreeState {
            size: head.size,
            root: head.root,
        });
        match theirs {
            Some(theirs) if Some(theirs) != ours => Err(DriverError::Tessera {
                path: self.layout.root().to_owned(),
                size: theirs.size,
            }),
            _ => tessera::claim(&*self.files, &self.layout).map_err(failed),
        }
    }
}

impl LocalDriver {
    /// Takes hold of a directory; where Tessera stopped, if it has the log.
    pub(crate) fn begin_takeover(&self) -> Result<Option<TreeState>, DriverError> {
        let inner = &self.inner;
        // Before anything is made: a new log begins elsewhere.
        if tessera::read(&*inner.files, &inner.layout)
            .map_err(failed)?
            .is_none()
        {
            return Ok(None);
        }
        inner.refuse_backup()?;
        inner.take_hold(&mut inner.writer())?;
        tessera::read(&*inner.files, &inner.layout).map_err(failed)
    }

    /// The bundle or tile of a log of `size` entries as Tessera left it: the full one, or that of just
    /// this width.
    pub(crate) fn their_tile(&self, tile: Tile) -> io::Result<Option<Bytes>> {
        let inner = &self.inner;
        files::read(&*inner.files, &inner.layout.tile(tile), LONGEST_BUNDLE)
    }

    /// Removes tiles behind the tree: those of a batch that Tessera was not able to finish, and would
    /// have written over. Ours are written once, and would meet them.
    pub(crate) fn remove_behind(&self, size: u64) -> io::Result<()> {
        self.remove_tiles_behind(size, 0, &Tile::entries)?;
        for level in 0..8 {
            let hashes = move |index, width| Tile::hashes(level, index, width);
            self.remove_tiles_behind(size, level, &hashes)?;
        }
        Ok(())
    }

    fn remove_tiles_behind(
        &self,
        size: u64,
        level: u8,
        tile: &dyn Fn(u64, Width) -> Tile,
    ) -> io::Result<()> {
        let files = &*self.inner.files;
        let mut kept = partial_width(level, size).map_or(0, Width::entries);
        for index in full_tiles(level, size).. {
            let full = self.inner.layout.tile(tile(index, Width::Full));
            let partial = PathBuf::from(format!("{}.p", full.display()));
            let is_there = match files.remove(&full) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => false,
                removed => removed.map(|()| true)?,
            };
            let names = match files.list(&partial) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
                listed => listed?,
            };
            for name in &names {
                let width = name.parse::<usize>();
                if width.is_ok_and(|width| width > kept && width < FULL_WIDTH) {
                    files.remove(&partial.join(name))?;
                }
            }
            if !is_there && names.is_empty() && kept == 0 {
                break;
            }
            if let Some(parent) = full.parent().filter(|_| is_there) {
                files.sync_directory(parent)?;
            }
            kept = 0;
        }
        Ok(())
    }

    /// Makes the log this program's, with these records as all that is not in objects.
    pub(crate) fn end_takeover(&self, records: Vec<Arc<Record>>) -> Result<(), DriverError> {
        let inner = &self.inner;
        let form = inner.settings.format;
        let nonce = match format::read(&*inner.files, &inner.layout, form)? {
            Some(nonce) => nonce,
            None => inner.begin()?,
        };
        inner.replace_records(nonce, records).map_err(failed)?;
        tessera::claim(&*inner.files, &inner.layout).map_err(failed)
    }
}

fn failed(source: io::Error) -> DriverError {
    files::failed("take the log over", source)
}

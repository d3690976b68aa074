//! Where everything is in the directory of a log.
//!
//! ```text
//! DIR/checkpoint                    what readers fetch: C2SP tlog-tiles below DIR
//! DIR/tile/0/x001/000, …            full tiles and bundles, written once
//! DIR/.state/format                 the version of all below, and the nonce; private
//! DIR/.state/lock                   whoever holds it is the writer
//! DIR/.state/wal/0, 1, …            the write-ahead log, preallocated and used again and again
//! DIR/.state/ledger/x000/001        times (and lengths) of 65,536 entries
//! DIR/.state/keys/                  which entry has a key
//! DIR/.state/temporary/             what is being written; emptied at each start
//! DIR/.state/version, treeState     whether Tessera may write here: see `tessera`
//! ```

use std::path::{Path, PathBuf};

use waxwing_tlog::tile::Tile;

/// A log's directory.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    root: PathBuf,
    state: PathBuf,
}

impl Layout {
    pub(super) fn new(root: PathBuf) -> Self {
        let state = root.join(".state");
        Self { root, state }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn checkpoint(&self) -> PathBuf {
        self.root.join("checkpoint")
    }

    pub(super) fn tile(&self, tile: Tile) -> PathBuf {
        self.root.join(tile.to_string())
    }

    pub(super) fn format(&self) -> PathBuf {
        self.state.join("format")
    }

    /// A file of another program beside ours.
    pub(super) fn state(&self, name: &str) -> PathBuf {
        self.state.join(name)
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.state.join("lock")
    }

    pub(super) fn wal(&self) -> PathBuf {
        self.state.join("wal")
    }

    pub(super) fn keys(&self) -> PathBuf {
        self.state.join("keys")
    }

    pub(super) fn ledger(&self) -> PathBuf {
        self.state.join("ledger")
    }

    pub(super) fn temporary(&self) -> PathBuf {
        self.state.join("temporary")
    }

    /// The directories that every log has, parents first.
    pub(super) fn directories(&self) -> [PathBuf; 4] {
        [self.wal(), self.keys(), self.ledger(), self.temporary()]
    }
}

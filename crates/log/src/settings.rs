//! How a log behaves.

use std::sync::Arc;

use waxwing_tlog::merkle::leaf_hash;

use crate::{Cosigner, Cosigning, Format, Key};

/// Whether partial tiles are also put into the storage, for those who read or take over its files. This
/// program makes them from what it has, and needs none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PartialTiles {
    /// Never.
    #[default]
    Never,
    /// When the log is closed: then another program can go on from the files.
    OnClose,
    /// With every checkpoint that is shown, before it, and when the log is closed: then a file server
    /// has all that a reader asks for. It costs two files and more a checkpoint.
    Always,
}

/// How a log behaves.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// The public form of the entries.
    pub format: Format,
    /// How many entries may wait for the sequencer before [`AddError::Busy`].
    pub queue_entries: usize,
    /// How many bytes of entries may wait or be under way before [`AddError::Busy`].
    pub queue_bytes: usize,
    /// How many entries one record takes at most.
    pub batch_entries: usize,
    /// The longest entry that is taken.
    pub longest_entry: usize,
    /// How often a batch is committed anew on top of other writers' records before its callers are
    /// told of the conflict.
    pub attempts: usize,
    /// How many bytes of entries one record takes, unless a single one has more.
    pub batch_bytes: usize,
    /// How many bytes of memory entries in full pages may take that wait to be put into objects; more
    /// make a batch wait.
    pub unfiled_bytes: usize,
    /// The key that a stored entry was added under. With it a lost index of keys is made again;
    /// without it a log that has lost its index does not open.
    pub key_of: Option<fn(&[u8]) -> Key>,
    /// Who signs heads besides the log itself, and what waits for that.
    pub cosigner: Option<(Arc<dyn Cosigner>, Cosigning)>,
    /// Whether the storage gets partial tiles too.
    pub partial_tiles: PartialTiles,
    /// A defect for the tests to find.
    #[cfg(feature = "flaws")]
    pub flaw: Option<crate::Flaw>,
    /// Refuses to begin a new log: set this when the log is known to exist.
    pub must_exist: bool,
}

impl Settings {
    /// The defaults for a log of tiles to which whole entries are added ([`crate::Log::add_entry`]).
    pub fn of_entries() -> Self {
        Self {
            key_of: Some(|stored| Key::from(leaf_hash(stored))),
            ..Self::new(Format::TlogTiles)
        }
    }

    /// The defaults for logs of that form.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            queue_entries: 4096,
            queue_bytes: 48 << 20,
            batch_entries: 4096,
            longest_entry: format.longest_entry(),
            attempts: 8,
            batch_bytes: 8 << 20,
            unfiled_bytes: 48 << 20,
            key_of: None,
            cosigner: None,
            partial_tiles: PartialTiles::Never,
            #[cfg(feature = "flaws")]
            flaw: None,
            must_exist: false,
        }
    }
}

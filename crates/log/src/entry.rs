//! What goes into a log, and what comes out of it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use waxwing_encoding::time::UnixTime;
use waxwing_tlog::Hash;

/// What is added.
pub enum Leaf {
    /// These bytes, which are both the leaf and the stored entry.
    Bytes(Vec<u8>),
    /// What becomes of an index and a time. The function is called once its place is certain but for
    /// a lost race, and again if that race is lost; only the last call counts.
    At {
        /// About how many bytes the function holds, for the bound of the queue.
        bytes: usize,
        /// The function.
        make: Box<dyn FnMut(u64, UnixTime) -> LeafBytes + Send>,
    },
}

impl fmt::Debug for Leaf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(formatter, "Leaf({} bytes)", bytes.len()),
            Self::At { bytes, .. } => write!(formatter, "Leaf(of {bytes} bytes and its place)"),
        }
    }
}

/// A leaf whose place is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafBytes {
    /// What is hashed into the tree.
    pub merkle_leaf: Bytes,
    /// What is stored in the bundle or data tile. The same in a [`Format::TlogTiles`] log.
    pub stored: Bytes,
}

impl From<Vec<u8>> for LeafBytes {
    /// A leaf that is stored as it is.
    fn from(bytes: Vec<u8>) -> Self {
        let merkle_leaf = Bytes::from(bytes);
        Self {
            stored: merkle_leaf.clone(),
            merkle_leaf,
        }
    }
}

/// An entry that is in the log, durable and proven.
#[derive(Debug, Clone)]
pub struct Added {
    /// Its index.
    pub index: u64,
    /// Its time: that of the batch that it was first added with.
    pub time: UnixTime,
    /// The stored entry; if it existed, as it was stored then.
    pub entry: Bytes,
    /// Its leaf in the tree.
    pub leaf_hash: Hash,
    /// The inclusion proof in the checkpoint below.
    pub proof: Vec<Hash>,
    /// The checkpoint that the proof leads to.
    pub published: Published,
    /// Whether an entry with this key was there before.
    pub existed: bool,
}

/// A checkpoint that was let out.
#[derive(Debug, Clone)]
pub struct Published {
    /// The signed note.
    pub checkpoint: Arc<str>,
    /// The number of leaves.
    pub size: u64,
    /// The root of the tree.
    pub root: Hash,
    /// The time of the last entries.
    pub time: UnixTime,
}

/// An entry that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The stored entry.
    pub stored: Bytes,
    /// When it was added.
    pub time: UnixTime,
}

//! A log whose first entries are all alike, so that one of any size takes no room: each level of the
//! tree has one hash, and each tile of it is made when it is asked for. What comes after these entries
//! is real.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use waxwing_encoding::time::UnixTime;
use waxwing_log::{
    Driver, DriverError, Guard, GuardSwap, Head, HeadSigner, Key, KeyIndex, MemoryDriver, Object,
    Operation, Outcome, Record, RecordEntry, Recovered,
};
use waxwing_tlog::Hash;
use waxwing_tlog::bundle;
use waxwing_tlog::merkle::{Node, leaf_hash, node_hash, root};
use waxwing_tlog::note::NoteVerifier;
use waxwing_tlog::tile::TileKind;

/// All that the first entries are.
pub(crate) const ENTRY: &[u8] = b"";

/// A storage with such a log.
pub(crate) struct Identical {
    /// How many entries are in tiles.
    filed: u64,
    levels: Vec<Hash>,
    bundle: Bytes,
    ledger: Bytes,
    first: Arc<Record>,
    later: MemoryDriver,
    keys: Arc<dyn KeyIndex>,
    pub(crate) tiles_read: AtomicU64,
}

/// The hash of each level.
pub(crate) fn levels() -> Vec<Hash> {
    let mut levels = vec![leaf_hash(ENTRY)];
    for _ in 0..63 {
        let last = levels[levels.len() - 1];
        levels.push(node_hash(&last, &last));
    }
    levels
}

impl Identical {
    pub(crate) fn new(signer: &HeadSigner, size: u64, time: UnixTime) -> Self {
        let keys = Keys {
            covered: AtomicU64::new(size / 256 * 256),
            later: Mutex::default(),
        };
        Self::with_keys(signer, size, time, Arc::new(keys))
    }

    /// The same over an index of keys that covers the first entries' full pages.
    pub(crate) fn with_keys(
        signer: &HeadSigner,
        size: u64,
        time: UnixTime,
        keys: Arc<dyn KeyIndex>,
    ) -> Self {
        let levels = levels();
        let filed = size / 256 * 256;
        let node = |node: Node| Some(levels[usize::from(node.level)]);
        let head = Head {
            origin: signer.origin().into(),
            key_id: signer
                .verifiers()
                .first()
                .map_or([0; 4], NoteVerifier::key_id),
            size,
            root: root(size, node).unwrap(),
            time,
            frozen: None,
        };
        let entry = RecordEntry {
            key: Key::of(ENTRY),
            leaf_hash: levels[0],
            stored: Bytes::from_static(ENTRY),
        };
        let first = Record {
            first: filed,
            entries: vec![entry; (size - filed) as usize],
            head,
            filed,
        };
        let line = &time.milliseconds().to_be_bytes()[2..];
        Self {
            filed,
            bundle: bundle::encode(&[ENTRY; 256]).unwrap().into(),
            ledger: line.repeat(256).into(),
            first: Arc::new(first),
            later: MemoryDriver::new(),
            keys,
            tiles_read: AtomicU64::new(0),
            levels,
        }
    }
}

impl Driver for Identical {
    fn open(&self) -> Operation<'_, Result<Recovered, DriverError>> {
        Box::pin(async {
            let mut recovered = self.later.open().await?;
            if recovered.records.is_empty() {
                self.later.commit(None, Arc::clone(&self.first)).await;
                recovered = self.later.open().await?;
            }
            recovered.covered = self.keys.covered();
            recovered.keys = Arc::clone(&self.keys);
            Ok(recovered)
        })
    }

    fn commit<'a>(
        &'a self,
        previous: Option<&'a Head>,
        record: Arc<Record>,
    ) -> Operation<'a, Outcome> {
        self.later.commit(previous, record)
    }

    fn put(&self, objects: Vec<(Object, Bytes)>) -> Operation<'_, Result<(), DriverError>> {
        self.later.put(objects)
    }

    fn get(&self, object: Object) -> Operation<'_, Result<Option<Bytes>, DriverError>> {
        self.tiles_read.fetch_add(1, Ordering::Relaxed);
        let within = |level: u8, index: u64| {
            let leaves = self.filed.checked_shr(8 * u32::from(level)).unwrap_or(0);
            index < leaves / 256
        };
        let made = match object {
            Object::Ledger { index } => within(0, index).then(|| self.ledger.clone()),
            Object::Tile(tile) => match tile.kind {
                TileKind::Hashes { level } => within(level, tile.index).then(|| {
                    let hash = self.levels[usize::from(level) * 8];
                    hash.as_bytes().repeat(256).into()
                }),
                _ => within(0, tile.index).then(|| self.bundle.clone()),
            },
        };
        match made {
            Some(bytes) => Box::pin(async { Ok(Some(bytes)) }),
            None => self.later.get(object),
        }
    }

    fn publish(&self, checkpoint: Arc<str>) -> Operation<'_, Result<(), DriverError>> {
        self.later.publish(checkpoint)
    }

    fn swap_guard(
        &self,
        expected: Option<Guard>,
        new: Guard,
    ) -> Operation<'_, Result<GuardSwap, DriverError>> {
        self.later.swap_guard(expected, new)
    }

    fn flush(&self) -> Operation<'_, Result<(), DriverError>> {
        self.later.flush()
    }
}

/// The keys of what came later; those of the first entries are not kept.
#[derive(Debug)]
struct Keys {
    covered: AtomicU64,
    later: Mutex<HashMap<Key, u64>>,
}

impl KeyIndex for Keys {
    fn covered(&self) -> u64 {
        self.covered.load(Ordering::Acquire)
    }

    fn find(&self, key: &Key) -> Result<Option<u64>, DriverError> {
        let later = self.later.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(later.get(key).copied())
    }

    fn absorb(&self, first: u64, keys: Vec<Key>) -> Operation<'_, Result<(), DriverError>> {
        let mut later = self.later.lock().unwrap_or_else(PoisonError::into_inner);
        for (index, key) in (first..).zip(keys) {
            later.entry(key).or_insert(index);
            self.covered.fetch_max(index + 1, Ordering::AcqRel);
        }
        Box::pin(async { Ok(()) })
    }
}

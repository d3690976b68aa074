//! What the tests stand on: a clock, keys, a driver that can be held, and an auditor who believes
//! nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::Semaphore;
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_log::{
    Added, Driver, DriverError, Format, Guard, GuardSwap, Head, HeadSigner, Leaf, Log, LogError,
    Object, Operation, Outcome, Published, Record, Recovered, Settings,
};
use waxwing_tlog::Hash;
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::merkle::{leaf_hash, node_hash, verify_consistency, verify_inclusion};
use waxwing_tlog::note::{Note, NoteSigner};
use waxwing_tlog::tile::Width;

pub(crate) const ORIGIN: &str = "log.example.com";

/// A clock that shows what it is told.
pub(crate) struct TestClock(Mutex<u64>);

impl TestClock {
    pub(crate) fn set(&self, milliseconds: u64) {
        *self.0.lock().unwrap() = milliseconds;
    }
}

impl Clock for TestClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_milliseconds(*self.0.lock().unwrap()).unwrap()
    }
}

/// One log's identity: it can be opened again and again, on any hand of its storage.
#[derive(Clone)]
pub(crate) struct Bench {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) signer: HeadSigner,
    pub(crate) settings: Settings,
}

impl Bench {
    pub(crate) fn new(format: Format) -> Self {
        let signer = match format {
            Format::TlogTiles => {
                let key = PrivateKey::generate(KeyType::Ed25519).unwrap();
                NoteSigner::ed25519(ORIGIN, Arc::new(key))
            }
            Format::StaticCt => {
                let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
                NoteSigner::tree_head(ORIGIN, Arc::new(key))
            }
        };
        Self {
            clock: Arc::new(TestClock(Mutex::new(1_700_000_000_000))),
            signer: HeadSigner::new(ORIGIN, signer.unwrap()).unwrap(),
            settings: Settings::new(format),
        }
    }

    pub(crate) fn tiles() -> Self {
        Self::new(Format::TlogTiles)
    }

    pub(crate) async fn try_open(&self, driver: Arc<dyn Driver>) -> Result<Log, LogError> {
        let clock: Arc<dyn Clock> = self.clock.clone();
        Log::open(driver, self.signer.clone(), clock, self.settings.clone()).await
    }

    pub(crate) async fn open(&self, driver: Arc<dyn Driver>) -> Log {
        self.try_open(driver).await.unwrap()
    }
}

/// A plain entry, which is its own key.
pub(crate) fn entry(number: u64) -> Vec<u8> {
    format!("entry {number}").into_bytes()
}

pub(crate) async fn add(log: &Log, number: u64) -> Added {
    let bytes = entry(number);
    log.add(&bytes, Leaf::Bytes(bytes.clone())).await.unwrap()
}

/// Adds entries all at once, and returns the answers in the order of the entries.
pub(crate) async fn add_together(log: &Log, numbers: impl Iterator<Item = u64>) -> Vec<Added> {
    let tasks: Vec<_> = numbers
        .map(|number| {
            let log = log.clone();
            tokio::spawn(async move { add(&log, number).await })
        })
        .collect();
    let mut all = Vec::with_capacity(tasks.len());
    for task in tasks {
        all.push(task.await.unwrap());
    }
    all
}

/// Adds entries until the storage knows that everything below `filed` is in objects; returns the size
/// then.
pub(crate) async fn until_filed(
    log: &Log,
    storage: &dyn Driver,
    mut number: u64,
    filed: u64,
) -> u64 {
    loop {
        let size = add(log, number).await.published.size;
        let records = storage.open().await.unwrap().records;
        if records.last().unwrap().filed >= filed {
            return size;
        }
        number += 1;
        tokio::task::yield_now().await;
    }
}

/// Every head that was ever seen of a log, checked as a stranger would.
pub(crate) struct Auditor {
    bench: Bench,
    heads: BTreeMap<u64, Published>,
}

impl Auditor {
    pub(crate) fn new(bench: &Bench) -> Self {
        Self {
            bench: bench.clone(),
            heads: BTreeMap::new(),
        }
    }

    /// Takes down a head: it must be signed, and the only one of its size.
    pub(crate) fn see(&mut self, published: &Published) {
        let note = Note::parse(&*published.checkpoint).unwrap();
        let verifiers = self.bench.signer.verifiers();
        let opened = note.open(&verifiers).unwrap();
        let checkpoint = Checkpoint::parse(opened.text()).unwrap();
        assert_eq!(checkpoint.origin(), ORIGIN);
        assert_eq!(checkpoint.size(), published.size);
        assert_eq!(checkpoint.root(), published.root);
        if self.bench.settings.format == Format::StaticCt {
            let signed = opened.signatures()[0].timestamp;
            assert_eq!(signed, Some(published.time.milliseconds()));
        }
        if let Some(seen) = self.heads.insert(published.size, published.clone()) {
            assert_eq!(seen.root, published.root, "two heads of size {}", seen.size);
            assert_eq!(seen.time, published.time, "two heads of size {}", seen.size);
        }
    }

    /// Takes down an answer: its proof must lead from its leaf to its head.
    pub(crate) fn check(&mut self, added: &Added) {
        self.see(&added.published);
        let Published { size, root, .. } = added.published;
        verify_inclusion(added.index, size, &added.leaf_hash, &added.proof, &root).unwrap();
        if self.bench.settings.format == Format::TlogTiles {
            assert_eq!(leaf_hash(&added.entry), added.leaf_hash);
        }
    }

    /// Walks the whole log: `leaves` are what it must hold, in order.
    pub(crate) async fn walk(&mut self, log: &Log, leaves: &[Vec<u8>]) {
        self.see(&log.checkpoint());
        let size = leaves.len() as u64;
        let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
        assert_eq!(log.checkpoint().size, size);
        let mut plain = Plain::new(&hashes);
        let root = plain.root(size);
        assert_eq!(log.checkpoint().root, root);

        let mut last_time = None;
        for (seen, head) in &self.heads {
            let root_then = plain.root(*seen);
            assert_eq!(
                head.root, root_then,
                "the head of size {seen} is of another tree"
            );
            assert!(
                last_time <= Some(head.time),
                "time went backwards at size {seen}"
            );
            last_time = Some(head.time);
            assert_eq!(log.root(*seen).await.unwrap(), root_then);
            let proof = log.consistency_proof(*seen, size).await.unwrap();
            verify_consistency(*seen, size, &proof, &head.root, &root).unwrap();
        }
        // Every entry of a small log, and a sample of a large one with all edges of tiles.
        let step = (leaves.len() / 1500).max(1);
        let edge = |index: usize| index % 256 < 2 || index % 256 == 255;
        for (index, hash) in hashes.iter().enumerate() {
            if index % step != 0
                && !(edge(index) && leaves.len() < 5000)
                && index + 300 < leaves.len()
            {
                continue;
            }
            let proof = log.inclusion_proof(index as u64, size).await.unwrap();
            verify_inclusion(index as u64, size, hash, &proof, &root).unwrap();
        }
        self.walk_tiles(log, &hashes).await;
    }

    /// Compares tiles with the leaves, full ones and every kind of partial, and looks beyond the end.
    async fn walk_tiles(&self, log: &Log, hashes: &[Hash]) {
        let mut rows: Vec<Hash> = hashes.to_vec();
        for level in 0..4 {
            for (index, full) in rows.chunks(256).enumerate() {
                for width in [1, 2, 100, 255, 256, full.len()] {
                    let content = log
                        .tile(level, index as u64, Width::new(width as u64).unwrap())
                        .await
                        .unwrap();
                    let expected = full.get(..width).map(|row| {
                        let bytes: Vec<u8> = row.iter().flat_map(|hash| *hash.as_bytes()).collect();
                        Bytes::from(bytes)
                    });
                    assert_eq!(content, expected, "tile {level} {index} {width}");
                }
            }
            let beyond = rows.len().div_ceil(256) as u64;
            let width = Width::new(1).unwrap();
            assert_eq!(log.tile(level, beyond, width).await.unwrap(), None);
            rows = rows
                .chunks_exact(256)
                .map(|row| Plain::new(row).root(256))
                .collect();
        }
        let size = hashes.len() as u64;
        log.root(size + 1).await.unwrap_err();
        log.inclusion_proof(0, size + 1).await.unwrap_err();
        log.inclusion_proof(size, size).await.unwrap_err();
        log.consistency_proof(size, size + 1).await.unwrap_err();
        assert_eq!(log.entry(size).await.unwrap(), None);
    }
}

/// RFC 6962 section 2.1 as it is written there; perfect subtrees are remembered, so that the roots of
/// all sizes can be asked for.
pub(crate) struct Plain<'a> {
    leaves: &'a [Hash],
    perfect: BTreeMap<(usize, usize), Hash>,
}

impl<'a> Plain<'a> {
    pub(crate) fn new(leaves: &'a [Hash]) -> Self {
        let perfect = BTreeMap::new();
        Self { leaves, perfect }
    }

    pub(crate) fn root(&mut self, size: u64) -> Hash {
        match size {
            0 => waxwing_crypto::sha256(b"").into(),
            _ => self.tree_hash(0, size as usize),
        }
    }

    fn tree_hash(&mut self, start: usize, end: usize) -> Hash {
        if end - start == 1 {
            return self.leaves[start];
        }
        if let Some(known) = self.perfect.get(&(start, end)) {
            return *known;
        }
        let mut split = 1;
        while split * 2 < end - start {
            split *= 2;
        }
        let left = self.tree_hash(start, start + split);
        let right = self.tree_hash(start + split, end);
        let hash = node_hash(&left, &right);
        if end - start == split * 2 {
            self.perfect.insert((start, end), hash);
        }
        hash
    }
}

/// A driver whose commits wait until they are let through, and which counts them.
pub(crate) struct HeldDriver {
    inner: Arc<dyn Driver>,
    pub(crate) gate: Semaphore,
    pub(crate) commits: Mutex<Vec<Arc<Record>>>,
}

impl HeldDriver {
    pub(crate) fn new(inner: Arc<dyn Driver>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            // The record that begins the log goes through.
            gate: Semaphore::new(1),
            commits: Mutex::default(),
        })
    }

    /// Waits until that many commits have begun.
    pub(crate) async fn begun(&self, commits: usize) {
        while self.commits.lock().unwrap().len() < commits {
            tokio::task::yield_now().await;
        }
    }
}

impl Driver for HeldDriver {
    fn open(&self) -> Operation<'_, Result<Recovered, DriverError>> {
        self.inner.open()
    }

    fn commit<'a>(
        &'a self,
        previous: Option<&'a Head>,
        record: Arc<Record>,
    ) -> Operation<'a, Outcome> {
        Box::pin(async move {
            self.commits.lock().unwrap().push(Arc::clone(&record));
            self.gate.acquire().await.unwrap().forget();
            self.inner.commit(previous, record).await
        })
    }

    fn put(&self, objects: Vec<(Object, Bytes)>) -> Operation<'_, Result<(), DriverError>> {
        self.inner.put(objects)
    }

    fn publish(&self, checkpoint: Arc<str>) -> Operation<'_, Result<(), DriverError>> {
        self.inner.publish(checkpoint)
    }

    fn get(&self, object: Object) -> Operation<'_, Result<Option<Bytes>, DriverError>> {
        self.inner.get(object)
    }

    fn swap_guard(
        &self,
        expected: Option<Guard>,
        new: Guard,
    ) -> Operation<'_, Result<GuardSwap, DriverError>> {
        self.inner.swap_guard(expected, new)
    }

    fn flush(&self) -> Operation<'_, Result<(), DriverError>> {
        self.inner.flush()
    }
}

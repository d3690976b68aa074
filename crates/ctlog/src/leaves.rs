//! Where a leaf hash is in the log, for `get-proof-by-hash`.
//!
//! The log's own index tells entries apart by what was submitted; a leaf has its time and index in it as
//! well, so its hash is known only once it is in the tree. This index therefore follows the tree's lowest
//! level, behind the log, whenever somebody asks for what it does not have. It is never believed: an
//! answer is proven against the tree, and the index can be thrown away and is made again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use waxwing_log::{DriverError, Key, KeyIndex, Operation, ReadError, View};
use waxwing_tlog::Hash;
use waxwing_tlog::tile::FULL_WIDTH;

/// Leaves of one page of the log.
const PAGE: u64 = FULL_WIDTH as u64;

/// Pages that are taken over together: an index on a disk makes each lot durable.
const LOT: u64 = 64;

/// How long a request waits for the index: as long as CTFE does for any answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Most leaves of an index in memory, which anybody who asks makes the log build: about 100 MB.
const MOST_IN_MEMORY: u64 = 1 << 20;

/// The index, and who is filling it.
#[derive(Debug)]
pub(crate) struct LeafIndex {
    index: Arc<dyn KeyIndex>,
    /// The largest log that is followed.
    most: u64,
    following: tokio::sync::Mutex<()>,
}

/// Why a leaf could not be looked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LeafIndexError {
    #[error(
        "the index of leaf hashes covers {covered} of {size} entries and is being filled; try again"
    )]
    Filling { covered: u64, size: u64 },
    #[error(
        "the index of leaf hashes covers {covered} entries, but the log has {size}: it is another \
         log's, or the log was set back; remove the index and start again"
    )]
    Beyond { covered: u64, size: u64 },
    #[error(
        "the log has {size} entries, and leaf hashes are kept in memory, for at most {most}; look for \
         the leaf in the tiles"
    )]
    TooLarge { size: u64, most: u64 },
    #[error("the index of leaf hashes: {0}")]
    Index(#[from] DriverError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the index of leaf hashes could not be filled: its task failed")]
    Task,
}

impl LeafIndex {
    pub(crate) fn new(index: Arc<dyn KeyIndex>) -> Self {
        Self {
            index,
            most: u64::MAX,
            following: tokio::sync::Mutex::default(),
        }
    }

    pub(crate) fn in_memory() -> Self {
        Self {
            most: MOST_IN_MEMORY,
            ..Self::new(Arc::new(MemoryLeaves::default()))
        }
    }

    /// The index of the entry with this leaf hash, if the view may have one.
    pub(crate) async fn find(
        self: &Arc<Self>,
        hash: Hash,
        view: &View,
    ) -> Result<Option<u64>, LeafIndexError> {
        if let Some(index) = self.lookup(hash).await? {
            return Ok(Some(index));
        }
        if self.index.covered() >= view.size() {
            return Ok(None);
        }
        let (size, most) = (view.size(), self.most);
        if size > most {
            return Err(LeafIndexError::TooLarge { size, most });
        }
        // A caller that goes away does not stop it: the next one finds more.
        let (follower, seen) = (Arc::clone(self), view.clone());
        let following = tokio::spawn(async move { follower.follow(&seen).await });
        match tokio::time::timeout(PATIENCE, following).await {
            Ok(done) => done.map_err(|_| LeafIndexError::Task)??,
            Err(_) => {
                return Err(LeafIndexError::Filling {
                    covered: self.index.covered(),
                    size: view.size(),
                });
            }
        }
        self.lookup(hash).await
    }

    /// An index on a disk blocks.
    async fn lookup(&self, hash: Hash) -> Result<Option<u64>, LeafIndexError> {
        let index = Arc::clone(&self.index);
        let looking = tokio::task::spawn_blocking(move || index.find(&Key::from(hash)));
        Ok(looking.await.map_err(|_| LeafIndexError::Task)??)
    }

    /// Takes over what the view has and the index has not.
    async fn follow(&self, view: &View) -> Result<(), LeafIndexError> {
        let _one_at_a_time = self.following.lock().await;
        loop {
            let covered = self.index.covered();
            if covered >= view.size() {
                return Ok(());
            }
            let first = covered / PAGE;
            let end = view.size().div_ceil(PAGE).min(first + LOT);
            let mut keys = Vec::new();
            for page in first..end {
                keys.extend(view.leaf_hashes(page).await?.into_iter().map(Key::from));
            }
            self.index.absorb(first * PAGE, keys).await?;
            let size = view.size();
            if self.index.covered() <= covered {
                return Err(LeafIndexError::Filling { covered, size });
            }
        }
    }

    /// Refuses an index that knows more than the newest head covers.
    pub(crate) fn check(&self, newest: u64) -> Result<(), LeafIndexError> {
        let covered = self.index.covered();
        match covered > newest {
            true => Err(LeafIndexError::Beyond {
                covered,
                size: newest,
            }),
            false => Ok(()),
        }
    }
}

/// Leaf hashes in memory: about 100 bytes a leaf.
#[derive(Debug, Default)]
struct MemoryLeaves(Mutex<Leaves>);

#[derive(Debug, Default)]
struct Leaves {
    places: HashMap<Key, u64>,
    covered: u64,
}

impl MemoryLeaves {
    fn leaves(&self) -> MutexGuard<'_, Leaves> {
        // They change by whole leaves, so a poisoned lock still guards true ones.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyIndex for MemoryLeaves {
    fn covered(&self) -> u64 {
        self.leaves().covered
    }

    fn find(&self, key: &Key) -> Result<Option<u64>, DriverError> {
        Ok(self.leaves().places.get(key).copied())
    }

    fn absorb(&self, first: u64, keys: Vec<Key>) -> Operation<'_, Result<(), DriverError>> {
        let mut leaves = self.leaves();
        for (index, key) in (first..).zip(keys) {
            if index >= leaves.covered {
                leaves.places.entry(key).or_insert(index);
                leaves.covered = index + 1;
            }
        }
        Box::pin(async { Ok(()) })
    }
}

#[cfg(test)]
mod tests {
    use waxwing_crypto::{KeyType, PrivateKey};
    use waxwing_encoding::time::{Clock, UnixTime};
    use waxwing_log::{Format, HeadSigner, Leaf, LeafBytes, Log, MemoryDriver, Settings};
    use waxwing_tlog::merkle::leaf_hash;
    use waxwing_tlog::note::NoteSigner;

    use super::*;

    struct Fixed;

    impl Clock for Fixed {
        fn now(&self) -> UnixTime {
            UnixTime::from_milliseconds(1_764_000_000_000).unwrap()
        }
    }

    async fn log(entries: u8) -> Log {
        let key = Arc::new(PrivateKey::generate(KeyType::EcdsaP256).unwrap());
        let signer = NoteSigner::tree_head("ct.test", key).unwrap();
        let signer = HeadSigner::new("ct.test", signer).unwrap();
        let settings = Settings::new(Format::StaticCt);
        let driver = Arc::new(MemoryDriver::new());
        let log = Log::open(driver, signer, Arc::new(Fixed), settings);
        let log = log.await.unwrap();
        for number in 0..entries {
            let make = Box::new(move |_, _| LeafBytes::from(vec![number]));
            let leaf = Leaf::At { bytes: 1, make };
            log.add(&[number], leaf).await.unwrap();
        }
        log
    }

    #[tokio::test]
    async fn a_log_that_is_too_large_for_memory_is_not_followed() {
        let log = log(3).await;
        let hash = leaf_hash(&[2]);
        let index = |most| {
            let index = LeafIndex::in_memory();
            Arc::new(LeafIndex { most, ..index })
        };
        let small = index(2);
        let refused = small.find(hash, &log.view()).await;
        assert!(
            matches!(refused, Err(LeafIndexError::TooLarge { size: 3, most: 2 })),
            "{refused:?}"
        );
        assert_eq!(small.index.covered(), 0);
        assert_eq!(index(3).find(hash, &log.view()).await.unwrap(), Some(2));
    }

    #[tokio::test]
    async fn an_older_view_is_served_by_what_is_there() {
        let log = log(2).await;
        let (index, old) = (Arc::new(LeafIndex::in_memory()), log.view());
        let unknown = leaf_hash(&[9]);
        assert_eq!(index.find(unknown, &old).await.unwrap(), None);
        assert_eq!(index.index.covered(), 2);
        assert_eq!(index.find(leaf_hash(&[1]), &old).await.unwrap(), Some(1));
        index.check(2).unwrap();
        let beyond = index.check(1);
        assert!(matches!(
            beyond,
            Err(LeafIndexError::Beyond {
                covered: 2,
                size: 1
            })
        ));
    }
}

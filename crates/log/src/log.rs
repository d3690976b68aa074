//! A log as a service sees it: entries go in, and everything under the published checkpoint is read.

use std::fmt;
use std::sync::{Arc, OnceLock, RwLock};

use bytes::Bytes;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use waxwing_encoding::time::Clock;
use waxwing_tlog::Hash;
use waxwing_tlog::merkle::leaf_hash;
use waxwing_tlog::tile::{Tile, Width};

use crate::batch::{Pending, Placement, Request};
use crate::context::Context;
use crate::index::Index;
use crate::read::Reader;
use crate::recovery::{self, read_lock};
use crate::sequencer::{Message, Sequencer};
use crate::snapshot::Snapshot;
use crate::{
    AddError, Added, Driver, Entry, Format, HeadSigner, Key, Leaf, LogError, Published, ReadError,
    Settings,
};

/// A log. Clones are the same log; it closes when the last one is dropped.
#[derive(Clone)]
pub struct Log {
    context: Arc<Context>,
    queue: mpsc::Sender<Message>,
    bytes: Arc<Semaphore>,
    published: watch::Receiver<Arc<Snapshot>>,
    index: Arc<RwLock<Index>>,
    stopped: Arc<OnceLock<Arc<LogError>>>,
}

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.snapshot().state.head.size;
        write!(
            formatter,
            "Log({:?}, {size} entries)",
            self.context.signer.origin()
        )
    }
}

impl Log {
    /// Opens the log that the driver has, or begins a new one, and starts its sequencer on the
    /// present runtime.
    ///
    /// Refuses whatever looks like a fork, a rollback or damage.
    pub async fn open(
        driver: Arc<dyn Driver>,
        signer: HeadSigner,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Result<Self, LogError> {
        let context = Arc::new(Context {
            driver,
            signer,
            clock,
            settings,
        });
        let index = Arc::default();
        let opened = recovery::open(&context, &index).await?;
        let (queue, requests) = mpsc::channel(context.settings.queue_entries.max(1));
        let stopped = Arc::default();
        let (sequencer, published) = Sequencer::new(
            Arc::clone(&context),
            opened,
            Arc::clone(&index),
            requests,
            Arc::clone(&stopped),
        )?;
        tokio::spawn(sequencer.run());
        let permits = context.settings.queue_bytes.min(Semaphore::MAX_PERMITS);
        Ok(Self {
            context,
            queue,
            bytes: Arc::new(Semaphore::new(permits)),
            published,
            index,
            stopped,
        })
    }

    /// Adds an entry, or finds the one that has the same key. Returns when the entry is durable,
    /// under a signed head, and its proof was checked.
    ///
    /// A caller that goes away does not stop its entry from being added.
    pub async fn add(&self, key: &[u8], leaf: Leaf) -> Result<Added, AddError> {
        let (reply, answer) = oneshot::channel();
        let (pending, bytes) = self.pending(leaf)?;
        let busy = || AddError::Busy {
            entries: self.context.settings.queue_entries,
            bytes: self.context.settings.queue_bytes,
        };
        let permit = Arc::clone(&self.bytes)
            .try_acquire_many_owned(u32::try_from(bytes).unwrap_or(u32::MAX))
            .map_err(|_| busy())?;
        let request = Request {
            key: Key::of(key),
            leaf: pending,
            reply,
            _permit: permit,
        };
        match self.queue.try_send(Message::Add(request)) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => return Err(busy()),
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(self.stop_error()),
        }
        let Ok(answer) = answer.await else {
            // The reason is there once the sequencer has let go of the queue.
            self.queue.closed().await;
            return Err(self.stop_error());
        };
        let placement = answer?;
        let proven = self.prove(&placement).await;
        proven.map_err(|error| AddError::Unproven {
            reason: Arc::new(error),
        })
    }

    /// In which form the log serves its entries.
    pub fn format(&self) -> Format {
        self.context.settings.format
    }

    /// The newest checkpoint.
    pub fn checkpoint(&self) -> Published {
        self.snapshot().published()
    }

    /// A tile of hashes; `None` if the published tree does not have all of it.
    pub async fn tile(
        &self,
        level: u8,
        index: u64,
        width: Width,
    ) -> Result<Option<Bytes>, ReadError> {
        let snapshot = self.snapshot();
        self.reader(&snapshot)
            .tile(Tile::hashes(level, index, width))
            .await
    }

    /// A tile of entries in the log's form; `None` if the published tree does not have all of it.
    pub async fn entries(&self, index: u64, width: Width) -> Result<Option<Bytes>, ReadError> {
        let snapshot = self.snapshot();
        self.reader(&snapshot).entries(index, width).await
    }

    /// One entry; `None` if the published tree does not have it.
    pub async fn entry(&self, index: u64) -> Result<Option<Entry>, ReadError> {
        let snapshot = self.snapshot();
        if index >= snapshot.state.head.size {
            return Ok(None);
        }
        let entry = self.reader(&snapshot).entry(index).await?;
        Ok(Some(Entry {
            stored: entry.stored,
            time: entry.time,
        }))
    }

    /// The index of the entry with this key, if the published tree has it.
    pub fn find(&self, key: &[u8]) -> Option<u64> {
        let published = self.snapshot().state.head.size;
        let found = read_lock(&self.index).find(&Key::of(key));
        found.filter(|index| *index < published)
    }

    /// The root of the first `size` entries.
    pub async fn root(&self, size: u64) -> Result<Hash, ReadError> {
        let snapshot = self.snapshot();
        self.reader(&snapshot).root(size).await
    }

    /// The inclusion proof of an entry in the tree of the first `size` entries.
    pub async fn inclusion_proof(&self, index: u64, size: u64) -> Result<Vec<Hash>, ReadError> {
        let snapshot = self.snapshot();
        let inclusion = self.reader(&snapshot).inclusion(index, size).await?;
        Ok(inclusion.proof)
    }

    /// The consistency proof between the trees of the first `old_size` and `new_size` entries.
    pub async fn consistency_proof(
        &self,
        old_size: u64,
        new_size: u64,
    ) -> Result<Vec<Hash>, ReadError> {
        let snapshot = self.snapshot();
        self.reader(&snapshot).consistency(old_size, new_size).await
    }

    /// Why the log takes no more entries; `None` while it does. It can still be read.
    pub fn stopped(&self) -> Option<Arc<LogError>> {
        self.stopped.get().cloned()
    }

    /// Adds what was queued before, files what is full, and stops.
    pub async fn close(&self) {
        let (reply, done) = oneshot::channel();
        if self.queue.send(Message::Close(reply)).await.is_ok() {
            // An error means that the sequencer stops for another reason, which is known once it has
            // let go of the queue.
            let _ = done.await;
            self.queue.closed().await;
        }
    }

    /// What the sequencer needs of a leaf, and how many bytes that holds.
    fn pending(&self, leaf: Leaf) -> Result<(Pending, usize), AddError> {
        let longest = self.context.settings.longest_entry;
        match leaf {
            Leaf::Bytes(bytes) if bytes.len() > longest => Err(AddError::TooLong {
                length: bytes.len(),
                longest,
            }),
            Leaf::Bytes(bytes) => {
                let length = bytes.len();
                // Hashed here, on the caller's time, and not in the one sequencer.
                let leaf_hash = leaf_hash(&bytes);
                let stored = Bytes::from(bytes);
                Ok((Pending::Ready { leaf_hash, stored }, length))
            }
            Leaf::At { bytes, make } => Ok((Pending::At(make), bytes)),
        }
    }

    /// The answer for an entry, from the head that the sequencer published it with.
    async fn prove(&self, placement: &Placement) -> Result<Added, ReadError> {
        let snapshot = &placement.snapshot;
        let reader = self.reader(snapshot);
        let index = placement.index;
        let entry = reader.entry(index).await?;
        let inclusion = reader.inclusion(index, snapshot.state.head.size).await?;
        reader.check_leaf(index, &entry.stored, &inclusion.leaf_hash)?;
        Ok(Added {
            index,
            time: entry.time,
            entry: entry.stored,
            leaf_hash: inclusion.leaf_hash,
            proof: inclusion.proof,
            published: snapshot.published(),
            existed: placement.existed,
        })
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.published.borrow())
    }

    fn reader<'a>(&'a self, snapshot: &'a Snapshot) -> Reader<'a> {
        self.context.reader(&snapshot.state)
    }

    fn stop_error(&self) -> AddError {
        let reason = self
            .stopped()
            .unwrap_or_else(|| Arc::new(LogError::Panicked));
        AddError::Stopped { reason }
    }
}

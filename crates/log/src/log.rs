//! A log as a service sees it: entries go in, and everything under the published checkpoint is read.

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use waxwing_encoding::time::Clock;
use waxwing_tlog::Hash;
use waxwing_tlog::merkle::leaf_hash;
use waxwing_tlog::tile::Width;

use crate::batch::{Pending, Request};
use crate::context::Context;
use crate::read::{self, Reader};
use crate::recent::{Keys, Known};
use crate::recovery;
use crate::sequencer::{Message, Sequencer};
use crate::snapshot::Snapshot;
use crate::waiting::Placement;
use crate::{
    AddError, Added, Driver, DriverError, Entry, Format, HeadSigner, Key, Leaf, LogError,
    Published, ReadError, Settings, View,
};

/// A log. Clones are the same log; it closes when the last one is dropped.
#[derive(Clone)]
pub struct Log {
    context: Arc<Context>,
    queue: mpsc::Sender<Message>,
    bytes: Arc<Semaphore>,
    published: watch::Receiver<Arc<Snapshot>>,
    keys: Arc<Keys>,
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
        let keys = Arc::default();
        let opened = recovery::open(&context, &keys).await?;
        let (queue, requests) = mpsc::channel(context.settings.queue_entries.max(1));
        let stopped = Arc::default();
        let (sequencer, published) = Sequencer::new(
            Arc::clone(&context),
            opened,
            Arc::clone(&keys),
            requests,
            Arc::clone(&stopped),
        )?;
        // Readers of the storage see the head from here on; if they cannot, it is tried again behind.
        let first = published.borrow().published().checkpoint;
        let _ = context.driver.publish(first).await;
        tokio::spawn(sequencer.run());
        let permits = context.settings.queue_bytes.min(Semaphore::MAX_PERMITS);
        Ok(Self {
            context,
            queue,
            bytes: Arc::new(Semaphore::new(permits)),
            published,
            keys,
            stopped,
        })
    }

    /// Adds an entry, or finds the one that has the same key. Returns when the entry is durable,
    /// under a signed head, and its proof was checked.
    ///
    /// A caller that goes away does not stop its entry from being added.
    pub async fn add(&self, key: &[u8], leaf: Leaf) -> Result<Added, AddError> {
        let (pending, bytes) = self.pending(leaf)?;
        self.add_pending(Key::of(key), pending, bytes).await
    }

    /// Adds an entry that is its own key: the same as [`Log::add`] with the entry as the key, but for
    /// the key that is kept, so a log takes all of its entries by the one or by the other.
    pub async fn add_entry(&self, entry: Bytes) -> Result<Added, AddError> {
        let bytes = entry.len();
        let (key, pending) = self.ready(entry)?;
        self.add_pending(key, pending, bytes).await
    }

    async fn add_pending(&self, key: Key, leaf: Pending, bytes: usize) -> Result<Added, AddError> {
        let known = self
            .keys
            .find(&key)
            .map_err(|reason| AddError::KeysUnread {
                reason: Arc::new(reason),
            })?;
        let placement = match known {
            Known::At(index) if index < self.published_size() => Placement {
                index,
                existed: true,
                snapshot: self.snapshot(),
            },
            _ => self.sequence(key, leaf, bytes, known).await?,
        };
        let proven = self.prove(&placement).await;
        proven.map_err(|error| AddError::Unproven {
            reason: Arc::new(error),
        })
    }

    /// Lets the sequencer find the entry's place.
    async fn sequence(
        &self,
        key: Key,
        leaf: Pending,
        bytes: usize,
        known: Known,
    ) -> Result<Placement, AddError> {
        let busy = || AddError::Busy {
            entries: self.context.settings.queue_entries,
            bytes: self.context.settings.queue_bytes,
        };
        let permit = Arc::clone(&self.bytes)
            .try_acquire_many_owned(u32::try_from(bytes).unwrap_or(u32::MAX))
            .map_err(|_| busy())?;
        let (reply, answer) = oneshot::channel();
        let request = Request {
            key,
            leaf,
            known,
            reply,
            permit,
        };
        match self.queue.try_send(Message::Add(request)) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => return Err(busy()),
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(self.stop_error()),
        }
        match answer.await {
            Ok(answer) => answer,
            Err(_) => {
                // The reason is there once the sequencer has let go of the queue.
                self.queue.closed().await;
                Err(self.stop_error())
            }
        }
    }

    /// In which form the log serves its entries.
    pub fn format(&self) -> Format {
        self.context.settings.format
    }

    /// The longest entry that the log takes, in bytes.
    pub fn longest_entry(&self) -> usize {
        self.context.settings.longest_entry
    }

    /// The newest checkpoint.
    pub fn checkpoint(&self) -> Published {
        self.snapshot().published()
    }

    /// The log as it is now; it stays so while the log grows.
    pub fn view(&self) -> View {
        View::new(&self.context, self.snapshot())
    }

    /// Waits for a head that is newer than the one of `size` entries; an error says why none will come.
    pub async fn newer_than(&self, size: u64) -> Result<View, Arc<LogError>> {
        let mut published = self.published.clone();
        let newer = published
            .wait_for(|snapshot| snapshot.state.head.size > size)
            .await;
        match newer {
            Ok(_) => Ok(self.view()),
            Err(_) => Err(self
                .stopped()
                .unwrap_or_else(|| Arc::new(LogError::Panicked))),
        }
    }

    /// A tile of hashes; `None` if the published tree does not have all of it.
    pub async fn tile(
        &self,
        level: u8,
        index: u64,
        width: Width,
    ) -> Result<Option<Bytes>, ReadError> {
        self.view().tile(level, index, width).await
    }

    /// A tile of entries in the log's form; `None` if the published tree does not have all of it.
    pub async fn entries(&self, index: u64, width: Width) -> Result<Option<Bytes>, ReadError> {
        self.view().entries(index, width).await
    }

    /// One entry; `None` if the published tree does not have it.
    pub async fn entry(&self, index: u64) -> Result<Option<Entry>, ReadError> {
        self.view().entry(index).await
    }

    /// The index of the entry with this key, if the published tree has it.
    pub fn find(&self, key: &Key) -> Result<Option<u64>, DriverError> {
        let published = self.published_size();
        Ok(match self.keys.find(key)? {
            Known::At(index) if index < published => Some(index),
            _ => None,
        })
    }

    /// The root of the first `size` entries.
    pub async fn root(&self, size: u64) -> Result<Hash, ReadError> {
        self.view().root(size).await
    }

    /// The inclusion proof of an entry in the tree of the first `size` entries.
    pub async fn inclusion_proof(&self, index: u64, size: u64) -> Result<Vec<Hash>, ReadError> {
        self.view().inclusion_proof(index, size).await
    }

    /// The consistency proof between the trees of the first `old_size` and `new_size` entries.
    pub async fn consistency_proof(
        &self,
        old_size: u64,
        new_size: u64,
    ) -> Result<Vec<Hash>, ReadError> {
        self.view().consistency_proof(old_size, new_size).await
    }

    /// Adds what was queued before, and then takes no more entries for good: the last head is signed
    /// once more, saying so. Readers and those who ask for an entry that is there are served as ever.
    pub async fn freeze(&self) -> Result<(), Arc<LogError>> {
        let (reply, done) = oneshot::channel();
        if self.queue.send(Message::Freeze(reply)).await.is_ok() && done.await.is_ok() {
            return Ok(());
        }
        self.queue.closed().await;
        Err(self
            .stopped()
            .unwrap_or_else(|| Arc::new(LogError::Panicked)))
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
        match leaf {
            Leaf::Bytes(bytes) => {
                let length = bytes.len();
                let (_, pending) = self.ready(bytes.into())?;
                Ok((pending, length))
            }
            Leaf::At { bytes, make } => Ok((Pending::At { bytes, make }, bytes)),
        }
    }

    /// A leaf that needs no place; hashed here, on the caller's time, and not in the one sequencer.
    fn ready(&self, stored: Bytes) -> Result<(Key, Pending), AddError> {
        let longest = self.context.settings.longest_entry;
        if stored.len() > longest {
            return Err(AddError::TooLong {
                length: stored.len(),
                longest,
            });
        }
        let leaf_hash = leaf_hash(&stored);
        Ok((leaf_hash.into(), Pending::Ready { leaf_hash, stored }))
    }

    /// The answer for an entry, from the head that the sequencer published it with.
    async fn prove(&self, placement: &Placement) -> Result<Added, ReadError> {
        let snapshot = &placement.snapshot;
        let reader = self.reader(snapshot);
        let index = placement.index;
        let entry = reader.entry(index).await?;
        let inclusion = match read::inclusion_in_memory(snapshot, index)? {
            Some(inclusion) => inclusion,
            None => reader.inclusion(index, snapshot.state.head.size).await?,
        };
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

    fn published_size(&self) -> u64 {
        self.published.borrow().state.head.size
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

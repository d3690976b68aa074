//! Requests, and the batch that they become.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use waxwing_encoding::time::UnixTime;
use waxwing_tlog::Hash;
use waxwing_tlog::merkle::leaf_hash;

use crate::context::Context;
use crate::recent::{Keys, Known};
use crate::recovery::whole_milliseconds;
use crate::state::State;
use crate::waiting::{Placement, Waiting};
use crate::{
    AddError, DriverError, Format, Key, LeafBytes, Record, RecordEntry, Refusal, Settings,
};

/// An entry to be added, and who waits for it.
pub(crate) struct Request {
    pub(crate) key: Key,
    pub(crate) leaf: Pending,
    /// What was known of the key when the request came in.
    pub(crate) known: Known,
    pub(crate) reply: oneshot::Sender<Result<Placement, AddError>>,
    /// Counts the request's bytes as waiting until it was answered.
    pub(crate) permit: OwnedSemaphorePermit,
}

/// A leaf whose place is not known yet.
pub(crate) enum Pending {
    Ready {
        leaf_hash: Hash,
        stored: Bytes,
    },
    At {
        bytes: usize,
        make: Box<dyn FnMut(u64, UnixTime) -> LeafBytes + Send>,
    },
}

/// A request that has its place, in this batch or from before.
pub(crate) struct Assigned {
    pub(crate) request: Request,
    pub(crate) index: u64,
    /// Whether this batch puts it there.
    pub(crate) new: bool,
}

impl Assigned {
    /// Who waits, and for what.
    pub(crate) fn waiting(self) -> Waiting {
        Waiting {
            reply: self.request.reply,
            index: self.index,
            existed: !self.new,
            _permit: self.request.permit,
        }
    }
}

/// Requests with their places, and the state that the log has once they are durable.
pub(crate) struct Batch {
    pub(crate) next: State,
    pub(crate) record: Arc<Record>,
    pub(crate) assigned: Vec<Assigned>,
}

impl Request {
    pub(crate) fn answer(self, result: Result<Placement, AddError>) {
        // A caller that went away needs no answer; its entry is in the log all the same.
        let _ = self.reply.send(result);
    }

    /// The entry that this becomes at its place.
    fn entry(
        &mut self,
        index: u64,
        time: UnixTime,
        settings: &Settings,
    ) -> Result<RecordEntry, AddError> {
        let (leaf_hash, stored) = match &mut self.leaf {
            Pending::Ready { leaf_hash, stored } => (*leaf_hash, stored.clone()),
            Pending::At { make, .. } => {
                // The service's code, and the one sequencer: a defect there must not stop the log.
                let leaf = catch_unwind(AssertUnwindSafe(|| make(index, time)))
                    .map_err(|_| AddError::LeafPanicked)?;
                if settings.format == Format::TlogTiles && leaf.merkle_leaf != leaf.stored {
                    return Err(AddError::LeafDiffers);
                }
                (leaf_hash(&leaf.merkle_leaf), leaf.stored)
            }
        };
        if stored.len() > settings.longest_entry {
            return Err(AddError::TooLong {
                length: stored.len(),
                longest: settings.longest_entry,
            });
        }
        Ok(RecordEntry {
            key: self.key,
            leaf_hash,
            stored,
        })
    }
}

impl Batch {
    /// Gives every request an index: that of its key if there is one, else the next. All new entries
    /// have one time. Requests that cannot become entries are answered at once.
    pub(crate) fn prepare(
        requests: Vec<Request>,
        context: &Context,
        state: &State,
        keys: &Keys,
    ) -> Result<Self, Refusal> {
        let time = batch_time(context, state);
        let mut next = state.clone();
        let mut entries = Vec::with_capacity(requests.len());
        let mut assigned = Vec::with_capacity(requests.len());
        let mut fresh = HashMap::with_capacity(requests.len());
        for mut request in requests {
            let key = request.key;
            let there = match fresh.get(&key) {
                Some(index) => Ok(Some(*index)),
                None => keys.find_again(&key, request.known).map_err(keys_unread),
            };
            let place = next.tree.size();
            let entry = match there {
                // Another writer's entries may be in the index before they are in this state; then this
                // batch loses the race, and finds them.
                Ok(Some(index)) if index < place => {
                    let new = false;
                    assigned.push(Assigned {
                        request,
                        index,
                        new,
                    });
                    continue;
                }
                Ok(_) if state.head.frozen.is_some() => Err(AddError::Frozen),
                Ok(_) => request.entry(place, time, &context.settings),
                Err(error) => Err(error),
            };
            match entry {
                Ok(entry) => {
                    next.push(&entry, time);
                    fresh.insert(key, place);
                    entries.push(entry);
                    let (index, new) = (place, true);
                    assigned.push(Assigned {
                        request,
                        index,
                        new,
                    });
                }
                Err(error) => request.answer(Err(error)),
            }
        }
        if !entries.is_empty() {
            let owner = context.signer.owner();
            next.head = owner.head(next.tree.size(), next.tree.root(), time);
            next.check_extends(&state.head)?;
        }
        let record = Arc::new(Record {
            first: state.head.size,
            entries,
            head: next.head.clone(),
            filed: state.filed,
        });
        Ok(Self {
            next,
            record,
            assigned,
        })
    }
}

fn keys_unread(reason: DriverError) -> AddError {
    let reason = Arc::new(reason);
    AddError::KeysUnread { reason }
}

/// The clock's time, but never before the last head's: clocks are set back. Tree heads of RFC 6962
/// section 3.5 must each be later than the one before.
pub(crate) fn batch_time(context: &Context, state: &State) -> UnixTime {
    let last = state.head.time;
    let earliest = match context.settings.format {
        Format::TlogTiles => last.milliseconds(),
        Format::StaticCt => last.milliseconds() + 1,
    };
    let now = whole_milliseconds(&*context.clock).milliseconds();
    UnixTime::from_milliseconds(now.max(earliest)).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use tokio::sync::Semaphore;
    use waxwing_crypto::{KeyType, PrivateKey};
    use waxwing_encoding::time::Clock;
    use waxwing_tlog::merkle::EMPTY_ROOT;
    use waxwing_tlog::note::NoteSigner;

    use super::*;
    use crate::shelf::Shelf;
    use crate::tree::Tree;
    use crate::{HeadSigner, MemoryDriver};

    struct Noon;

    impl Clock for Noon {
        fn now(&self) -> UnixTime {
            UnixTime::from_seconds(1_700_000_000).unwrap()
        }
    }

    fn prepare(context: &Context, state: &State) -> Result<Batch, Refusal> {
        let permits = Arc::new(Semaphore::new(1));
        let request = Request {
            key: Key::of(b"entry"),
            leaf: Pending::Ready {
                leaf_hash: leaf_hash(b"entry"),
                stored: Bytes::from_static(b"entry"),
            },
            reply: oneshot::channel().0,
            known: Known::NotBelow(0),
            permit: permits.try_acquire_owned().unwrap(),
        };
        Batch::prepare(vec![request], context, state, &Keys::default())
    }

    /// Memory goes wrong, or the code does: what was signed is not what the tree has become.
    #[test]
    fn a_tree_that_does_not_extend_the_durable_head_becomes_no_head() {
        let key = Arc::new(PrivateKey::generate(KeyType::Ed25519).unwrap());
        let signer = NoteSigner::ed25519("log", key).unwrap();
        let context = Context {
            driver: Arc::new(MemoryDriver::new()),
            signer: HeadSigner::new("log", signer).unwrap(),
            clock: Arc::new(Noon),
            settings: Settings::new(Format::TlogTiles),
        };
        let mut state = State {
            head: context.signer.owner().head(0, EMPTY_ROOT, Noon.now()),
            tree: Tree::default(),
            shelf: Shelf::default(),
            filed: 0,
        };
        for _ in 0..5 {
            state = prepare(&context, &state).unwrap_or_else(|_| panic!()).next;
        }
        state.head.root = leaf_hash(b"another tree");
        let refused = prepare(&context, &state).map(|_| ()).unwrap_err();
        assert!(matches!(refused, Refusal::NotAnExtension(_)), "{refused}");
    }
}

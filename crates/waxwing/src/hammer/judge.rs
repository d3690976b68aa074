//! Nothing that the log says is believed: every answer is checked against what was sent.

use std::sync::Arc;

use bytes::Bytes;
use waxwing_tlog::Hash;
use waxwing_tlog::merkle::leaf_hash;

use super::heads::{Head, Heads};
use super::proven::Proven;
use super::target::Acknowledged;
use super::violation::Violation;

/// Set in the place of an entry that was sent again before an answer came: then either of the two may
/// be the first to arrive, and none can be told to have been called new or old wrongly. No log has so
/// many entries that it would need this bit for an index.
const RACED: u64 = 1 << 63;

/// The place of an entry that was not acknowledged yet.
const UNKNOWN: u64 = RACED - 1;

/// One worker's judge. A worker sends its own entries alone, so that nobody else has to know where they
/// went: 8 bytes an entry.
#[derive(Debug)]
pub(super) struct Judge {
    heads: Arc<Heads>,
    /// The last checkpoint that came, what it states, and what was proven under it.
    last: Option<(Arc<str>, Head, Proven)>,
    /// The index of each entry of this worker, by its number among them.
    places: Vec<u64>,
    /// Whether a fresh entry may be one that an earlier run has added.
    may_exist: bool,
}

/// An entry that was sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    /// Its number among all of the run, for messages.
    pub(super) number: u64,
    /// Its number among those of its worker.
    pub(super) own: usize,
    /// Whether it was never sent before.
    pub(super) fresh: bool,
    /// Whether it had been acknowledged before it was sent this time.
    known: bool,
}

impl Judge {
    pub(super) fn new(heads: Arc<Heads>, may_exist: bool) -> Self {
        Self {
            heads,
            last: None,
            places: Vec::new(),
            may_exist,
        }
    }

    /// Takes note that a new entry is about to be sent.
    pub(super) fn fresh(&mut self, number: u64) -> Sent {
        self.places.push(UNKNOWN);
        Sent {
            number,
            own: self.places.len() - 1,
            fresh: true,
            known: false,
        }
    }

    /// Takes note that an entry is about to be sent again.
    pub(super) fn again(&mut self, number: u64, own: usize) -> Sent {
        let place = self.places.get_mut(own);
        let known = place.as_ref().is_some_and(|place| known(**place).is_some());
        if let Some(place) = place.filter(|_| !known) {
            *place |= RACED;
        }
        Sent {
            number,
            own,
            fresh: false,
            known,
        }
    }

    /// How many entries of its own the worker has sent.
    pub(super) fn entries(&self) -> usize {
        self.places.len()
    }

    /// The index of each entry, and `None` where no answer came.
    pub(super) fn into_places(self) -> impl Iterator<Item = Option<u64>> {
        self.places.into_iter().map(known)
    }

    /// Checks an answer: its leaf and head are what it proves.
    pub(super) fn judge(
        &mut self,
        sent: Sent,
        entry: &Bytes,
        answer: &Acknowledged,
    ) -> Result<(Hash, Head), Violation> {
        let leaf = leaf_hash(entry);
        if let Some(found) = answer.leaf_hash.filter(|found| *found != leaf) {
            return Err(Violation::LeafHash {
                number: sent.number,
                found,
                expected: leaf,
            });
        }
        let index = answer.index;
        let (head, proven) = self.head(&answer.checkpoint)?;
        let proof = proven.verify(index, &leaf, &answer.proof);
        let placed = proof
            .map_err(|reason| Violation::InclusionProof { index, reason })
            .and_then(|()| self.place(sent, answer));
        placed.map_err(|violation| self.heads.blame(violation))?;
        Ok((leaf, head))
    }

    /// What a checkpoint states, and what is known of its tree.
    fn head(&mut self, checkpoint: &Arc<str>) -> Result<(Head, &mut Proven), Violation> {
        let same = |text: &Arc<str>| Arc::ptr_eq(text, checkpoint) || text == checkpoint;
        let known = self.last.take().filter(|(text, ..)| same(text));
        let known = match known {
            Some(known) => known,
            None => {
                let head = self.heads.take(checkpoint)?;
                (Arc::clone(checkpoint), head, Proven::new(head))
            }
        };
        let (_, head, proven) = self.last.insert(known);
        Ok((*head, proven))
    }

    /// One entry has one index, whatever comes how often in which order.
    fn place(&mut self, sent: Sent, answer: &Acknowledged) -> Result<(), Violation> {
        let (number, index) = (sent.number, answer.index);
        let Some(place) = self.places.get_mut(sent.own) else {
            return Ok(());
        };
        let raced = *place & RACED != 0;
        match known(*place) {
            None => *place = index & !RACED | *place & RACED,
            Some(first) if first != index => {
                return Err(Violation::IndexChanged {
                    number,
                    first,
                    second: index,
                });
            }
            Some(_) => {}
        }
        if sent.known && !answer.existed {
            return Err(Violation::CalledNew { number, index });
        }
        let first_time = sent.fresh && !raced && answer.retries == 0;
        if first_time && answer.existed && !self.may_exist {
            return Err(Violation::CalledOld { number, index });
        }
        Ok(())
    }
}

/// The index in a place, once there is one.
fn known(place: u64) -> Option<u64> {
    Some(place & !RACED).filter(|index| *index != UNKNOWN)
}

#[cfg(test)]
mod tests {
    use waxwing_crypto::{KeyType, PrivateKey};
    use waxwing_encoding::time::UnixTime;
    use waxwing_tlog::checkpoint::Checkpoint;
    use waxwing_tlog::merkle::node_hash;
    use waxwing_tlog::note::{Note, NoteSigner};

    use super::*;

    const ENTRIES: [&[u8]; 2] = [b"first", b"second"];

    /// A log of two entries that answers as it is told.
    struct Liar {
        signer: NoteSigner,
    }

    impl Liar {
        fn new() -> (Self, Judge) {
            let key = Arc::new(PrivateKey::generate(KeyType::Ed25519).unwrap());
            let signer = NoteSigner::ed25519("log", key).unwrap();
            let heads = Arc::new(Heads::new(signer.verifier().clone()));
            (Self { signer }, Judge::new(heads, false))
        }

        fn checkpoint(&self, origin: &str, size: u64, root: Hash) -> Arc<str> {
            let checkpoint = Checkpoint::new(origin, size, root).unwrap();
            let note = Note::new(&checkpoint.to_string()).unwrap();
            let time = UnixTime::from_seconds(0).unwrap();
            let signature = self.signer.sign(&note, time).unwrap();
            note.with_signature(signature).to_string().into()
        }

        fn answer(&self, index: usize, existed: bool) -> Acknowledged {
            let leaves = ENTRIES.map(leaf_hash);
            Acknowledged {
                index: index as u64,
                leaf_hash: None,
                proof: vec![leaves[1 - index]],
                checkpoint: self.checkpoint("log", 2, node_hash(&leaves[0], &leaves[1])),
                existed,
                retries: 0,
            }
        }
    }

    fn bytes(index: usize) -> Bytes {
        Bytes::from_static(ENTRIES[index])
    }

    #[test]
    fn true_answers_are_believed_and_each_lie_has_its_name() {
        let (log, mut judge) = Liar::new();
        let sent = judge.fresh(0);
        let good = log.answer(0, false);
        judge.judge(sent, &bytes(0), &good).unwrap();

        let mut lie = |name: &str, change: &dyn Fn(&mut Acknowledged)| {
            let sent = judge.fresh(1);
            let mut answer = log.answer(1, false);
            change(&mut answer);
            let found = judge.judge(sent, &bytes(1), &answer).unwrap_err();
            assert_eq!(found.name(), name, "{found}");
        };
        let other = leaf_hash(b"other");
        lie("leaf-hash", &|answer| answer.leaf_hash = Some(other));
        lie("inclusion-proof", &|answer| answer.proof[0] = other);
        lie("inclusion-proof", &|answer| answer.proof.push(other));
        lie("inclusion-proof", &|answer| answer.index = 0);
        lie("inclusion-proof", &|answer| answer.index = u64::MAX);
        lie("two-roots", &|answer| {
            answer.checkpoint = log.checkpoint("log", 2, other);
        });
        lie("checkpoint-origin", &|answer| {
            answer.checkpoint = log.checkpoint("other", 3, other);
        });
        lie("checkpoint-signature", &|answer| {
            answer.checkpoint = answer.checkpoint.replace("\n2\n", "\n3\n").into();
        });
        lie("checkpoint-signature", &|answer| {
            answer.checkpoint = "".into();
        });
        lie("called-old", &|answer| answer.existed = true);
    }

    /// Every proof holds, and the entry is in the log twice.
    #[test]
    fn an_entry_with_two_places_is_found() {
        let (log, mut judge) = Liar::new();
        let leaf = leaf_hash(ENTRIES[0]);
        let mut answer = Acknowledged {
            proof: vec![leaf],
            checkpoint: log.checkpoint("log", 2, node_hash(&leaf, &leaf)),
            ..log.answer(0, false)
        };
        let sent = judge.fresh(0);
        judge.judge(sent, &bytes(0), &answer).unwrap();
        let again = judge.again(0, 0);
        answer.index = 1;
        answer.existed = true;
        let found = judge.judge(again, &bytes(0), &answer).unwrap_err();
        assert_eq!(found.name(), "index-changed");
    }

    #[test]
    fn what_comes_again_has_its_index_and_is_called_old() {
        let (log, mut judge) = Liar::new();
        let first = judge.fresh(0);
        judge
            .judge(first, &bytes(0), &log.answer(0, false))
            .unwrap();
        let again = judge.again(0, 0);
        judge.judge(again, &bytes(0), &log.answer(0, true)).unwrap();
        let found = judge.judge(again, &bytes(0), &log.answer(0, false));
        assert_eq!(found.unwrap_err().name(), "called-new");
        let places: Vec<_> = judge.into_places().collect();
        assert_eq!(places, [Some(0)]);
    }

    /// Of two that are under way together the second may be the first to arrive.
    #[test]
    fn a_race_has_two_outcomes() {
        for second_first in [false, true] {
            for answered_in_order in [false, true] {
                let (log, mut judge) = Liar::new();
                let sent = [judge.fresh(0), judge.again(0, 0)];
                let existed = [second_first, !second_first];
                let order = if answered_in_order { [0, 1] } else { [1, 0] };
                for one in order {
                    let answer = log.answer(0, existed[one]);
                    judge.judge(sent[one], &bytes(0), &answer).unwrap();
                }
                assert_eq!(judge.into_places().next(), Some(Some(0)));
            }
        }
    }
}

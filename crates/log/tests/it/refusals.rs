//! What a log refuses to start on, or to go on with.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use waxwing_log::{
    AddError, Driver, DriverError, Format, Guard, GuardSwap, Head, HeadSigner, Key, Leaf, LogError,
    MemoryDriver, Object, Operation, Outcome, Record, Recovered, Refusal,
};
use waxwing_tlog::Hash;
use waxwing_tlog::note::NoteSigner;

use crate::bench::{Bench, ORIGIN, add, add_together, until_filed};
use crate::suite::Storage;

/// A storage whose content somebody meddles with when it is read.
struct Meddled<F>(MemoryDriver, F);

impl<F: Fn(&mut Recovered) + Send + Sync + 'static> Driver for Meddled<F> {
    fn open(&self) -> Operation<'_, Result<Recovered, DriverError>> {
        Box::pin(async {
            let mut recovered = self.0.open().await?;
            (self.1)(&mut recovered);
            Ok(recovered)
        })
    }

    fn commit<'a>(
        &'a self,
        previous: Option<&'a Head>,
        record: Arc<Record>,
    ) -> Operation<'a, Outcome> {
        self.0.commit(previous, record)
    }

    fn put(&self, objects: Vec<(Object, Bytes)>) -> Operation<'_, Result<(), DriverError>> {
        self.0.put(objects)
    }

    fn publish(&self, checkpoint: Arc<str>) -> Operation<'_, Result<(), DriverError>> {
        self.0.publish(checkpoint)
    }

    fn get(&self, object: Object) -> Operation<'_, Result<Option<Bytes>, DriverError>> {
        self.0.get(object)
    }

    fn swap_guard(
        &self,
        expected: Option<Guard>,
        new: Guard,
    ) -> Operation<'_, Result<GuardSwap, DriverError>> {
        self.0.swap_guard(expected, new)
    }

    fn flush(&self) -> Operation<'_, Result<(), DriverError>> {
        self.0.flush()
    }
}

async fn filled() -> (Bench, MemoryDriver) {
    let bench = Bench::tiles();
    let storage = MemoryDriver::new();
    let log = bench.open(storage.hand()).await;
    for number in 0..5 {
        add(&log, number).await;
    }
    log.close().await;
    (bench, storage)
}

fn refusal(result: Result<waxwing_log::Log, LogError>) -> Refusal {
    match result {
        Err(LogError::Refused(refusal)) => refusal,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("the log was opened"),
    }
}

/// Opens a log of five entries after somebody has meddled with its records.
async fn meddled(meddle: impl Fn(&mut Vec<Record>) + Send + Sync + 'static) -> Refusal {
    let (bench, storage) = filled().await;
    let driver = Meddled(storage, move |recovered: &mut Recovered| {
        let mut records: Vec<Record> = recovered
            .records
            .iter()
            .map(|one| (**one).clone())
            .collect();
        meddle(&mut records);
        recovered.records = records.into_iter().map(Arc::new).collect();
    });
    refusal(bench.try_open(Arc::new(driver)).await)
}

#[tokio::test]
async fn a_storage_of_another_log_or_key() {
    let (bench, storage) = filled().await;
    let key =
        Arc::new(waxwing_crypto::PrivateKey::generate(waxwing_crypto::KeyType::Ed25519).unwrap());
    let signer = |origin| {
        let signer = NoteSigner::ed25519(origin, Arc::clone(&key)).unwrap();
        HeadSigner::new(origin, signer).unwrap()
    };
    let mut other = bench.clone();
    other.signer = signer("other.example.com");
    let found = refusal(other.try_open(storage.hand()).await);
    assert!(matches!(found, Refusal::Origin { .. }), "{found}");
    other.signer = signer(ORIGIN);
    let found = refusal(other.try_open(storage.hand()).await);
    assert!(matches!(found, Refusal::KeyId { .. }), "{found}");
    bench.try_open(storage.hand()).await.unwrap();
}

#[tokio::test]
async fn an_empty_storage_where_a_log_should_be() {
    let mut bench = Bench::tiles();
    bench.settings.must_exist = true;
    let found = refusal(bench.try_open(MemoryDriver::new().hand()).await);
    assert!(matches!(found, Refusal::Absent), "{found}");
}

#[tokio::test]
async fn a_clock_behind_the_last_head() {
    let (bench, storage) = filled().await;
    let head = bench.clock.as_ref();
    head.set(1_600_000_000_000);
    let found = refusal(bench.try_open(storage.hand()).await);
    assert!(matches!(found, Refusal::ClockBehind { .. }), "{found}");
    head.set(1_700_000_000_000);
    bench.try_open(storage.hand()).await.unwrap();
}

#[tokio::test]
async fn a_storage_set_back_behind_its_guard() {
    // Yesterday's copy is whole in itself; only the guard knows better.
    let found = meddled(|records| {
        records.pop();
    })
    .await;
    assert!(
        matches!(found, Refusal::RolledBack { known: 5, found: 4 }),
        "{found}"
    );
    let found = meddled(Vec::clear).await;
    assert!(
        matches!(found, Refusal::RolledBack { known: 5, found: 0 }),
        "{found}"
    );
}

#[tokio::test]
async fn a_storage_with_another_tree_than_its_guard() {
    for (size, differs) in [(5, true), (3, true), (3, false)] {
        let (bench, storage) = filled().await;
        let before = storage.open().await.unwrap();
        let record = &before.records[size - 1];
        let mut root = record.head.root;
        assert_eq!(record.head.size, size as u64);
        if differs {
            root = Hash::new([9; 32]);
        }
        let driver = Meddled(storage, move |recovered: &mut Recovered| {
            let size = size as u64;
            recovered.guard = Some(Guard { size, root });
        });
        let opened = bench.try_open(Arc::new(driver)).await;
        if differs {
            let found = refusal(opened);
            assert!(matches!(found, Refusal::Forked { .. }), "{found}");
        } else {
            // A guard that is behind is only late.
            opened.unwrap();
        }
    }
}

#[tokio::test]
async fn records_that_do_not_lead_to_their_heads() {
    let found = meddled(|records| records[1].head.root = Hash::new([9; 32])).await;
    assert!(matches!(found, Refusal::Root { size: 2, .. }), "{found}");
    let found = meddled(|records| records[4].entries[0].leaf_hash = Hash::new([9; 32])).await;
    assert!(matches!(found, Refusal::Leaf { index: 4 }), "{found}");
    let found = meddled(|records| records[4].entries[0].stored = Bytes::from_static(b"x")).await;
    assert!(matches!(found, Refusal::Leaf { index: 4 }), "{found}");
    let found = meddled(|records| {
        records.remove(1);
    })
    .await;
    let gap = matches!(
        found,
        Refusal::Gap {
            expected: 1,
            found: 2
        }
    );
    assert!(gap, "{found}");
    let found = meddled(|records| records[2].head.size += 1).await;
    assert!(matches!(found, Refusal::Record { first: 2, .. }), "{found}");
    let found = meddled(|records| records[4].filed = 3).await;
    assert!(matches!(found, Refusal::Record { first: 4, .. }), "{found}");
    let found = meddled(|records| records[4].filed = 256).await;
    assert!(matches!(found, Refusal::Record { first: 4, .. }), "{found}");
    let found = meddled(|records| {
        records[4].head.time = records[4].head.time.plus_seconds(-1);
    })
    .await;
    assert!(
        matches!(found, Refusal::TimeBackwards { size: 5, .. }),
        "{found}"
    );
}

#[tokio::test]
async fn objects_that_are_missing_or_damaged() {
    type Damage = fn(Bytes) -> Option<Bytes>;
    let cases: [(Damage, &str); 3] = [
        (|_| None, "missing"),
        (|bytes| Some(bytes.slice(1..)), "damaged"),
        (
            |bytes| {
                let mut bytes = bytes.to_vec();
                bytes[3000] ^= 1;
                Some(bytes.into())
            },
            "root",
        ),
    ];
    for (damage, word) in cases {
        let bench = Bench::tiles();
        let storage = MemoryDriver::new();
        let log = bench.open(storage.hand()).await;
        add_together(&log, 0..600).await;
        log.close().await;
        let log = bench.open(storage.hand()).await;
        until_filed(&log, &storage, 600, 512).await;
        let copy = Damaged(storage, damage, Mutex::new(true));
        let refused = bench.try_open(Arc::new(copy)).await.unwrap_err();
        assert!(refused.to_string().contains(word), "{word}: {refused}");
    }
}

/// A storage whose first read of a hash tile comes out wrong.
struct Damaged(MemoryDriver, fn(Bytes) -> Option<Bytes>, Mutex<bool>);

impl Driver for Damaged {
    fn open(&self) -> Operation<'_, Result<Recovered, DriverError>> {
        self.0.open()
    }

    fn commit<'a>(
        &'a self,
        previous: Option<&'a Head>,
        record: Arc<Record>,
    ) -> Operation<'a, Outcome> {
        self.0.commit(previous, record)
    }

    fn put(&self, objects: Vec<(Object, Bytes)>) -> Operation<'_, Result<(), DriverError>> {
        self.0.put(objects)
    }

    fn publish(&self, checkpoint: Arc<str>) -> Operation<'_, Result<(), DriverError>> {
        self.0.publish(checkpoint)
    }

    fn get(&self, object: Object) -> Operation<'_, Result<Option<Bytes>, DriverError>> {
        Box::pin(async move {
            let found = self.0.get(object).await?;
            if std::mem::take(&mut *self.2.lock().unwrap()) {
                return Ok(found.and_then(self.1));
            }
            Ok(found)
        })
    }

    fn swap_guard(
        &self,
        expected: Option<Guard>,
        new: Guard,
    ) -> Operation<'_, Result<GuardSwap, DriverError>> {
        self.0.swap_guard(expected, new)
    }

    fn flush(&self) -> Operation<'_, Result<(), DriverError>> {
        self.0.flush()
    }
}

/// Another program with the same key puts a record on top that does not extend the log: the writer
/// that meets it stops, signs nothing, and says why.
#[tokio::test]
async fn another_writers_record_that_does_not_extend_the_log() {
    for filed in [0, 256] {
        let (bench, storage) = filled().await;
        let log = bench.open(storage.hand()).await;
        let before = log.checkpoint();
        let last = storage
            .open()
            .await
            .unwrap()
            .records
            .last()
            .unwrap()
            .head
            .clone();
        let mut foreign = Record {
            first: 5,
            entries: vec![waxwing_log::RecordEntry {
                key: Key::of(b"foreign"),
                leaf_hash: waxwing_tlog::merkle::leaf_hash(b"foreign"),
                stored: Bytes::from_static(b"foreign"),
            }],
            head: last.clone(),
            filed,
        };
        foreign.head.size = 6;
        foreign.head.root = Hash::new([9; 32]);
        let outcome = storage.commit(Some(&last), Arc::new(foreign)).await;
        assert!(matches!(outcome, Outcome::Committed));
        let refused = log
            .add(b"ours", Leaf::Bytes(b"ours".to_vec()))
            .await
            .unwrap_err();
        let AddError::Stopped { reason } = refused else {
            panic!("{refused}");
        };
        let LogError::Refused(found) = &*reason else {
            panic!("{reason}");
        };
        match filed {
            0 => assert!(matches!(found, Refusal::Root { size: 6, .. }), "{found}"),
            _ => assert!(matches!(found, Refusal::Record { size: 6, .. }), "{found}"),
        }
        assert_eq!(log.checkpoint().checkpoint, before.checkpoint);
    }
}

/// The storage is set back under a running writer, which notices when it has to open it anew.
#[tokio::test(start_paused = true)]
async fn a_storage_set_back_under_a_running_writer() {
    let bench = Bench::new(Format::TlogTiles);
    let storage = MemoryDriver::new();
    let meddled = Meddled(storage, |recovered: &mut Recovered| {
        // Only once there is something to lose; and the guard is lost as well.
        if recovered.records.len() > 3 {
            recovered.records.pop();
            recovered.guard = None;
        }
    });
    let driver = waxwing_log::FaultyDriver::new(Arc::new(meddled));
    let log = bench.open(Arc::new(driver.clone())).await;
    for number in 0..4 {
        add(&log, number).await;
    }
    driver.inject(waxwing_log::Fault::UnknownNotDone);
    let refused = log.add(b"x", Leaf::Bytes(b"x".to_vec())).await.unwrap_err();
    let AddError::Stopped { reason } = refused else {
        panic!("{refused}");
    };
    let found = matches!(
        &*reason,
        LogError::Refused(Refusal::RolledBack { known: 4, found: 3 })
    );
    assert!(found, "{reason}");
}

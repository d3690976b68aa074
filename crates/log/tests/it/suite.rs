//! How a log behaves, whatever it is kept in. Each function takes a storage: a source of drivers
//! that are all hands on the same, initially empty place. `behaviour!` makes tests of them all.

use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use waxwing_encoding::time::UnixTime;
use waxwing_log::{AddError, Driver, DriverError, Format, Key, Leaf, LeafBytes, LogError, Object};
use waxwing_tlog::bundle;
use waxwing_tlog::tile::{Tile, Width};

use crate::bench::{Auditor, Bench, HeldDriver, add, add_together, entry, until_filed};

/// A place to keep a log in.
pub(crate) trait Storage {
    /// One more driver on this place.
    fn hand(&self) -> Arc<dyn Driver>;

    /// The same for a log of that form; a place has one of each.
    fn hand_for(&self, _format: Format) -> Arc<dyn Driver> {
        self.hand()
    }
}

/// One test for each behaviour, on the storage that the expression makes.
macro_rules! behaviour {
    ($storage:expr; $($name:ident)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            crate::suite::$name($storage).await;
        })*
    };
    ($storage:expr) => {
        crate::suite::behaviour! { $storage;
            entries_get_dense_indexes_in_order_and_proofs_that_verify
            every_size_around_the_edges_of_tiles_survives_a_restart
            equal_keys_give_one_entry_together_later_and_after_a_restart
            nothing_is_told_or_readable_before_it_is_durable
            entries_that_come_during_a_commit_share_the_next_one
            the_queue_is_bounded_by_count_and_by_bytes
            time_never_goes_backwards
            tree_heads_are_each_later_than_the_one_before
            leaves_know_their_index_and_time
            full_tiles_and_bundles_become_objects
            immutable_objects_are_never_replaced
            entries_that_do_not_fit_are_refused
            a_closed_log_has_everything_and_takes_no_more
        }
    };
}
pub(crate) use behaviour;

pub(crate) async fn entries_get_dense_indexes_in_order_and_proofs_that_verify(
    storage: impl Storage,
) {
    let bench = Bench::tiles();
    let mut auditor = Auditor::new(&bench);
    let log = bench.open(storage.hand()).await;
    assert_eq!(log.checkpoint().size, 0);
    auditor.see(&log.checkpoint());

    // One after the other: each next index, each under a head that ends with it.
    for number in 0..40 {
        let added = add(&log, number).await;
        assert_eq!((added.index, added.published.size), (number, number + 1));
        assert!(!added.existed);
        auditor.check(&added);
    }
    // Together: some order, without holes.
    let mut leaves: Vec<Vec<u8>> = (0..40).map(entry).collect();
    leaves.resize(740, Vec::new());
    for added in add_together(&log, 40..740).await {
        auditor.check(&added);
        let place = &mut leaves[added.index as usize];
        assert!(place.is_empty(), "index {} was given twice", added.index);
        *place = added.entry.to_vec();
    }
    auditor.walk(&log, &leaves).await;
    let entries: BTreeSet<Vec<u8>> = leaves.iter().cloned().collect();
    assert_eq!(entries, (0..740).map(entry).collect());
    for (index, leaf) in leaves.iter().enumerate() {
        let read = log.entry(index as u64).await.unwrap().unwrap();
        assert_eq!(read.stored, *leaf);
        assert_eq!(log.find(&Key::of(leaf)).unwrap(), Some(index as u64));
    }
}

pub(crate) async fn every_size_around_the_edges_of_tiles_survives_a_restart(storage: impl Storage) {
    let bench = Bench::tiles();
    let mut auditor = Auditor::new(&bench);
    let mut leaves = Vec::new();
    for size in [0, 1, 2, 255, 256, 257, 511, 512, 513, 1000, 2304] {
        let log = bench.open(storage.hand()).await;
        auditor.walk(&log, &leaves).await;
        let before = log.checkpoint();
        assert_eq!(before.size, leaves.len() as u64);
        for number in leaves.len() as u64..size {
            auditor.check(&add(&log, number).await);
            leaves.push(entry(number));
        }
        auditor.walk(&log, &leaves).await;
        // Half of the restarts find tiles filed, the others find the log as a crash left it.
        if size % 2 == 0 {
            log.close().await;
        }
    }
}

pub(crate) async fn equal_keys_give_one_entry_together_later_and_after_a_restart(
    storage: impl Storage,
) {
    let bench = Bench::tiles();
    let mut auditor = Auditor::new(&bench);
    let log = bench.open(storage.hand()).await;
    // Each of 300 entries four times, mixed.
    let answers = add_together(&log, (0..1200).map(|turn| turn * 7 % 300)).await;
    let mut new = 0;
    let mut leaves = vec![Vec::new(); 300];
    for answer in &answers {
        auditor.check(answer);
        new += u64::from(!answer.existed);
        leaves[answer.index as usize] = answer.entry.to_vec();
    }
    assert_eq!(new, 300);
    auditor.walk(&log, &leaves).await;

    // Later, with another clock, and the bytes of another entry under the same key: what was stored
    // first comes back.
    bench.clock.set(1_700_000_099_000);
    let (first, later) = (&answers[0], b"something else".to_vec());
    let again = log.add(&first.entry, Leaf::Bytes(later)).await.unwrap();
    assert!(again.existed);
    assert_eq!(again.entry, first.entry);
    assert_eq!((again.index, again.time), (first.index, first.time));
    auditor.check(&again);
    log.close().await;

    let log = bench.open(storage.hand()).await;
    for answer in add_together(&log, 0..300).await {
        assert!(answer.existed);
        assert_eq!(leaves[answer.index as usize], answer.entry);
        assert_eq!(answer.time, first.time);
        auditor.check(&answer);
    }
    assert_eq!(add(&log, 300).await.index, 300);
    leaves.push(entry(300));
    auditor.walk(&log, &leaves).await;
}

pub(crate) async fn nothing_is_told_or_readable_before_it_is_durable(storage: impl Storage) {
    let bench = Bench::tiles();
    let driver = HeldDriver::new(storage.hand());
    let log = bench.open(driver.clone()).await;
    driver.gate.add_permits(1);
    add(&log, 0).await;

    let adding = tokio::spawn({
        let log = log.clone();
        async move { add(&log, 1).await }
    });
    // The same entry again does not get an answer from thin air either.
    driver.begun(3).await;
    let again = tokio::spawn({
        let log = log.clone();
        async move { add(&log, 1).await }
    });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!adding.is_finished());
    assert!(!again.is_finished());
    assert_eq!(log.checkpoint().size, 1);
    assert_eq!(log.entry(1).await.unwrap(), None);
    assert_eq!(log.find(&Key::of(&entry(1))).unwrap(), None);
    let (one, two) = (Width::new(1).unwrap(), Width::new(2).unwrap());
    assert!(log.tile(0, 0, one).await.unwrap().is_some());
    assert_eq!(log.tile(0, 0, two).await.unwrap(), None);
    assert_eq!(log.entries(0, two).await.unwrap(), None);
    log.root(2).await.unwrap_err();

    driver.gate.add_permits(9);
    let (added, again) = (adding.await.unwrap(), again.await.unwrap());
    assert_eq!((added.index, again.index), (1, 1));
    assert_eq!((added.existed, again.existed), (false, true));
    assert!(log.entries(0, two).await.unwrap().is_some());
}

pub(crate) async fn entries_that_come_during_a_commit_share_the_next_one(storage: impl Storage) {
    let bench = Bench::tiles();
    let driver = HeldDriver::new(storage.hand());
    let log = bench.open(driver.clone()).await;
    let tasks: Vec<_> = (0..100)
        .map(|number| {
            let log = log.clone();
            tokio::spawn(async move { add(&log, number).await })
        })
        .collect();
    // The first commit has begun, and all the others are in the queue.
    driver.begun(2).await;
    for _ in 0..2000 {
        tokio::task::yield_now().await;
    }
    driver.gate.add_permits(100);
    let mut sizes = BTreeSet::new();
    for task in tasks {
        sizes.insert(task.await.unwrap().published.size);
    }
    let commits = driver.commits.lock().unwrap();
    assert!(commits.len() <= 4, "{} commits", commits.len());
    assert_eq!(sizes.last(), Some(&100));
}

#[expect(
    clippy::async_yields_async,
    reason = "what was polled once is waited for later"
)]
pub(crate) async fn the_queue_is_bounded_by_count_and_by_bytes(storage: impl Storage) {
    let mut bench = Bench::tiles();
    bench.settings.queue_entries = 4;
    bench.settings.queue_bytes = 100;
    let driver = HeldDriver::new(storage.hand());
    let log = bench.open(driver.clone()).await;
    let add = async |bytes: Vec<u8>| log.add(&bytes, Leaf::Bytes(bytes.clone())).await;
    // Not spawned but polled once, which is enough to stand in the queue: a task may not have come so far.
    let queued = async |bytes: Vec<u8>| {
        let mut adding = Box::pin(add(bytes));
        let polled = poll_fn(|context| Poll::Ready(adding.as_mut().poll(context))).await;
        assert!(polled.is_pending(), "{polled:?}");
        adding
    };
    let mut waiting = vec![queued(vec![0]).await];
    driver.begun(2).await;
    // One is under way; four may wait.
    for number in 1..=4 {
        waiting.push(queued(vec![number]).await);
    }
    let busy = |error: &AddError| {
        matches!(
            error,
            AddError::Busy {
                entries: 4,
                bytes: 100
            }
        )
    };
    assert!(busy(&add(vec![5]).await.unwrap_err()));
    driver.gate.add_permits(100);
    for adding in waiting.drain(..) {
        adding.await.unwrap();
    }
    driver.gate.forget_permits(100);

    // Sixty bytes under way, forty wait, and not one more.
    let begun = driver.commits.lock().unwrap().len();
    waiting.push(queued(vec![6; 60]).await);
    driver.begun(begun + 1).await;
    waiting.push(queued(vec![7; 40]).await);
    assert!(busy(&add(vec![8]).await.unwrap_err()));
    driver.gate.add_permits(100);
    for adding in waiting {
        adding.await.unwrap();
    }
    // What was refused left no trace, and there is room again: the queue lets go of an entry a moment after
    // its answer, which on a busy machine can come later than we do.
    assert_eq!(log.checkpoint().size, 7);
    let added = loop {
        match add(vec![9; 100]).await {
            Err(error) if busy(&error) => tokio::time::sleep(Duration::from_millis(1)).await,
            other => break other.unwrap(),
        }
    };
    assert_eq!(added.index, 7);
    assert_eq!(log.find(&Key::of(&[5])).unwrap(), None);
}

pub(crate) async fn time_never_goes_backwards(storage: impl Storage) {
    let bench = Bench::tiles();
    let log = bench.open(storage.hand()).await;
    for (clock, expected) in [
        (1_700_000_005_000, 1_700_000_005_000),
        (1_600_000_000_000, 1_700_000_005_000),
        (1_700_000_004_999, 1_700_000_005_000),
        (1_700_000_006_000, 1_700_000_006_000),
    ] {
        bench.clock.set(clock);
        let added = add(&log, clock).await;
        assert_eq!(added.time.milliseconds(), expected);
        assert_eq!(log.checkpoint().time, added.time);
    }
    // One time for all that become durable together.
    let driver = storage.hand();
    add_together(&log, 0..50).await;
    for record in driver.open().await.unwrap().records {
        for index in record.first..record.head.size {
            let entry = log.entry(index).await.unwrap().unwrap();
            assert_eq!(entry.time, record.head.time);
        }
    }
}

/// RFC 6962 section 3.5, whatever the clock does.
pub(crate) async fn tree_heads_are_each_later_than_the_one_before(storage: impl Storage) {
    let bench = Bench::new(Format::StaticCt);
    let log = bench.open(storage.hand_for(Format::StaticCt)).await;
    let mut last = log.checkpoint().time;
    for clock in [
        1_700_000_000_000,
        1_600_000_000_000,
        1_700_000_005_000,
        1_700_000_005_000,
    ] {
        bench.clock.set(clock);
        let added = add(&log, last.milliseconds()).await;
        assert!(added.time > last);
        assert_eq!(added.published.time, added.time);
        last = added.time;
    }
    assert_eq!(last.milliseconds(), 1_700_000_005_001);
}

/// A leaf of a log in the manner of Certificate Transparency: the leaf has the place in it, and what
/// is stored has more.
fn placed(content: u64) -> Leaf {
    Leaf::At {
        bytes: 8,
        make: Box::new(move |index, time| LeafBytes {
            merkle_leaf: placed_leaf(content, index, time).into(),
            stored: placed_stored(content, index, time).into(),
        }),
    }
}

fn placed_leaf(content: u64, index: u64, time: UnixTime) -> Vec<u8> {
    format!("{content} at {index} on {}", time.milliseconds()).into_bytes()
}

fn placed_stored(content: u64, index: u64, time: UnixTime) -> Vec<u8> {
    // Entries of different lengths: nothing but the ledger tells where they end.
    let mut stored = placed_leaf(content, index, time);
    stored.extend_from_slice(&b"chain".repeat(content as usize % 7));
    stored
}

pub(crate) async fn leaves_know_their_index_and_time(storage: impl Storage) {
    let bench = Bench::new(Format::StaticCt);
    let mut auditor = Auditor::new(&bench);
    let mut leaves = Vec::new();
    let mut stored = Vec::new();
    let mut first = Vec::new();
    let log = bench.open(storage.hand_for(Format::StaticCt)).await;
    for content in 0..600_u64 {
        let added = log
            .add(&content.to_be_bytes(), placed(content))
            .await
            .unwrap();
        assert_eq!(added.index, content);
        assert_eq!(added.entry, placed_stored(content, content, added.time));
        assert_eq!(added.published.time, added.time);
        auditor.check(&added);
        leaves.push(placed_leaf(content, content, added.time));
        stored.push(added.entry.clone());
        first.push(added);
    }
    auditor.walk(&log, &leaves).await;
    log.close().await;
    bench.clock.set(1_700_000_900_000);

    let log = bench.open(storage.hand_for(Format::StaticCt)).await;
    for content in [0_u64, 1, 255, 256, 511, 512, 599] {
        let before = &first[content as usize];
        let again = log
            .add(&content.to_be_bytes(), placed(content))
            .await
            .unwrap();
        assert!(again.existed);
        assert_eq!((again.index, again.time), (before.index, before.time));
        assert_eq!(
            (&again.entry, again.leaf_hash),
            (&before.entry, before.leaf_hash)
        );
        auditor.check(&again);
        let read = log.entry(content).await.unwrap().unwrap();
        assert_eq!(
            (read.stored, read.time),
            (before.entry.clone(), before.time)
        );
    }
    for (index, width) in [(0, 256), (0, 1), (1, 255), (1, 256), (2, 88), (2, 3)] {
        let start = index as usize * 256;
        let expected: Vec<u8> = stored[start..start + width].concat();
        let width = Width::new(width as u64).unwrap();
        assert_eq!(
            log.entries(index, width).await.unwrap(),
            Some(expected.into())
        );
    }
    auditor.walk(&log, &leaves).await;
}

pub(crate) async fn full_tiles_and_bundles_become_objects(storage: impl Storage) {
    let bench = Bench::tiles();
    let log = bench.open(storage.hand()).await;
    let added = add_together(&log, 0..700).await;
    let mut entries = vec![Bytes::new(); 700];
    for added in added {
        entries[added.index as usize] = added.entry;
    }
    log.close().await;
    let driver = storage.hand();
    for index in 0..3 {
        let page: Vec<&Bytes> = entries.iter().skip(index * 256).take(256).collect();
        let expected = (page.len() == 256).then(|| Bytes::from(bundle::encode(&page).unwrap()));
        let object = Object::Tile(Tile::entries(index as u64, Width::Full));
        assert_eq!(driver.get(object).await.unwrap(), expected, "{object}");
        let object = Object::Tile(Tile::hashes(0, index as u64, Width::Full));
        let tile = driver.get(object).await.unwrap();
        assert_eq!(
            tile.map(|tile| tile.len()),
            expected.is_some().then_some(8192)
        );
    }
    // What the log keeps afterwards begins where the objects end.
    let log = bench.open(storage.hand()).await;
    until_filed(&log, &*driver, 700, 512).await;
    let kept = driver.open().await.unwrap().records;
    assert!(kept.iter().all(|record| record.head.size > 512));

    // Every width of every bundle, from the objects and from memory.
    let log = bench.open(storage.hand()).await;
    for width in 1..=256 {
        for index in 0..3_usize {
            let page: Vec<&Bytes> = entries.iter().skip(index * 256).take(width).collect();
            let expected = (page.len() == width).then(|| bundle::encode(&page).unwrap().into());
            let width = Width::new(width as u64).unwrap();
            // Others came after the 188 of the last bundle.
            if index < 2 || width.entries() <= 188 {
                assert_eq!(log.entries(index as u64, width).await.unwrap(), expected);
            }
        }
    }
}

pub(crate) async fn immutable_objects_are_never_replaced(storage: impl Storage) {
    let driver = storage.hand();
    driver.open().await.unwrap();
    let object = Object::Tile(Tile::hashes(0, 0, Width::Full));
    let (foreign, other) = (Bytes::from(vec![1; 8192]), Bytes::from(vec![2; 8192]));
    assert_eq!(driver.get(object).await.unwrap(), None);
    let put = |bytes: &Bytes| driver.put(vec![(object, bytes.clone())]);
    put(&foreign).await.unwrap();
    put(&foreign).await.unwrap();
    let refused = put(&other).await.unwrap_err();
    assert!(
        matches!(refused, DriverError::Different { .. }),
        "{refused}"
    );
    assert_eq!(driver.get(object).await.unwrap(), Some(foreign.clone()));

    // A log that finds another tile where its own belongs stops, and says so.
    let bench = Bench::tiles();
    let log = bench.open(storage.hand()).await;
    // Just one page: the log stops when it files it, and would not take another entry.
    add_together(&log, 0..256).await;
    log.close().await;
    let reason = log.stopped().unwrap();
    assert!(matches!(&*reason, LogError::Driver(_)), "{reason}");
    assert_eq!(driver.get(object).await.unwrap(), Some(foreign));
}

pub(crate) async fn entries_that_do_not_fit_are_refused(storage: impl Storage) {
    let bench = Bench::tiles();
    let log = bench.open(storage.hand()).await;
    let long = vec![0; 65_536];
    let made = |bytes: &[u8]| {
        let bytes = bytes.to_vec();
        Leaf::At {
            bytes: 1,
            make: Box::new(move |_, _| bytes.clone().into()),
        }
    };
    for leaf in [Leaf::Bytes(long.clone()), made(&long)] {
        let refused = log.add(b"long", leaf).await.unwrap_err();
        assert!(matches!(
            refused,
            AddError::TooLong {
                length: 65_536,
                longest: 65_535
            }
        ));
    }
    let panics = Leaf::At {
        bytes: 1,
        make: Box::new(|_, _| panic!("a defect of the service")),
    };
    let refused = log.add(b"panics", panics).await.unwrap_err();
    assert!(matches!(refused, AddError::LeafPanicked));
    let differs = Leaf::At {
        bytes: 1,
        make: Box::new(|_, _| LeafBytes {
            merkle_leaf: Bytes::from_static(b"a"),
            stored: Bytes::from_static(b"b"),
        }),
    };
    let refused = log.add(b"differs", differs).await.unwrap_err();
    assert!(matches!(refused, AddError::LeafDiffers));
    assert_eq!(log.checkpoint().size, 0);
    // Neither the index nor the key of a refused entry is lost.
    let added = log.add(b"long", made(&long[1..])).await.unwrap();
    assert_eq!((added.index, added.existed), (0, false));
}

pub(crate) async fn a_closed_log_has_everything_and_takes_no_more(storage: impl Storage) {
    let bench = Bench::tiles();
    let mut auditor = Auditor::new(&bench);
    let log = bench.open(storage.hand()).await;
    let added = add_together(&log, 0..10).await;
    log.close().await;
    log.close().await;
    let refused = log
        .add(b"late", Leaf::Bytes(b"late".to_vec()))
        .await
        .unwrap_err();
    let AddError::Stopped { reason } = refused else {
        panic!("{refused}");
    };
    assert!(matches!(*reason, LogError::Closed));
    // It can still be read.
    let mut leaves = vec![Vec::new(); 10];
    for added in &added {
        leaves[added.index as usize] = added.entry.to_vec();
    }
    auditor.walk(&log, &leaves).await;
}

//! Every operation of a driver fails, without effect and with.

use std::sync::Arc;

use waxwing_log::{AddError, Fault, FaultyDriver, Leaf, Log, LogError, Object};
use waxwing_tlog::tile::{Tile, Width};

use crate::bench::{Auditor, Bench, add, add_together, entry, until_filed};
use crate::suite::Storage;

/// One test for each fault, on the storage that the function makes.
macro_rules! faults {
    ($fresh:expr; $($name:ident)*) => {
        $(#[tokio::test(start_paused = true)]
        async fn $name() {
            crate::faults::$name($fresh).await;
        })*
    };
    ($fresh:expr) => {
        crate::faults::faults! { $fresh;
            a_commit_without_an_answer_that_took_place
            a_commit_without_an_answer_that_did_not_take_place
            a_commit_without_an_answer_that_takes_place_later
            closing_files_what_was_not_taken_before
            a_storage_without_objects_is_not_outrun
            a_conflict_with_nobody
            a_conflict_with_oneself
            conflicts_without_end_are_told
            a_whole_batch_learns_what_became_of_it
            recovery_is_tried_again_when_the_storage_stays_away_for_a_while
            a_log_that_cannot_recover_stops_and_is_still_read
            a_guard_that_fails_loses_nothing
            objects_that_are_not_taken_are_offered_again
            an_entry_that_cannot_be_read_back_is_not_called_missing
        }
    };
}
pub(crate) use faults;

struct Faulty<S> {
    bench: Bench,
    storage: S,
    driver: FaultyDriver,
    log: Log,
    auditor: Auditor,
}

async fn faulty<S: Storage>(fresh: impl Fn() -> S) -> Faulty<S> {
    let bench = Bench::tiles();
    let storage = fresh();
    let driver = FaultyDriver::new(storage.hand());
    let log = bench.open(Arc::new(driver.clone())).await;
    let mut auditor = Auditor::new(&bench);
    auditor.see(&log.checkpoint());
    for number in 0..3 {
        auditor.check(&add(&log, number).await);
    }
    Faulty {
        bench,
        storage,
        driver,
        log,
        auditor,
    }
}

impl<S: Storage> Faulty<S> {
    async fn try_add(&self, number: u64) -> Result<waxwing_log::Added, AddError> {
        let bytes = entry(number);
        self.log.add(&bytes, Leaf::Bytes(bytes.clone())).await
    }

    /// Whatever happened before, the log must be whole, now and after a restart.
    async fn finish(mut self, leaves: &[u64]) {
        assert_eq!(self.driver.waiting(), [], "a fault did not happen");
        let leaves: Vec<Vec<u8>> = leaves.iter().map(|number| entry(*number)).collect();
        self.auditor.walk(&self.log, &leaves).await;
        drop(self.log);
        let log = self.bench.open(self.storage.hand()).await;
        self.auditor.walk(&log, &leaves).await;
    }
}

pub(crate) async fn a_commit_without_an_answer_that_took_place<S: Storage>(fresh: impl Fn() -> S) {
    let mut faulty = faulty(&fresh).await;
    faulty.driver.inject(Fault::UnknownDone);
    let added = faulty.try_add(3).await.unwrap();
    assert_eq!((added.index, added.existed), (3, false));
    faulty.auditor.check(&added);
    let again = faulty.try_add(3).await.unwrap();
    assert_eq!((again.index, again.existed), (3, true));
    faulty.auditor.check(&faulty.try_add(4).await.unwrap());
    faulty.finish(&[0, 1, 2, 3, 4]).await;
}

pub(crate) async fn a_commit_without_an_answer_that_did_not_take_place<S: Storage>(
    fresh: impl Fn() -> S,
) {
    let mut faulty = faulty(&fresh).await;
    faulty.driver.inject(Fault::UnknownNotDone);
    let refused = faulty.try_add(3).await.unwrap_err();
    assert!(matches!(refused, AddError::NotCommitted), "{refused}");
    // Another entry takes the place, and the first one can be tried again.
    let other = faulty.try_add(4).await.unwrap();
    assert_eq!(other.index, 3);
    let again = faulty.try_add(3).await.unwrap();
    assert_eq!((again.index, again.existed), (4, false));
    faulty.auditor.check(&other);
    faulty.auditor.check(&again);
    faulty.finish(&[0, 1, 2, 4, 3]).await;
}

/// The worst answer of a storage: the commit was not there when the log looked for it, its caller was
/// told so, and then it came to pass after all.
pub(crate) async fn a_commit_without_an_answer_that_takes_place_later<S: Storage>(
    fresh: impl Fn() -> S,
) {
    let mut faulty = faulty(&fresh).await;
    faulty.driver.inject(Fault::UnknownLate);
    let refused = faulty.try_add(3).await.unwrap_err();
    assert!(matches!(refused, AddError::NotCommitted), "{refused}");
    faulty.auditor.see(&faulty.log.checkpoint());
    let other = faulty.try_add(4).await.unwrap();
    assert_eq!((other.index, other.existed), (4, false));
    faulty.auditor.check(&other);
    let again = faulty.try_add(3).await.unwrap();
    assert_eq!((again.index, again.existed), (3, true));
    faulty.auditor.check(&again);
    faulty.finish(&[0, 1, 2, 3, 4]).await;
}

pub(crate) async fn closing_files_what_was_not_taken_before<S: Storage>(fresh: impl Fn() -> S) {
    let faulty = faulty(&fresh).await;
    faulty.driver.inject(Fault::PutNotDone);
    for number in 3..256 {
        faulty.try_add(number).await.unwrap();
    }
    while !faulty.driver.waiting().is_empty() {
        tokio::task::yield_now().await;
    }
    faulty.log.close().await;
    for tile in [
        Tile::entries(0, Width::Full),
        Tile::hashes(0, 0, Width::Full),
    ] {
        let found = faulty.storage.hand().get(Object::Tile(tile)).await.unwrap();
        assert!(found.is_some(), "{tile}");
    }
}

pub(crate) async fn a_storage_without_objects_is_not_outrun<S: Storage>(fresh: impl Fn() -> S) {
    let mut bench = Bench::tiles();
    bench.settings.unfiled_bytes = 100_000;
    let storage = fresh();
    let driver = FaultyDriver::new(storage.hand());
    let log = bench.open(Arc::new(driver.clone())).await;
    for _ in 0..600 {
        driver.inject(Fault::PutNotDone);
    }
    for number in 0..512 {
        add(&log, number).await;
    }
    let bytes = entry(512);
    let leaf = || Leaf::Bytes(bytes.clone());
    let refused = log.add(&bytes, leaf()).await.unwrap_err();
    assert!(matches!(refused, AddError::Unfiled), "{refused}");
    while !driver.waiting().is_empty() {
        log.add(&bytes, leaf()).await.unwrap_err();
    }
    assert_eq!(log.add(&bytes, leaf()).await.unwrap().index, 512);
}

pub(crate) async fn a_conflict_with_nobody<S: Storage>(fresh: impl Fn() -> S) {
    let mut faulty = faulty(&fresh).await;
    faulty.driver.inject(Fault::ConflictNotDone);
    let added = faulty.try_add(3).await.unwrap();
    assert_eq!((added.index, added.existed), (3, false));
    faulty.auditor.check(&added);
    faulty.finish(&[0, 1, 2, 3]).await;
}

pub(crate) async fn a_conflict_with_oneself<S: Storage>(fresh: impl Fn() -> S) {
    let mut faulty = faulty(&fresh).await;
    faulty.driver.inject(Fault::ConflictDone);
    let added = faulty.try_add(3).await.unwrap();
    assert_eq!((added.index, added.existed), (3, false));
    faulty.auditor.check(&added);
    faulty.finish(&[0, 1, 2, 3]).await;
}

pub(crate) async fn conflicts_without_end_are_told<S: Storage>(fresh: impl Fn() -> S) {
    let faulty = faulty(&fresh).await;
    for _ in 0..faulty.bench.settings.attempts {
        faulty.driver.inject(Fault::ConflictNotDone);
    }
    let refused = faulty.try_add(3).await.unwrap_err();
    assert!(matches!(refused, AddError::Conflict), "{refused}");
    faulty.finish(&[0, 1, 2]).await;
}

pub(crate) async fn a_whole_batch_learns_what_became_of_it<S: Storage>(fresh: impl Fn() -> S) {
    for fault in [
        Fault::UnknownDone,
        Fault::UnknownNotDone,
        Fault::ConflictDone,
    ] {
        let mut faulty = faulty(&fresh).await;
        faulty.driver.inject(fault);
        let tasks: Vec<_> = (0..40)
            .map(|number| {
                let log = faulty.log.clone();
                let bytes = entry(100 + number % 20);
                tokio::spawn(async move { log.add(&bytes, Leaf::Bytes(bytes.clone())).await })
            })
            .collect();
        let mut new = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(added) => {
                    faulty.auditor.check(&added);
                    new += u32::from(!added.existed);
                }
                Err(refused) => {
                    assert_eq!(fault, Fault::UnknownNotDone);
                    assert!(matches!(refused, AddError::NotCommitted), "{refused}");
                }
            }
        }
        assert!(
            new == 20 || fault == Fault::UnknownNotDone,
            "{fault:?}: {new}"
        );
        add_together(&faulty.log, 100..120).await;
        let mut leaves = Vec::new();
        for index in 0..23 {
            let stored = faulty.log.entry(index).await.unwrap().unwrap().stored;
            leaves.push(stored.to_vec());
        }
        let mut sorted = leaves.clone();
        sorted.sort();
        let mut expected: Vec<Vec<u8>> = (0..3).chain(100..120).map(entry).collect();
        expected.sort();
        assert_eq!(sorted, expected, "{fault:?}");
        faulty.auditor.walk(&faulty.log, &leaves).await;
    }
}

pub(crate) async fn recovery_is_tried_again_when_the_storage_stays_away_for_a_while<S: Storage>(
    fresh: impl Fn() -> S,
) {
    let faulty = faulty(&fresh).await;
    faulty.driver.inject(Fault::UnknownDone);
    for _ in 0..5 {
        faulty.driver.inject(Fault::Open);
    }
    assert_eq!(faulty.try_add(3).await.unwrap().index, 3);
    faulty.finish(&[0, 1, 2, 3]).await;
}

pub(crate) async fn a_log_that_cannot_recover_stops_and_is_still_read<S: Storage>(
    fresh: impl Fn() -> S,
) {
    let mut faulty = faulty(&fresh).await;
    faulty.driver.inject(Fault::UnknownDone);
    for _ in 0..9 {
        faulty.driver.inject(Fault::Open);
    }
    for number in [3, 4] {
        let refused = faulty.try_add(number).await.unwrap_err();
        let AddError::Stopped { reason } = refused else {
            panic!("{refused}");
        };
        assert!(matches!(*reason, LogError::Driver(_)), "{reason}");
    }
    assert!(faulty.log.stopped().is_some());
    let leaves: Vec<Vec<u8>> = (0..3).map(entry).collect();
    faulty.auditor.walk(&faulty.log, &leaves).await;
    // The entry was durable after all; a restart finds it.
    let log = faulty.bench.open(faulty.storage.hand()).await;
    let leaves: Vec<Vec<u8>> = (0..4).map(entry).collect();
    faulty.auditor.walk(&log, &leaves).await;
    assert!(add(&log, 3).await.existed);
}

pub(crate) async fn a_guard_that_fails_loses_nothing<S: Storage>(fresh: impl Fn() -> S) {
    for fault in [Fault::GuardNotDone, Fault::GuardDone] {
        let mut faulty = faulty(&fresh).await;
        faulty.driver.inject(fault);
        let added = faulty.try_add(3).await.unwrap();
        assert_eq!((added.index, added.existed), (3, false));
        faulty.auditor.check(&added);
        faulty.auditor.check(&faulty.try_add(4).await.unwrap());
        faulty.finish(&[0, 1, 2, 3, 4]).await;
    }
}

pub(crate) async fn objects_that_are_not_taken_are_offered_again<S: Storage>(
    fresh: impl Fn() -> S,
) {
    // Two pages: two bundles, two pages of the ledger, two tiles of hashes, and each of them once.
    for fault in [Fault::PutNotDone, Fault::PutDone] {
        for operations in 0..6 {
            let faulty = faulty(&fresh).await;
            faulty.driver.inject_after(operations, fault);
            for number in 3..520 {
                faulty.try_add(number).await.unwrap();
            }
            faulty.log.close().await;
            assert!(matches!(&*faulty.log.stopped().unwrap(), LogError::Closed));
            // A restart must not need what was not taken.
            let log = faulty.bench.open(faulty.storage.hand()).await;
            until_filed(&log, &*faulty.storage.hand(), 520, 512).await;
            let leaves: Vec<u64> = (0..log.checkpoint().size).collect();
            log.close().await;
            assert_eq!(faulty.driver.waiting(), []);
            let log = faulty.bench.open(faulty.storage.hand()).await;
            let leaves: Vec<Vec<u8>> = leaves.into_iter().map(entry).collect();
            Auditor::new(&faulty.bench).walk(&log, &leaves).await;
        }
    }
}

pub(crate) async fn an_entry_that_cannot_be_read_back_is_not_called_missing<S: Storage>(
    fresh: impl Fn() -> S,
) {
    let faulty = faulty(&fresh).await;
    add_together(&faulty.log, 3..600).await;
    let last = until_filed(&faulty.log, &*faulty.storage.hand(), 600, 512).await;
    faulty.log.close().await;
    let log = faulty.bench.open(Arc::new(faulty.driver.clone())).await;
    assert_eq!(log.checkpoint().size, last);
    faulty.driver.inject(Fault::Get);
    let bytes = entry(0);
    let refused = log
        .add(&bytes, Leaf::Bytes(bytes.clone()))
        .await
        .unwrap_err();
    assert!(matches!(refused, AddError::Unproven { .. }), "{refused}");
    assert!(
        log.add(&bytes, Leaf::Bytes(bytes.clone()))
            .await
            .unwrap()
            .existed
    );
}

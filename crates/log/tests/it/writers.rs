//! Two writers on one storage.

use std::collections::BTreeMap;
use std::sync::Arc;

use waxwing_log::{AddError, Leaf, Log, MemoryDriver, ReadError};
use waxwing_tlog::tile::Width;

use crate::bench::{Auditor, Bench, HeldDriver, add, entry};
use crate::suite::Storage;

async fn try_add(log: &Log, number: u64) -> Result<waxwing_log::Added, AddError> {
    let bytes = entry(number);
    log.add(&bytes, Leaf::Bytes(bytes.clone())).await
}

#[tokio::test]
async fn the_slower_writer_loses_says_so_and_goes_on_from_there() {
    let mut bench = Bench::tiles();
    bench.settings.attempts = 1;
    let storage = MemoryDriver::new();
    let mut auditor = Auditor::new(&bench);
    let fast = bench.open(storage.hand()).await;
    let slow = bench.open(storage.hand()).await;
    auditor.check(&try_add(&fast, 0).await.unwrap());
    auditor.check(&try_add(&fast, 1).await.unwrap());
    let lost = try_add(&slow, 2).await.unwrap_err();
    assert!(matches!(lost, AddError::Conflict), "{lost}");

    // It knows the other's entries now, and was not left behind.
    assert_eq!(slow.checkpoint().size, 2);
    auditor.see(&slow.checkpoint());
    let known = try_add(&slow, 1).await.unwrap();
    assert_eq!((known.index, known.existed), (1, true));
    let added = try_add(&slow, 2).await.unwrap();
    assert_eq!((added.index, added.existed), (2, false));
    auditor.check(&added);
    // Now the other one is behind; the entry that it is given is there already. Its record would be
    // the same byte for byte, but for the time.
    bench.clock.set(1_700_000_000_001);
    let known = try_add(&fast, 2).await.unwrap();
    assert_eq!((known.index, known.existed), (2, true));
    auditor.check(&known);
    let leaves: Vec<Vec<u8>> = (0..3).map(entry).collect();
    auditor.walk(&fast, &leaves).await;
    auditor.walk(&slow, &leaves).await;
}

#[tokio::test]
async fn a_lost_race_in_the_middle_of_a_commit() {
    let bench = Bench::tiles();
    let storage = MemoryDriver::new();
    let mut auditor = Auditor::new(&bench);
    let driver = HeldDriver::new(storage.hand());
    let slow = bench.open(driver.clone()).await;
    let fast = bench.open(storage.hand()).await;
    // The batch is built and its commit has begun when the other writer puts the same entry, and one
    // more, on the same head.
    let adding = tokio::spawn({
        let slow = slow.clone();
        async move { add(&slow, 7).await }
    });
    driver.begun(2).await;
    auditor.check(&try_add(&fast, 7).await.unwrap());
    auditor.check(&try_add(&fast, 8).await.unwrap());
    driver.gate.add_permits(10);
    let added = adding.await.unwrap();
    assert_eq!(added.index, 0);
    auditor.check(&added);
    let leaves = [entry(7), entry(8)];
    auditor.walk(&slow, &leaves).await;
    auditor.walk(&fast, &leaves).await;
}

/// Both write as fast as they can, over many tiles, and file them under each other's feet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_are_never_two_heads_of_one_size() {
    let mut bench = Bench::tiles();
    bench.settings.attempts = 1000;
    let storage = MemoryDriver::new();
    let mut auditor = Auditor::new(&bench);
    let writers = [
        bench.open(storage.hand()).await,
        bench.open(storage.hand()).await,
    ];
    let mut tasks = Vec::new();
    for turn in 0..3000_u64 {
        let log = writers[turn as usize % 2].clone();
        // A third of the entries are given to both.
        let number = if turn % 3 == 0 { turn / 6 * 6 } else { turn };
        tasks.push(tokio::spawn(
            async move { try_add(&log, number).await.unwrap() },
        ));
        if turn % 16 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let mut leaves: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    for task in tasks {
        let added = task.await.unwrap();
        auditor.check(&added);
        let there = leaves
            .entry(added.index)
            .or_insert_with(|| added.entry.to_vec());
        assert_eq!(*there, added.entry);
    }
    let leaves: Vec<Vec<u8>> = leaves.into_values().collect();
    let mut unique = leaves.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), leaves.len(), "an entry is there twice");
    for log in &writers {
        log.close().await;
        assert!(log.checkpoint().size <= leaves.len() as u64);
        auditor.see(&log.checkpoint());
    }
    let log = bench.open(storage.hand()).await;
    auditor.walk(&log, &leaves).await;
}

/// A writer that slept through so much that the first records it lacks are gone.
#[tokio::test]
async fn a_writer_far_behind_opens_the_log_anew() {
    let bench = Bench::tiles();
    let storage = MemoryDriver::new();
    let mut auditor = Auditor::new(&bench);
    let late = bench.open(storage.hand()).await;
    let log = bench.open(storage.hand()).await;
    for number in 0..700 {
        auditor.check(&try_add(&log, number).await.unwrap());
    }
    log.close().await;
    let log = bench.open(Arc::new(storage.clone())).await;
    auditor.check(&try_add(&log, 700).await.unwrap());
    let kept = storage.hand().open().await.unwrap().records;
    assert!(kept.first().unwrap().first > 0);

    // The objects are there, but this writer has published no head that covers them.
    assert_eq!(late.checkpoint().size, 0);
    let full = Width::Full;
    assert_eq!(late.tile(0, 0, full).await.unwrap(), None);
    assert_eq!(late.tile(1, 0, Width::new(1).unwrap()).await.unwrap(), None);
    assert_eq!(late.entries(0, full).await.unwrap(), None);
    assert_eq!(late.entry(0).await.unwrap(), None);
    // By name: without the check these would fail too, for want of the tiles.
    for size in [128, 256] {
        let refused = [
            late.root(size).await.map(|_| ()).unwrap_err(),
            late.inclusion_proof(0, size).await.map(|_| ()).unwrap_err(),
            late.consistency_proof(64, size)
                .await
                .map(|_| ())
                .unwrap_err(),
        ];
        for error in refused {
            assert!(
                matches!(error, ReadError::BeyondCheckpoint { .. }),
                "{error}"
            );
        }
    }

    let known = try_add(&late, 3).await.unwrap();
    assert_eq!((known.index, known.existed), (3, true));
    auditor.check(&known);
    auditor.check(&try_add(&late, 701).await.unwrap());
    let leaves: Vec<Vec<u8>> = (0..702).map(entry).collect();
    auditor.walk(&late, &leaves).await;
}

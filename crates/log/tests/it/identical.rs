//! Logs too large to store: the engine at a billion entries and far beyond, with real proofs.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use waxwing_encoding::time::Clock;
use waxwing_tlog::merkle::{Node, root, verify_consistency, verify_inclusion};
use waxwing_tlog::tile::Width;

use crate::bench::{Auditor, Bench, add, add_together};
use crate::support::{Identical, levels};

/// A tree of that size is opened, read at its edges, and goes on.
async fn goes_on(size: u64, expected: Option<&str>) {
    let bench = Bench::tiles();
    let mut auditor = Auditor::new(&bench);
    let driver = Arc::new(Identical::new(&bench.signer, size, bench.clock.now()));
    let began = Instant::now();
    let log = bench.open(Arc::clone(&driver) as _).await;
    let took = began.elapsed();
    // The right edge and nothing else: at most 255 tiles a level, and no entries.
    let tiles = driver.tiles_read.load(Ordering::Relaxed);
    assert!(tiles <= 255 * 8, "{tiles} tiles at size {size}");
    assert!(took < Duration::from_secs(5), "{took:?}");

    let levels = levels();
    let node = |node: Node| Some(levels[usize::from(node.level)]);
    let before = log.checkpoint();
    auditor.see(&before);
    assert_eq!(
        (before.size, before.root),
        (size, root(size, node).unwrap())
    );
    if let Some(expected) = expected {
        assert_eq!(format!("{:x}", before.root), expected);
    }
    for number in 0..3 {
        let added = add(&log, number).await;
        assert_eq!(added.index, size + number);
        auditor.check(&added);
    }
    for added in add_together(&log, 3..600).await {
        auditor.check(&added);
    }
    let now = log.checkpoint();
    assert_eq!(now.size, size + 600);
    for old in [1, 255, 256, size / 3, size - 1, size] {
        let proof = log.consistency_proof(old, now.size).await.unwrap();
        let old_root = root(old, node).unwrap();
        verify_consistency(old, now.size, &proof, &old_root, &now.root).unwrap();
    }
    for index in [0, 1, 255, size / 2, size - 1] {
        let proof = log.inclusion_proof(index, now.size).await.unwrap();
        verify_inclusion(index, now.size, &levels[0], &proof, &now.root).unwrap();
        assert_eq!(&*log.entry(index).await.unwrap().unwrap().stored, b"");
    }
    // Partial tiles of sizes long ago.
    let some = Width::new(17).unwrap();
    let tile = log.tile(0, size / 512, some).await.unwrap().unwrap();
    assert_eq!(tile.len(), 17 * 32);
    log.close().await;
    let log = bench.open(driver).await;
    auditor.see(&log.checkpoint());
    assert!(add(&log, 5).await.existed);
}

#[tokio::test]
async fn a_log_of_a_billion_entries() {
    goes_on(
        1_000_000_000,
        Some("333024b98ac1bd9ba4bf7f6a194f431877da23c01d6b6a2681165a1e2a30ef10"),
    )
    .await;
}

#[tokio::test]
async fn a_log_of_a_trillion_entries() {
    goes_on(
        1_000_000_000_000,
        Some("c6c57841962b57f7aaaf5ab9e99bfa7527269e71d5c01c126f90746f12e34f8c"),
    )
    .await;
}

/// The most that Certificate Transparency can number, and the most that a signed number can.
#[tokio::test]
async fn logs_at_the_edges_of_numbers() {
    for size in [70_000, 1_000_000, (1 << 40) - 300, (1 << 63) - 1000] {
        goes_on(size, None).await;
    }
}

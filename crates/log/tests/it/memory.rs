//! The behaviours on the memory driver.

use std::sync::Arc;

use waxwing_log::{Driver, MemoryDriver};

use crate::bench::{Auditor, Bench, add, add_together, entry};
use crate::faults::faults;
use crate::suite::{Storage, behaviour};

impl Storage for MemoryDriver {
    fn hand(&self) -> Arc<dyn Driver> {
        Arc::new(self.clone())
    }
}

behaviour!(MemoryDriver::new());
faults!(MemoryDriver::new);

/// A tree of three levels of tiles, restarted in the middle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_of_more_than_65536_entries() {
    let bench = Bench::tiles();
    let storage = MemoryDriver::new();
    let mut auditor = Auditor::new(&bench);
    let mut leaves = vec![Vec::new(); 67_000];
    for range in [0..65_000, 65_000..65_536, 65_536..67_000] {
        let log = bench.open(storage.hand()).await;
        for start in range.clone().step_by(2000) {
            let end = range.end.min(start + 2000);
            for added in add_together(&log, start..end).await {
                if added.index % 100 == 0 {
                    auditor.check(&added);
                }
                leaves[added.index as usize] = added.entry.to_vec();
            }
        }
        log.close().await;
    }
    let log = bench.open(storage.hand()).await;
    auditor.walk(&log, &leaves).await;
    let again = add(&log, 12_345).await;
    assert!(again.existed);
    assert_eq!(again.entry, entry(12_345));
    auditor.check(&again);
}

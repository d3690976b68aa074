//! Random histories of adds, faults, second writers and restarts, against a model that is a list.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use waxwing_log::{AddError, Fault, FaultyDriver, Leaf, Log, MemoryDriver};

use crate::bench::{Auditor, Bench, entry};
use crate::suite::Storage;

#[derive(Debug, Clone)]
enum Step {
    /// Entries that arrive together, some perhaps known, at one of the two writers.
    Add { writer: usize, numbers: Vec<u64> },
    /// Something goes wrong soon.
    Fail { writer: usize, fault: Fault },
    /// A writer goes away without a word and comes back.
    Restart { writer: usize },
    /// A writer closes and comes back.
    Close { writer: usize },
    /// The clock is set.
    Clock { seconds: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let fault = prop::sample::select(vec![
        Fault::ConflictNotDone,
        Fault::ConflictDone,
        Fault::UnknownNotDone,
        Fault::UnknownDone,
        Fault::UnknownLate,
        Fault::PutNotDone,
        Fault::PutDone,
        Fault::GuardNotDone,
        Fault::GuardDone,
        Fault::Open,
    ]);
    let writer = || 0..2_usize;
    let step = prop_oneof![
        6 => (writer(), prop::collection::vec(0..2000_u64, 1..120))
            .prop_map(|(writer, numbers)| Step::Add { writer, numbers }),
        3 => (writer(), fault).prop_map(|(writer, fault)| Step::Fail { writer, fault }),
        1 => writer().prop_map(|writer| Step::Restart { writer }),
        1 => writer().prop_map(|writer| Step::Close { writer }),
        1 => (0..1000_u64).prop_map(|seconds| Step::Clock { seconds }),
    ];
    prop::collection::vec(step, 1..40)
}

struct World {
    bench: Bench,
    storage: MemoryDriver,
    writers: Vec<(Log, FaultyDriver)>,
    auditor: Auditor,
    /// What was acknowledged: an index and its entry.
    acknowledged: BTreeMap<u64, Vec<u8>>,
}

impl World {
    async fn new() -> Self {
        let bench = Bench::tiles();
        let storage = MemoryDriver::new();
        let auditor = Auditor::new(&bench);
        let mut world = Self {
            bench,
            storage,
            writers: Vec::new(),
            auditor,
            acknowledged: BTreeMap::new(),
        };
        for _ in 0..2 {
            let writer = world.writer().await;
            world.writers.push(writer);
        }
        world
    }

    async fn writer(&self) -> (Log, FaultyDriver) {
        let driver = FaultyDriver::new(self.storage.hand());
        let log = self.bench.open(Arc::new(driver.clone())).await;
        (log, driver)
    }

    async fn step(&mut self, step: Step) {
        match step {
            Step::Add { writer, numbers } => self.add(writer, numbers).await,
            Step::Fail { writer, fault } => self.writers[writer].1.inject(fault),
            Step::Close { writer } => {
                self.writers[writer].0.close().await;
                self.writers[writer] = self.writer().await;
            }
            Step::Restart { writer } => self.writers[writer] = self.writer().await,
            // Never behind the start, or a restart would be refused.
            Step::Clock { seconds } => {
                let earliest = self.writers.iter().map(|(log, _)| log.checkpoint().time);
                let earliest = earliest.max().unwrap().milliseconds();
                self.bench.clock.set(earliest + seconds * 1000);
            }
        }
    }

    async fn add(&mut self, writer: usize, numbers: Vec<u64>) {
        let log = self.writers[writer].0.clone();
        let tasks: Vec<_> = numbers
            .into_iter()
            .map(|number| {
                let log = log.clone();
                let bytes = entry(number);
                tokio::spawn(async move { log.add(&bytes, Leaf::Bytes(bytes.clone())).await })
            })
            .collect();
        for task in tasks {
            match task.await.unwrap() {
                Ok(added) => {
                    self.auditor.check(&added);
                    let bytes = added.entry.to_vec();
                    let before = self.acknowledged.insert(added.index, bytes.clone());
                    assert!(before.is_none_or(|before| before == bytes));
                }
                Err(AddError::Conflict | AddError::NotCommitted) => {}
                Err(AddError::Stopped { .. }) => self.writers[writer] = self.writer().await,
                Err(other) => panic!("{other}"),
            }
        }
        self.auditor.see(&self.writers[writer].0.checkpoint());
    }

    async fn finish(mut self) {
        let log = self.bench.open(self.storage.hand()).await;
        let mut leaves = Vec::new();
        while let Some(found) = log.entry(leaves.len() as u64).await.unwrap() {
            leaves.push(found.stored.to_vec());
        }
        for (index, bytes) in &self.acknowledged {
            assert_eq!(
                leaves.get(*index as usize),
                Some(bytes),
                "entry {index} was lost"
            );
        }
        let mut unique = leaves.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), leaves.len(), "an entry is there twice");
        self.auditor.walk(&log, &leaves).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_happens_nothing_acknowledged_is_lost_and_no_head_is_forked(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            for step in steps {
                world.step(step).await;
            }
            world.finish().await;
        });
    }
}

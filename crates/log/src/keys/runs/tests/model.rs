//! The index against a map in memory, whatever is done to it in whatever order.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

/// How many keys there are: few enough that many are drawn twice.
const KEYS: u64 = 1500;

/// What a user does.
#[derive(Debug, Clone)]
enum Step {
    /// Adds entries with these keys; the call also has so many again that are covered.
    Absorb { keys: Vec<u64>, again: u64 },
    /// Opens it again, with other measures.
    Reopen { settings: KeySettings },
}

fn settings() -> impl Strategy<Value = KeySettings> {
    (
        1..100_u64,
        2..6_usize,
        prop_oneof![Just(0), 0..2000_u64, Just(1 << 20)],
    )
        .prop_map(|(run_entries, fan_out, filter_bytes)| KeySettings {
            run_entries,
            fan_out,
            filter_bytes,
        })
}

fn step() -> impl Strategy<Value = Step> {
    let size = prop_oneof![4 => 0..8_usize, 2 => 0..80_usize, 1 => 0..900_usize];
    let keys = size.prop_flat_map(|size| prop::collection::vec(0..KEYS, size));
    prop_oneof![
        12 => (keys, 0..20_u64).prop_map(|(keys, again)| Step::Absorb { keys, again }),
        1 => settings()
            .prop_map(|settings| Step::Reopen { settings }),
    ]
}

struct Model {
    directory: TempDir,
    index: LocalKeys,
    entries: Vec<u64>,
    first: HashMap<u64, u64>,
}

impl Model {
    fn new(settings: KeySettings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self {
            index: open_with(&directory, settings, true),
            directory,
            entries: Vec::new(),
            first: HashMap::new(),
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Absorb { keys, again } => {
                let first = (self.entries.len() as u64).saturating_sub(again);
                for key in keys {
                    self.first.entry(key).or_insert(self.entries.len() as u64);
                    self.entries.push(key);
                }
                let keys = self.entries[first as usize..]
                    .iter()
                    .map(|number| key(*number));
                try_absorb(&self.index, first, keys.collect()).unwrap();
            }
            Step::Reopen { settings } => {
                self.index = open_with(&self.directory, settings, true);
                assert_eq!(self.index.damaged(), [""; 0]);
            }
        }
    }

    fn check(&self) {
        assert_eq!(self.index.covered(), self.entries.len() as u64);
        for number in 0..KEYS + 100 {
            let found = self.index.find(&key(number)).unwrap();
            assert_eq!(found, self.first.get(&number).copied(), "key {number}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn it_answers_as_a_map_does(
        settings in settings(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut model = Model::new(settings);
        for (number, step) in steps.into_iter().enumerate() {
            model.take(step);
            if number % 16 == 0 {
                model.check();
            }
        }
        model.check();
    }
}

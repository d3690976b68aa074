//! Many worlds, each from its seed.
//!
//! `WAXWING_SIM_SEED=n` lives one of them again, `WAXWING_SIM_SEEDS=n` so many instead of the usual
//! number.
#![expect(clippy::disallowed_methods, reason = "tests read their environment")]

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::counts::Counts;
use crate::ground::Ground;
use crate::world::World;
use crate::{local, plain};

const SEEDS: u64 = 2_000;

const THREADS: usize = 2;

/// Lives the worlds of these seeds; returns the first that goes wrong, and its story.
pub(crate) fn first_wrong(ground: &Ground, seeds: Range<u64>) -> Option<(u64, String)> {
    let next = AtomicU64::new(seeds.start);
    let wrong = Mutex::new(None);
    let live = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            let Some(story) = live(ground, seed) else {
                continue;
            };
            next.store(seeds.end, Ordering::Relaxed);
            let mut wrong = wrong.lock().unwrap_or_else(PoisonError::into_inner);
            wrong.get_or_insert((seed, story));
        }
    };
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(live);
        }
    });
    wrong.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Lives one world; returns its story if it goes wrong.
fn live(ground: &Ground, seed: u64) -> Option<String> {
    let mut world = World::new(ground, seed);
    if number("WAXWING_SIM_SEED").is_some() {
        world.watch();
    }
    let outcome = catch_unwind(AssertUnwindSafe(|| world.run()));
    let wrong = match outcome {
        Ok(Ok(())) => return None,
        Ok(Err(violation)) => violation.to_string(),
        Err(_) => "something has panicked".to_owned(),
    };
    Some(format!("{}\n=> {wrong}", world.story.join("\n")))
}

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().expect("it is a number"))
}

/// Lives as many worlds as asked for.
fn nothing_goes_wrong(ground: &Ground, usual: u64) {
    live_all(ground, number("WAXWING_SIM_SEEDS").unwrap_or(usual));
}

/// Lives that many worlds, or the one that is asked for.
fn live_all(ground: &Ground, worlds: u64) {
    let seeds = match number("WAXWING_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..worlds,
    };
    if let Some((seed, story)) = first_wrong(ground, seeds) {
        panic!("{story}\nto live it again: WAXWING_SIM_SEED={seed}");
    }
}

#[test]
fn the_local_driver_loses_nothing() {
    nothing_goes_wrong(&local::ground(None), SEEDS);
}

/// The suite asks for nothing that cannot be done.
#[test]
fn a_plain_driver_loses_nothing() {
    nothing_goes_wrong(&plain::ground(None), SEEDS / 10);
}

/// At 65,536 entries the second level of tiles has its first full one, and the ledger its second file.
#[test]
#[cfg_attr(debug_assertions, ignore = "slow where nothing is optimised")]
fn a_large_log_loses_nothing() {
    const WORLDS: u64 = 20;
    for size in [65_280, 65_500] {
        let mut ground = local::ground(None);
        let start = World::new(&ground, 0).grow(size);
        ground.start = Some(start.unwrap_or_else(|violation| panic!("{violation}")));
        live_all(&ground, WORLDS);
    }
}

#[test]
fn a_seed_is_lived_the_same_way_again() {
    let ground = local::ground(None);
    for seed in 0..50 {
        let [first, second] = [(), ()].map(|()| {
            let mut world = World::new(&ground, seed);
            world.run().unwrap();
            (world.fingerprint(), world.story)
        });
        assert_eq!(first, second, "seed {seed}");
    }
}

/// A history in which nothing happens proves nothing.
#[test]
fn much_happens() {
    const WORLDS: u64 = 100;
    let ground = local::ground(None);
    let mut all = Counts::default();
    for seed in 0..WORLDS {
        let mut world = World::new(&ground, seed);
        world.run().unwrap();
        all.add(&world.counts);
    }
    println!("in {WORLDS} worlds: {all:?}");
    for (count, least) in [
        (all.lives, 3 * WORLDS),
        (all.opened, 2 * WORLDS),
        (all.deaths, WORLDS),
        (all.operations, 100 * WORLDS),
        (all.faults, WORLDS),
        (all.acknowledged, 200 * WORLDS),
        (all.failed, 10 * WORLDS),
        (all.behind, WORLDS / 20),
        (all.second_writers, WORLDS / 4),
        (all.closed, WORLDS / 4),
        (all.rolled_back, WORLDS / 20),
        (all.entries, 200 * WORLDS),
    ] {
        assert!(count >= least, "{count} are fewer than {least}: {all:?}");
    }
}

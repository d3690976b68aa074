//! So many times, logs and promises: what there is suffices, one more does not.

use waxwing_verify::certificate::SctRefused;
use waxwing_verify::log::EntryRefused;
use waxwing_verify::time::TimeRefused;
use waxwing_verify::{Requirements, VerifyError};

use crate::world::{BOTH_TIMES, REKOR_V1, REKOR_V2, world};

type Raise = fn(Requirements, usize) -> Requirements;

const TIMES: Raise = Requirements::times;
const TIMESTAMPS: Raise = Requirements::timestamps;
const LOG_TIMES: Raise = Requirements::log_times;
const SCTS: Raise = Requirements::signed_certificate_timestamps;
const ENTRIES: Raise = Requirements::log_entries;

#[test]
fn what_there_is_suffices_and_one_more_does_not() {
    for (name, raise, has) in [
        (REKOR_V1, TIMES, 1),
        (REKOR_V1, TIMESTAMPS, 0),
        (REKOR_V1, LOG_TIMES, 1),
        (REKOR_V1, SCTS, 1),
        (REKOR_V1, ENTRIES, 1),
        (REKOR_V2, TIMES, 1),
        (REKOR_V2, TIMESTAMPS, 1),
        (REKOR_V2, LOG_TIMES, 0),
        (REKOR_V2, SCTS, 1),
        (REKOR_V2, ENTRIES, 1),
        (BOTH_TIMES, TIMES, 2),
        (BOTH_TIMES, TIMESTAMPS, 1),
        (BOTH_TIMES, LOG_TIMES, 1),
    ] {
        let Some(world) = world(name) else { return };
        let required = |count| raise(Requirements::public_good(), count);
        for count in 0..=has {
            world.verify(required(count)).unwrap();
        }
        for count in [has + 1, usize::MAX] {
            let error = world.verify(required(count)).unwrap_err();
            let counted = match &error {
                VerifyError::Time(TimeRefused::TooFew {
                    found, expected, ..
                })
                | VerifyError::Sct(SctRefused {
                    found, expected, ..
                })
                | VerifyError::Entry(EntryRefused::TooFew {
                    found, expected, ..
                }) => (*found, *expected),
                _ => panic!("{name}: {error}"),
            };
            assert_eq!(counted, (has, count), "{name}: {error}");
        }
    }
}

#[test]
fn the_same_service_twice_in_the_trusted_root_counts_once() {
    let Some(mut world) = world(REKOR_V2) else {
        return;
    };
    world
        .root
        .transparency_logs
        .extend(world.root.transparency_logs.clone());
    world.root.ct_logs.extend(world.root.ct_logs.clone());
    let authorities = world.root.timestamp_authorities.clone();
    world.root.timestamp_authorities.extend(authorities);
    world.usual().unwrap();
    for raise in [TIMES, TIMESTAMPS, SCTS, ENTRIES] {
        world
            .verify(raise(Requirements::public_good(), 2))
            .unwrap_err();
    }
}

/// The union counts operators: a log and an authority of one operator are one witness.
#[test]
fn an_operator_counts_once() {
    let Some(mut world) = world(BOTH_TIMES) else {
        return;
    };
    let two = Requirements::public_good().times(2);
    let name = |world: &mut crate::world::World, log: &str, authority: &str| {
        for one in &mut world.root.transparency_logs {
            one.operator = log.into();
        }
        for one in &mut world.root.timestamp_authorities {
            one.operator = authority.into();
        }
    };
    name(&mut world, "one.example.com", "two.example.com");
    world.verify(two).unwrap();
    name(&mut world, "one.example.com", "one.example.com");
    let error = world.verify(two).unwrap_err();
    assert!(
        matches!(
            error,
            VerifyError::Time(TimeRefused::TooFew { found: 1, .. })
        ),
        "{error}"
    );
}

#[test]
fn what_is_left_out_takes_a_dangerous_name() {
    let usual = Requirements::public_good();
    let Some(mut world) = world(REKOR_V2) else {
        return;
    };
    world.root.ct_logs.clear();
    let error = world.usual().unwrap_err();
    assert!(matches!(error, VerifyError::Sct(_)), "{error}");
    // Zero is no number of promises: it takes the name.
    world
        .verify(usual.signed_certificate_timestamps(0))
        .unwrap_err();
    let without = usual.dangerously_without_certificate_transparency();
    world.verify(without).unwrap();

    world.bundle.entries.clear();
    let error = world.verify(without).unwrap_err();
    assert!(
        matches!(error, VerifyError::Entry(EntryRefused::TooFew { .. })),
        "{error}"
    );
    world.verify(without.log_entries(0)).unwrap_err();
    let verified = world
        .verify(without.dangerously_without_log_entries())
        .unwrap();
    assert!(verified.entries().is_empty());
    // An entry that is there counts all the same.
    let Some(mut broken) = crate::world::world(REKOR_V2) else {
        return;
    };
    broken.bundle.entries[0].canonicalized_body.push(b' ');
    let error = broken
        .verify(usual.dangerously_without_log_entries())
        .unwrap_err();
    assert!(
        matches!(error, VerifyError::Entry(EntryRefused::Invalid { .. })),
        "{error}"
    );
    // And without any time no requirement makes a certificate good.
    world.bundle.timestamps.clear();
    let error = world
        .verify(without.dangerously_without_log_entries().times(0))
        .unwrap_err();
    assert!(
        matches!(error, VerifyError::Time(TimeRefused::TooFew { .. })),
        "{error}"
    );
}

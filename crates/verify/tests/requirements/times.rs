//! The present, the windows of logs, and certificates without any attested time.

use waxwing_encoding::time::UnixTime;
use waxwing_verify::log::{EntryError, EntryRefused};
use waxwing_verify::time::{CLOCK_LEEWAY, TimeRefused, TimeSource};
use waxwing_verify::{Requirements, VerifyError};

use crate::world::{KEY, REKOR_V1, REKOR_V2, world};

#[test]
fn a_time_that_has_not_come_is_refused_to_the_second() {
    for name in [REKOR_V1, REKOR_V2, KEY] {
        let Some(world) = world(name) else { return };
        let times = world.usual().unwrap();
        let time = times.times().iter().map(|time| time.time).max().unwrap();
        let ahead = time.plus_seconds(-CLOCK_LEEWAY);
        for now in [
            ahead,
            time,
            time.plus_seconds(1),
            time.plus_seconds(1 << 30),
        ] {
            world.under(world.policy.clone().at(now)).unwrap();
        }
        for now in [ahead.plus_seconds(-1), UnixTime::EARLIEST] {
            let error = world.under(world.policy.clone().at(now)).unwrap_err();
            assert!(
                matches!(error, VerifyError::Time(TimeRefused::Future { .. })),
                "{error}"
            );
        }
    }
}

#[test]
fn a_certificate_without_a_time_is_verified_at_the_present_one_if_that_is_asked_for() {
    let Some(mut world) = world(REKOR_V2) else {
        return;
    };
    world.bundle.timestamps.clear();
    let certificate = world.bundle.certificate().unwrap();
    let (first, last) = (certificate.not_before(), certificate.not_after());
    let usual = Requirements::public_good();
    let policy = world.policy.clone();
    for now in [first, last] {
        world.policy = policy.clone().at(now);
        let error = world.verify(usual).unwrap_err();
        assert!(
            matches!(error, VerifyError::Time(TimeRefused::TooFew { .. })),
            "{error}"
        );
        let verified = world.verify(usual.or_current_time()).unwrap();
        assert_eq!(verified.times()[0].source, TimeSource::Caller);
    }
    for now in [first.plus_seconds(-1), last.plus_seconds(1)] {
        world.policy = policy.clone().at(now);
        let error = world.verify(usual.or_current_time()).unwrap_err();
        assert!(matches!(error, VerifyError::Certificate(_)), "{error}");
    }
    // It never stands in for a present that is not known.
    world.policy = policy;
    let error = world.verify(usual.or_current_time()).unwrap_err();
    assert!(
        matches!(error, VerifyError::Time(TimeRefused::TooFew { .. })),
        "{error}"
    );
}

/// Where there is an attested time, the present is none.
#[test]
fn the_present_does_not_replace_an_attested_time() {
    let Some(world) = world(REKOR_V2) else { return };
    let long_after = UnixTime::parse("2100-01-01T00:00:00Z").unwrap();
    let mut world = world;
    world.policy = world.policy.at(long_after);
    let verified = world
        .verify(Requirements::public_good().or_current_time())
        .unwrap();
    assert_ne!(verified.times()[0].source, TimeSource::Caller);
}

#[test]
fn strict_windows_hold_every_time_against_every_log() {
    let Some(mut world) = world(REKOR_V2) else {
        return;
    };
    let time = world.usual().unwrap().times()[0].time;
    let strict = Requirements::public_good().strict_log_windows();
    world.verify(strict).unwrap();
    let log_id = world.bundle.entries[0].log_id.clone();
    let log = world
        .root
        .transparency_logs
        .iter()
        .position(|log| log.log_id == log_id);
    let log = log.unwrap();
    for (end, inside) in [(time, true), (time.plus_seconds(-1), false)] {
        world.root.transparency_logs[log].valid_for.end = Some(end);
        world.usual().unwrap();
        match world.verify(strict) {
            Ok(_) => assert!(inside),
            Err(VerifyError::Entry(EntryRefused::Invalid {
                source: EntryError::Window { .. },
                ..
            })) => assert!(!inside),
            Err(error) => panic!("{error}"),
        }
    }
    world.root.transparency_logs[log].valid_for.end = None;
    world.root.transparency_logs[log].valid_for.start = time.plus_seconds(1);
    world.usual().unwrap();
    world.verify(strict).unwrap_err();
}

//! When it was signed: the times of timestamp authorities and of logs.

use waxwing_model::bundle::Version;

use crate::vectors::Cases;
use crate::vectors::draft::Draft;
use crate::vectors::index::Terms;
use crate::vectors::kit::{ARTIFACT, now};
use crate::vectors::profile::flip;
use crate::vectors::record::Kind;

const TSA: &str = "client specification, bundle checklist 12";
const EVERY_TIME: &str = "TOB-SIGSTORE-4";
const SET: &str = "TOB-SIGSTORE-3";

pub(super) fn add(cases: &mut Cases<'_>) {
    times(cases);
    log_times(cases);
}

fn times(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let message = Draft::message(kit);
    cases.refused(
        "timestamp-missing",
        "cosign #4666, #4683",
        "an entry of Rekor v2, a certificate for ten minutes, and no timestamp",
        "0 of 1 trusted times verified",
        message.clone(),
        |bad| bad.edited(|bundle| bundle.timestamps.clear()),
    );
    cases.refused(
        "timestamp-after-certificate",
        "cosign #4663",
        "stamped a second after the certificate's last",
        "not at 2026-06-01T12:10:01Z",
        message.clone(),
        |bad| bad.stamped(&[now(601)]),
    );
    cases.refused(
        "timestamp-before-certificate",
        "RFC 5280 section 4.1.2.5",
        "stamped a second before the certificate's first",
        "not at 2026-06-01T11:59:59Z",
        message.clone(),
        |bad| bad.stamped(&[now(-1)]),
    );
    cases.refused(
        "two-times-later-outside",
        EVERY_TIME,
        "two timestamps by the same authority, and only the earlier is inside the certificate",
        "not at 2026-06-01T12:20:00Z",
        message.clone(),
        |bad| bad.stamped(&[now(5), now(1200)]),
    );
    cases.refused(
        "two-times-earlier-outside",
        EVERY_TIME,
        "two timestamps by the same authority, and only the later is inside the certificate",
        "not at 2026-06-01T11:50:00Z",
        message.clone(),
        |bad| bad.stamped(&[now(-600), now(5)]),
    );
    cases.refused(
        "timestamp-of-another-signature",
        TSA,
        "the timestamp was made for another signature",
        "imprint is not the digest of the signature",
        message.clone(),
        |bad| {
            bad.edited(|bundle| {
                bundle.timestamps = vec![kit.stampers[0].stamp(b"another signature", now(5))];
            })
        },
    );
    cases.refused(
        "timestamp-of-the-artifact",
        TSA,
        "the timestamp was made over the artifact and not over the signature",
        "imprint is not the digest of the signature",
        message.clone(),
        |bad| {
            bad.edited(|bundle| {
                bundle.timestamps = vec![kit.stampers[0].stamp(ARTIFACT, now(5))];
            })
        },
    );
    cases.refused(
        "timestamp-broken",
        TSA,
        "one bit of the timestamp's signature is flipped",
        "the timestamp's signature",
        message.clone(),
        |bad| bad.edited(|bundle| flip(&mut bundle.timestamps[0])),
    );
    cases.refused(
        "timestamp-cut-off",
        "cosign #4653",
        "the timestamp ends in its middle",
        "the timestamp: ",
        message.clone(),
        |bad| bad.edited(|bundle| bundle.timestamps[0].truncate(200)),
    );
    cases.refused(
        "timestamp-trailing-data",
        TSA,
        "a byte stands behind the timestamp",
        "the timestamp: ",
        message.clone(),
        |bad| bad.edited(|bundle| bundle.timestamps[0].push(0)),
    );
    cases
        .refused(
            "timestamp-in-the-future",
            "TOB-SIGSTORE-7",
            "stamped a minute after the present",
            "lies in the future",
            message,
            |bad| bad.stamped(&[now(120)]),
        )
        .under(Terms {
            now: Some("2026-06-01T12:01:00Z".into()),
            ..Terms::default()
        });
}

fn log_times(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let stamped = Draft::message(kit).logged_as(Kind::HashedRekordV1);
    let log_time = Terms {
        log_time: true,
        ..Terms::default()
    };
    let bare = stamped.clone().edited(|bundle| bundle.timestamps.clear());
    cases
        .refused(
            "integrated-time-without-promise",
            SET,
            "the entry's time is the only one, and no promise carries it",
            "0 of 1 trusted times verified",
            bare.clone(),
            |bad| bad.entry(|entry| entry.inclusion_promise = None),
        )
        .under(log_time.clone());
    cases
        .refused(
            "integrated-time-outside-certificate",
            "client specification, bundle checklist 8",
            "the log took the entry eleven minutes after the certificate began",
            "not at 2026-06-01T12:11:00Z",
            bare.clone(),
            |bad| bad.integrated(now(660)),
        )
        .under(log_time.clone());
    cases.refused(
        "integrated-time-outside-beside-timestamp",
        EVERY_TIME,
        "the timestamp is inside the certificate, and the promised time of the log outside",
        "not at 2026-06-01T12:11:00Z",
        stamped.clone(),
        |bad| bad.integrated(now(660)),
    );
    cases.refused(
        "integrated-time-unpromised-outside",
        "cosign, must-reject list: integrated time outside the certificate",
        "the timestamp is inside the certificate, and the entry's time, which nothing promises, outside",
        "integratedTime 2026-06-01T12:11:00Z is outside the certificate",
        stamped
            .clone()
            .entry(|entry| entry.inclusion_promise = None),
        |bad| bad.entry(|entry| entry.integrated_time = Some(now(660))),
    );
    cases
        .refused(
            "integrated-time-in-the-future",
            "TOB-SIGSTORE-7",
            "the log took the entry a minute after the present",
            "lies in the future",
            bare.clone(),
            |bad| bad.integrated(now(120)),
        )
        .under(Terms {
            now: Some("2026-06-01T12:01:00Z".into()),
            ..Terms::default()
        });
    cases
        .refused(
            "version-0.1-time-without-promise",
            SET,
            "version 0.1: the entry's time is the only one, and no promise carries it",
            "no inclusionPromise",
            bare.version(Version::V0_1),
            |bad| bad.entry(|entry| entry.inclusion_promise = None),
        )
        .under(log_time);
}

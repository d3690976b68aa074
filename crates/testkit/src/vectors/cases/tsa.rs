//! Timestamp authorities: their certificates, their windows, and how many there are.

use waxwing_model::Window;
use waxwing_model::trusted_root;

use crate::vectors::Cases;
use crate::vectors::draft::Draft;
use crate::vectors::index::Terms;
use crate::vectors::kit::{Stamper, at, now, open_window};
use crate::vectors::profile::{
    CODE_SIGNING, Profile, SIGN_CERTIFICATES, SIGN_DATA, TIME_STAMPING, basic_constraints,
    key_usage, purposes,
};

const TSA: &str = "client specification, bundle checklist 12";
const POOLED: &str = "sigstore-conformance #403, TOB-SIGSTORE-11";

pub(super) fn add(cases: &mut Cases<'_>) {
    authorities(cases);
    windows(cases);
    thresholds(cases);
}

fn authorities(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let message = Draft::message(kit);
    cases.refused(
        "tsa-unknown",
        TSA,
        "stamped by an authority that the trusted root does not have",
        "signer is not this authority's certificate",
        Draft::message(kit),
        |bad| {
            bad.edited(|bundle| {
                let stamp = kit.stampers[1].stamp(bundle.signature(), now(5));
                bundle.timestamps = vec![stamp];
            })
        },
    );
    cases.refused(
        "tsa-none-in-root",
        TSA,
        "the trusted root has no timestamp authority",
        "no timestamp authority",
        Draft::message(kit),
        |bad| bad.trusting(|root| root.timestamp_authorities.clear()),
    );
    for (name, about, words, profile) in [
        (
            "tsa-purpose-not-critical",
            "the extended key usage of the authority's certificate is not critical",
            "must have one critical extended key usage",
            Profile::timestamping().with(purposes(&[TIME_STAMPING], false)),
        ),
        (
            "tsa-purpose-other",
            "the authority's certificate is for code signing",
            "not for TimeStamping",
            Profile::timestamping().with(purposes(&[CODE_SIGNING], true)),
        ),
        (
            "tsa-purpose-missing",
            "the authority's certificate says nothing of its purpose",
            "not for TimeStamping",
            Profile::timestamping().without("2.5.29.37"),
        ),
        (
            "tsa-two-purposes",
            "the authority's certificate is for timestamps and for code signing",
            "must have one critical extended key usage",
            Profile::timestamping().with(purposes(&[TIME_STAMPING, CODE_SIGNING], true)),
        ),
        (
            "tsa-is-an-authority",
            "the certificate that signs timestamps may issue certificates",
            "the leaf certificate is a certificate authority",
            Profile::timestamping()
                .with(key_usage(&[1, SIGN_DATA[1] | SIGN_CERTIFICATES[1]]))
                .with(basic_constraints(None)),
        ),
        (
            "tsa-expired",
            "the authority's certificate had expired",
            "the timestamp authority's certificate: the leaf certificate is valid from",
            {
                let mut profile = Profile::timestamping();
                profile.validity.not_after = now(-3600);
                profile
            },
        ),
    ] {
        let faulty = Stamper::with("tsa.virtual.example", &profile);
        cases.refused(name, TSA, about, words, message.clone(), |bad| {
            stamped_by(bad, &faulty)
        });
    }
}

/// Stamped by this authority alone, which is the only one of the trusted root.
fn stamped_by<'a>(draft: Draft<'a>, stamper: &Stamper) -> Draft<'a> {
    let stamp = stamper.stamp(draft.bundle.signature(), now(5));
    draft
        .edited(|bundle| bundle.timestamps = vec![stamp])
        .trusting(|root| root.timestamp_authorities = vec![stamper.trusted()])
}

fn windows(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let before = Window {
        end: Some(now(-60)),
        ..open_window()
    };
    let after = Window {
        start: now(60),
        end: None,
    };
    let both = Draft::message(kit).trusting(|root| {
        root.timestamp_authorities = vec![kit.stampers[0].trusted(), kit.stampers[1].trusted()];
        root.timestamp_authorities[1].valid_for = before;
    });
    cases.refused(
        "tsa-window-of-another",
        POOLED,
        "stamped by the first of two authorities, at a time at which only the second is trusted",
        "does not trust the timestamp authority https://tsa.virtual.example",
        both,
        |bad| {
            bad.trusting(|root| {
                root.timestamp_authorities[0].valid_for = before;
                root.timestamp_authorities[1].valid_for = open_window();
            })
        },
    );
    for (name, about, window) in [
        (
            "tsa-window-over",
            "the authority was trusted until a minute before",
            before,
        ),
        (
            "tsa-window-to-come",
            "the authority is trusted from a minute later on",
            after,
        ),
    ] {
        cases.refused(
            name,
            TSA,
            about,
            "does not trust the timestamp authority",
            Draft::message(kit),
            |bad| bad.trusting(|root| root.timestamp_authorities[0].valid_for = window),
        );
    }
    // The stamp is of 12:00:05; whoever counts whole seconds takes the edge for it.
    let edge = |milliseconds: &str| at(&format!("2026-06-01T12:00:{milliseconds}Z"));
    let until = |end| Window {
        end: Some(end),
        ..open_window()
    };
    let since = |start| Window { start, end: None };
    for (name, about, outside, inside) in [
        (
            "tsa-window-over-by-a-millisecond",
            "the authority was trusted until a millisecond before",
            until(edge("04.999")),
            until(edge("05.000")),
        ),
        (
            "tsa-window-to-come-in-a-millisecond",
            "the authority is trusted from a millisecond later on",
            since(edge("05.001")),
            since(edge("05.000")),
        ),
    ] {
        let good =
            Draft::message(kit).trusting(|root| root.timestamp_authorities[0].valid_for = inside);
        cases.refused(
            name,
            "where chain libraries differ",
            about,
            "does not trust the timestamp authority",
            good,
            |bad| bad.trusting(|root| root.timestamp_authorities[0].valid_for = outside),
        );
    }
    for (name, about, outside, inside) in [
        (
            "ca-window-over-by-a-millisecond",
            "the certificate authority was trusted until a millisecond before",
            until(edge("04.999")),
            until(edge("05.000")),
        ),
        (
            "ca-window-to-come-in-a-millisecond",
            "the certificate authority is trusted from a millisecond later on",
            since(edge("05.001")),
            since(edge("05.000")),
        ),
    ] {
        let good =
            Draft::message(kit).trusting(|root| root.certificate_authorities[0].valid_for = inside);
        cases.refused(
            name,
            "where chain libraries differ",
            about,
            "the signing certificate is not trusted at 2026-06-01T12:00:05Z",
            good,
            |bad| bad.trusting(|root| root.certificate_authorities[0].valid_for = outside),
        );
    }
    let anchors = Draft::message(kit).trusting(|root| {
        root.timestamp_authorities.push(kit.stampers[1].trusted());
    });
    cases.refused(
        "tsa-anchor-of-another",
        "TOB-SIGSTORE-11",
        "the leaf of the authority stands in the trusted root under the anchor of another",
        "the timestamp authority's certificate",
        anchors,
        |bad| {
            bad.trusting(|root| {
                let [first, second] = root.timestamp_authorities.as_mut_slice() else {
                    return;
                };
                std::mem::swap(&mut first.certificates[1], &mut second.certificates[1]);
            })
        },
    );
}

fn thresholds(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let two = Terms {
        timestamps: Some(2),
        ..Terms::default()
    };
    let both = Draft::message(kit)
        .edited(|bundle| {
            let stamp = kit.stampers[1].stamp(bundle.signature(), now(6));
            bundle.timestamps.push(stamp);
        })
        .trusting(|root| root.timestamp_authorities.push(kit.stampers[1].trusted()));
    cases
        .refused(
            "two-timestamps-of-one-authority",
            "GHSA-9vcr-p3rj-q5q6: what is counted is authorities, not timestamps",
            "two authorities are demanded, and one stamped twice",
            "1 of 2 trusted timestamps verified",
            both.clone(),
            |bad| bad.stamped(&[now(5), now(6)]),
        )
        .under(two.clone());
    cases
        .refused(
            "two-authorities-of-one-operator",
            "trusted root 0.2, operator",
            "two authorities are demanded, and one operator runs both",
            "1 of 2 trusted timestamps verified",
            both,
            |bad| {
                bad.trusting(|root| {
                    root.version = trusted_root::Version::V0_2;
                    for authority in &mut root.timestamp_authorities {
                        authority.operator = "operator.example".into();
                    }
                })
            },
        )
        .under(two);
}

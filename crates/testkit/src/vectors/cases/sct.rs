//! What CT logs promised.

use std::sync::Arc;

use waxwing_model::Window;
use waxwing_model::trusted_root;

use crate::vectors::Cases;
use crate::vectors::draft::Draft;
use crate::vectors::index::Terms;
use crate::vectors::kit::{authority, authority_below, now, open_window};
use crate::vectors::profile::{Profile, Promise};

const SCT: &str = "client specification, bundle checklist 14";
const ISSUER: &str = "sigstore-conformance #393, sigstore-rust #154";
const NONE: &str = "0 of 1 signed certificate timestamps verified";

pub(super) fn add(cases: &mut Cases<'_>) {
    faults(cases);
    issuers(cases);
    thresholds(cases);
}

fn faults(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let good = Draft::message(kit);
    cases.refused(
        "sct-none",
        SCT,
        "the certificate has no list of SCTs",
        NONE,
        good.clone(),
        |bad| bad.certified(|issuance| issuance.promises = None),
    );
    cases.refused(
        "sct-list-empty",
        SCT,
        "the certificate's list of SCTs is empty",
        NONE,
        good.clone(),
        |bad| bad.promises(Vec::clear),
    );
    for (name, about, words, edit) in [
        (
            "sct-signature",
            "one bit of the SCT's signature is flipped",
            "the signature does not match",
            (|sct| sct.flipped = true) as fn(&mut Promise),
        ),
        (
            "sct-extensions-unsigned",
            "the SCT has extensions, and its signature is one without them",
            "the signature does not match",
            |sct| sct.signed_extensions.clear(),
        ),
        (
            "sct-extensions-removed",
            "the SCT's signature is one with extensions, and they were removed",
            "the signature does not match",
            |sct| sct.extensions.clear(),
        ),
    ] {
        cases.refused(name, SCT, about, words, good.clone(), |bad| {
            bad.promises(|list| edit(&mut list[0]))
        });
    }
    cases.accepted(
        "sct-without-extensions",
        SCT,
        "the SCT has no extensions, as logs of RFC 6962 wrote it",
        good.clone().promises(|list| {
            list[0].extensions.clear();
            list[0].signed_extensions.clear();
        }),
    );
    cases.refused(
        "sct-of-unknown-log",
        SCT,
        "the SCT is by a log that the trusted root does not have",
        "the trusted root has no CT log",
        good.clone(),
        |bad| bad.promises(|list| *list = vec![Promise::of(&kit.ct_logs[1])]),
    );
    cases.refused(
        "sct-of-another-key",
        SCT,
        "the SCT names the right log and is signed with another's key",
        "the signature does not match",
        good.clone(),
        |bad| bad.promises(|list| list[0].key = Arc::clone(&kit.ct_logs[1].key)),
    );
    for (name, about, window) in [
        (
            "sct-log-window-over",
            "the trusted root trusts the CT log until a minute before",
            Window {
                end: Some(now(-60)),
                ..open_window()
            },
        ),
        (
            "sct-log-window-to-come",
            "the trusted root trusts the CT log from a minute later on",
            Window {
                start: now(60),
                end: None,
            },
        ),
    ] {
        cases.refused(
            name,
            SCT,
            about,
            "the trusted root does not trust the CT log",
            good.clone(),
            |bad| bad.trusting(|root| root.ct_logs[0].valid_for = window),
        );
    }
    let both = good.trusting(|root| root.ct_logs.push(kit.ct_logs[1].trusted()));
    cases.accepted(
        "sct-two-logs",
        SCT,
        "the certificate has SCTs of two logs, both trusted",
        both.clone()
            .promises(|list| list.push(Promise::of(&kit.ct_logs[1]))),
    );
    cases.accepted(
        "sct-one-good-of-two",
        SCT,
        "one of the two SCTs does not verify, and one is enough",
        both.promises(|list| {
            list.insert(0, Promise::of(&kit.ct_logs[1]));
            list[0].flipped = true;
        }),
    );
}

/// Two intermediates of one name: only the key tells which of them issued the certificate.
fn issuers(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let twin = authority_below(&kit.root, &Profile::issuing("issuing"));
    let twin_key = twin.certificate.public_key().clone();
    let chain = |certificate: &waxwing_pki::Certificate| {
        authority(vec![certificate.clone(), kit.root.certificate.clone()])
    };
    for (name, about, first) in [
        (
            "sct-issuer-first-of-two-names",
            "two authorities of one name; the first issued the certificate",
            true,
        ),
        (
            "sct-issuer-second-of-two-names",
            "two authorities of one name; the second issued the certificate",
            false,
        ),
    ] {
        let mut authorities = vec![chain(&kit.issuing.certificate), chain(&twin.certificate)];
        if !first {
            authorities.reverse();
        }
        let draft =
            Draft::message(kit).trusting(|root| root.certificate_authorities = authorities.clone());
        cases.accepted(name, ISSUER, about, draft);
    }
    let good = Draft::message(kit).trusting(|root| {
        root.certificate_authorities =
            vec![chain(&twin.certificate), chain(&kit.issuing.certificate)];
    });
    cases.refused(
        "sct-issuer-of-the-same-name",
        ISSUER,
        "the SCT is a promise about the other authority of the same name, which did not issue the certificate",
        "the signature does not match",
        good,
        |bad| bad.promises(|list| list[0].parent = Some(twin_key)),
    );
    let root_key = kit.root.certificate.public_key().clone();
    cases.refused(
        "sct-issuer-is-the-root",
        ISSUER,
        "the SCT is a promise about the root's key and not about the issuer's",
        "the signature does not match",
        Draft::message(kit),
        |bad| bad.promises(|list| list[0].parent = Some(root_key)),
    );
}

fn thresholds(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let two = Terms {
        promises: Some(2),
        ..Terms::default()
    };
    let both = Draft::message(kit)
        .trusting(|root| root.ct_logs.push(kit.ct_logs[1].trusted()))
        .promises(|list| list.push(Promise::of(&kit.ct_logs[1])));
    cases
        .refused(
            "two-scts-of-one-log",
            "GHSA-9vcr-p3rj-q5q6: what is counted is logs, not SCTs",
            "two CT logs are demanded, and one promised twice",
            "1 of 2 signed certificate timestamps verified",
            both.clone(),
            |bad| {
                bad.promises(|list| {
                    let mut again = Promise::of(&kit.ct_logs[0]);
                    again.timestamp += 1;
                    *list = vec![Promise::of(&kit.ct_logs[0]), again];
                })
            },
        )
        .under(two.clone());
    cases
        .refused(
            "two-ct-logs-of-one-operator",
            "trusted root 0.2, operator",
            "two CT logs are demanded, and one operator runs both",
            "1 of 2 signed certificate timestamps verified",
            both,
            |bad| {
                bad.trusting(|root| {
                    root.version = trusted_root::Version::V0_2;
                    for log in &mut root.ct_logs {
                        log.operator = "operator.example".into();
                    }
                })
            },
        )
        .under(two);
}

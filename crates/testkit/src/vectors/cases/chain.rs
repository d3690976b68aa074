//! The certificates above the signer's: the places where chain libraries differ.

use std::sync::Arc;

use waxwing_model::bundle::{KeyMaterial, Version};
use waxwing_pki::issue::{Authority, Validity};

use crate::vectors::Cases;
use crate::vectors::draft::Draft;
use crate::vectors::kit::{ages, authority, authority_below, now, root_authority};
use crate::vectors::profile::{
    Profile, SIGN_DATA, TIME_STAMPING, basic_constraints, email_constraint, key_usage, oid,
    purposes, unknown,
};

const DIFFERENCES: &str = "where chain libraries differ";
const HINTS: &str = "bundle format: a chain is a hint and no anchor";
const WHOLE_CHAIN: &str = "cosign #4663: the whole chain at the time of signing";

/// A draft whose certificate is issued by `issuing`, under these certificates as the one authority.
fn issued_by<'a>(draft: Draft<'a>, issuing: Authority, root: &Authority) -> Draft<'a> {
    let certificates = vec![issuing.certificate.clone(), root.certificate.clone()];
    draft
        .certified(|issuance| issuance.issuer = Arc::new(issuing))
        .trusting(|trusted| trusted.certificate_authorities = vec![authority(certificates)])
}

pub(super) fn add(cases: &mut Cases<'_>) {
    intermediates(cases);
    brought_along(cases);
    anchors(cases);
    names(cases);
}

fn intermediates(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let good = Draft::message(kit);
    let below = |profile: &Profile| authority_below(&kit.root, profile);
    cases.accepted(
        "intermediate-without-purpose",
        DIFFERENCES,
        "the intermediate says nothing of its purpose, and so may issue for any",
        issued_by(
            good.clone(),
            below(&Profile::authority("silent")),
            &kit.root,
        ),
    );
    cases.accepted(
        "intermediate-without-key-usage",
        DIFFERENCES,
        "the intermediate has no key usage, and so may sign certificates",
        issued_by(
            good.clone(),
            below(&Profile::issuing("issuing").without(oid::KEY_USAGE)),
            &kit.root,
        ),
    );
    let mut expired = Profile::issuing("issuing");
    expired.validity.not_after = now(-3600);
    for (name, source, about, words, profile) in [
        (
            "intermediate-expired",
            WHOLE_CHAIN,
            "the intermediate had expired when the leaf began",
            "the intermediate certificate is valid from",
            expired,
        ),
        (
            "intermediate-other-purpose",
            DIFFERENCES,
            "the intermediate issues for timestamps",
            "the intermediate certificate is not for CodeSigning",
            Profile::authority("issuing").with(purposes(&[TIME_STAMPING], false)),
        ),
        (
            "intermediate-other-key-usage",
            DIFFERENCES,
            "the intermediate's key may not sign certificates",
            "the intermediate certificate's key usage lacks keyCertSign",
            Profile::issuing("issuing").with(key_usage(SIGN_DATA)),
        ),
        (
            "intermediate-is-no-authority",
            "client specification, bundle checklist 13",
            "what issued the certificate is no authority",
            "the intermediate certificate is not a certificate authority",
            Profile::issuing("issuing").without(oid::BASIC_CONSTRAINTS),
        ),
        (
            "intermediate-unknown-critical-extension",
            DIFFERENCES,
            "the intermediate has a critical extension that nobody knows",
            "the intermediate certificate has the critical extension",
            Profile::issuing("issuing").with(unknown(true)),
        ),
    ] {
        cases.refused(name, source, about, words, good.clone(), |bad| {
            issued_by(bad, below(&profile), &kit.root)
        });
    }
    // A signer with an ordinary certificate issues one for somebody.
    let signer = authority_below(&kit.issuing, &Profile::signer());
    cases.refused(
        "leaf-of-a-leaf",
        "client specification, bundle checklist 13",
        "the certificate was issued with the key of another signer's certificate, which comes along",
        "the intermediate certificate is not a certificate authority",
        good.clone().version(Version::V0_2),
        |bad| {
            let certificate = signer.certificate.clone();
            bad.certified(|issuance| issuance.issuer = Arc::new(signer))
                .edited(|bundle| {
                    if let KeyMaterial::Certificate { chain, .. } =
                        &mut bundle.key_material
                    {
                        chain.push(certificate);
                    }
                })
        },
    );
    let long = Profile::issuing("level 1").with(basic_constraints(Some(0)));
    let (first, second) = (
        authority_below(&kit.root, &long),
        Profile::issuing("level 2"),
    );
    let second = authority_below(&first, &second);
    let certificates = vec![
        second.certificate.clone(),
        first.certificate,
        kit.root.certificate.clone(),
    ];
    cases.refused(
        "path-too-long",
        "RFC 5280 section 4.2.1.9",
        "an intermediate that allows none below it has one below it",
        "allows 0 intermediates below it, found 1",
        good,
        |bad| {
            bad.certified(|issuance| issuance.issuer = Arc::new(second))
                .trusting(|root| root.certificate_authorities = vec![authority(certificates)])
        },
    );
}

/// A chain in the bundle is a hint for a path, and never an anchor.
fn brought_along(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let good = Draft::message(kit).version(Version::V0_2).edited(|bundle| {
        if let KeyMaterial::Certificate { chain, .. } = &mut bundle.key_material {
            *chain = vec![
                kit.issuing.certificate.clone(),
                kit.root.certificate.clone(),
            ];
        }
    });
    cases.accepted(
        "chain-with-root",
        HINTS,
        "the bundle has the whole chain, the root included",
        good.clone(),
    );
    cases.accepted(
        "chain-with-intermediate",
        HINTS,
        "the trusted root has the anchor alone, and the bundle brings the intermediate",
        good.clone().trusting(|root| {
            root.certificate_authorities = vec![authority(vec![kit.root.certificate.clone()])];
        }),
    );
    cases.refused(
        "chain-with-its-own-anchor",
        HINTS,
        "the bundle brings the whole chain to an anchor that the trusted root does not have",
        "the signing certificate is not trusted",
        good,
        |bad| {
            bad.trusting(|root| {
                let other = root_authority("other root", ages());
                root.certificate_authorities = vec![authority(vec![other.certificate])];
            })
        },
    );
}

fn anchors(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let good = Draft::message(kit);
    let past = Validity {
        not_before: ages().not_before,
        not_after: now(-3600),
    };
    let expired = root_authority("expired root", past);
    cases.refused(
        "anchor-expired",
        DIFFERENCES,
        "the anchor had expired; what is below it had not",
        "the root certificate is valid from",
        good.clone(),
        |bad| {
            let issuing = authority_below(&expired, &Profile::issuing("issuing"));
            issued_by(bad, issuing, &expired)
        },
    );
    let anchored = |issuing: Authority| {
        let certificate = issuing.certificate.clone();
        Draft::message(kit)
            .certified(|issuance| issuance.issuer = Arc::new(issuing))
            .trusting(|root| root.certificate_authorities = vec![authority(vec![certificate])])
    };
    let usual = authority_below(&kit.root, &Profile::issuing("anchor"));
    cases.accepted(
        "anchor-is-an-intermediate",
        DIFFERENCES,
        "the authority of the trusted root is an intermediate alone",
        anchored(usual),
    );
    let other = Profile::authority("anchor").with(purposes(&[TIME_STAMPING], false));
    let other = authority_below(&kit.root, &other);
    let good = anchored(authority_below(&kit.root, &Profile::issuing("anchor")));
    cases.refused(
        "anchor-is-an-intermediate-of-other-purpose",
        DIFFERENCES,
        "the authority of the trusted root is an intermediate alone, one that issues for timestamps",
        "certificate is not for CodeSigning",
        good,
        |bad| {
            let certificate = other.certificate.clone();
            bad.certified(|issuance| issuance.issuer = Arc::new(other))
                .trusting(|root| root.certificate_authorities = vec![authority(vec![certificate])])
        },
    );
}

fn names(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let constrained = |list: u8, domain: &str| {
        let profile = Profile::issuing("issuing").with(email_constraint(list, domain));
        authority_below(&kit.root, &profile)
    };
    let good = Draft::message(kit);
    cases.accepted(
        "name-constraint-permits",
        DIFFERENCES,
        "the intermediate may certify e-mail addresses of the signer's domain alone",
        issued_by(
            good.clone(),
            constrained(0xa0, "virtual.example"),
            &kit.root,
        ),
    );
    cases.refused(
        "name-constraint-excludes",
        DIFFERENCES,
        "the intermediate may not certify e-mail addresses of the signer's domain",
        "is not one that an authority above it may certify",
        good.clone(),
        |bad| issued_by(bad, constrained(0xa1, "virtual.example"), &kit.root),
    );
    cases.refused(
        "name-constraint-permits-another",
        DIFFERENCES,
        "the intermediate may certify e-mail addresses of another domain alone",
        "is not one that an authority above it may certify",
        good,
        |bad| issued_by(bad, constrained(0xa0, "other.example"), &kit.root),
    );
}

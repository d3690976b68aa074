//! The signer: whose certificate it is, or whose key.

use waxwing_model::Window;

use crate::vectors::Cases;
use crate::vectors::draft::Draft;
use crate::vectors::index::Terms;
use crate::vectors::kit::{ages, key, now, open_window, root_authority};
use crate::vectors::profile::{
    Profile, SIGN_CERTIFICATES, SIGN_DATA, TIME_STAMPING, basic_constraints, emails, key_usage,
    oid, purposes, unknown,
};

const CERTIFICATE: &str = "client specification, bundle checklist 13";
const IDENTITY: &str = "client specification, bundle checklist 15; CVE-2022-36056";
const KEY: &str = "client specification, bundle checklist 16; GHSA-fx35-mq7g-6g98";

pub(super) fn add(cases: &mut Cases<'_>) {
    profiles(cases);
    authorities(cases);
    identities(cases);
    keys(cases);
}

fn profiles(cases: &mut Cases<'_>) {
    let good = Draft::message(cases.kit);
    for (name, about, words, edit) in [
        (
            "leaf-without-purpose",
            "the certificate has no extended key usage",
            "the leaf certificate is not for CodeSigning",
            (|profile| profile.without(oid::EXTENDED_KEY_USAGE)) as fn(Profile) -> Profile,
        ),
        (
            "leaf-other-purpose",
            "the certificate is for timestamps",
            "the leaf certificate is not for CodeSigning",
            |profile| profile.with(purposes(&[TIME_STAMPING], false)),
        ),
        (
            "leaf-without-name",
            "the certificate has no subject alternative name",
            "no subject alternative name",
            |profile| profile.without(oid::SUBJECT_ALTERNATIVE_NAME),
        ),
        (
            "leaf-two-names",
            "the certificate has two names, and the first is the right one",
            "2 subject alternative names",
            |profile| {
                profile.with(emails(&[
                    crate::vectors::kit::IDENTITY,
                    "other@virtual.example",
                ]))
            },
        ),
        (
            "leaf-is-an-authority",
            "the certificate is one of an authority",
            "the leaf certificate is a certificate authority",
            |profile| {
                profile
                    .with(key_usage(&[1, SIGN_DATA[1] | SIGN_CERTIFICATES[1]]))
                    .with(basic_constraints(None))
            },
        ),
        (
            "leaf-unknown-critical-extension",
            "the certificate has a critical extension that nobody knows",
            "the leaf certificate has the critical extension 1.3.6.1.4.1.57264.1.99",
            |profile| profile.with(unknown(true)),
        ),
        (
            "leaf-other-key-usage",
            "the certificate's key may sign certificates and no data",
            "the leaf certificate's key usage lacks digitalSignature",
            |profile| profile.with(key_usage(SIGN_CERTIFICATES)),
        ),
        (
            "leaf-without-key-usage",
            "the certificate has no key usage",
            "the leaf certificate's key usage lacks digitalSignature",
            |profile| profile.without(oid::KEY_USAGE),
        ),
    ] {
        cases.refused(name, CERTIFICATE, about, words, good.clone(), |bad| {
            bad.profile(edit)
        });
    }
    cases.accepted(
        "leaf-unknown-extension",
        CERTIFICATE,
        "the certificate has an extension that nobody knows and that is not critical",
        good.profile(|profile| profile.with(unknown(false))),
    );
}

fn authorities(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let good = Draft::message(kit);
    cases.refused(
        "ca-unknown",
        CERTIFICATE,
        "the trusted root has another certificate authority of the same names",
        "is not signed by the key of",
        good.clone(),
        |bad| {
            bad.trusting(|root| {
                let other = root_authority("root", ages());
                let issuing = Profile::issuing("issuing");
                let issuing = crate::vectors::kit::authority_below(&other, &issuing);
                root.certificate_authorities[0].certificates =
                    vec![issuing.certificate, other.certificate];
            })
        },
    );
    for (name, about, window) in [
        (
            "ca-window-over",
            "the trusted root trusts the authority until a minute before",
            Window {
                end: Some(now(-60)),
                ..open_window()
            },
        ),
        (
            "ca-window-to-come",
            "the trusted root trusts the authority from a minute later on",
            Window {
                start: now(60),
                end: None,
            },
        ),
    ] {
        cases.refused(
            name,
            CERTIFICATE,
            about,
            "the signing certificate is not trusted at 2026-06-01T12:00:05Z",
            good.clone(),
            |bad| bad.trusting(|root| root.certificate_authorities[0].valid_for = window),
        );
    }
    cases.refused(
        "ca-none-in-root",
        CERTIFICATE,
        "the trusted root has no certificate authority",
        "the signing certificate is not trusted",
        good,
        |bad| bad.trusting(|root| root.certificate_authorities.clear()),
    );
}

fn identities(cases: &mut Cases<'_>) {
    use waxwing_pki::fulcio::{Identity, SubjectAlternativeName};
    let good = Draft::message(cases.kit);
    let identify = |profile: Profile, email: &str, issuer: &str| {
        let identity = Identity {
            name: SubjectAlternativeName::Email(email.into()),
            issuer: issuer.into(),
            subject: Some("subject".into()),
        };
        let extensions = identity.extensions().expect("the identity can be written");
        extensions.into_iter().fold(profile, Profile::with)
    };
    let (us, issuer) = (crate::vectors::kit::IDENTITY, crate::vectors::kit::ISSUER);
    for (name, about, words, email, issuer) in [
        (
            "identity-other-name",
            "somebody else signed",
            "the subject is \"other@virtual.example\"",
            "other@virtual.example",
            issuer,
        ),
        (
            "identity-other-issuer",
            "another issuer vouched for the name",
            "the issuer is \"https://other.example\"",
            us,
            "https://other.example",
        ),
        (
            "identity-longer-name",
            "the name has the expected one in its middle",
            "the subject is \"not-someone@virtual.example.org\"",
            "not-someone@virtual.example.org",
            issuer,
        ),
        (
            "identity-other-case",
            "the name differs in case",
            "the subject is \"Someone@virtual.example\"",
            "Someone@virtual.example",
            issuer,
        ),
        (
            "identity-issuer-with-slash",
            "the issuer has a slash more at its end",
            "the issuer is \"https://issuer.virtual.example/\"",
            us,
            "https://issuer.virtual.example/",
        ),
    ] {
        cases.refused(name, IDENTITY, about, words, good.clone(), |bad| {
            bad.profile(|profile| identify(profile, email, issuer))
        });
    }
    cases.refused(
        "identity-without-issuer",
        IDENTITY,
        "the certificate does not say who vouched for the name",
        "the issuer is \"\"",
        good,
        |bad| {
            bad.profile(|profile| {
                profile
                    .without("1.3.6.1.4.1.57264.1.1")
                    .without("1.3.6.1.4.1.57264.1.8")
            })
        },
    );
}

fn keys(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    cases.refused(
        "key-for-identity",
        KEY,
        "an identity is demanded, and the bundle names a key",
        "the policy trusts identities in certificates",
        Draft::message(kit),
        Draft::managed_key,
    );
    let by_key = Draft::message(kit).managed_key();
    let leaf = by_key.issuance.issue(by_key.key.public_key());
    cases
        .refused(
            "certificate-for-key",
            KEY,
            "a key is demanded, and the bundle has a certificate for that key",
            "the bundle has a certificate; the policy trusts a key",
            by_key.clone(),
            |bad| bad.with_leaf(leaf),
        )
        .with_own_key();
    let stranger = Draft::message_by(
        kit,
        key(waxwing_crypto::KeyType::EcdsaP256),
        waxwing_crypto::SignatureAlgorithm::EcdsaP256Sha256,
    );
    let hint = by_key.bundle.key_material.clone();
    cases
        .refused(
            "key-of-another",
            KEY,
            "the bundle calls the key by the right hint, and another key signed",
            "the signature over the artifact: the signature does not match",
            by_key.clone(),
            |_| {
                stranger
                    .managed_key()
                    .edited(|bundle| bundle.key_material = hint)
            },
        )
        .with_own_key();
    cases
        .refused(
            "key-outside-window",
            KEY,
            "the key was trusted until a minute before",
            "the policy does not trust the key at 2026-06-01T12:00:05Z",
            by_key.stamped(&[now(-120)]),
            |bad| bad.stamped(&[now(5)]),
        )
        .under(Terms {
            key_until: Some("2026-06-01T11:59:00Z".into()),
            ..Terms::default()
        })
        .with_own_key();
}

//! What the entry is about: every part of it that is another's, with proofs that hold.

use serde_json::Value;
use waxwing_crypto::{HashAlgorithm, KeyType, SignatureAlgorithm};
use waxwing_encoding::base64;
use waxwing_model::bundle::Content;

use super::items;
use crate::vectors::Cases;
use crate::vectors::draft::Draft;
use crate::vectors::kit::{ARTIFACT, OTHER_ARTIFACT, key, now};
use crate::vectors::profile::{Profile, flip};
use crate::vectors::record::{Claims, Kind};

const BINDING: &str = "CVE-2022-36056, CVE-2026-22703";
const SIGNATURE: &str = "CVE-2022-23649, CVE-2026-22703";
const PEM: &str = "client specification: nothing may stand beside the key of an entry";
const KIND: &str = "client specification, bundle checklist 7";
const DIFFERS: &str = "not about this artifact, signature and certificate";

/// The kinds with a name for each, and whether they hold an envelope.
const KINDS: [(Kind, bool); 5] = [
    (Kind::HashedRekordV1, false),
    (Kind::HashedRekordV2, false),
    (Kind::DsseV1, true),
    (Kind::DsseV2, true),
    (Kind::IntotoV2, true),
];

pub(super) fn add(cases: &mut Cases<'_>) {
    every_kind(cases);
    payloads(cases);
    keys(cases);
    pem(cases);
    kinds(cases);
}

fn good<'a>(cases: &Cases<'a>, kind: Kind, is_envelope: bool) -> Draft<'a> {
    let draft = match is_envelope {
        true => Draft::envelope(cases.kit),
        false => Draft::message(cases.kit),
    };
    draft.logged_as(kind)
}

fn every_kind(cases: &mut Cases<'_>) {
    let names = [
        ["hashedrekord-v1-signature", "hashedrekord-v1-certificate"],
        ["hashedrekord-v2-signature", "hashedrekord-v2-certificate"],
        ["dsse-v1-signature", "dsse-v1-certificate"],
        ["dsse-v2-signature", "dsse-v2-certificate"],
        ["intoto-v2-signature", "intoto-v2-certificate"],
    ];
    for ((kind, is_envelope), [signature, certificate]) in KINDS.into_iter().zip(names) {
        let good = good(cases, kind, is_envelope);
        cases.refused(
            signature,
            SIGNATURE,
            "the entry has another signature than the bundle",
            DIFFERS,
            good.clone(),
            |bad| bad.entry_about(|claims| flip(&mut claims.signature)),
        );
        let mut issuance = good.issuance.clone();
        issuance.profile.serial = Profile::signer().serial;
        let other = issuance.issue(good.key.public_key());
        cases.refused(
            certificate,
            BINDING,
            "the entry has another certificate, for the same key and identity",
            DIFFERS,
            good,
            |bad| {
                bad.entry_about(|claims| {
                    claims.pem = other.to_pem();
                    claims.der = other.der().to_vec();
                })
            },
        );
    }
    for (name, kind) in [
        ("hashedrekord-v1-artifact", Kind::HashedRekordV1),
        ("hashedrekord-v2-artifact", Kind::HashedRekordV2),
    ] {
        let good = good(cases, kind, false);
        cases.refused(
            name,
            BINDING,
            "the entry is about another artifact",
            DIFFERS,
            good,
            |bad| bad.entry_about(other_digest),
        );
    }
}

fn other_digest(claims: &mut Claims) {
    claims.digest = Some(HashAlgorithm::Sha256.digest(OTHER_ARTIFACT));
}

fn other_payload(claims: &mut Claims) {
    if let Some(envelope) = &mut claims.envelope {
        envelope.payload = b"{}".to_vec();
    }
}

fn payloads(cases: &mut Cases<'_>) {
    for (name, kind) in [
        ("dsse-v1-payload", Kind::DsseV1),
        ("dsse-v2-payload", Kind::DsseV2),
        ("intoto-v1-envelope", Kind::IntotoV1),
        ("intoto-v2-payload-hash", Kind::IntotoV2),
    ] {
        let good = good(cases, kind, true);
        let source = match kind {
            Kind::IntotoV2 => "sigstore-conformance #402",
            _ => BINDING,
        };
        cases.refused(
            name,
            source,
            "the entry is about another payload",
            DIFFERS,
            good,
            |bad| bad.entry_about(other_payload),
        );
    }
    let with_payload = good(cases, Kind::IntotoV2WithPayload, true);
    cases.refused(
        "intoto-v2-payload",
        "sigstore-conformance #402",
        "the entry repeats another payload; the hash is that of the right one",
        DIFFERS,
        with_payload.clone(),
        |bad| {
            bad.body(|body| {
                body["spec"]["content"]["envelope"]["payload"] =
                    base64::encode(base64::encode(b"{}").as_bytes()).into();
            })
        },
    );
    cases.refused(
        "intoto-v2-payload-type",
        "client specification, bundle checklist 11",
        "the entry has another payload type",
        DIFFERS,
        with_payload,
        |bad| {
            bad.body(|body| {
                body["spec"]["content"]["envelope"]["payloadType"] = "text/plain".into();
            })
        },
    );
    let dsse = good(cases, Kind::DsseV1, true);
    cases.refused(
        "dsse-v1-two-signatures",
        "TOB-SIGSTORE-9",
        "the entry has two signatures",
        "number of signatures",
        dsse,
        |bad| {
            bad.body(|body| {
                let signatures = items(&mut body["spec"]["signatures"]);
                signatures.push(signatures[0].clone());
            })
        },
    );
}

fn keys(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let p384 = Draft::message_by(
        kit,
        key(KeyType::EcdsaP384),
        SignatureAlgorithm::EcdsaP384Sha384,
    );
    cases.refused(
        "entry-key-details",
        "TOB-SIGSTORE-6",
        "the entry names another algorithm of the same key: P-384 with SHA-256",
        DIFFERS,
        p384,
        |bad| bad.entry_about(|claims| claims.key_details = "PKIX_ECDSA_P384_SHA_256".into()),
    );
    cases.refused(
        "entry-key-details-of-another-key",
        "TOB-SIGSTORE-6",
        "the entry names an algorithm of another kind of key",
        DIFFERS,
        Draft::message(kit),
        |bad| bad.entry_about(|claims| claims.key_details = "PKIX_ED25519_PH".into()),
    );
    let signer = key(KeyType::Ed25519);
    let pure = Draft::message_by(
        kit,
        std::sync::Arc::clone(&signer),
        SignatureAlgorithm::Ed25519ph,
    );
    cases.refused(
        "message-ed25519-pure",
        "TOB-SIGSTORE-6",
        "an artifact signed with Ed25519 itself, where a log can hold Ed25519ph alone; the entry says Ed25519ph",
        "cannot hold a signature by Ed25519",
        pure,
        |bad| {
            bad.edited(|bundle| {
                let signature = signer.sign_with(SignatureAlgorithm::Ed25519, ARTIFACT);
                if let Content::Message(message) = &mut bundle.content {
                    message.signature = signature.expect("the key signs");
                }
            })
            .stamped(&[now(5)])
            .logged_as(Kind::HashedRekordV2)
        },
    );
    let outside = Draft::envelope_by(kit, key(KeyType::MlDsa44), SignatureAlgorithm::MlDsa44);
    cases.refused(
        "envelope-ml-dsa-44",
        "cosign, must-reject list: algorithms outside the registry",
        "the signer's key is one of ML-DSA-44, which no client has to take; repaired: ML-DSA-65",
        "has no signature algorithm in the registry",
        Draft::envelope_by(kit, key(KeyType::MlDsa65), SignatureAlgorithm::MlDsa65),
        |_| outside,
    );
    for (name, kind) in [
        ("entry-key-for-certificate", Kind::HashedRekordV2),
        ("entry-key-for-certificate-rekor-v1", Kind::HashedRekordV1),
    ] {
        let good = good(cases, kind, false);
        let public = good.key.public_key().clone();
        cases.refused(
            name,
            BINDING,
            "the entry has the signer's key in the place of the certificate",
            DIFFERS,
            good,
            |bad| {
                bad.entry_about(|claims| {
                    claims.is_certificate = false;
                    claims.pem = public.to_pem();
                    claims.der = public.spki_der().to_vec();
                })
            },
        );
    }
    let stranger = key(KeyType::EcdsaP256);
    for (name, kind) in [
        ("key-entry-of-another-key", Kind::HashedRekordV2),
        ("key-entry-of-another-key-rekor-v1", Kind::HashedRekordV1),
    ] {
        let good = good(cases, kind, false).managed_key();
        let other = stranger.public_key();
        let case = cases.refused(
            name,
            BINDING,
            "the bundle names a key, and its entry has another",
            DIFFERS,
            good,
            |bad| {
                bad.entry_about(|claims| {
                    claims.pem = other.to_pem();
                    claims.der = other.spki_der().to_vec();
                })
            },
        );
        case.with_own_key();
    }
}

fn pem(cases: &mut Cases<'_>) {
    for (name, about, edit) in [
        (
            "pem-trailing-data",
            "text stands behind the certificate of the entry",
            (|pem| pem + "trailing\n") as fn(String) -> String,
        ),
        (
            "pem-leading-data",
            "text stands before the certificate of the entry",
            |pem| format!("leading\n{pem}"),
        ),
        (
            "pem-second-block",
            "a second certificate stands behind that of the entry: the same once more",
            |pem| format!("{pem}{pem}"),
        ),
    ] {
        let good = good(cases, Kind::HashedRekordV1, false);
        cases.refused(name, PEM, about, DIFFERS, good, |bad| {
            bad.entry_about(|claims| claims.pem = edit(std::mem::take(&mut claims.pem)))
        });
    }
}

fn kinds(cases: &mut Cases<'_>) {
    let message = good(cases, Kind::HashedRekordV1, false);
    cases.refused(
        "kind-of-the-bundle",
        KIND,
        "the bundle calls a hashedrekord 0.0.1 a dsse 0.0.1",
        "dsse 0.0.1",
        message.clone(),
        |bad| bad.entry(|entry| entry.kind = "dsse".into()),
    );
    cases.refused(
        "kind-of-the-body",
        KIND,
        "the body calls itself a dsse, and the bundle a hashedrekord",
        "the entry's body is a dsse 0.0.1",
        message.clone(),
        |bad| bad.body(|body| body["kind"] = "dsse".into()),
    );
    cases.refused(
        "kind-version-of-the-body",
        KIND,
        "the body is of another version than the bundle says",
        "the entry's body is a hashedrekord 0.0.9",
        message.clone(),
        |bad| bad.body(|body| body["apiVersion"] = "0.0.9".into()),
    );
    cases.refused(
        "kind-unknown",
        KIND,
        "a kind that holds no bundle's signature",
        "the entry is a rekord 0.0.1",
        message.clone(),
        |bad| {
            bad.body(|body| body["kind"] = "rekord".into())
                .entry(|entry| entry.kind = "rekord".into())
        },
    );
    cases.refused(
        "body-unknown-field",
        KIND,
        "the body has a field that its kind does not have",
        "not that of a hashedrekord 0.0.1: unknown field",
        message.clone(),
        |bad| bad.body(|body| body["spec"]["surprise"] = true.into()),
    );
    cases.refused(
        "body-no-signature",
        "cosign #4652",
        "the body has null for its signature",
        "not that of a hashedrekord 0.0.1",
        message,
        |bad| bad.body(|body| body["spec"]["signature"] = Value::Null),
    );
    let envelope = good(cases, Kind::DsseV1, true);
    cases.refused(
        "envelope-in-hashedrekord-v1",
        KIND,
        "an envelope is logged as a hashedrekord 0.0.1 of its PAE",
        "hashedrekord 0.0.1 entry cannot be about an envelope",
        envelope,
        |bad| bad.logged_as(Kind::HashedRekordV1),
    );
}

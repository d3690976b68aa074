//! What was signed: the artifact, or a statement about it.

use serde_json::{Value, json};
use waxwing_crypto::HashAlgorithm;
use waxwing_model::bundle::Content;

use crate::vectors::Cases;
use crate::vectors::draft::{Draft, IN_TOTO, hex_digest, statement, the_artifact};
use crate::vectors::kit::{ARTIFACT, OTHER_ARTIFACT, now};
use crate::vectors::profile::flip;
use crate::vectors::record::Kind;

const SIGNED: &str = "client specification, bundle checklist 17";
const SUBJECT: &str = "client specification, bundle checklist 17; GHSA-w6c6-c85g-mmv6";
const MALFORMED: &str = "cosign #4649, #4651, #4881, #5016, #5022";

pub(super) fn add(cases: &mut Cases<'_>) {
    messages(cases);
    envelopes(cases);
    statements(cases);
}

fn messages(cases: &mut Cases<'_>) {
    let good = Draft::message(cases.kit);
    cases.refused(
        "message-digest",
        SIGNED,
        "the message digest in the bundle is another artifact's",
        "message digest is not the artifact's",
        good.clone(),
        |bad| {
            bad.edited(|bundle| {
                if let Content::Message(message) = &mut bundle.content {
                    message.digest = Some(HashAlgorithm::Sha256.digest(OTHER_ARTIFACT));
                }
            })
        },
    );
    let of = |artifact: &[u8], draft: Draft<'_>| {
        let key = std::sync::Arc::clone(&draft.key);
        key.sign(artifact).expect("the key signs")
    };
    let signature = of(OTHER_ARTIFACT, good.clone());
    cases.refused(
        "signature-of-another-artifact",
        SIGNED,
        "the signer signed another artifact; entry and timestamp are about this signature",
        "the signature over the artifact: the signature does not match",
        good.clone(),
        |bad| {
            bad.edited(|bundle| {
                if let Content::Message(message) = &mut bundle.content {
                    message.signature = signature;
                }
            })
            .stamped(&[now(5)])
            .logged_as(Kind::HashedRekordV2)
        },
    );
    cases.refused(
        "signature-flipped",
        SIGNED,
        "one bit of the signature is flipped; entry and timestamp are about this signature",
        "the signature over the artifact: the signature does not match",
        good,
        |bad| {
            bad.edited(|bundle| {
                if let Content::Message(message) = &mut bundle.content {
                    flip(&mut message.signature);
                }
            })
            .stamped(&[now(5)])
            .logged_as(Kind::HashedRekordV2)
        },
    );
}

fn envelopes(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let good = Draft::envelope(kit);
    cases.refused(
        "envelope-payload-changed",
        "client specification, bundle checklist 11",
        "the payload was changed after it was signed; the entry has the signed one",
        "the signature over the envelope: the signature does not match",
        good.clone(),
        |bad| {
            bad.json(|bundle| {
                let mut payload: Value =
                    serde_json::from_slice(&statement(&the_artifact())).expect("a statement");
                payload["predicate"] = json!({"changed": true});
                let payload = waxwing_encoding::canonical_json::to_vec(&payload);
                let payload = payload.expect("a statement can be written");
                bundle["dsseEnvelope"]["payload"] =
                    waxwing_encoding::base64::encode(&payload).into();
            })
        },
    );
    cases.refused(
        "envelope-payload-type-changed",
        "client specification, bundle checklist 17",
        "the payload type was changed after it was signed",
        "the signature over the envelope: the signature does not match",
        good.clone(),
        |bad| bad.json(|bundle| bundle["dsseEnvelope"]["payloadType"] = "application/json".into()),
    );
    let payload = statement(&the_artifact());
    for (name, about, words, payload_type, payload) in [
        (
            "envelope-payload-type-other",
            "the payload type, signed, is not that of statements",
            "the envelope's payload type is \"application/json\"",
            "application/json",
            payload.as_slice(),
        ),
        (
            "envelope-payload-type-empty",
            "the payload type, signed, is empty",
            "the envelope's payload type is \"\"",
            "",
            payload.as_slice(),
        ),
        (
            "envelope-payload-no-json",
            "the payload, signed, is no JSON",
            "not an in-toto statement",
            IN_TOTO,
            b"not JSON",
        ),
        (
            "envelope-payload-null",
            "the payload, signed, is null",
            "not an in-toto statement",
            IN_TOTO,
            b"null",
        ),
    ] {
        let faulty = resigned(&good, payload_type, payload);
        cases.refused(name, MALFORMED, about, words, good.clone(), |_| faulty);
    }
}

/// Another envelope by the same key, with a timestamp and an entry of its own.
fn resigned<'a>(good: &Draft<'a>, payload_type: &str, payload: &[u8]) -> Draft<'a> {
    let other = Draft::envelope_of_key(good, payload_type, payload);
    other.stamped(&[now(5)]).logged_as(Kind::HashedRekordV2)
}

fn statements(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let good = Draft::envelope(kit);
    let right = hex_digest(HashAlgorithm::Sha256, ARTIFACT);
    let wrong = hex_digest(HashAlgorithm::Sha256, OTHER_ARTIFACT);
    let wrong_512 = hex_digest(HashAlgorithm::Sha512, OTHER_ARTIFACT);
    for (name, source, about, words, subjects) in [
        (
            "statement-of-another-artifact",
            SUBJECT,
            "the statement is about another artifact",
            "none of the statement's 1 subjects is the artifact",
            json!([{"name": "artifact", "digest": {"sha256": wrong}}]),
        ),
        (
            "statement-one-digest-wrong",
            SUBJECT,
            "the statement's subject has the artifact's SHA-256 and another's SHA-512",
            "none of the statement's 1 subjects is the artifact",
            json!([{"name": "artifact", "digest": {"sha256": right, "sha512": wrong_512}}]),
        ),
        (
            "statement-no-subject",
            MALFORMED,
            "the statement has no subject",
            "the statement has no subject",
            json!([]),
        ),
        (
            "statement-subject-null",
            "cosign #4653",
            "the statement's subject is null",
            "not an in-toto statement",
            json!([null]),
        ),
        (
            "statement-subjects-null",
            "cosign #4653",
            "null stands where the subjects belong",
            "not an in-toto statement",
            Value::Null,
        ),
        (
            "statement-subject-without-digest",
            SUBJECT,
            "the statement's subject has a name alone, the artifact's",
            "the statement has no",
            json!([{"name": "artifact", "digest": {}}]),
        ),
        (
            "statement-digest-cut-off",
            SUBJECT,
            "the digest of the statement's subject is the beginning of the artifact's",
            "which that hash cannot give",
            json!([{"name": "artifact", "digest": {"sha256": right[..32]}}]),
        ),
        (
            "statement-digest-of-weak-hash",
            SUBJECT,
            "the statement's subject has a digest by a hash that is not checked",
            "none of the statement's 1 subjects is the artifact",
            json!([{"name": "artifact", "digest": {"md5": "5d41402abc4b2a76b9719d911017c592"}}]),
        ),
    ] {
        let faulty = resigned(&good, IN_TOTO, &statement(&subjects));
        cases.refused(name, source, about, words, good.clone(), |_| faulty);
    }
    let mut typed: Value =
        serde_json::from_slice(&statement(&the_artifact())).expect("a statement is JSON");
    typed["_type"] = "https://example.com/Statement/v9".into();
    let typed = waxwing_encoding::canonical_json::to_vec(&typed).expect("it can be written");
    let faulty = resigned(&good, IN_TOTO, &typed);
    cases.refused(
        "statement-type-other",
        MALFORMED,
        "the statement is of another type",
        "the statement's type is",
        good,
        |_| faulty,
    );
    let subjects = json!([
        {"name": "other", "digest": {"sha256": wrong}},
        {"name": "artifact", "digest": {"sha256": right}},
    ]);
    cases.accepted(
        "statement-second-subject",
        SUBJECT,
        "the statement is about two artifacts, and this is the second",
        Draft::envelope_of(kit, IN_TOTO, &statement(&subjects)),
    );
}

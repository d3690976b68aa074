//! Every part that must be there, its size, and how many there may be.

use serde_json::{Value, json};
use waxwing_model::BundleError;
use waxwing_model::bundle::{Content, LogEntry, MOST_CERTIFICATES, MOST_ENTRIES};

use crate::documents::{
    V0_1, V0_2, V0_3, bundle, bytes, envelope, good, raw, refused, rekor_v1, rekor_v2, set, without,
};

const ENTRIES: &str = "/verificationMaterial/tlogEntries";
const TIMESTAMPS: &str = "/verificationMaterial/timestampVerificationData/rfc3161Timestamps";

fn at(path: &str) -> String {
    format!("{ENTRIES}/0/{path}")
}

#[test]
fn a_part_that_is_missing_or_empty_is_named() {
    let empty = json!("");
    for (document, pointer, part) in [
        (
            bundle(V0_3),
            "/verificationMaterial".to_owned(),
            "verificationMaterial",
        ),
        (
            bundle(V0_3),
            "/messageSignature".into(),
            "messageSignature or dsseEnvelope",
        ),
        (
            envelope(V0_3),
            "/dsseEnvelope".into(),
            "messageSignature or dsseEnvelope",
        ),
        (
            bundle(V0_3),
            "/verificationMaterial/certificate".into(),
            "certificate or publicKey",
        ),
        (
            bundle(V0_1),
            "/verificationMaterial/x509CertificateChain".into(),
            "certificate or publicKey",
        ),
        (
            bundle(V0_1),
            "/verificationMaterial/x509CertificateChain/certificates".into(),
            "certificate in its chain",
        ),
        (
            bundle(V0_3),
            "/messageSignature/signature".into(),
            "signature",
        ),
        (envelope(V0_3), "/dsseEnvelope/payload".into(), "payload"),
        (
            envelope(V0_3),
            "/dsseEnvelope/signatures/0/sig".into(),
            "signature",
        ),
        (bundle(V0_3), at("logId"), "logId"),
        (bundle(V0_3), at("kindVersion"), "kindVersion"),
        (bundle(V0_3), at("canonicalizedBody"), "canonicalizedBody"),
        (bundle(V0_3), at("inclusionProof"), "inclusionProof"),
        (bundle(V0_3), at("inclusionProof/checkpoint"), "checkpoint"),
        (bundle(V0_1), at("inclusionPromise"), "inclusionPromise"),
    ] {
        good(&document);
        let words = format!("the bundle has no {part}");
        let error = refused(&without(document.clone(), &pointer), &words);
        assert!(matches!(error, BundleError::Missing { .. }));
        if document.pointer(&pointer).is_some_and(Value::is_string) {
            refused(&set(document, &pointer, empty.clone()), &words);
        }
    }
    refused(
        &set(bundle(V0_3), &at("logId/keyId"), empty),
        "the bundle has no logId",
    );
}

#[test]
fn hashes_of_a_proof_have_32_bytes() {
    for length in [0, 31, 33] {
        for (pointer, part) in [
            ("inclusionProof/rootHash", "rootHash"),
            ("inclusionProof/hashes/1", "inclusion proof's hash"),
        ] {
            let document = set(bundle(V0_3), &at(pointer), json!(bytes(1, length)));
            let error = refused(&document, &format!("the {part} has {length} bytes"));
            assert!(matches!(error, BundleError::HashLength { .. }));
            good(&set(document, &at(pointer), json!(bytes(1, 32))));
        }
    }
}

#[test]
fn certificates_must_be_certificates() {
    for (media_type, pointer) in [
        (V0_3, "/verificationMaterial/certificate/rawBytes"),
        (
            V0_1,
            "/verificationMaterial/x509CertificateChain/certificates/0/rawBytes",
        ),
        (
            V0_2,
            "/verificationMaterial/x509CertificateChain/certificates/1/rawBytes",
        ),
    ] {
        for text in ["", "AAAA"] {
            let document = set(bundle(media_type), pointer, json!(text));
            let error = refused(&document, "the bundle's certificate: ");
            assert!(matches!(error, BundleError::Certificate(_)));
        }
    }
}

#[test]
fn an_envelope_has_exactly_one_signature() {
    let one = json!({"sig": bytes(8, 70)});
    let with = |count| {
        set(
            envelope(V0_3),
            "/dsseEnvelope/signatures",
            json!(vec![&one; count]),
        )
    };
    let Content::Envelope(read) = good(&with(1)).content else {
        panic!("an envelope");
    };
    assert_eq!(read.key_id, "");
    for count in [0, 2, 3] {
        let error = refused(
            &with(count),
            &format!("the envelope has {count} signatures"),
        );
        assert!(matches!(error, BundleError::Signatures { count: found } if found == count));
    }
}

#[test]
fn there_are_at_most_so_many_entries_timestamps_and_certificates() {
    let entry = |number: usize| set(rekor_v1(), "/logIndex", json!(number));
    let entries = |count| set(bundle(V0_3), ENTRIES, (0..count).map(entry).collect());
    assert_eq!(good(&entries(MOST_ENTRIES)).entries.len(), 32);
    let timestamp = |length: usize| json!({"signedTimestamp": bytes(1, length + 1)});
    let timestamps = |count| {
        set(
            bundle(V0_3),
            TIMESTAMPS,
            (0..count).map(timestamp).collect(),
        )
    };
    assert_eq!(good(&timestamps(MOST_ENTRIES)).timestamps.len(), 32);
    let chain = |count| {
        let certificates: Value = (0..count).map(|_| raw(0)).collect();
        let pointer = "/verificationMaterial/x509CertificateChain/certificates";
        set(bundle(V0_2), pointer, certificates)
    };
    good(&chain(1));
    good(&chain(MOST_CERTIFICATES));
    for (document, words) in [
        (entries(33), "33 log entries; at most 32"),
        (timestamps(33), "33 timestamps; at most 32"),
        (chain(17), "17 certificates; at most 16"),
    ] {
        let error = refused(&document, words);
        assert!(matches!(error, BundleError::TooMany { .. }));
    }
}

#[test]
fn nothing_counts_twice() {
    let second = |entry: Value| set(bundle(V0_3), ENTRIES, json!([rekor_v1(), entry]));
    good(&second(set(rekor_v1(), "/logIndex", json!("102"))));
    good(&second(set(
        rekor_v1(),
        "/logId/keyId",
        json!(bytes(9, 32)),
    )));
    for again in [
        rekor_v1(),
        set(rekor_v1(), "/canonicalizedBody", json!("AAAA")),
        set(rekor_v1(), "/logIndex", json!(101)),
    ] {
        let error = refused(&second(again), "the same log entry twice");
        assert!(matches!(error, BundleError::Repeated { .. }));
    }
    let timestamps = |one: &str, other: &str| {
        let list = json!([{"signedTimestamp": one}, {"signedTimestamp": other}]);
        set(bundle(V0_3), TIMESTAMPS, list)
    };
    good(&timestamps("AQI=", "AQM="));
    refused(&timestamps("AQI=", "AQI"), "the same timestamp twice");
}

#[test]
fn the_answer_of_a_log_follows_the_rules_of_version_3() {
    let read = |entry: &Value| LogEntry::from_json(entry.to_string().as_bytes());
    let answer = set(rekor_v2(), "/integratedTime", json!("0"));
    let answer = set(answer, "/inclusionPromise", Value::Null);
    assert_eq!(read(&answer).unwrap(), read(&rekor_v2()).unwrap());
    for (entry, words) in [
        (without(rekor_v2(), "/inclusionProof"), "no inclusionProof"),
        (
            without(rekor_v1(), "/inclusionProof/checkpoint"),
            "no checkpoint",
        ),
        (
            set(rekor_v2(), "/integratedTime", json!("1")),
            "an entry of Rekor v2, which has neither",
        ),
        (set(rekor_v2(), "/more", json!(1)), "unknown field `more`"),
    ] {
        let error = read(&entry).unwrap_err().to_string();
        assert!(error.contains(words), "{words}: {error}");
    }
}

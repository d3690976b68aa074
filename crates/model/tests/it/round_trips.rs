//! What is written is read again, and written the way in which every client reads it.

use serde_json::{Value, json};
use waxwing_model::Bundle;
use waxwing_model::bundle::LogEntry;

use crate::documents::{
    V0_1, V0_2, V0_3, V0_3_OLD, bundle, envelope, good, raw, rekor_v1, rekor_v2, set, without,
};

const ENTRIES: &str = "/verificationMaterial/tlogEntries";

fn written(bundle: &Bundle) -> Value {
    serde_json::from_slice(&bundle.to_json().unwrap()).unwrap()
}

#[test]
fn every_version_content_and_key_material_is_read_again() {
    for media_type in [V0_1, V0_2, V0_3_OLD, V0_3] {
        for document in [bundle(media_type), envelope(media_type)] {
            let mut key = document.clone();
            let material = key["verificationMaterial"].as_object_mut().unwrap();
            material.remove("certificate");
            material.remove("x509CertificateChain");
            material.insert("publicKey".into(), json!({"hint": "mine"}));
            for document in [document, key] {
                for entries in [
                    json!([]),
                    json!([rekor_v1()]),
                    json!([rekor_v2()]),
                    json!([rekor_v1(), rekor_v2()]),
                ] {
                    let read = good(&set(document.clone(), ENTRIES, entries));
                    let json = read.to_json().unwrap();
                    assert_eq!(Bundle::from_json(&json).unwrap(), read);
                    assert!(!json.contains(&b'\n'));
                }
            }
        }
    }
}

#[test]
fn json_lines_are_a_bundle_a_line() {
    let bundles = [good(&bundle(V0_3)), good(&envelope(V0_2))];
    let lines = bundles.each_ref().map(|bundle| {
        let json = bundle.to_json().unwrap();
        String::from_utf8(json).unwrap()
    });
    for text in [lines.join("\n"), lines.join("\r\n\n") + "\n"] {
        assert_eq!(Bundle::from_json_lines(text.as_bytes()).unwrap(), bundles);
    }
    let refused = |text: &str| {
        let error = Bundle::from_json_lines(text.as_bytes()).unwrap_err();
        error.to_string()
    };
    assert_eq!(refused("\n\n"), "the bundle has no line");
    // One that cannot be read takes the others with it.
    assert!(refused(&format!("{}\n{{}}", lines[0])).contains("the media type is"));
    assert!(refused(&"{}\n".repeat(1025)).contains("1025 lines; at most 1024"));
}

/// The documents here are written as Waxwing writes them, but for the older spelling of 0.3.
#[test]
fn a_document_is_written_as_it_was_read() {
    for document in [
        bundle(V0_1),
        bundle(V0_2),
        bundle(V0_3),
        envelope(V0_1),
        envelope(V0_2),
        envelope(V0_3),
        set(bundle(V0_3), ENTRIES, json!([rekor_v2()])),
    ] {
        assert_eq!(written(&good(&document)), document);
    }
    let renamed = set(bundle(V0_3_OLD), "/mediaType", json!(V0_3));
    assert_eq!(written(&good(&bundle(V0_3_OLD))), renamed);
}

/// sigstore-python refuses an entry without these, and Go leaves them out.
#[test]
fn indexes_sizes_and_hashes_are_written_when_they_are_nothing() {
    let mut document = bundle(V0_3);
    let mut sparse = document.clone();
    for (pointer, value) in [
        ("logIndex", json!("0")),
        ("inclusionProof/logIndex", json!("0")),
        ("inclusionProof/treeSize", json!("0")),
        ("inclusionProof/hashes", json!([])),
    ] {
        let pointer = format!("{ENTRIES}/0/{pointer}");
        sparse = without(sparse, &pointer);
        document = set(document, &pointer, value);
    }
    assert_eq!(written(&good(&sparse)), document);
}

#[test]
fn a_chain_in_version_3_is_written_as_a_chain() {
    let chain = json!({"certificates": [raw(0), raw(1)]});
    let document = without(bundle(V0_3), "/verificationMaterial/certificate");
    let document = set(
        document,
        "/verificationMaterial/x509CertificateChain",
        chain,
    );
    let read = Bundle::from_json_with_chain(document.to_string().as_bytes()).unwrap();
    assert_eq!(written(&read), document);
    let json = read.to_json().unwrap();
    assert_eq!(Bundle::from_json_with_chain(&json).unwrap(), read);
    assert!(Bundle::from_json(&json).is_err());
}

#[test]
fn an_entry_is_written_as_a_log_answers_and_read_again() {
    let entry = LogEntry::from_json(rekor_v2().to_string().as_bytes()).unwrap();
    let json = entry.to_json().unwrap();
    let value: Value = serde_json::from_slice(&json).unwrap();
    let expected = set(rekor_v2(), "/integratedTime", json!("0"));
    assert_eq!(value, set(expected, "/inclusionPromise", Value::Null));
    assert_eq!(LogEntry::from_json(&json).unwrap(), entry);
}

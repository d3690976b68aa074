//! Small good documents, and one change at a time.

use std::sync::LazyLock;

use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::base64;
use waxwing_encoding::time::UnixTime;
use waxwing_model::{Bundle, BundleError};
use waxwing_pki::issue::{Authority, SerialNumber, Validity};
use waxwing_pki::{Certificate, DistinguishedName};

pub(crate) const V0_1: &str = "application/vnd.dev.sigstore.bundle+json;version=0.1";
pub(crate) const V0_2: &str = "application/vnd.dev.sigstore.bundle+json;version=0.2";
pub(crate) const V0_3_OLD: &str = "application/vnd.dev.sigstore.bundle+json;version=0.3";
pub(crate) const V0_3: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// Two certificates: a reader takes any, and leaves it to the verifier whose they are.
pub(crate) static CERTIFICATES: LazyLock<[Certificate; 2]> = LazyLock::new(|| {
    [1, 2].map(|number| {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let validity = Validity {
            not_before: UnixTime::parse("2026-01-01T00:00:00Z").unwrap(),
            not_after: UnixTime::parse("2036-01-01T00:00:00Z").unwrap(),
        };
        let serial = SerialNumber::new([number; 20]);
        let root = Authority::root(key, &DistinguishedName::default(), serial, validity);
        root.unwrap().certificate
    })
});

pub(crate) fn bytes(byte: u8, count: usize) -> String {
    base64::encode(&vec![byte; count])
}

pub(crate) fn raw(number: usize) -> Value {
    json!({"rawBytes": base64::encode(CERTIFICATES[number].der())})
}

/// A good bundle of this media type, with an entry of Rekor v1 that has promise and proof.
pub(crate) fn bundle(media_type: &str) -> Value {
    let mut bundle = json!({
        "mediaType": media_type,
        "verificationMaterial": {
            "tlogEntries": [rekor_v1()],
            "timestampVerificationData": {"rfc3161Timestamps": [{"signedTimestamp": bytes(6, 9)}]},
        },
        "messageSignature": {
            "messageDigest": {"algorithm": "SHA2_256", "digest": bytes(7, 32)},
            "signature": bytes(8, 70),
        },
    });
    let material = &mut bundle["verificationMaterial"];
    match media_type {
        V0_1 | V0_2 => material["x509CertificateChain"] = json!({"certificates": [raw(0), raw(1)]}),
        _ => material["certificate"] = raw(0),
    }
    bundle
}

/// The same with an envelope.
pub(crate) fn envelope(media_type: &str) -> Value {
    let mut bundle = bundle(media_type);
    bundle["dsseEnvelope"] = json!({
        "payload": bytes(1, 3),
        "payloadType": "application/vnd.in-toto+json",
        "signatures": [{"sig": bytes(8, 70), "keyid": "key"}],
    });
    without(bundle, "/messageSignature")
}

pub(crate) fn rekor_v1() -> Value {
    json!({
        "logIndex": "101",
        "logId": {"keyId": bytes(1, 32)},
        "kindVersion": {"kind": "hashedrekord", "version": "0.0.1"},
        "integratedTime": "1689177396",
        "inclusionPromise": {"signedEntryTimestamp": bytes(2, 70)},
        "inclusionProof": proof("7"),
        "canonicalizedBody": bytes(3, 40),
    })
}

pub(crate) fn rekor_v2() -> Value {
    json!({
        "logIndex": "7",
        "logId": {"keyId": bytes(1, 32)},
        "kindVersion": {"kind": "hashedrekord", "version": "0.0.2"},
        "inclusionProof": proof("7"),
        "canonicalizedBody": bytes(3, 40),
    })
}

fn proof(index: &str) -> Value {
    json!({
        "logIndex": index,
        "rootHash": bytes(4, 32),
        "treeSize": "9",
        "hashes": [bytes(5, 32), bytes(6, 32)],
        "checkpoint": {"envelope": "log.example.com\n9\nAAAA\n\n— log.example.com AAAA\n"},
    })
}

/// The document with another value in this place.
pub(crate) fn set(mut document: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        object => object[name] = value,
    }
    document
}

/// The document without the member.
pub(crate) fn without(mut document: Value, pointer: &str) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap();
    let removed = parent.as_object_mut().unwrap().remove(name);
    assert!(removed.is_some(), "{pointer} was not there");
    document
}

pub(crate) fn read(document: &Value) -> Result<Bundle, BundleError> {
    Bundle::from_json(document.to_string().as_bytes())
}

pub(crate) fn good(document: &Value) -> Bundle {
    read(document).unwrap_or_else(|error| panic!("{error}: {document}"))
}

/// Refused, with these words in the message.
pub(crate) fn refused(document: &Value, words: &str) -> BundleError {
    let error = read(document).expect_err(words);
    assert!(error.to_string().contains(words), "{words}: {error}");
    error
}

/// Every object of the document, as pointers; the outermost is the empty one.
pub(crate) fn objects(document: &Value) -> Vec<String> {
    fn collect(value: &Value, pointer: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                found.push(pointer.to_owned());
                for (name, value) in members {
                    collect(value, &format!("{pointer}/{name}"), found);
                }
            }
            Value::Array(items) => {
                for (number, value) in items.iter().enumerate() {
                    collect(value, &format!("{pointer}/{number}"), found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    collect(document, "", &mut found);
    found
}

/// The document with every name in snake case.
pub(crate) fn snake_case(document: &Value) -> Value {
    match document {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let mut snake = String::new();
                for character in name.chars() {
                    if character.is_ascii_uppercase() {
                        snake.push('_');
                    }
                    snake.push(character.to_ascii_lowercase());
                }
                (snake, snake_case(value))
            })
            .collect(),
        Value::Array(items) => items.iter().map(snake_case).collect(),
        other => other.clone(),
    }
}

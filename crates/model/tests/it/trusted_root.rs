//! Each rule of the trusted root: a good one, and the same with that rule alone broken.

use std::sync::LazyLock;

use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey, SignatureAlgorithm};
use waxwing_encoding::base64;
use waxwing_encoding::time::UnixTime;
use waxwing_model::trusted_root::{LARGEST_TRUSTED_ROOT, Reason, Version};
use waxwing_model::{TrustedRoot, TrustedRootError, Window};

use crate::documents::{bytes, objects, raw, set, snake_case, without};

const V0_1: &str = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";
const V0_1_NEW: &str = "application/vnd.dev.sigstore.trustedroot.v0.1+json";
const V0_2: &str = "application/vnd.dev.sigstore.trustedroot.v0.2+json";

static ED25519: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::generate(KeyType::Ed25519).unwrap());
static ECDSA: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::generate(KeyType::EcdsaP256).unwrap());
static RSA: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::generate(KeyType::Rsa(2048)).unwrap());

fn log(host: &str, key: &PrivateKey, details: &str) -> Value {
    json!({
        "baseUrl": format!("https://{host}"),
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": base64::encode(key.public_key().spki_der()),
            "keyDetails": details,
            "validFor": {"start": "2025-09-23T00:00:00Z"},
        },
        "logId": {"keyId": bytes(1, 32)},
    })
}

fn authority(host: &str) -> Value {
    json!({
        "subject": {"organization": "example.com", "commonName": host},
        "uri": format!("https://{host}"),
        "certChain": {"certificates": [raw(0), raw(1)]},
        "validFor": {"start": "2022-04-13T20:06:15Z", "end": "2030-01-01T00:00:00Z"},
    })
}

fn root(media_type: &str) -> Value {
    json!({
        "mediaType": media_type,
        "tlogs": [log("log.example.com", &ED25519, "PKIX_ED25519")],
        "certificateAuthorities": [authority("ca.example.com")],
        "ctlogs": [log("ct.example.com", &ECDSA, "PKIX_ECDSA_P256_SHA_256")],
        "timestampAuthorities": [authority("time.example.com")],
    })
}

fn read(document: &Value) -> Result<TrustedRoot, TrustedRootError> {
    TrustedRoot::from_json(document.to_string().as_bytes())
}

fn good(document: &Value) -> TrustedRoot {
    read(document).unwrap_or_else(|error| panic!("{error}: {document}"))
}

fn refused(document: &Value, words: &str) -> TrustedRootError {
    let error = read(document).expect_err(words);
    assert!(error.to_string().contains(words), "{words}: {error}");
    error
}

#[test]
fn three_media_types_are_read_and_no_others() {
    for (media_type, version) in [
        (V0_1, Version::V0_1),
        (V0_1_NEW, Version::V0_1),
        (V0_2, Version::V0_2),
    ] {
        assert_eq!(good(&root(media_type)).version, version);
    }
    for media_type in [
        "",
        "application/vnd.dev.sigstore.trustedroot+json",
        "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
        "application/vnd.dev.sigstore.trustedroot.v0.3+json",
        "application/vnd.dev.sigstore.bundle.v0.3+json",
    ] {
        let error = refused(&root(media_type), "the media type is");
        assert!(matches!(error, TrustedRootError::MediaType { .. }));
    }
    assert!(read(&without(root(V0_1), "/mediaType")).is_err());
}

#[test]
fn a_log_has_an_identifier_a_key_and_the_start_of_its_window() {
    for (list, role) in [("tlogs", "transparency log"), ("ctlogs", "CT log")] {
        let at = |path: &str| format!("/{list}/0/{path}");
        for (pointer, part) in [
            ("logId", "logId"),
            ("publicKey", "publicKey"),
            ("publicKey/rawBytes", "key bytes"),
            ("publicKey/validFor", "start of its validity"),
            ("publicKey/validFor/start", "start of its validity"),
        ] {
            let words = format!(" has no {part}");
            let absent = without(root(V0_1), &at(pointer));
            for document in [absent, set(root(V0_1), &at(pointer), Value::Null)] {
                let error = refused(&document, &words);
                let is_named = matches!(
                    error,
                    TrustedRootError::Missing { role: found, .. } if found == role
                );
                assert!(is_named);
            }
        }
        for pointer in ["logId/keyId", "publicKey/rawBytes"] {
            let error = refused(&set(root(V0_1), &at(pointer), json!("")), " has no ");
            assert!(matches!(error, TrustedRootError::Missing { .. }));
        }
        for name in ["SHA3_256", "sha256", ""] {
            let error = refused(
                &set(root(V0_1), &at("hashAlgorithm"), json!(name)),
                "hashes its tree",
            );
            assert!(matches!(error, TrustedRootError::HashAlgorithm { .. }));
        }
        let error = refused(
            &set(root(V0_1), &at("publicKey/rawBytes"), json!("AAAA")),
            "the key of the",
        );
        assert!(matches!(error, TrustedRootError::PublicKey { .. }));
    }
}

#[test]
fn the_name_of_an_algorithm_goes_with_the_key_or_is_passed_over_when_unknown() {
    let at = "/tlogs/0/publicKey/keyDetails";
    for details in [
        "PKIX_ECDSA_P256_SHA_256",
        "PKIX_RSA_PKCS1V15_2048_SHA256",
        "ML_DSA_65",
    ] {
        let error = refused(
            &set(root(V0_1), at, json!(details)),
            "do not go with its key",
        );
        assert!(
            matches!(error, TrustedRootError::KeyDetails { .. }),
            "{details}"
        );
    }
    for details in [
        "PKIX_TOMORROW",
        "PKIX_ECDSA_P256_HMAC_SHA_256",
        "LMS_SHA256",
        "",
    ] {
        let read = good(&set(root(V0_1), at, json!(details)));
        assert!(read.transparency_logs.is_empty());
        let key_details = details.to_owned();
        assert_eq!(
            read.passed_over[0].reason,
            Reason::Algorithm { key_details }
        );
        assert_eq!(read.passed_over[0].name, "https://log.example.com");
        assert_eq!(read.ct_logs.len(), 1);
        // It is not read, but a log all the same: what it must have, it must have.
        let document = set(root(V0_1), at, json!(details));
        refused(&without(document, "/tlogs/0/logId"), "has no logId");
    }
    refused(&set(root(V0_1), at, json!(7)), "expected a string");
}

/// The staging CT log publishes its key so to this day.
#[test]
fn an_rsa_key_is_read_in_either_form_by_its_name() {
    let pkcs1 = base64::encode(RSA.public_key().bits());
    let spki = base64::encode(RSA.public_key().spki_der());
    for (details, raw_bytes, is_read) in [
        ("PKCS1_RSA_PKCS1V5", &pkcs1, true),
        ("PKCS1_RSA_PKCS1V5", &spki, false),
        ("PKIX_RSA_PKCS1V15_2048_SHA256", &spki, true),
        ("PKIX_RSA_PKCS1V15_2048_SHA256", &pkcs1, false),
    ] {
        let mut document = root(V0_1);
        document["ctlogs"][0]["publicKey"]["rawBytes"] = json!(raw_bytes);
        document["ctlogs"][0]["publicKey"]["keyDetails"] = json!(details);
        let Ok(read) = read(&document) else {
            assert!(!is_read, "{details}");
            continue;
        };
        assert!(is_read, "{details}");
        assert_eq!(
            read.ct_logs[0].algorithm,
            SignatureAlgorithm::RsaPkcs1Sha256
        );
        let json = read.to_json().unwrap();
        assert_eq!(TrustedRoot::from_json(&json).unwrap(), read);
    }
}

#[test]
fn a_checkpoint_key_identifier_has_four_bytes() {
    let at = "/tlogs/0/checkpointKeyId";
    let with = |length| set(root(V0_2), at, json!({"keyId": bytes(9, length)}));
    assert_eq!(
        good(&with(4)).transparency_logs[0].checkpoint_key_id,
        Some([9; 4])
    );
    for none in [root(V0_2), set(root(V0_2), at, Value::Null)] {
        assert_eq!(good(&none).transparency_logs[0].checkpoint_key_id, None);
    }
    for length in [0, 3, 5, 32] {
        let error = refused(&with(length), "expected 4");
        assert!(matches!(error, TrustedRootError::CheckpointKeyId { .. }));
    }
}

#[test]
fn an_authority_has_certificates_and_perhaps_a_window() {
    for list in ["certificateAuthorities", "timestampAuthorities"] {
        let at = |path: &str| format!("/{list}/0/{path}");
        for document in [
            without(root(V0_1), &at("certChain")),
            set(root(V0_1), &at("certChain"), json!({})),
            set(root(V0_1), &at("certChain/certificates"), json!([])),
        ] {
            let error = refused(&document, "has no certificates");
            assert!(matches!(error, TrustedRootError::Missing { .. }));
        }
        for number in [0, 1] {
            let pointer = at(&format!("certChain/certificates/{number}/rawBytes"));
            let error = refused(
                &set(root(V0_1), &pointer, json!("AAAA")),
                "a certificate of the",
            );
            assert!(matches!(error, TrustedRootError::Certificate { .. }));
        }
    }
    let window = |document: &Value| good(document).certificate_authorities[0].valid_for;
    let at = "/certificateAuthorities/0/validFor";
    assert_eq!(window(&without(root(V0_1), at)), Window::ALWAYS);
    assert_eq!(window(&set(root(V0_1), at, json!({}))), Window::ALWAYS);
    let only_end = window(&without(root(V0_1), &format!("{at}/start")));
    assert_eq!(only_end.start, UnixTime::EARLIEST);
    assert!(only_end.end.is_some());
    let subject = good(&without(root(V0_1), "/certificateAuthorities/0/subject"));
    assert_eq!(subject.certificate_authorities[0].subject.common_name, "");
}

#[test]
fn times_have_any_offset_and_up_to_nine_digits_of_a_second() {
    let at = "/tlogs/0/publicKey/validFor/start";
    let start = |text: &str| {
        let read = read(&set(root(V0_1), at, json!(text)));
        read.ok()
            .map(|root| root.transparency_logs[0].valid_for.start)
    };
    let expected = UnixTime::parse("2022-12-31T23:59:59.9Z").unwrap();
    for text in [
        "2022-12-31T23:59:59.9Z",
        "2022-12-31T23:59:59.900Z",
        "2022-12-31T23:59:59.900000Z",
        "2022-12-31T23:59:59.900000000Z",
        "2023-01-01T01:59:59.9+02:00",
        "2022-12-31T16:29:59.9-07:30",
    ] {
        assert_eq!(start(text), Some(expected), "{text}");
    }
    for text in [
        "",
        "2022-12-31",
        "2022-12-31T23:59:59",
        "2022-12-31T23:59:59.9000000000Z",
        "2022-12-31T23:59:59.Z",
        "2022-12-31 23:59:59+00",
        "2022-12-32T00:00:00Z",
        "2022-12-31T24:00:00Z",
        "20221231T235959Z",
        "1672531199",
    ] {
        assert_eq!(start(text), None, "{text}");
    }
}

#[test]
fn names_are_known_once_and_in_either_spelling() {
    let document = root(V0_2);
    assert_eq!(good(&snake_case(&document)), good(&document));
    let text = document.to_string();
    for pointer in objects(&document) {
        let mut changed = document.clone();
        changed.pointer_mut(&pointer).unwrap()["more"] = Value::Null;
        refused(&changed, "unknown field `more`");

        let object = document.pointer(&pointer).unwrap();
        let inner = object.to_string();
        let (name, value) = object.as_object().unwrap().iter().next().unwrap();
        let twice = inner.replacen('{', &format!("{{\"{name}\":{value},"), 1);
        let twice = text.replacen(&inner, &twice, 1);
        let error = TrustedRoot::from_json(twice.as_bytes()).unwrap_err();
        assert!(
            error.to_string().contains("duplicate field"),
            "{pointer}: {error}"
        );
    }
}

#[test]
fn lists_may_be_absent_or_null_and_the_rest_may_be_spaces() {
    for list in [
        "tlogs",
        "certificateAuthorities",
        "ctlogs",
        "timestampAuthorities",
    ] {
        let pointer = format!("/{list}");
        let absent = good(&without(root(V0_1), &pointer));
        assert_eq!(good(&set(root(V0_1), &pointer, json!([]))), absent);
        assert_eq!(good(&set(root(V0_1), &pointer, Value::Null)), absent);
    }
    let mut text = root(V0_1).to_string().into_bytes();
    text.push(b'\n');
    assert!(TrustedRoot::from_json(&text).is_ok());
    text.resize(LARGEST_TRUSTED_ROOT, b' ');
    assert!(TrustedRoot::from_json(&text).is_ok());
    text.push(b' ');
    let error = TrustedRoot::from_json(&text).unwrap_err();
    assert!(matches!(error, TrustedRootError::TooLarge { .. }));
    let trailing = format!("{}{{}}", root(V0_1));
    assert!(TrustedRoot::from_json(trailing.as_bytes()).is_err());
}

#[test]
fn what_is_written_is_read_again() {
    let mut document = root(V0_2);
    document["tlogs"][0]["checkpointKeyId"] = json!({"keyId": bytes(9, 4)});
    document["tlogs"][0]["operator"] = json!("one.example.com");
    document["timestampAuthorities"][0]["operator"] = json!("two.example.com");
    let unbounded = without(document.clone(), "/certificateAuthorities/0/validFor");
    for document in [root(V0_1), document, unbounded] {
        let read = good(&document);
        let json = read.to_json().unwrap();
        assert!(json.ends_with(b"}\n"));
        let value: Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(value, document);
        assert_eq!(TrustedRoot::from_json(&json).unwrap(), read);
    }
    // sigstore-python refuses a root without this list.
    let without_ct = good(&without(root(V0_1), "/ctlogs")).to_json().unwrap();
    let value: Value = serde_json::from_slice(&without_ct).unwrap();
    assert_eq!(value["ctlogs"], json!([]));
}

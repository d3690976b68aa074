//! The mapping of protobuf to JSON, row by row, in bundles.

use serde_json::{Value, json};
use waxwing_model::bundle::{Content, LARGEST_BUNDLE};
use waxwing_model::{Bundle, BundleError};

use crate::documents::{
    V0_1, V0_3, bundle, envelope, good, objects, read, refused, set, snake_case, without,
};

const ENTRY: &str = "/verificationMaterial/tlogEntries/0";

fn at(path: &str) -> String {
    format!("{ENTRY}/{path}")
}

/// Go and Python take the names of the `.proto` files too. Those of DSSE have one spelling.
#[test]
fn names_are_read_in_snake_case_but_for_those_of_dsse() {
    for document in [bundle(V0_3), bundle(V0_1)] {
        assert_eq!(good(&snake_case(&document)), good(&document));
    }
    let document = envelope(V0_3);
    refused(&snake_case(&document), "unknown field `payload_type`");
    let mut literal = snake_case(&document);
    literal["dsse_envelope"] = document["dsseEnvelope"].clone();
    assert_eq!(good(&literal), good(&document));
    for (pointer, name) in [("", "MediaType"), (ENTRY, "logindex"), (ENTRY, "log-index")] {
        let mut document = bundle(V0_3);
        document.pointer_mut(pointer).unwrap()[name] = json!("1");
        refused(&document, &format!("unknown field `{name}`"));
    }
}

#[test]
fn bytes_are_read_in_both_alphabets_with_and_without_padding() {
    let signature = |text: &str| set(bundle(V0_3), "/messageSignature/signature", json!(text));
    for text in ["-_8=", "+/8=", "-_8", "+/8"] {
        assert_eq!(good(&signature(text)).signature(), [0xfb, 0xff], "{text}");
    }
    for text in [
        "+_8=", "+/8==", "+/9=", "+/8= ", " +/8=", "+/8\n", "+", "====", "é",
    ] {
        let error = refused(&signature(text), "not base64");
        assert!(matches!(error, BundleError::Json(_)));
    }
    for value in [json!(1), json!(true), json!([251, 255]), json!({})] {
        refused(
            &set(bundle(V0_3), "/messageSignature/signature", value),
            "expected base64",
        );
    }
}

#[test]
fn numbers_of_64_bits_are_strings_or_numbers_and_never_negative() {
    for field in [
        "logIndex",
        "inclusionProof/logIndex",
        "inclusionProof/treeSize",
    ] {
        let with = |value: Value| set(bundle(V0_3), &at(field), value);
        for (text, number) in [("0", 0), ("8", 8), ("9223372036854775807", i64::MAX)] {
            assert_eq!(
                good(&with(json!(text))),
                good(&with(json!(number))),
                "{field}"
            );
        }
        for value in [
            json!("-1"),
            json!(-1),
            json!("9223372036854775808"),
            json!(9_223_372_036_854_775_808_u64),
            json!("07"),
            json!("+7"),
            json!(" 7"),
            json!("0x7"),
            json!("7.0"),
            json!(7.5),
            json!(""),
            json!(true),
        ] {
            refused(&with(value), "expected a whole number");
        }
    }
}

#[test]
fn times_of_entries_are_seconds_before_the_year_10000_and_zero_is_none() {
    let with = |value: Value| set(bundle(V0_3), &at("integratedTime"), value);
    let time = |document: &Value| good(document).entries[0].integrated_time;
    assert_eq!(
        time(&with(json!("1689177396"))).unwrap().seconds(),
        1_689_177_396
    );
    assert_eq!(
        time(&with(json!(1_689_177_396))),
        time(&with(json!("1689177396")))
    );
    for none in [with(json!("0")), with(json!(0)), with(Value::Null)] {
        assert_eq!(time(&none), None);
    }
    let error = refused(&with(json!("9223372036854775807")), "beyond the year 9999");
    assert!(matches!(error, BundleError::IntegratedTime { .. }));
}

/// The hash of a message digest is the only enum of a bundle.
#[test]
fn enums_are_names_that_are_known() {
    let with = |value: Value, length| {
        let digest = crate::documents::bytes(7, length);
        json!({"algorithm": value, "digest": digest})
    };
    let with = |value, length| {
        set(
            bundle(V0_3),
            "/messageSignature/messageDigest",
            with(value, length),
        )
    };
    for (name, length) in [("SHA2_256", 32), ("SHA2_384", 48), ("SHA2_512", 64)] {
        let Content::Message(message) = good(&with(json!(name), length)).content else {
            panic!("a message");
        };
        assert_eq!(message.digest.unwrap().as_bytes().len(), length);
        for wrong in [0, length - 1, length + 1] {
            let error = refused(&with(json!(name), wrong), "the message digest has");
            assert!(matches!(error, BundleError::MessageDigest { .. }));
        }
    }
    for name in ["SHA3_256", "sha256", "HASH_ALGORITHM_UNSPECIFIED", ""] {
        refused(
            &with(json!(name), 32),
            "is not one of SHA2_256, SHA2_384, SHA2_512",
        );
    }
    refused(&with(json!(1), 32), "expected a string");
}

#[test]
fn what_is_left_out_or_null_has_its_default() {
    let document = bundle(V0_3);
    let chained = bundle(V0_1);
    // Each of these may be absent, and then means what the other document says.
    for (pointer, same) in [
        (at("logIndex"), Some(json!("0"))),
        (at("inclusionProof/logIndex"), Some(json!(0))),
        (at("inclusionProof/treeSize"), Some(json!("0"))),
        (at("inclusionProof/hashes"), Some(json!([]))),
        (at("integratedTime"), Some(json!("0"))),
        (at("inclusionPromise"), Some(json!({}))),
        ("/verificationMaterial/tlogEntries".into(), Some(json!([]))),
        (
            "/verificationMaterial/timestampVerificationData".into(),
            Some(json!({})),
        ),
        (
            "/verificationMaterial/timestampVerificationData/rfc3161Timestamps".into(),
            Some(json!([])),
        ),
        ("/messageSignature/messageDigest".into(), None),
    ] {
        let absent = good(&without(document.clone(), &pointer));
        assert_eq!(
            good(&set(document.clone(), &pointer, Value::Null)),
            absent,
            "{pointer}"
        );
        if let Some(same) = same {
            assert_eq!(
                good(&set(document.clone(), &pointer, same)),
                absent,
                "{pointer}"
            );
        }
    }
    let proof = at("inclusionProof");
    assert_eq!(
        good(&set(chained.clone(), &proof, Value::Null)),
        good(&without(chained, &proof))
    );
    // The members that are not the chosen one may stand there as null.
    let nulls = set(document.clone(), "/dsseEnvelope", Value::Null);
    let nulls = set(nulls, "/verificationMaterial/publicKey", Value::Null);
    let nulls = set(
        nulls,
        "/verificationMaterial/x509CertificateChain",
        Value::Null,
    );
    assert_eq!(good(&nulls), good(&document));
    // What must be there must not be null either.
    for pointer in [
        "/mediaType".into(),
        "/verificationMaterial".into(),
        "/verificationMaterial/certificate".into(),
        "/messageSignature".into(),
        "/messageSignature/signature".into(),
        at("logId"),
        at("kindVersion"),
        at("inclusionProof"),
        at("inclusionProof/checkpoint"),
        at("inclusionProof/rootHash"),
        at("canonicalizedBody"),
        at("inclusionProof/hashes/0"),
        ENTRY.into(),
    ] {
        let null: Result<Bundle, BundleError> = read(&set(document.clone(), &pointer, Value::Null));
        assert!(null.is_err(), "{pointer}");
    }
}

#[test]
fn a_name_that_stands_twice_is_refused_in_every_object() {
    for document in [bundle(V0_3), bundle(V0_1), envelope(V0_3)] {
        let text = document.to_string();
        for pointer in objects(&document) {
            let object = document.pointer(&pointer).unwrap();
            let inner = object.to_string();
            let (name, value) = object.as_object().unwrap().iter().next().unwrap();
            let before = inner.replacen('{', &format!("{{\"{name}\":{value},"), 1);
            let rest = inner.strip_suffix('}').unwrap();
            let behind = format!("{rest},\"{name}\":null}}");
            for twice in [before, behind] {
                let twice = text.replacen(&inner, &twice, 1);
                let error = Bundle::from_json(twice.as_bytes()).unwrap_err().to_string();
                assert!(
                    error.contains("duplicate field"),
                    "{pointer}/{name}: {error}"
                );
            }
        }
        let both = text.replacen('{', "{\"media_type\":\"\",", 1);
        let error = Bundle::from_json(both.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("duplicate field"), "{error}");
    }
}

#[test]
fn a_name_that_is_not_known_is_refused_in_every_object() {
    for document in [bundle(V0_3), bundle(V0_1), envelope(V0_3)] {
        good(&document);
        for pointer in objects(&document) {
            let mut changed = document.clone();
            changed.pointer_mut(&pointer).unwrap()["more"] = Value::Null;
            refused(&changed, "unknown field `more`");
        }
    }
}

#[test]
fn a_document_is_one_value_in_utf_8() {
    let text = bundle(V0_3).to_string();
    let read = |text: &[u8]| Bundle::from_json(text);
    let expected = read(text.as_bytes()).unwrap();
    for (before, after) in [("", "\n"), ("", " \r\n\t"), ("\n ", "")] {
        let spaced = format!("{before}{text}{after}");
        assert_eq!(read(spaced.as_bytes()).unwrap(), expected);
    }
    for (before, after) in [
        ("", "{}"),
        ("", "\n{}"),
        ("", ","),
        ("", "\0"),
        ("\u{feff}", ""),
        ("[", "]"),
    ] {
        let error = read(format!("{before}{text}{after}").as_bytes()).unwrap_err();
        assert!(matches!(error, BundleError::Json(_)), "{error}");
    }
    for nothing in ["", "null", "[]", "\"\"", "{", "{}x"] {
        assert!(read(nothing.as_bytes()).is_err(), "{nothing:?}");
    }
    assert!(read(&text.as_bytes()[..text.len() - 1]).is_err());
    // In a text field that is believed nowhere, so that nothing else can be the reason.
    let hint = |bytes: &[u8]| {
        let mut document = without(bundle(V0_3), "/verificationMaterial/certificate");
        document["verificationMaterial"]["publicKey"] = json!({"hint": "HINT"});
        let text = document.to_string();
        let (before, after) = text.split_once("HINT").unwrap();
        read(&[before.as_bytes(), bytes, after.as_bytes()].concat())
    };
    assert!(hint("é".as_bytes()).is_ok());
    assert!(hint(b"\\u00e9").is_ok());
    for bytes in [
        b"\xff".as_slice(),
        b"\xc3",
        b"\xed\xa0\x80",
        b"\\ud800",
        b"\n",
        b"\\x",
    ] {
        assert!(hint(bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn a_document_has_at_most_so_many_bytes() {
    let mut text = bundle(V0_3).to_string().into_bytes();
    text.resize(LARGEST_BUNDLE, b' ');
    assert!(Bundle::from_json(&text).is_ok());
    text.push(b' ');
    let error = Bundle::from_json(&text).unwrap_err();
    assert!(matches!(error, BundleError::TooLarge { .. }), "{error}");
}

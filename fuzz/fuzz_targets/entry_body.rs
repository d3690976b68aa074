//! No other body than the good ones is about the good signatures.
//!
//! The first byte chooses the kind, the rest is the body. A kind of Rekor v2 has one body for each
//! signature, byte for byte. Those of Rekor v1 are compared by what they say: JSON's white space and
//! escapes, capital letters in hexadecimal, the line breaks of PEM, and fields that no bundle can be
//! compared with are left aside.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use waxwing_encoding::{base64, pem};
use waxwing_entries::binding;
use waxwing_fuzz::{GOOD, GOOD_ENVELOPE};

/// Kind, version, and the seed with the good body behind the byte that chooses the kind.
const KINDS: [(&str, &str, &[u8]); 7] = [
    (
        "hashedrekord",
        "0.0.1",
        include_bytes!("../corpus/entry_body/hashedrekord_v1.bin"),
    ),
    (
        "hashedrekord",
        "0.0.2",
        include_bytes!("../corpus/entry_body/hashedrekord_v2.bin"),
    ),
    (
        "hashedrekord",
        "0.0.2",
        include_bytes!("../corpus/entry_body/hashedrekord_v2_envelope.bin"),
    ),
    (
        "dsse",
        "0.0.1",
        include_bytes!("../corpus/entry_body/dsse_v1.bin"),
    ),
    (
        "dsse",
        "0.0.2",
        include_bytes!("../corpus/entry_body/dsse_v2.bin"),
    ),
    (
        "intoto",
        "0.0.1",
        include_bytes!("../corpus/entry_body/intoto_v1.bin"),
    ),
    (
        "intoto",
        "0.0.2",
        include_bytes!("../corpus/entry_body/intoto_v2.bin"),
    ),
];

fuzz_target!(|input: &[u8]| {
    let Some((choice, body)) = input.split_first() else {
        return;
    };
    let number = usize::from(*choice) % KINDS.len();
    let (kind, version, seed) = KINDS[number];
    let good = &seed[1..];
    let signature = match number {
        0 | 1 => GOOD.signature(),
        _ => GOOD_ENVELOPE.signature(),
    };
    let accepted = binding::check(kind, version, body, &signature).is_ok();
    if body == good {
        assert!(accepted, "the good {kind} {version} was refused");
    } else if accepted {
        assert!(matches!(number, 0 | 3 | 5 | 6), "another body of Rekor v2");
        assert!(meaning(body).is_none_or(|found| Some(found) == meaning(good)));
    }
});

/// What a body says; `None` if a field that is compared with nothing holds what cannot be read.
fn meaning(body: &[u8]) -> Option<Value> {
    let mut body: Value = serde_json::from_slice(body).ok()?;
    let spec = &mut body["spec"];
    if let Some(spec) = spec.as_object_mut() {
        spec.remove("envelopeHash");
    }
    if body["apiVersion"] == "0.0.2"
        && let Some(content) = body["spec"]["content"].as_object_mut()
    {
        content.remove("hash");
        // The payload may stand here or not.
        if let Some(envelope) = content["envelope"].as_object_mut() {
            envelope.remove("payload");
            for signature in envelope["signatures"].as_array_mut().into_iter().flatten() {
                signature
                    .as_object_mut()
                    .map(|fields| fields.remove("keyid"));
            }
        }
    } else if let Some(content) = body["spec"]["content"].as_object_mut() {
        content.remove("payloadHash");
    }
    normalize(&mut body);
    Some(body)
}

fn normalize(value: &mut Value) {
    match value {
        Value::String(text) => {
            let bytes = base64::decode(text).ok();
            let certificate = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
            let certificate = certificate.and_then(|text| pem::decode(&text).ok());
            *text = match certificate {
                Some(block) => base64::encode(&block.der),
                None if text.len() == 64 => text.to_lowercase(),
                None => return,
            };
        }
        Value::Array(items) => items.iter_mut().for_each(normalize),
        Value::Object(members) => members.values_mut().for_each(normalize),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

//! An envelope's type and payload give bytes to sign that no other pair gives; and a statement is
//! about an artifact only where the digest stands in one of its subjects.
//!
//! The first byte is the length of the payload type, which follows; the rest is the payload.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use waxwing_crypto::HashAlgorithm;
use waxwing_encoding::hex;
use waxwing_fuzz::ARTIFACT;
use waxwing_model::Statement;
use waxwing_model::bundle::dsse::pae;

fuzz_target!(|input: &[u8]| {
    let Some((length, rest)) = input.split_first() else {
        return;
    };
    let (payload_type, payload) = rest.split_at(usize::from(*length).min(rest.len()));
    let Ok(payload_type) = std::str::from_utf8(payload_type) else {
        return;
    };
    let signed = pae(payload_type, payload);
    assert_eq!(read(&signed), Some((payload_type.as_bytes(), payload)));

    let Ok(statement) = Statement::from_payload(payload_type, payload) else {
        return;
    };
    assert!(!statement.subjects.is_empty());
    assert!(!statement.is_about(&[]));
    // What nobody reads, the predicate first of all, is only looked over: it may hold numbers and
    // characters that cannot be read.
    let Ok(document) = serde_json::from_slice::<Value>(payload) else {
        return;
    };
    for (name, hash) in [
        ("sha256", HashAlgorithm::Sha256),
        ("sha384", HashAlgorithm::Sha384),
        ("sha512", HashAlgorithm::Sha512),
    ] {
        let digest = hash.digest(ARTIFACT);
        let text = hex::encode(digest.as_bytes());
        let subjects = document["subject"].as_array().expect("subjects are a list");
        let named = subjects.iter().any(|subject| {
            let found = subject["digest"][name].as_str();
            found.is_some_and(|found| found.eq_ignore_ascii_case(&text))
        });
        assert_eq!(statement.is_about(&[digest]), named);
    }
});

/// The pre-authentication encoding, read back by its own lengths.
fn read(signed: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = signed.strip_prefix(b"DSSEv1 ")?;
    let (payload_type, rest) = sized(rest)?;
    let (payload, rest) = sized(rest.strip_prefix(b" ")?)?;
    rest.is_empty().then_some((payload_type, payload))
}

fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(&bytes[..end]).ok()?.parse().ok()?;
    bytes[end + 1..].split_at_checked(length)
}

//! Writing DER: each function returns one whole element.

use der::asn1::{GeneralizedTime, ObjectIdentifier, UtcTime};
use der::{Encode, Length};
use waxwing_encoding::time::UnixTime;

use crate::read;

/// An element of this tag around the concatenation of `parts`.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(length + 6);
    out.push(tag);
    // A Length is 32 bits; everything written here is a certificate or smaller.
    let length = Length::try_from(length).unwrap_or(Length::MAX);
    out.extend(length.to_der().unwrap_or_default());
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(read::SEQUENCE, parts)
}

/// A SET OF in DER order: sorted by encoding.
pub(crate) fn set_of(mut members: Vec<Vec<u8>>) -> Vec<u8> {
    members.sort();
    let members: Vec<&[u8]> = members.iter().map(Vec::as_slice).collect();
    element(read::SET, &members)
}

pub(crate) fn octet_string(bytes: &[u8]) -> Vec<u8> {
    element(read::OCTET_STRING, &[bytes])
}

pub(crate) fn utf8_string(text: &str) -> Vec<u8> {
    element(read::UTF8_STRING, &[text.as_bytes()])
}

/// A BIT STRING of whole bytes.
pub(crate) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    element(read::BIT_STRING, &[&[0], bytes])
}

pub(crate) fn object_identifier(oid: ObjectIdentifier) -> Vec<u8> {
    element(read::OBJECT_IDENTIFIER, &[oid.as_bytes()])
}

/// A non-negative INTEGER from big-endian bytes: leading zeros dropped, one put before a set top bit.
pub(crate) fn integer(big_endian: &[u8]) -> Vec<u8> {
    let zeros = big_endian.iter().take_while(|byte| **byte == 0).count();
    let bytes = big_endian.split_at(zeros).1;
    match bytes.first() {
        Some(first) if *first < 0x80 => element(read::INTEGER, &[bytes]),
        _ => element(read::INTEGER, &[&[0], bytes]),
    }
}

/// UTCTime until 2049, GeneralizedTime from 2050, as RFC 5280 section 4.1.2.5 asks.
pub(crate) fn time(time: UnixTime) -> Vec<u8> {
    UtcTime::from_unix_duration(since_epoch(time))
        .and_then(|time| time.to_der())
        .unwrap_or_else(|_| generalized_time(time))
}

/// GeneralizedTime without a fraction.
pub(crate) fn generalized_time(time: UnixTime) -> Vec<u8> {
    GeneralizedTime::from_unix_duration(since_epoch(time))
        .and_then(|time| time.to_der())
        .unwrap_or_default()
}

fn since_epoch(time: UnixTime) -> std::time::Duration {
    std::time::Duration::from_secs(u64::try_from(time.seconds()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_times_have_one_form() {
        assert_eq!(integer(&[0, 0x7f]), [2, 1, 0x7f]);
        assert_eq!(integer(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(integer(&[0, 0]), [2, 1, 0]);
        let at = |text| UnixTime::parse(text).unwrap();
        assert_eq!(time(at("2026-11-22T15:40:09Z")), b"\x17\x0d261122154009Z");
        assert_eq!(time(at("2050-01-01T00:00:00Z")), b"\x18\x0f20500101000000Z");
    }

    #[test]
    fn sets_are_sorted_and_long_lengths_are_written() {
        assert_eq!(
            set_of(vec![vec![4, 1, 2], vec![2, 1, 9]]),
            [0x31, 6, 2, 1, 9, 4, 1, 2]
        );
        let long = octet_string(&[1; 300]);
        assert_eq!(&long[..4], [4, 0x82, 1, 44]);
    }
}

//! ProtoJSON scalars and the messages that several documents share.
//!
//! Written as Go's `protojson` and sigstore-python write them, read as the more lenient of the two
//! reads them: bytes in either base64 alphabet, 64-bit numbers as string or number, `null` as absent.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use waxwing_encoding::base64;
use waxwing_encoding::time::UnixTime;

use crate::window::Window;

/// A `bytes` field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

/// Reads a string without keeping it: a bundle is mostly base64, and each field would otherwise be
/// copied once before it is decoded.
struct Text<F>(&'static str, F);

impl<T, F: FnOnce(&str) -> Result<T, String>> Visitor<'_> for Text<F> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.1)(text).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let decode =
            |text: &str| base64::decode_proto_json(text).map_err(|error| error.to_string());
        let bytes = deserializer.deserialize_str(Text("base64", decode))?;
        Ok(Self(bytes))
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64::encode(&self.0))
    }
}

/// An `int64` field: a decimal string, or a number. Never negative here: every such field is an
/// index, a size or a time after 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Integer(pub(crate) u64);

impl<'de> Deserialize<'de> for Integer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IntegerVisitor)
    }
}

impl Integer {
    pub(crate) fn is_zero(&self) -> bool {
        self.0 == 0
    }
}

struct IntegerVisitor;

impl Visitor<'_> for IntegerVisitor {
    type Value = Integer;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number from 0 to 9223372036854775807")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Integer, E> {
        match i64::try_from(number) {
            Ok(_) => Ok(Integer(number)),
            Err(_) => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Integer, E> {
        // Written back and compared: "+7", "07" and " 7" are not numbers.
        let number = text.parse().ok();
        match number.filter(|number: &u64| number.to_string() == text) {
            Some(number) => self.visit_u64(number),
            None => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }
}

impl Serialize for Integer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A `Timestamp` field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timestamp(pub(crate) UnixTime);

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parse = |text: &str| UnixTime::parse(text).map_err(|error| error.to_string());
        let time = deserializer.deserialize_str(Text("a time of RFC 3339", parse))?;
        Ok(Self(time))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// `null` reads as the default, as ProtoJSON has it.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// `{"rawBytes": …}`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawBytes {
    #[serde(alias = "raw_bytes")]
    pub(crate) raw_bytes: Bytes,
}

/// `{"keyId": …}`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LogId {
    #[serde(alias = "key_id")]
    pub(crate) key_id: Bytes,
}

/// `TimeRange`.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimeRange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) start: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) end: Option<Timestamp>,
}

impl From<Window> for TimeRange {
    fn from(window: Window) -> Self {
        Self {
            start: Some(Timestamp(window.start)),
            end: window.end.map(Timestamp),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_strings_or_numbers_and_never_negative() {
        let read = |json: &str| {
            serde_json::from_str::<Integer>(json)
                .ok()
                .map(|number| number.0)
        };
        assert_eq!(read("\"27246492\""), Some(27_246_492));
        assert_eq!(read("7"), Some(7));
        assert_eq!(read("\"9223372036854775807\""), Some(i64::MAX as u64));
        for json in [
            "-1",
            "\"-1\"",
            "\"07\"",
            "\"+7\"",
            "1.5",
            "\"9223372036854775808\"",
            "true",
            "\"\"",
        ] {
            assert_eq!(read(json), None, "{json}");
        }
        assert_eq!(serde_json::to_string(&Integer(7)).unwrap(), "\"7\"");
    }

    #[test]
    fn bytes_are_read_in_either_alphabet() {
        for json in ["\"+/8=\"", "\"-_8\"", "\"\\u002b/8=\""] {
            assert_eq!(
                serde_json::from_str::<Bytes>(json).unwrap().0,
                [0xfb, 0xff],
                "{json}"
            );
        }
        assert!(serde_json::from_str::<Bytes>("\"+/8==\"").is_err());
    }
}

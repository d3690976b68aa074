//! Canonical JSON as OLPC defined it, over which TUF metadata is signed (TUF specification 1.0.34
//! section 4.2; the writer that all peers agree with is `encode_canonical` of securesystemslib).
//!
//! ```text
//! {"_type":"timestamp","expires":"2026-11-30T00:00:00Z","meta":{"snapshot.json":{"version":1}}}
//! ```
//!
//! Not RFC 8785: keys are sorted by code point, strings escape only `"` and `\` (a newline in a PEM
//! key stays the byte 0x0a), nothing is normalised, and numbers are integers.
//!
//! What has no canonical form is refused by the reader already: fractions, exponents and integers
//! beyond 64 bits. So is a member that stands twice in one object, of which peers take the last:
//! two readers must not see two documents under one signature.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Why a text is not JSON that has a canonical form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OlpcJsonError {
    /// Not JSON, not UTF-8, or nested deeper than 128 levels.
    #[error("not JSON: {reason}")]
    Syntax {
        /// What is wrong, with line and column.
        reason: String,
    },
    /// One object has two members of one name.
    #[error("the member {name:?} stands twice in one JSON object")]
    DoubledMember {
        /// The name.
        name: String,
    },
    /// A number that is not an integer of 64 bits.
    #[error("the number {found} has no canonical form; expected an integer of 64 bits")]
    NotAnInteger {
        /// The number, as it was understood.
        found: String,
    },
}

/// Reads one JSON document that has a canonical form. The caller bounds its length; nesting is
/// bounded here.
pub fn from_slice(json: &[u8]) -> Result<Value, OlpcJsonError> {
    let fault = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(json);
    let read = Strict { fault: &fault }.deserialize(&mut reader);
    let read = read.and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| {
        fault.take().unwrap_or_else(|| OlpcJsonError::Syntax {
            reason: error.to_string(),
        })
    })
}

/// Writes the canonical form.
///
/// Refuses numbers that are not integers, which [`from_slice`] never makes.
pub fn to_vec(value: &Value) -> Result<Vec<u8>, OlpcJsonError> {
    let mut written = Vec::new();
    write(value, &mut written)?;
    Ok(written)
}

fn write(value: &Value, to: &mut Vec<u8>) -> Result<(), OlpcJsonError> {
    match value {
        Value::Null => to.extend_from_slice(b"null"),
        Value::Bool(true) => to.extend_from_slice(b"true"),
        Value::Bool(false) => to.extend_from_slice(b"false"),
        Value::Number(number) if number.is_i64() || number.is_u64() => {
            to.extend_from_slice(number.to_string().as_bytes());
        }
        Value::Number(number) => {
            return Err(OlpcJsonError::NotAnInteger {
                found: number.to_string(),
            });
        }
        Value::String(text) => write_string(text, to),
        Value::Array(items) => {
            to.push(b'[');
            for (position, item) in items.iter().enumerate() {
                separate(position, to);
                write(item, to)?;
            }
            to.push(b']');
        }
        Value::Object(members) => {
            // UTF-8 sorts as its code points do.
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            to.push(b'{');
            for (position, (name, value)) in members.into_iter().enumerate() {
                separate(position, to);
                write_string(name, to);
                to.push(b':');
                write(value, to)?;
            }
            to.push(b'}');
        }
    }
    Ok(())
}

fn separate(position: usize, to: &mut Vec<u8>) {
    if position > 0 {
        to.push(b',');
    }
}

fn write_string(text: &str, to: &mut Vec<u8>) {
    to.push(b'"');
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            to.push(b'\\');
        }
        to.push(byte);
    }
    to.push(b'"');
}

/// Builds a [`Value`] as `serde_json` does, and keeps the fault that it stopped at.
#[derive(Clone, Copy)]
struct Strict<'a> {
    fault: &'a RefCell<Option<OlpcJsonError>>,
}

impl Strict<'_> {
    fn stop<E: serde::de::Error>(self, fault: OlpcJsonError) -> E {
        let error = E::custom(&fault);
        self.fault.replace(Some(fault));
        error
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Err(self.stop(OlpcJsonError::NotAnInteger {
            found: value.to_string(),
        }))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            read.push(item);
        }
        Ok(Value::Array(read))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if read.contains_key(&name) {
                return Err(self.stop(OlpcJsonError::DoubledMember { name }));
            }
            let value = members.next_value_seed(self)?;
            read.insert(name, value);
        }
        Ok(Value::Object(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(json: &str) -> String {
        String::from_utf8(to_vec(&from_slice(json.as_bytes()).unwrap()).unwrap()).unwrap()
    }

    /// Each right side is what securesystemslib 1.6.0 writes for its left side.
    #[test]
    fn strings_escape_two_characters_and_nothing_else() {
        for (json, expected) in [
            (r#""""#, r#""""#),
            (r#""\"\\\/""#, r#""\"\\/""#),
            (r#""a\nb\tc\u0000\u007f""#, "\"a\nb\tc\u{0}\u{7f}\""),
            // Neither composed nor decomposed: é in both of its spellings stays as it is.
            (r#""\u00e9 e\u0301 \ud83d\ude00""#, "\"é e\u{301} 😀\""),
        ] {
            assert_eq!(canonical(json), expected, "{json}");
        }
    }

    #[test]
    fn members_are_sorted_by_code_point_and_white_space_goes() {
        assert_eq!(
            canonical(
                "{ \"b\" : [ 1 , -2 , true ] , \"a\" : { } , \"B\" : null , \"\u{ff5e}\" : 1, \"😀\" : 2 }"
            ),
            "{\"B\":null,\"a\":{},\"b\":[1,-2,true],\"\u{ff5e}\":1,\"😀\":2}",
            "RFC 8785 would put the emoji, a pair of surrogates, before U+FF5E"
        );
    }

    #[test]
    fn integers_of_64_bits_are_kept_and_all_else_is_refused() {
        for number in [
            "0",
            "-1",
            "9007199254740993",
            "18446744073709551615",
            "-9223372036854775808",
        ] {
            assert_eq!(canonical(number), number);
        }
        for number in [
            "1.0",
            "1e2",
            "-0",
            "18446744073709551616",
            "-9223372036854775809",
        ] {
            let json = format!("{{\"version\":{number}}}");
            let found = from_slice(json.as_bytes());
            assert!(
                matches!(found, Err(OlpcJsonError::NotAnInteger { .. })),
                "{number}: {found:?}"
            );
        }
        let fraction = serde_json::json!([0.5]);
        assert!(matches!(
            to_vec(&fraction),
            Err(OlpcJsonError::NotAnInteger { .. })
        ));
    }

    #[test]
    fn a_doubled_member_is_refused_at_any_depth() {
        let name = "a".to_owned();
        for json in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"\u0061":2}}]"#] {
            assert_eq!(
                from_slice(json.as_bytes()),
                Err(OlpcJsonError::DoubledMember { name: name.clone() }),
                "{json}"
            );
        }
        assert_eq!(
            canonical(r#"[{"a":{"a":1}},{"a":2}]"#),
            r#"[{"a":{"a":1}},{"a":2}]"#
        );
    }

    #[test]
    fn what_is_not_json_is_refused() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        for json in [
            "",
            "{",
            "{}x",
            "{'a':1}",
            "\"\\ud800\"",
            "NaN",
            "[1,]",
            &deep,
        ] {
            let found = from_slice(json.as_bytes());
            assert!(matches!(found, Err(OlpcJsonError::Syntax { .. })), "{json}");
        }
        let found = from_slice(b"\"\xff\"");
        assert!(matches!(found, Err(OlpcJsonError::Syntax { .. })));
        assert_eq!(canonical(&("[".repeat(100) + &"]".repeat(100))).len(), 200);
    }
}

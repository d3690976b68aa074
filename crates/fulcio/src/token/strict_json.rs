//! JSON of strangers in which each name stands once and nesting has an end.
//!
//! ```text
//! {"iss":"https://a","iss":"https://b"}   refused: whoever reads the first sees another token
//! ```
//!
//! `serde_json` would keep the last of two members and nest 127 levels.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How deeply objects and lists may be nested.
const DEEPEST: usize = 16;

/// Why a text is not JSON that can be relied on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not JSON with each name once and at most {DEEPEST} levels: {problem}")]
pub struct StrictJsonError {
    /// What the reader says.
    pub problem: String,
}

/// Reads an object, and nothing after it.
pub(crate) fn strict_object(json: &[u8]) -> Result<Map<String, Value>, StrictJsonError> {
    let error = |problem: String| StrictJsonError { problem };
    let mut reader = serde_json::Deserializer::from_slice(json);
    let value = Level(0).deserialize(&mut reader);
    let value = value.map_err(|cause| error(cause.to_string()))?;
    reader.end().map_err(|cause| error(cause.to_string()))?;
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(error("expected an object".to_owned())),
    }
}

/// A value at so many levels below the outermost.
struct Level(usize);

impl Level {
    fn next<E: serde::de::Error>(&self) -> Result<usize, E> {
        match self.0 {
            DEEPEST => Err(E::custom("too many levels")),
            level => Ok(level + 1),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("a number beyond measure"))?;
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let level = self.next()?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(Self(level))? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let level = self.next()?;
        let mut object = Map::new();
        while let Some(Name(name)) = members.next_key()? {
            let value = members.next_value_seed(Self(level))?;
            if object.insert(name.clone(), value).is_some() {
                return Err(A::Error::custom(format!("the name {name:?} twice")));
            }
        }
        Ok(Value::Object(object))
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Name(String);

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_name_stands_once_on_every_level() {
        for (bad, good) in [
            (r#"{"a":1,"a":1}"#, r#"{"a":1,"b":1}"#),
            (r#"{"a":1,"\u0061":2}"#, r#"{"a":1,"\u0062":2}"#),
            (
                r#"{"x":[{"a":1,"a":null}]}"#,
                r#"{"x":[{"a":1},{"a":null}]}"#,
            ),
        ] {
            let error = strict_object(bad.as_bytes()).unwrap_err();
            assert!(error.problem.contains("the name \"a\" twice"), "{error}");
            assert!(strict_object(good.as_bytes()).is_ok(), "{good}");
        }
    }

    #[test]
    fn nesting_ends_and_nothing_follows() {
        let nested = |levels: usize| {
            let lists = levels - 1;
            format!("{{\"a\":{}{}}}", "[".repeat(lists), "]".repeat(lists))
        };
        assert!(strict_object(nested(DEEPEST).as_bytes()).is_ok());
        let error = strict_object(nested(DEEPEST + 1).as_bytes()).unwrap_err();
        assert!(error.problem.contains("too many levels"), "{error}");
        for bad in [
            "",
            "[]",
            "7",
            "{} {}",
            "{}x",
            "{\"a\":1e999}",
            "{\"a\":\"\u{1}\"}",
        ] {
            assert!(strict_object(bad.as_bytes()).is_err(), "{bad}");
        }
        let text = r#"{"n":[null,true,-1,2,1.5,"ü"]}"#;
        let value = Value::Object(strict_object(text.as_bytes()).unwrap());
        assert_eq!(value, json!({"n": [null, true, -1, 2, 1.5, "ü"]}));
    }
}

//! The claims of a verified token, and the texts that Go makes of them.
//!
//! ```text
//! {"sub":"repo:acme/app","run_id":7,"aud":["sigstore"],"kubernetes.io":{"namespace":"default"}}
//! ```
//!
//! For the templates of `ci-provider` every claim becomes a text first: numbers without exponent,
//! `true` and `false`, null as `<nil>`, lists as `[a b]`, objects as `map[k:v]`.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::identity::IdentityRefused;
use crate::token::{self, StrictJsonError};

/// The claims of a token, each name once.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenClaims(Map<String, Value>);

impl TokenClaims {
    /// Reads the JSON of a token's middle part: an object, each name once, at most 16 levels deep.
    pub fn from_json(json: &[u8]) -> Result<Self, StrictJsonError> {
        token::strict_object(json).map(Self)
    }

    /// A claim of any kind.
    pub fn get(&self, claim: &str) -> Option<&Value> {
        self.0.get(claim)
    }

    /// A claim as a text; `None` when it is absent, null or empty.
    pub(crate) fn optional(&self, claim: &'static str) -> Result<Option<&str>, IdentityRefused> {
        match self.0.get(claim) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(other) => Err(IdentityRefused::NotText {
                claim: claim.to_owned(),
                found: kind(other),
            }),
        }
    }

    /// A claim that must be there as a text.
    pub(crate) fn text(&self, claim: &'static str) -> Result<&str, IdentityRefused> {
        self.optional(claim)?
            .ok_or(IdentityRefused::Missing { claim })
    }

    /// A claim as Go would print it.
    pub(crate) fn printed(&self, claim: &str) -> Option<Cow<'_, str>> {
        self.0.get(claim).map(printed)
    }
}

/// What kind of JSON value this is, for people.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A value as the original turns it into text: `%v`, with numbers written without exponent.
pub(crate) fn printed(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        // Go reads every number as a float64, and so loses what is beyond 2^53 as this does.
        Value::Number(number) => Cow::Owned(number.as_f64().unwrap_or(f64::NAN).to_string()),
        other => {
            let mut text = String::new();
            print(other, &mut text);
            Cow::Owned(text)
        }
    }
}

/// `%v` of what is inside a list or an object.
fn print(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("<nil>"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => print_number(number.as_f64().unwrap_or(f64::NAN), out),
        Value::String(text) => out.push_str(text),
        Value::Array(list) => {
            out.push('[');
            for (number, item) in list.iter().enumerate() {
                if number > 0 {
                    out.push(' ');
                }
                print(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            // Go prints maps in the order of their keys.
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            out.push_str("map[");
            for (number, (name, item)) in members.into_iter().enumerate() {
                if number > 0 {
                    out.push(' ');
                }
                out.push_str(name);
                out.push(':');
                print(item, out);
            }
            out.push(']');
        }
    }
}

/// Go's `%g` in its shortest form: with an exponent when that is below -4 or from 6 on.
fn print_number(number: f64, out: &mut String) {
    let scientific = format!("{number:e}");
    let exponent = scientific.split_once('e');
    let exponent = exponent.and_then(|(digits, power)| Some((digits, power.parse::<i32>().ok()?)));
    match exponent {
        Some((digits, power)) if !(-4..6).contains(&power) => {
            let sign = if power < 0 { '-' } else { '+' };
            out.push_str(&format!("{digits}e{sign}{:02}", power.unsigned_abs()));
        }
        _ => out.push_str(&number.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn claims_are_printed_as_go_prints_them() {
        for (value, expected) in [
            (json!("a <b> & \"c\""), "a <b> & \"c\""),
            (json!(7), "7"),
            (json!(12345678901i64), "12345678901"),
            (json!(1e21), "1000000000000000000000"),
            (json!(1.5), "1.5"),
            (json!(-0.25), "-0.25"),
            (json!(true), "true"),
            (json!(null), "<nil>"),
            (json!([]), "[]"),
            (json!(["a", "b c", null]), "[a b c <nil>]"),
            (json!({"b": 1, "a": ["x"]}), "map[a:[x] b:1]"),
            (json!([1e21, 1e-5, 0.5, 999999]), "[1e+21 1e-05 0.5 999999]"),
            (json!([1234567.5, 0.0001]), "[1.2345675e+06 0.0001]"),
        ] {
            assert_eq!(printed(&value), expected);
        }
    }
}

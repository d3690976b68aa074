//! One setting: where it stands, and its value as what whoever asked expects.
//!
//! ```text
//! line 3: rekor.read-only: expected true or false, found a number
//! line 9: tsa.policy: expected an object identifier such as 1.2.3, found "1.2.x": …
//! ```

use std::fmt::Display;
use std::path::PathBuf;

use serde_json::Value;

use super::Table;
use super::yaml::Lines;

/// A setting that is there.
#[derive(Debug, Clone)]
pub struct Setting<'a> {
    pub(super) place: String,
    pub(super) line: usize,
    pub(super) value: &'a Value,
    pub(super) lines: Option<&'a Lines>,
}

/// Why settings are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// Nobody reads it.
    #[error("{}{place}: no setting has this name; {help}", at(*line))]
    Unknown {
        /// Its name, with those of the tables that it is in.
        place: String,
        /// Its line, 0 if that is not known.
        line: usize,
        /// What was meant, or what could be meant.
        help: String,
    },
    /// Of another type.
    #[error("{}{place}: expected {expected}, found {found}", at(*line))]
    Type {
        /// Its name, with those of the tables that it is in.
        place: String,
        /// Its line, 0 if that is not known.
        line: usize,
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A value that does not do.
    #[error("{}{place}: expected {expected}, found {found:?}{}", at(*line), because(reason))]
    Value {
        /// Its name, with those of the tables that it is in.
        place: String,
        /// Its line, 0 if that is not known.
        line: usize,
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: String,
        /// What whoever reads such values says, if there is more to say.
        reason: String,
    },
    /// The same where a secret may stand in the value.
    #[error("{}{place}: expected {expected}{}", at(*line), because(reason))]
    Unseen {
        /// Its name, with those of the tables that it is in.
        place: String,
        /// Its line, 0 if that is not known.
        line: usize,
        /// What should be there.
        expected: &'static str,
        /// What whoever reads such values says, without the secret.
        reason: String,
    },
    /// A table without something that it needs.
    #[error("{}{place}: {name} is missing", at(*line))]
    Missing {
        /// The table.
        place: String,
        /// Its line, 0 if that is not known.
        line: usize,
        /// What it needs.
        name: &'static str,
    },
}

impl<'a> Setting<'a> {
    /// The value as it is.
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// A table.
    pub fn table(&self) -> Result<Table<'a>, SettingError> {
        Table::at(self.place.clone(), self.line, self.value, self.lines)
    }

    /// A text that is not empty.
    pub fn text(&self) -> Result<&'a str, SettingError> {
        match self.value {
            Value::String(text) if !text.is_empty() => Ok(text),
            Value::String(_) => Err(self.refused("a text that is not empty", "")),
            _ => Err(self.other("a text")),
        }
    }

    /// A path.
    pub fn path(&self) -> Result<PathBuf, SettingError> {
        self.text().map(PathBuf::from)
    }

    /// `true` or `false`.
    pub fn truth(&self) -> Result<bool, SettingError> {
        match self.value {
            Value::Bool(truth) => Ok(*truth),
            Value::String(text) if matches!(text.as_str(), "true" | "True" | "TRUE") => Ok(true),
            Value::String(text) if matches!(text.as_str(), "false" | "False" | "FALSE") => {
                Ok(false)
            }
            _ => Err(self.other("true or false")),
        }
    }

    /// A whole number between two others.
    pub fn number(&self, least: u64, most: u64) -> Result<u64, SettingError> {
        let number = match self.value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.parse().ok(),
            _ => return Err(self.other("a whole number")),
        };
        let number = number.filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| {
            let reason = format!("from {least} to {most}");
            self.refused("a whole number", reason)
        })
    }

    /// Each item of a list; one text alone is a list of one.
    pub fn list(&self) -> Result<Vec<Self>, SettingError> {
        let items = match self.value {
            Value::Array(items) => items,
            Value::String(_) => return Ok(vec![self.clone()]),
            _ => return Err(self.other("a list")),
        };
        let item = |(number, value): (usize, &'a Value)| {
            let lines = self.lines.and_then(|lines| lines.items.get(number));
            let line = lines.map_or(0, |lines| lines.line);
            Self {
                place: format!("{}[{number}]", self.place),
                line: if line == 0 { self.line } else { line },
                value,
                lines,
            }
        };
        Ok(items.iter().enumerate().map(item).collect())
    }

    /// A text that `read` understands.
    pub fn read<T, E: Display>(
        &self,
        expected: &'static str,
        read: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Result<T, SettingError> {
        let Value::String(text) = self.value else {
            return Err(self.other(expected));
        };
        read(text).map_err(|error| self.refused(expected, error))
    }

    /// The same for a text in which a secret may stand: an error does not say it.
    pub fn read_unseen<T, E: Display>(
        &self,
        expected: &'static str,
        read: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Result<T, SettingError> {
        let Value::String(text) = self.value else {
            return Err(self.other(expected));
        };
        read(text).map_err(|error| SettingError::Unseen {
            place: self.place.clone(),
            line: self.line,
            expected,
            reason: error.to_string(),
        })
    }

    /// One of some words.
    pub fn one_of<T: Copy>(
        &self,
        expected: &'static str,
        words: &[(&str, T)],
    ) -> Result<T, SettingError> {
        self.read(expected, |text| {
            let found = words.iter().find(|(word, _)| *word == text);
            found.map(|(_, value)| *value).ok_or("")
        })
    }

    /// The value does not do, for this reason; an empty one says nothing.
    pub fn refused(&self, expected: &'static str, reason: impl Display) -> SettingError {
        let found = match self.value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        SettingError::Value {
            place: self.place.clone(),
            line: self.line,
            expected,
            found: found.chars().take(128).collect(),
            reason: reason.to_string(),
        }
    }

    /// The table at this place lacks `name`.
    pub fn lacks(&self, name: &'static str) -> SettingError {
        SettingError::Missing {
            place: self.place.clone(),
            line: self.line,
            name,
        }
    }

    fn other(&self, expected: &'static str) -> SettingError {
        SettingError::Type {
            place: self.place.clone(),
            line: self.line,
            expected,
            found: kind(self.value),
        }
    }
}

/// What a value is, in words.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn at(line: usize) -> String {
    match line {
        0 => String::new(),
        line => format!("line {line}: "),
    }
}

fn because(reason: &str) -> String {
    match reason {
        "" => String::new(),
        reason => format!(": {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Document;
    use super::*;

    /// Reads the setting `a` of both spellings of one value.
    fn both<T>(
        json: &str,
        read: impl Fn(&Setting<'_>) -> Result<T, SettingError>,
    ) -> Vec<Result<T, String>> {
        let texts = [format!("a: {json}"), format!("{{\"a\": {json}}}")];
        let one = |text: String| {
            let document = Document::read(text.as_bytes()).unwrap();
            let setting = document.table().unwrap().setting("a").unwrap();
            read(&setting).map_err(|error| error.to_string())
        };
        texts.into_iter().map(one).collect()
    }

    #[test]
    fn numbers_and_truths_are_read_in_both_spellings() {
        for (json, expected) in [("7", 7), ("1", 1), ("9", 9)] {
            assert_eq!(
                both(json, |one| one.number(1, 9)),
                [Ok(expected), Ok(expected)]
            );
        }
        for json in ["0", "10", "-1", "1.5"] {
            for refused in both(json, |one| one.number(1, 9)) {
                let expected =
                    format!("line 1: a: expected a whole number, found {json:?}: from 1 to 9");
                assert_eq!(refused, Err(expected));
            }
        }
        assert_eq!(both("true", |one| one.truth()), [Ok(true), Ok(true)]);
        assert_eq!(both("false", |one| one.truth()), [Ok(false), Ok(false)]);
        let refused = "line 1: a: expected true or false, found a list";
        assert_eq!(
            both("[]", |one| one.truth()),
            [Err(refused.into()), Err(refused.into())]
        );
    }

    #[test]
    fn one_text_is_a_list_of_one() {
        let texts = |one: &Setting<'_>| {
            let items = one.list()?;
            items
                .iter()
                .map(|item| item.text().map(str::to_owned))
                .collect::<Result<Vec<_>, _>>()
        };
        for (json, expected) in [
            ("\"x\"", vec!["x"]),
            ("[\"x\", \"y\"]", vec!["x", "y"]),
            ("[]", vec![]),
        ] {
            for read in both(json, texts) {
                assert_eq!(read.unwrap(), expected);
            }
        }
        for refused in both("[\"x\", {}]", texts) {
            assert_eq!(
                refused.unwrap_err(),
                "line 1: a[1]: expected a text, found an object"
            );
        }
    }

    #[test]
    fn words_and_other_texts_say_what_was_expected() {
        let words = |one: &Setting<'_>| one.one_of("yes or no", &[("yes", 1), ("no", 0)]);
        assert_eq!(both("\"no\"", words), [Ok(0), Ok(0)]);
        for refused in both("\"nay\"", words) {
            assert_eq!(
                refused.unwrap_err(),
                "line 1: a: expected yes or no, found \"nay\""
            );
        }
        let number = |one: &Setting<'_>| {
            one.read("a number in hexadecimal", |text| {
                u8::from_str_radix(text, 16)
            })
        };
        for refused in both("\"x\"", number) {
            assert_eq!(
                refused.unwrap_err(),
                "line 1: a: expected a number in hexadecimal, found \"x\": invalid digit found in string"
            );
        }
    }
}

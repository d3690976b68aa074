//! A configuration's text as a tree: JSON if it is JSON, otherwise YAML.
//!
//! ```text
//! {"OIDCIssuers":{"https://accounts.google.com":{"Type":"email"}}}
//! oidc-issuers: {https://accounts.google.com: {type: email}}
//! ```
//!
//! In what came from YAML every scalar is text, but for null: whether `7` is a number is for whoever
//! expects one to say ([`Setting`]). Beside the tree stands in which line each key is, so that a
//! mistake is found where it was made. Refused: more than 1 MiB.

mod setting;
mod table;
mod yaml;

use serde_json::Value;

pub use setting::{Setting, SettingError};
pub use table::Table;
pub use yaml::{YamlError, YamlProblem};

use yaml::Lines;

/// Largest configuration, in bytes; the public Fulcio's has 14 KiB.
pub const LARGEST_DOCUMENT: usize = 1 << 20;

/// A configuration's tree.
#[derive(Debug, Clone)]
pub struct Document {
    value: Value,
    lines: Lines,
}

/// Why a text is no configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// More than is read.
    #[error("a configuration of {length} bytes; at most {LARGEST_DOCUMENT} are read")]
    TooLarge {
        /// Its length.
        length: usize,
    },
    /// Begins as JSON and is none.
    #[error("JSON: {problem}")]
    Json {
        /// What the reader says.
        problem: String,
    },
    /// Neither JSON nor YAML that is read here.
    #[error(transparent)]
    Yaml(#[from] YamlError),
}

impl Document {
    /// Reads a text.
    pub fn read(text: &[u8]) -> Result<Self, DocumentError> {
        let length = text.len();
        if length > LARGEST_DOCUMENT {
            return Err(DocumentError::TooLarge { length });
        }
        let json = serde_json::from_slice(text);
        // Nearly all JSON is YAML too, and only that reader knows lines.
        let yaml = yaml::read(text);
        match (json, yaml) {
            (Ok(value), yaml) => Ok(Self {
                value,
                lines: yaml.map(|(_, lines)| lines).unwrap_or_default(),
            }),
            (Err(_), Ok((value, lines))) => Ok(Self { value, lines }),
            // The text decides whose complaint is of use.
            (Err(error), Err(_)) if text.trim_ascii_start().first() == Some(&b'{') => {
                Err(DocumentError::Json {
                    problem: error.to_string(),
                })
            }
            (Err(_), Err(error)) => Err(DocumentError::Yaml(error)),
        }
    }

    /// The tree.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The tree as settings, each by its name.
    pub fn table(&self) -> Result<Table<'_>, SettingError> {
        Table::of(&self.value, &self.lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_goes_before_yaml_and_keeps_its_types() {
        let document = Document::read(b"{\"a\": 7}").unwrap();
        assert_eq!(document.value(), &serde_json::json!({"a": 7}));
        let document = Document::read(b"a: 7").unwrap();
        assert_eq!(document.value(), &serde_json::json!({"a": "7"}));
        let error = Document::read(b"{\"a\": }}").unwrap_err();
        assert!(matches!(error, DocumentError::Json { .. }), "{error}");
        let error = Document::read(b"a: [").unwrap_err();
        assert!(matches!(error, DocumentError::Yaml(_)), "{error}");
        let length = LARGEST_DOCUMENT + 1;
        let error = Document::read(&vec![b' '; length]).unwrap_err();
        assert_eq!(error, DocumentError::TooLarge { length });
    }
}

//! A configuration's text as a tree: JSON if it is JSON, otherwise YAML.
//!
//! ```text
//! {"OIDCIssuers":{"https://accounts.google.com":{"Type":"email"}}}
//! oidc-issuers: {https://accounts.google.com: {type: email}}
//! ```
//!
//! In what came from YAML every scalar is text, but for null: whether `7` is a number is for whoever
//! expects one to say. Refused: more than 1 MiB.

use serde_json::Value;

use crate::config::{ConfigError, yaml};

/// Largest configuration, in bytes; the public instance's has 14 KiB.
pub const LARGEST_CONFIGURATION: usize = 1 << 20;

/// Reads a text.
pub(crate) fn read(text: &[u8]) -> Result<Value, ConfigError> {
    let length = text.len();
    if length > LARGEST_CONFIGURATION {
        return Err(ConfigError::TooLarge { length });
    }
    let json = serde_json::from_slice(text);
    let error = match json {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    match yaml::read(text) {
        Ok(value) => Ok(value),
        // The text decides whose complaint is of use.
        Err(_) if text.trim_ascii_start().first() == Some(&b'{') => Err(ConfigError::Json {
            problem: error.to_string(),
        }),
        Err(error) => Err(ConfigError::Yaml(error)),
    }
}

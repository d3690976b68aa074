//! The parameters of the read routes (RFC 6962 section 4).
//!
//! ```text
//! first=3&second=8
//! hash=AAAA%2BAA…%3D&tree_size=8
//! ```
//!
//! Refused: a parameter that is missing, empty or no decimal number below 2^63. Of a parameter that is
//! there twice the first counts, and unknown ones are passed over, as in Go.

use url::form_urlencoded;
use waxwing_encoding::base64::{self, Base64Error};

/// Why a parameter is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParameterError {
    /// Not there, or empty.
    #[error("the parameter {name} is missing")]
    Required {
        /// Its name.
        name: &'static str,
    },
    /// No number.
    #[error("the parameter {name} is malformed: {found:?}; expected a decimal number below 2^63")]
    Malformed {
        /// Its name.
        name: &'static str,
        /// What is there; the beginning, if it is long.
        found: String,
    },
    /// A hash that is no base64.
    #[error("the parameter hash is {0}")]
    Base64(#[from] Base64Error),
    /// A hash of another length than SHA-256 makes.
    #[error("the parameter hash has {length} bytes; expected 32")]
    HashLength {
        /// Bytes there are.
        length: usize,
    },
}

/// The query of a request.
#[derive(Debug, Clone, Copy)]
pub struct Parameters<'a>(&'a str);

impl<'a> Parameters<'a> {
    /// Takes what stands behind the question mark.
    pub fn new(query: &'a str) -> Self {
        Self(query)
    }

    /// A number that must be there.
    pub fn number(self, name: &'static str) -> Result<u64, ParameterError> {
        let value = self.required(name)?;
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        let number = value.parse().ok().filter(|_| digits);
        number
            .filter(|number| *number <= i64::MAX as u64)
            .ok_or_else(|| ParameterError::Malformed {
                name,
                found: value.chars().take(40).collect(),
            })
    }

    /// The SHA-256 in `hash`. Base64 has no blanks: one is a `+` that somebody did not escape.
    pub fn hash(self) -> Result<[u8; 32], ParameterError> {
        let value = self.required("hash")?.replace(' ', "+");
        let hash = base64::decode(&value)?;
        let length = hash.len();
        hash.try_into()
            .map_err(|_| ParameterError::HashLength { length })
    }

    fn required(self, name: &'static str) -> Result<String, ParameterError> {
        let mut pairs = form_urlencoded::parse(self.0.as_bytes());
        let found = pairs.find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.into_owned())
            .filter(|value| !value.is_empty())
            .ok_or(ParameterError::Required { name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal_and_below_2_to_the_63() {
        let number = |query| Parameters::new(query).number("first");
        for (query, expected) in [
            ("first=0", 0),
            ("second=1&first=007", 7),
            ("first=3&first=4", 3),
            ("first=9223372036854775807", i64::MAX as u64),
            ("%66irst=%31", 1),
        ] {
            assert_eq!(number(query), Ok(expected), "{query}");
        }
        for query in ["", "first", "first=", "second=1", "First=1"] {
            let required = ParameterError::Required { name: "first" };
            assert_eq!(number(query), Err(required), "{query}");
        }
        for query in [
            "first=-1",
            "first=%2B1",
            "first=1.0",
            "first=0x1",
            "first=9223372036854775808",
            "first=99999999999999999999999",
            "first=1%20",
        ] {
            let found = number(query);
            assert!(
                matches!(found, Err(ParameterError::Malformed { .. })),
                "{query}: {found:?}"
            );
        }
    }

    #[test]
    fn a_hash_is_read_escaped_and_with_its_plus_signs_bare() {
        let hash = [0xfb; 32];
        let text = base64::encode(&hash);
        assert!(text.contains('+') && text.ends_with('='));
        for query in [
            format!("hash={text}"),
            format!("hash={}", text.replace('+', "%2B").replace('=', "%3D")),
        ] {
            assert_eq!(Parameters::new(&query).hash(), Ok(hash), "{query}");
        }
        let short = format!("hash={}", base64::encode(&hash[1..]));
        let error = ParameterError::HashLength { length: 31 };
        assert_eq!(Parameters::new(&short).hash(), Err(error));
        let unpadded = format!("hash={}", text.trim_end_matches('='));
        let found = Parameters::new(&unpadded).hash();
        assert!(matches!(found, Err(ParameterError::Base64(_))), "{found:?}");
    }
}

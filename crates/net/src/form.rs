//! Parameters of a query or of a form (`application/x-www-form-urlencoded`, RFC 6749 appendix B).
//!
//! ```text
//! client_id=sigstore&scope=openid+email&redirect_uri=http%3A%2F%2Flocalhost%3A5556%2Fauth%2Fcallback
//! ```
//!
//! A parameter without a value counts as left out (RFC 6749 section 3.1). Refused: a parameter that
//! comes twice (same section), escapes that are none, text that is not UTF-8, control characters,
//! and more than fits. Values are wiped when dropped, since passwords and codes are among them.

use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

/// The longest query or body, in bytes. The token that is exchanged for one of ours is the longest
/// thing in it.
pub const LONGEST_FORM: usize = 64 * 1024;

/// The most parameters.
pub const MOST_PARAMETERS: usize = 64;

/// Parameters by name, each once.
pub struct Form {
    parameters: Vec<(String, Zeroizing<String>)>,
}

/// Why parameters cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormError {
    /// More bytes than are read.
    #[error("parameters of {length} bytes; at most {LONGEST_FORM} are read")]
    TooLong {
        /// How many there are.
        length: usize,
    },
    /// More parameters than are read.
    #[error("more than {MOST_PARAMETERS} parameters")]
    TooMany,
    /// A percent sign without two hexadecimal digits.
    #[error("parameter {number} has a percent sign that two hexadecimal digits do not follow")]
    Escape {
        /// Which parameter, counted from 1.
        number: usize,
    },
    /// Bytes that are no text.
    #[error("parameter {number} is not UTF-8 without control characters")]
    Text {
        /// Which parameter, counted from 1.
        number: usize,
    },
    /// The same name again.
    #[error("parameter {number} repeats a name; each may come once (RFC 6749 section 3.1)")]
    Repeated {
        /// Which parameter, counted from 1.
        number: usize,
    },
}

impl Form {
    /// Reads a query (without its question mark) or a body.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormError> {
        if bytes.len() > LONGEST_FORM {
            let length = bytes.len();
            return Err(FormError::TooLong { length });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| FormError::Text { number: 1 })?;
        let mut form = Self {
            parameters: Vec::new(),
        };
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        for (number, pair) in (1..).zip(pairs) {
            if number > MOST_PARAMETERS {
                return Err(FormError::TooMany);
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decoded(name, number)?.to_string();
            if form.parameters.iter().any(|(known, _)| *known == name) {
                return Err(FormError::Repeated { number });
            }
            form.parameters.push((name, decoded(value, number)?));
        }
        Ok(form)
    }

    /// The value of a parameter; `None` if it is absent or empty.
    pub fn value(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        let value = found.map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }

    /// The query with just these parameters, where they are present.
    pub fn query_of(&self, names: &[&str]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for name in names {
            if let Some(value) = self.value(name) {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }
}

impl std::fmt::Debug for Form {
    /// The names alone.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.parameters.iter().map(|(name, _)| name);
        formatter.write_str("Form")?;
        formatter.debug_list().entries(names).finish()
    }
}

fn decoded(text: &str, number: usize) -> Result<Zeroizing<String>, FormError> {
    let mut rest = text.split('%');
    rest.next();
    let escaped = |piece: &str| {
        let mut bytes = piece.bytes();
        let mut digit = || bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit());
        digit() && digit()
    };
    if !rest.all(escaped) {
        return Err(FormError::Escape { number });
    }
    let spaced = Zeroizing::new(text.replace('+', " "));
    let decoded = percent_decode_str(&spaced).decode_utf8();
    let decoded = decoded.map_err(|_| FormError::Text { number })?;
    if decoded.chars().any(char::is_control) {
        return Err(FormError::Text { number });
    }
    Ok(Zeroizing::new(decoded.into_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parameters_are_read_once_each() {
        let form = Form::parse(b"a=1&b=%C3%A9+x&&c&d=&e=%3D%26").unwrap();
        assert_eq!(form.value("a"), Some("1"));
        assert_eq!(form.value("b"), Some("é x"));
        assert_eq!(form.value("e"), Some("=&"));
        for absent in ["c", "d", "f"] {
            assert_eq!(form.value(absent), None);
        }
        assert_eq!(form.query_of(&["e", "b", "f"]), "e=%3D%26&b=%C3%A9+x");
        assert_eq!(format!("{form:?}"), r#"Form["a", "b", "c", "d", "e"]"#);
    }

    #[test]
    fn what_has_two_readings_is_refused() {
        let refused = |text: &[u8]| Form::parse(text).unwrap_err();
        assert_eq!(refused(b"a=1&a=2"), FormError::Repeated { number: 2 });
        assert_eq!(refused(b"a=1&%61=2"), FormError::Repeated { number: 2 });
        for escape in ["a=%", "a=%4", "a=%4g", "a=1%%41"] {
            let found = refused(escape.as_bytes());
            assert_eq!(found, FormError::Escape { number: 1 }, "{escape}");
        }
        for text in [
            &b"a=\xff"[..],
            b"a=%FF",
            b"a=%00",
            b"a=%0d%0aLocation:",
            b"%1b=a",
        ] {
            assert_eq!(refused(text), FormError::Text { number: 1 });
        }
        let many: String = (0..=MOST_PARAMETERS).map(|n| format!("p{n}=1&")).collect();
        assert_eq!(refused(many.as_bytes()), FormError::TooMany);
        let (fitting, _) = many.rsplit_once("p64").unwrap();
        assert!(Form::parse(fitting.as_bytes()).is_ok());
        let long = vec![b'a'; LONGEST_FORM + 1];
        let length = long.len();
        assert_eq!(refused(&long), FormError::TooLong { length });
        assert!(Form::parse(&long[1..]).is_ok());
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(name in "[^\\x00-\\x1f\\x7f-\\x9f]{1,20}", value in "[^\\x00-\\x1f\\x7f-\\x9f]{1,40}") {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            let query = query.append_pair(&name, &value).finish();
            let form = Form::parse(query.as_bytes()).unwrap();
            prop_assert_eq!(form.value(&name), Some(value.as_str()));
            prop_assert_eq!(form.query_of(&[&name]), query);
        }
    }
}

//! What a browser comes back with (RFC 6749 section 4.1.2, RFC 9207).
//!
//! ```text
//! GET /auth/callback?code=…&state=…&iss=https%3A%2F%2Faccounts.example HTTP/1.1
//! ```
//!
//! Refused: another state than the one of this login, which somebody else's link would have; an answer of
//! another issuer; the issuer's own refusal, in its words; no code; requests that are none.

use waxwing_crypto::is_same_secret;
use waxwing_net::form::{Form, FormError};
use waxwing_net::printable;
use zeroize::Zeroizing;

/// What the answer must have.
pub(super) struct Asked<'a> {
    pub(super) state: &'a str,
    pub(super) issuer: &'a str,
    /// Whether the issuer said that it names itself.
    pub(super) names_itself: bool,
}

/// Why a browser's answer is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerRefused {
    /// Not parameters.
    #[error("the browser came back with an address that cannot be read: {0}")]
    Form(#[from] FormError),
    /// Another login's answer.
    #[error("the browser came back with a state that is not the one of this login; begin again")]
    State,
    /// Another issuer's answer.
    #[error("the browser came back from the issuer {found:?}; expected {expected:?}")]
    OtherIssuer {
        /// The one that it names; empty if it names none.
        found: String,
        /// The one that was asked.
        expected: String,
    },
    /// The issuer refuses.
    #[error("the issuer refuses ({error}): {description}")]
    Refused {
        /// Its code.
        error: String,
        /// Its words.
        description: String,
    },
    /// Nothing to go on with.
    #[error("the browser came back without a code")]
    NoCode,
}

/// The path and the query of a request, of which this is the head.
pub(super) fn target(head: &[u8]) -> Option<(&str, &str)> {
    let line = head.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line.strip_suffix(b"\r").unwrap_or(line)).ok()?;
    let mut words = line.split(' ');
    let (Some("GET"), Some(target), Some("HTTP/1.1" | "HTTP/1.0"), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return None;
    };
    if !target.starts_with('/') {
        return None;
    }
    Some(target.split_once('?').unwrap_or((target, "")))
}

/// The code in the query.
pub(super) fn code(query: &str, asked: &Asked<'_>) -> Result<Zeroizing<String>, AnswerRefused> {
    let form = Form::parse(query.as_bytes())?;
    let state = form.value("state").unwrap_or_default();
    if !is_same_secret(state.as_bytes(), asked.state.as_bytes()) {
        return Err(AnswerRefused::State);
    }
    let issuer = form.value("iss");
    if issuer.is_some_and(|issuer| issuer != asked.issuer) || asked.names_itself && issuer.is_none()
    {
        return Err(AnswerRefused::OtherIssuer {
            found: printable(issuer.unwrap_or_default()),
            expected: asked.issuer.to_owned(),
        });
    }
    if let Some(error) = form.value("error") {
        return Err(AnswerRefused::Refused {
            error: printable(error),
            description: printable(form.value("error_description").unwrap_or("no more is said")),
        });
    }
    match form.value("code") {
        Some(code) => Ok(code.to_owned().into()),
        None => Err(AnswerRefused::NoCode),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str, names_itself: bool) -> Result<String, AnswerRefused> {
        let asked = Asked {
            state: "s",
            issuer: "https://i",
            names_itself,
        };
        code(query, &asked).map(|code| code.to_string())
    }

    #[test]
    fn a_code_is_taken_from_this_login_alone() {
        assert_eq!(read("state=s&code=a%20b", false).unwrap(), "a b");
        let whole = "state=s&code=c&iss=https%3A%2F%2Fi";
        assert_eq!(read(whole, true).unwrap(), "c");
        assert_eq!(read(whole, false).unwrap(), "c");
        for query in ["state=t&code=c", "code=c", "state=&code=c", ""] {
            assert_eq!(read(query, false), Err(AnswerRefused::State), "{query}");
        }
        assert_eq!(read("state=s", false), Err(AnswerRefused::NoCode));
        let other = |found: &str| AnswerRefused::OtherIssuer {
            found: found.to_owned(),
            expected: "https://i".to_owned(),
        };
        assert_eq!(read("state=s&code=c", true), Err(other("")));
        assert_eq!(
            read("state=s&code=c&iss=https://j", false),
            Err(other("https://j"))
        );
        let twice = read("state=s&code=c&code=d", false).unwrap_err();
        assert!(matches!(
            twice,
            AnswerRefused::Form(FormError::Repeated { .. })
        ));
    }

    #[test]
    fn the_issuers_words_are_shown() {
        let refused = read(
            "state=s&error=access_denied&error_description=not+today",
            false,
        );
        assert_eq!(
            refused.unwrap_err().to_string(),
            "the issuer refuses (access_denied): not today"
        );
        // Not for whoever guesses.
        assert_eq!(
            read("error=access_denied", false),
            Err(AnswerRefused::State)
        );
    }

    #[test]
    fn a_target_is_that_of_a_get() {
        let found = target(b"GET /auth/callback?code=c HTTP/1.1\r\nhost: x\r\n\r\n");
        assert_eq!(found, Some(("/auth/callback", "code=c")));
        assert_eq!(target(b"GET / HTTP/1.0\n\n"), Some(("/", "")));
        for head in [
            &b""[..],
            b"POST / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/2\r\n\r\n",
            b"GET  / HTTP/1.1\r\n\r\n",
            b"GET http://x/ HTTP/1.1\r\n\r\n",
            b"GET /\xff HTTP/1.1\r\n\r\n",
        ] {
            assert_eq!(target(head), None);
        }
    }
}

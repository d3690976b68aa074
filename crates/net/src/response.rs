//! An answer whose body was read whole, below the request's cap.

use std::fmt;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::error::{Error, shown};

/// The most characters of a server's message that are passed on.
const LONGEST_MESSAGE: usize = 300;

/// An answer, read whole.
#[derive(Clone)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers, without those that speak of the connection.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    pub(crate) url: Url,
}

impl Response {
    /// The URL that answered; after redirects, the last one.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// A header as text, if it is there and is text.
    pub fn header(&self, name: impl http::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// This response if its status is `status`, otherwise [`Error::Status`].
    pub fn expect_status(self, status: StatusCode) -> Result<Self, Error> {
        self.expect(|found| found == status)
    }

    /// This response if its status is one of 200 to 299, otherwise [`Error::Status`].
    pub fn expect_success(self) -> Result<Self, Error> {
        self.expect(|found| found.is_success())
    }

    /// The answer of a service's interface: refused are errors, and pages for people that somebody on the way
    /// gave out instead.
    pub fn expect_answer(self) -> Result<Self, Error> {
        let answer = self.expect_success()?;
        let kind = answer.header(CONTENT_TYPE).unwrap_or_default();
        match kind
            .trim_start()
            .to_ascii_lowercase()
            .starts_with("text/html")
        {
            true => Err(Error::Page {
                url: shown(&answer.url),
            }),
            false => Ok(answer),
        }
    }

    /// The body as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| Error::Json {
            url: shown(&self.url),
            reason: error.to_string(),
        })
    }

    /// The body as text, with a replacement character for what is not UTF-8.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// What the server says about a failure: the message of a `google.rpc.Status` or of an OAuth
    /// error (RFC 6749 section 5.2), else the body's beginning; printable, at most 300 characters.
    pub fn message(&self) -> String {
        let said = serde_json::from_slice::<Failure>(&self.body).ok();
        match said.and_then(Failure::text) {
            Some(text) => printable(&text),
            None if self.body.is_empty() => "no message".to_owned(),
            None => printable(&self.text()),
        }
    }

    fn expect(self, expected: impl FnOnce(StatusCode) -> bool) -> Result<Self, Error> {
        if expected(self.status) {
            return Ok(self);
        }
        Err(Error::Status {
            url: shown(&self.url),
            status: self.status,
            message: self.message(),
        })
    }
}

impl fmt::Debug for Response {
    /// Without headers and body, which may hold tokens.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (status, url, length) = (self.status, shown(&self.url), self.body.len());
        write!(formatter, "Response({status} {url}, {length} bytes)")
    }
}

/// The fields in which servers explain a failure.
#[derive(Deserialize)]
struct Failure {
    message: Option<String>,
    error_description: Option<String>,
    error: Option<String>,
    #[serde(default)]
    details: Vec<serde_json::Value>,
}

impl Failure {
    /// The message, and the explanation beside it that our services give in `google.rpc.ErrorInfo`.
    fn text(self) -> Option<String> {
        let explanation = self
            .details
            .iter()
            .find_map(|detail| detail.get("metadata")?.get("explanation")?.as_str());
        let texts = [self.message, self.error_description, self.error];
        let text = texts.into_iter().flatten().find(|text| !text.is_empty())?;
        Some(match explanation {
            Some(explanation) => format!("{text}: {explanation}"),
            None => text,
        })
    }
}

/// A body that grows up to a cap.
pub(crate) struct CappedBody {
    read: BytesMut,
    limit: usize,
}

impl CappedBody {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            read: BytesMut::new(),
            limit,
        }
    }

    /// Adds a piece; false if that is more than the cap.
    pub(crate) fn push(&mut self, piece: &[u8]) -> bool {
        if piece.len() > self.limit - self.read.len() {
            return false;
        }
        self.read.extend_from_slice(piece);
        true
    }

    pub(crate) fn finish(self) -> Bytes {
        self.read.freeze()
    }
}

/// One line that a terminal shows as it is: no control characters, no change of direction.
fn printable(text: &str) -> String {
    let mut line = String::new();
    let mut blank = false;
    for character in text.trim().chars() {
        let hidden = matches!(
            character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
        );
        if character.is_whitespace() || character.is_control() || hidden {
            blank = true;
            continue;
        }
        if std::mem::take(&mut blank) && !line.is_empty() {
            line.push(' ');
        }
        line.push(character);
    }
    if line.chars().count() > LONGEST_MESSAGE {
        line = line.chars().take(LONGEST_MESSAGE - 1).collect();
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(body: &str) -> String {
        let response = Response {
            status: StatusCode::BAD_REQUEST,
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            url: Url::parse("http://host.example/path").unwrap(),
        };
        let Err(Error::Status { message, .. }) = response.expect_success() else {
            panic!("400 is no success");
        };
        message
    }

    #[test]
    fn messages_are_taken_from_the_known_shapes() {
        assert_eq!(
            message(r#"{"code":3,"message":"not\na key","details":[]}"#),
            "not a key"
        );
        assert_eq!(
            message(r#"{"error":"invalid_grant","error_description":"used twice"}"#),
            "used twice"
        );
        assert_eq!(message(r#"{"error":"invalid_grant"}"#), "invalid_grant");
        assert_eq!(
            message(
                r#"{"message":"no token","details":[{"@type":"other"},{"metadata":{"explanation":"expired at noon"}}]}"#
            ),
            "no token: expired at noon"
        );
        assert_eq!(
            message(r#"{"message":"no token","details":[7]}"#),
            "no token"
        );
        assert_eq!(message(r#"{"message":7}"#), r#"{"message":7}"#);
        assert_eq!(message(""), "no message");
    }

    #[test]
    fn messages_are_short_and_printable() {
        assert_eq!(
            message("<html>\r\n \u{1b}[31mred\u{202e}x</html>\n"),
            "<html> [31mred x</html>"
        );
        let long = message(&"é".repeat(1000));
        assert_eq!(long.chars().count(), LONGEST_MESSAGE);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn a_body_at_the_cap_is_read_and_one_byte_more_is_not() {
        let mut body = CappedBody::new(4);
        assert!(body.push(b"ab") && body.push(b"cd") && body.push(b""));
        assert!(!body.push(b"e"));
        assert_eq!(body.finish().as_ref(), b"abcd");
    }
}

//! A request before it is sent: built by value, checked when it is sent.
//!
//! ```text
//! POST /api/v2/signingCert HTTP/1.1
//! content-type: application/json
//! ```
//!
//! A URL with userinfo (`https://name:word@host/`) becomes one without, plus an `Authorization:
//! Basic` header, as in the originals. What is wrong with the URL, a header or the body comes out of
//! [`Client::send`](crate::Client::send).

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use url::Url;
use waxwing_encoding::base64;

use crate::Response;
use crate::error::{Error, shown, shown_text};
use crate::retry::Passes;

/// How long an answer may be when the request says nothing else: 1 MiB.
pub const DEFAULT_BODY_LIMIT: usize = 1 << 20;

/// A request before it is sent.
#[derive(Clone)]
pub struct Request {
    parts: Result<Parts, Error>,
}

/// What a request is made of, once it is known to be sound.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) limit: usize,
    pub(crate) timeout: Option<Duration>,
    pub(crate) repeatable: bool,
    pub(crate) passes: Option<Passes>,
}

impl Request {
    /// A request without a body.
    pub fn new(method: Method, url: impl AsRef<str>) -> Self {
        Self {
            parts: Parts::new(method, url.as_ref()),
        }
    }

    /// GET `url`.
    pub fn get(url: impl AsRef<str>) -> Self {
        Self::new(Method::GET, url)
    }

    /// POST `body` to `url`.
    pub fn post(url: impl AsRef<str>, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self::new(Method::POST, url).body(content_type, body)
    }

    /// POST `value` as JSON to `url`.
    pub fn post_json(url: impl AsRef<str>, value: &impl Serialize) -> Self {
        let request = Self::new(Method::POST, url).header(ACCEPT, "application/json");
        match serde_json::to_vec(value) {
            Ok(body) => request.body("application/json", body),
            Err(error) => request.edited(|parts| {
                Err(Error::RequestJson {
                    url: shown(&parts.url),
                    reason: error.to_string(),
                })
            }),
        }
    }

    /// POST `parameters` to `url` as a form.
    pub fn post_form(url: impl AsRef<str>, parameters: &[(&str, &str)]) -> Self {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish();
        Self::post(url, "application/x-www-form-urlencoded", form)
    }

    /// Sets the body and its type.
    #[must_use]
    pub fn body(self, content_type: &str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        self.header(CONTENT_TYPE, content_type).edited(|parts| {
            parts.body = body;
            Ok(())
        })
    }

    /// Sets a header, in place of one with that name.
    #[must_use]
    pub fn header(self, name: HeaderName, value: &str) -> Self {
        self.edited(|parts| {
            let mut value = HeaderValue::from_str(value).map_err(|_| Error::Header {
                name: name.to_string(),
            })?;
            value.set_sensitive(name == AUTHORIZATION);
            parts.headers.insert(name, value);
            Ok(())
        })
    }

    /// Sends `Authorization: Bearer TOKEN`.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header(AUTHORIZATION, &format!("Bearer {token}"))
    }

    /// Refuses an answer whose body is longer than `bytes`; [`DEFAULT_BODY_LIMIT`] otherwise.
    #[must_use]
    pub fn limit(self, bytes: usize) -> Self {
        self.edited(|parts| {
            parts.limit = bytes;
            Ok(())
        })
    }

    /// How long one attempt may take from the first byte out to the last one in.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        self.edited(|parts| {
            parts.timeout = Some(timeout);
            Ok(())
        })
    }

    /// Says that the server does no harm when it gets this request twice, so that it may be retried
    /// although its method is not idempotent.
    #[must_use]
    pub fn repeatable(self) -> Self {
        self.edited(|parts| {
            parts.repeatable = true;
            Ok(())
        })
    }

    /// Names answers that pass beside 429 and 5xx: some services say 400 when they are asked too often.
    #[must_use]
    pub fn passing(self, passes: fn(&Response) -> bool) -> Self {
        self.edited(|parts| {
            parts.passes = Some(passes);
            Ok(())
        })
    }

    pub(crate) fn into_parts(self) -> Result<Parts, Error> {
        self.parts
    }

    fn edited(mut self, edit: impl FnOnce(&mut Parts) -> Result<(), Error>) -> Self {
        if let Ok(parts) = &mut self.parts
            && let Err(error) = edit(parts)
        {
            self.parts = Err(error);
        }
        self
    }
}

impl Parts {
    fn new(method: Method, text: &str) -> Result<Self, Error> {
        let mut url = Url::parse(text).map_err(|error| Error::Url {
            url: shown_text(text),
            reason: error.to_string(),
        })?;
        let authorization = check_url(&mut url)?;
        let repeatable = method.is_idempotent();
        Ok(Self {
            method,
            url,
            headers: authorization
                .into_iter()
                .map(|value| (AUTHORIZATION, value))
                .collect(),
            body: Bytes::new(),
            limit: DEFAULT_BODY_LIMIT,
            timeout: None,
            repeatable,
            passes: None,
        })
    }

    /// `Content-Length`: 0 is said too where the method expects a body (RFC 9110 section 8.6).
    pub(crate) fn content_length(&self) -> Option<HeaderValue> {
        let expected = matches!(self.method, Method::POST | Method::PUT | Method::PATCH);
        let present = expected || !self.body.is_empty();
        present.then(|| HeaderValue::from(self.body.len()))
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.parts {
            Ok(parts) => write!(formatter, "Request({parts:?})"),
            Err(error) => write!(formatter, "Request({error:?})"),
        }
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, shown(&self.url))
    }
}

/// Checks scheme and host, drops the fragment, and turns userinfo into the value of a header.
pub(crate) fn check_url(url: &mut Url) -> Result<Option<HeaderValue>, Error> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Error::Url {
            url: shown_text(url.as_str()),
            reason: format!("the scheme {} is not known", url.scheme()),
        });
    }
    url.set_fragment(None);
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let word = url.password().unwrap_or_default();
    let decoded = [url.username(), ":", word]
        .iter()
        .flat_map(|part| percent_decode_str(part))
        .collect::<Vec<u8>>();
    let basic = format!("Basic {}", base64::encode(&decoded));
    let mut value = HeaderValue::from_str(&basic).map_err(|_| Error::Header {
        name: AUTHORIZATION.to_string(),
    })?;
    value.set_sensitive(true);
    // Neither can fail for a URL that has a host, as those with http and https do.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Ok(Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(request: Request) -> Parts {
        request.into_parts().unwrap()
    }

    #[test]
    fn userinfo_becomes_a_header() {
        let parts = parts(Request::get(
            "https://Aladdin:open%20sesame@host.example/x#y",
        ));
        assert_eq!(parts.url.as_str(), "https://host.example/x");
        // RFC 7617 section 2.
        assert_eq!(
            parts.headers[AUTHORIZATION],
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
        assert!(parts.headers[AUTHORIZATION].is_sensitive());
    }

    #[test]
    fn a_form_is_encoded() {
        let form = parts(Request::post_form(
            "http://host.example",
            &[("scope", "openid email"), ("a", "=&é")],
        ));
        assert_eq!(
            form.headers[CONTENT_TYPE],
            "application/x-www-form-urlencoded"
        );
        assert_eq!(form.body.as_ref(), b"scope=openid+email&a=%3D%26%C3%A9");
    }

    #[test]
    fn only_idempotent_or_marked_requests_are_repeatable() {
        let url = "http://host.example";
        assert!(parts(Request::get(url)).repeatable);
        assert!(parts(Request::new(Method::PUT, url)).repeatable);
        assert!(!parts(Request::post(url, "text/plain", "x")).repeatable);
        assert!(parts(Request::post(url, "text/plain", "x").repeatable()).repeatable);
    }

    #[test]
    fn what_cannot_be_sent_is_refused_by_cause() {
        let error = |request: Request| request.into_parts().unwrap_err();
        assert!(matches!(
            error(Request::get("fulcio.example")),
            Error::Url { .. }
        ));
        assert!(matches!(
            error(Request::get("ftp://host")),
            Error::Url { .. }
        ));
        assert!(matches!(error(Request::get("https://")), Error::Url { .. }));
        let token = "secret\nX-Other: 1";
        let refused = error(Request::get("https://host").bearer(token));
        assert_eq!(
            refused,
            Error::Header {
                name: "authorization".to_owned()
            }
        );
        // The first fault stays, whatever is set afterwards.
        assert_eq!(
            error(Request::get("https://host").bearer(token).limit(1)),
            refused
        );
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let request = Request::get("https://a:secret@host/path?code=secret").bearer("secret");
        assert_eq!(format!("{request:?}"), "Request(GET https://host/path?…)");
    }
}

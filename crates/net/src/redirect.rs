//! Redirects (RFC 9110 section 15.4): followed on the same host, refused to any other.
//!
//! ```text
//! HTTP/1.1 308 Permanent Redirect
//! Location: /api/v2/trustBundle
//! ```
//!
//! The same host means the same scheme, host and port, or the step from `http` to `https` with the
//! usual ports. So a header with a credential can be kept without a thought, and none ever reaches a
//! host that it was not meant for. Refused as well: turning a POST into a GET, except by 303, which
//! says exactly that.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{Method, StatusCode};
use url::Url;

use crate::error::{Error, shown, shown_text};
use crate::request::{Parts, check_url};
use crate::response::Response;

/// How many redirects in a row are followed.
pub(crate) const LONGEST_CHAIN: usize = 3;

/// The request to send next, or `None` if the response is the answer.
pub(crate) fn next(request: &Parts, response: &Response) -> Result<Option<Parts>, Error> {
    if !matches!(response.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = response.headers.get(LOCATION) else {
        return Ok(None);
    };
    let refused = |location: String, reason| Error::Redirect {
        url: shown(&request.url),
        location,
        reason,
    };
    let text = String::from_utf8_lossy(location.as_bytes());
    let Ok(mut url) = request.url.join(&text) else {
        return Err(refused(shown_text(&text), "it is not a URL"));
    };
    if check_url(&mut url)?.is_some() {
        return Err(refused(shown(&url), "it carries credentials"));
    }
    if !same_host(&request.url, &url) {
        return Err(refused(shown(&url), "it is another host"));
    }
    let mut next = Parts {
        url,
        ..request.clone()
    };
    let safe = matches!(next.method, Method::GET | Method::HEAD);
    match response.status {
        StatusCode::SEE_OTHER if !safe => {
            next.method = Method::GET;
            next.body = Bytes::new();
            next.headers.remove(CONTENT_TYPE);
        }
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND if !safe => {
            let reason = "the request is not a GET; use the new URL";
            return Err(refused(shown(&next.url), reason));
        }
        _ => {}
    }
    Ok(Some(next))
}

/// The error after [`LONGEST_CHAIN`] redirects.
pub(crate) fn too_many(first: &Url, last: &Url) -> Error {
    Error::Redirect {
        url: shown(first),
        location: shown(last),
        reason: "there were too many redirects before it",
    }
}

fn same_host(from: &Url, to: &Url) -> bool {
    let upgraded = from.scheme() == "http"
        && to.scheme() == "https"
        && from.port().is_none()
        && to.port().is_none();
    let same_port =
        from.scheme() == to.scheme() && from.port_or_known_default() == to.port_or_known_default();
    from.host() == to.host() && (same_port || upgraded)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;
    use crate::Request;

    fn follow(request: Request, status: u16, location: &str) -> Result<Option<Parts>, Error> {
        let request = request.into_parts().unwrap();
        let location = HeaderValue::from_str(location).unwrap();
        let response = Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::from_iter([(LOCATION, location)]),
            body: Bytes::new(),
            url: request.url.clone(),
        };
        next(&request, &response)
    }

    #[test]
    fn only_the_same_host_is_followed() {
        let to = |from, location| match follow(Request::get(from), 302, location) {
            Ok(next) => next.unwrap().url.to_string(),
            Err(Error::Redirect { reason, .. }) => reason.to_owned(),
            Err(other) => other.to_string(),
        };
        let from = "http://host.example/a/b?c";
        assert_eq!(to(from, "d"), "http://host.example/a/d");
        assert_eq!(to(from, "/d?e#f"), "http://host.example/d?e");
        assert_eq!(to(from, "http://HOST.example:80/"), "http://host.example/");
        assert_eq!(to(from, "https://host.example/"), "https://host.example/");
        for location in [
            "http://other.example/",
            "//other.example/",
            "http://host.example:8080/",
            "https://host.example:8443/",
        ] {
            assert_eq!(to(from, location), "it is another host", "{location}");
        }
        let downgrade = to("https://host.example/", "http://host.example/");
        assert_eq!(downgrade, "it is another host");
        let userinfo = to(from, "http://a:b@host.example/");
        assert_eq!(userinfo, "it carries credentials");
        assert!(to(from, "file:///etc/passwd").contains("scheme"));
    }

    #[test]
    fn a_post_stays_a_post_or_is_refused() {
        let post = || Request::post("http://host.example/", "text/plain", "body");
        let kept = follow(post(), 307, "/new").unwrap().unwrap();
        assert_eq!(
            (kept.method, kept.body.as_ref()),
            (Method::POST, &b"body"[..])
        );
        let other = follow(post(), 303, "/new").unwrap().unwrap();
        assert_eq!((other.method, other.body.len()), (Method::GET, 0));
        assert!(!other.headers.contains_key(CONTENT_TYPE));
        assert!(matches!(
            follow(post(), 301, "/new"),
            Err(Error::Redirect { .. })
        ));
    }

    #[test]
    fn other_statuses_are_answers() {
        for status in [200, 201, 304, 409] {
            let next = follow(Request::get("http://host.example/"), status, "/new");
            assert!(next.unwrap().is_none(), "{status}");
        }
    }
}

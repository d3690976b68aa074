//! The carrier inside the process: a request for a known host goes to a router instead of a socket.
//!
//! What the router sees is what it would see behind a socket: the target in origin form, `Host`, and
//! `Content-Length` where there is a body. What the caller sees is what a socket would give as well,
//! except `Date`.
//!
//! ```text
//! GET /oidc/keys HTTP/1.1
//! host: waxwing.localhost
//! ```

use std::collections::BTreeMap;

use axum::Router;
use axum::body::{Body, HttpBody};
use http::header::{CONTENT_LENGTH, HOST};
use http::response::Parts;
use http::{HeaderValue, Method, Version};
use http_body_util::BodyExt;
use tower::ServiceExt;
use url::Url;

use crate::error::{Error, causes, origin, shown, shown_text};
use crate::request::Parts as Outgoing;
use crate::response::{CappedBody, Response};

/// Which router answers for which scheme, host and port.
#[derive(Debug, Clone, Default)]
pub struct Routes {
    routers: BTreeMap<String, Router>,
}

impl Routes {
    /// No routes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `router` answer for `base`, such as `http://waxwing.localhost`, in place of an earlier
    /// one. Refuses a base with a path: a socket has none either, so the router nests.
    pub fn with(mut self, base: impl AsRef<str>, router: Router) -> Result<Self, Error> {
        let base = base.as_ref();
        let refused = |reason: String| Error::Url {
            url: shown_text(base),
            reason,
        };
        let url = Url::parse(base).map_err(|error| refused(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(refused("it names no HTTP host".to_owned()));
        }
        if url.path() != "/" || url.query().is_some() || !url.username().is_empty() {
            let reason = "a service in this process answers for a whole host: no path, no userinfo";
            return Err(refused(reason.to_owned()));
        }
        self.routers.insert(origin(&url), router);
        Ok(self)
    }

    pub(crate) fn find(&self, url: &Url) -> Option<&Router> {
        self.routers.get(&origin(url))
    }

    pub(crate) fn known(&self) -> String {
        let hosts: Vec<&str> = self.routers.keys().map(String::as_str).collect();
        match hosts.is_empty() {
            true => "none".to_owned(),
            false => hosts.join(", "),
        }
    }
}

pub(crate) async fn exchange(router: Router, request: &Outgoing) -> Result<Response, Error> {
    let incoming = as_received(request)?;
    let Ok(response) = router.oneshot(incoming).await;
    let (mut parts, mut incoming) = response.into_parts();
    state_length(&mut parts, request, incoming.size_hint().exact());
    let mut body = CappedBody::new(request.limit);
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|error| Error::Transfer {
            url: shown(&request.url),
            reason: causes(&error),
        })?;
        if let Some(piece) = frame.data_ref()
            && !body.push(piece)
        {
            return Err(Error::BodyTooLarge {
                url: shown(&request.url),
                limit: request.limit,
            });
        }
    }
    Ok(Response {
        status: parts.status,
        headers: parts.headers,
        body: body.finish(),
        url: request.url.clone(),
    })
}

/// Writes `Content-Length` as a server does when it puts the answer on a socket.
fn state_length(parts: &mut Parts, request: &Outgoing, exact: Option<u64>) {
    if request.method == Method::HEAD {
        return;
    }
    match (parts.status.as_u16(), exact) {
        // RFC 9110 section 8.6 forbids it for the first ones; with 304 the server library drops it too.
        (100..=199 | 204 | 304, _) => drop(parts.headers.remove(CONTENT_LENGTH)),
        (_, None) => {}
        (_, Some(length)) => {
            let length = HeaderValue::from(length);
            parts.headers.entry(CONTENT_LENGTH).or_insert(length);
        }
    }
}

/// The request as a server reads it from a socket.
fn as_received(request: &Outgoing) -> Result<http::Request<Body>, Error> {
    let url = &request.url;
    let unusable = |reason: String| Error::Url {
        url: shown(url),
        reason,
    };
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let mut received = http::Request::new(Body::from(request.body.clone()));
    *received.method_mut() = request.method.clone();
    *received.version_mut() = Version::HTTP_11;
    *received.uri_mut() = target
        .parse()
        .map_err(|error: http::uri::InvalidUri| unusable(error.to_string()))?;
    *received.headers_mut() = request.headers.clone();
    let authority = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    };
    let host = HeaderValue::from_str(&authority).map_err(|error| unusable(error.to_string()))?;
    received.headers_mut().entry(HOST).or_insert(host);
    if let Some(length) = request.content_length() {
        received.headers_mut().insert(CONTENT_LENGTH, length);
    }
    Ok(received)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_a_host_and_nothing_more() {
        let with = |base| Routes::new().with(base, Router::new());
        for base in [
            "http://h.localhost",
            "https://h.localhost:8443/",
            "http://[::1]:80",
        ] {
            assert!(with(base).is_ok(), "{base}");
        }
        for base in [
            "h.localhost",
            "http://h/oidc",
            "http://h/?q",
            "http://a@h",
            "unix:/x",
        ] {
            assert!(matches!(with(base), Err(Error::Url { .. })), "{base}");
        }
    }

    #[test]
    fn the_usual_port_may_be_written_or_left_out() {
        let routes = Routes::new().with("http://h.localhost:80", Router::new());
        let routes = routes.unwrap();
        let found = |url: &str| routes.find(&Url::parse(url).unwrap()).is_some();
        assert!(found("http://H.localhost/path"));
        assert!(!found("http://h.localhost:81/"));
        assert!(!found("https://h.localhost/"));
        assert_eq!(routes.known(), "http://h.localhost");
    }
}

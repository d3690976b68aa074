//! Why a request got no answer that can be used.
//!
//! URLs are shown without userinfo, query and fragment, because those may hold secrets:
//! `https://fulcio.example/api/v2/signingCert`.

use std::time::Duration;

use http::StatusCode;
use url::Url;

/// Why a request got no answer that can be used. One variant a cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The URL cannot be requested.
    #[error("the URL {url} cannot be requested: {reason}; expected https://HOST/PATH or http://…")]
    Url {
        /// The URL, without what may be secret.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A header has a value that HTTP cannot carry.
    #[error("the value of the header {name} has characters that HTTP cannot carry")]
    Header {
        /// The header's name; the value may be secret.
        name: String,
    },
    /// The request's body could not be written as JSON.
    #[error("the request to {url} cannot be written as JSON: {reason}")]
    RequestJson {
        /// Whom the request is for.
        url: String,
        /// What the serializer said.
        reason: String,
    },
    /// The client's settings cannot be used.
    #[error("the HTTP client's {setting} cannot be used: {reason}")]
    Setting {
        /// Which setting.
        setting: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// No router in this process answers for the host, and there is no network client to ask.
    #[error("no service in this process answers for {host}; there are: {known}")]
    NoRoute {
        /// Scheme, host and port that were asked for.
        host: String,
        /// Those that are served, separated by commas.
        known: String,
    },
    /// No connection: the name, the port, the proxy or TLS.
    #[error("cannot connect to {host}: {reason}; check the URL, the network and the proxy")]
    Connect {
        /// Scheme, host and port.
        host: String,
        /// What failed.
        reason: String,
    },
    /// The connection broke before the answer was complete.
    #[error("the answer of {url} is incomplete: {reason}")]
    Transfer {
        /// Who was asked.
        url: String,
        /// What failed.
        reason: String,
    },
    /// No complete answer in the time allowed.
    #[error("no complete answer of {url} within {} s; try again or allow more time", limit.as_secs_f64())]
    Timeout {
        /// Who was asked.
        url: String,
        /// The time that was allowed.
        limit: Duration,
    },
    /// More bytes than the request allows.
    #[error("the answer of {url} is longer than the {limit} bytes that this request allows")]
    BodyTooLarge {
        /// Who was asked.
        url: String,
        /// The cap, in bytes.
        limit: usize,
    },
    /// A redirect that is not followed.
    #[error("{url} redirects to {location}, which is not followed: {reason}")]
    Redirect {
        /// Who was asked.
        url: String,
        /// Where it points, without what may be secret.
        location: String,
        /// The rule that forbids it.
        reason: &'static str,
    },
    /// Another status than the ones expected.
    #[error("{url} answered {status}: {message}")]
    Status {
        /// Who was asked.
        url: String,
        /// The status found.
        status: StatusCode,
        /// What the server says about it: printable, at most 300 characters.
        message: String,
    },
    /// A page for people where a program asked.
    #[error(
        "{url} answered with a page for people (text/html), as portals and proxies do; is it the service's URL?"
    )]
    Page {
        /// Who was asked.
        url: String,
    },
    /// An answer that is not the JSON expected.
    #[error("the answer of {url} is not the JSON expected: {reason}")]
    Json {
        /// Who was asked.
        url: String,
        /// What the parser said.
        reason: String,
    },
}

/// The URL without userinfo, query and fragment.
pub(crate) fn shown(url: &Url) -> String {
    let query = if url.query().is_some() { "?…" } else { "" };
    format!("{}{}{query}", origin(url), url.path())
}

/// Scheme, host and port, the port only where it is not the scheme's own.
pub(crate) fn origin(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

/// A text that is no URL, cut where a secret could begin: after the scheme, up to userinfo or query.
pub(crate) fn shown_text(text: &str) -> String {
    let before = text.split(['?', '#']).next().unwrap_or_default();
    let text = match before.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        // Who has ? or # in a password has cut it there.
        None if text.contains('@') => "…".to_owned(),
        None => before.to_owned(),
    };
    let shown: String = text
        .chars()
        .take(200)
        .flat_map(char::escape_debug)
        .collect();
    format!("\"{shown}\"")
}

/// An error with its causes in one line; libraries put the telling part last.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        next = cause.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_urls_hold_no_secrets() {
        let url = Url::parse("https://name:word@host.example:8443/a/b?token=secret#part").unwrap();
        assert_eq!(shown(&url), "https://host.example:8443/a/b?…");
        let url = Url::parse("http://[::1]:80/").unwrap();
        assert_eq!(shown(&url), "http://[::1]/");
        assert_eq!(shown_text("https//name:word@host?secret"), "\"…@host\"");
        assert_eq!(shown_text("https://name:wo?rd@host"), "\"…\"");
        assert_eq!(shown_text("a\u{1b}[31m"), "\"a\\u{1b}[31m\"");
    }
}

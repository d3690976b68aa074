//! Where a browser may be sent with a code (RFC 6749 section 3.1.2, RFC 8252 section 7.3).
//!
//! ```text
//! http://localhost:39211/auth/callback   the client listens on this machine
//! urn:ietf:wg:oauth:2.0:oob              a page shows the code, a person copies it
//! ```
//!
//! A public client without redirect URIs of its own may use these two kinds, as with Dex, and nothing
//! else: not `https`, not another host, not one that only looks like `localhost`. A client with
//! redirect URIs may use exactly these. Spellings that two parsers could read differently are
//! refused: a backslash, blanks, characters outside ASCII, userinfo, a fragment, an address that is
//! not written as it is normally written.

use std::fmt;

use url::{Host, Url};

/// The page that shows the code: no redirect at all.
pub(crate) const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

/// The longest redirect URI, in bytes.
const LONGEST: usize = 2048;

/// A redirect URI to which a code may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    url: Url,
}

/// Why a redirect URI is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedirectUriError {
    /// Too long.
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    /// Characters that parsers disagree about.
    #[error("it has characters outside of printable ASCII, or a backslash")]
    Characters,
    /// Not a URL.
    #[error("it is not a URL")]
    Url,
    /// Neither http on the loopback interface nor one that the client registered.
    #[error("expected http://localhost:PORT/PATH, http://127.0.0.1:PORT/PATH or {OUT_OF_BAND}")]
    NotLoopback,
    /// A password or a fragment, which no redirect URI has.
    #[error("it has userinfo or a fragment")]
    Parts,
    /// The host is written in a way that hides what it is.
    #[error("its host or port is not in its normal form")]
    Form,
    /// The client has redirect URIs, and this is none of them.
    #[error("it is none of those that the client registered")]
    NotRegistered,
}

impl RedirectUri {
    /// A redirect URI of this machine.
    pub fn loopback(text: &str) -> Result<Self, RedirectUriError> {
        let redirect = Self::registered(text)?;
        let url = &redirect.url;
        let local = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        match local && url.scheme() == "http" {
            true => Ok(redirect),
            false => Err(RedirectUriError::NotLoopback),
        }
    }

    /// A redirect URI that whoever runs the issuer wrote down for a client.
    pub fn registered(text: &str) -> Result<Self, RedirectUriError> {
        if text.len() > LONGEST {
            return Err(RedirectUriError::TooLong);
        }
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
        if !text.bytes().all(plain) {
            return Err(RedirectUriError::Characters);
        }
        let url = Url::parse(text).map_err(|_| RedirectUriError::Url)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(RedirectUriError::NotLoopback);
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(RedirectUriError::Parts);
        }
        // The path may be in any form; what comes before it has one spelling.
        let origin = url.origin().ascii_serialization();
        let normal = match text.strip_prefix(&origin) {
            Some(rest) => rest.is_empty() || rest.starts_with(['/', '?']),
            None => false,
        };
        if !normal {
            return Err(RedirectUriError::Form);
        }
        let text = text.to_owned();
        Ok(Self { text, url })
    }

    /// The URI as the client wrote it, which it repeats when it redeems the code.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host and port: where a form may lead.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// The URL with parameters added to its query.
    pub fn with(&self, parameters: &[(&str, &str)]) -> String {
        let mut url = self.url.clone();
        url.query_pairs_mut().extend_pairs(parameters);
        url.into()
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_by_each_of_its_names() {
        for (text, origin) in [
            (
                "http://localhost:39211/auth/callback",
                "http://localhost:39211",
            ),
            ("http://localhost/", "http://localhost"),
            ("http://localhost", "http://localhost"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://127.9.9.9:8080?a=b", "http://127.9.9.9:8080"),
            ("http://[::1]:8080/x", "http://[::1]:8080"),
            ("http://localhost:1/a@b", "http://localhost:1"),
        ] {
            let redirect = RedirectUri::loopback(text).unwrap();
            assert_eq!(
                (redirect.as_str(), redirect.origin().as_str()),
                (text, origin)
            );
        }
    }

    #[test]
    fn whatever_leads_elsewhere_or_hides_where_is_refused() {
        use RedirectUriError::{Characters, Form, NotLoopback, Parts, TooLong, Url};
        let long = format!("http://localhost/{}", "a".repeat(LONGEST));
        for (text, expected) in [
            ("https://evil.example/", NotLoopback),
            ("http://evil.example/", NotLoopback),
            ("https://localhost/", NotLoopback),
            ("http://localhost.evil.example/", NotLoopback),
            ("http://evil.example/localhost", NotLoopback),
            ("http://0.0.0.0/", NotLoopback),
            ("http://169.254.169.254/", NotLoopback),
            ("http://[::ffff:7f00:1]/", NotLoopback),
            ("javascript:alert(1)", NotLoopback),
            ("data:text/html,x", NotLoopback),
            ("file:///etc/passwd", NotLoopback),
            ("custom://localhost/", NotLoopback),
            ("http://localhost@evil.example/", Parts),
            ("http://localhost:80@evil.example/", Parts),
            ("http://a@localhost/", Parts),
            ("http://localhost/#evil", Parts),
            ("http://@localhost/", Form),
            ("http://LOCALHOST/", Form),
            ("http://127.1/", Form),
            ("http://0x7f000001/", Form),
            ("http://2130706433/", Form),
            ("http://localhost:080/", Form),
            ("http:localhost/", Form),
            ("http:/localhost/", Form),
            ("http:///localhost/", Form),
            ("http://localhost\\@evil.example/", Characters),
            ("http://localhost/\r\nSet-Cookie: a=b", Characters),
            (" http://localhost/", Characters),
            ("http://loca\u{200b}lhost/", Characters),
            ("http://ⓛocalhost/", Characters),
            ("//localhost/", Url),
            ("localhost", Url),
            ("/auth/callback", Url),
            ("http://localhost:99999/", Url),
            (&long, TooLong),
        ] {
            assert_eq!(RedirectUri::loopback(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn parameters_join_those_that_are_there() {
        let with = |text| {
            let redirect = RedirectUri::loopback(text).unwrap();
            redirect.with(&[("code", "c/d"), ("state", "a b&c=\"")])
        };
        let (bare, query) = (with("http://localhost:1"), with("http://localhost:1/x?y=z"));
        assert_eq!(bare, "http://localhost:1/?code=c%2Fd&state=a+b%26c%3D%22");
        assert_eq!(
            query,
            "http://localhost:1/x?y=z&code=c%2Fd&state=a+b%26c%3D%22"
        );
    }
}

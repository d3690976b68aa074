//! URLs as Go's `net/url` reads and writes them, since the name in a certificate goes through it.
//!
//! ```text
//! https://github.com/acme/app/.github/workflows/r.yml@refs/heads/a b
//! https://github.com/acme/app/.github/workflows/r.yml@refs/heads/a%20b
//! ```
//!
//! A path or fragment of characters that URLs allow stays byte for byte; one with others is decoded
//! and encoded anew. The scheme becomes lower case, the query stays. Refused: no scheme (a name in a
//! certificate is absolute, RFC 5280 section 4.2.1.6), userinfo, control characters, broken percent
//! escapes, and a query outside ASCII. WHATWG's rules, those of the crate `url`, are others: they
//! would write another name than the original.

/// Longest URL that is read, in bytes.
const LONGEST: usize = 16 * 1024;

/// An absolute URL, each part as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GoUrl {
    scheme: String,
    /// What follows the colon when no slash does.
    opaque: Option<String>,
    /// With the port.
    host: String,
    path: String,
    query: Option<String>,
    fragment: Option<String>,
}

/// Why a text is no URL for a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// More than is read.
    #[error("a URL of {length} bytes; at most {LONGEST} are read")]
    TooLong {
        /// Its length.
        length: usize,
    },
    /// A control character.
    #[error("invalid control character in URL")]
    Control,
    /// No scheme before the first colon.
    #[error("the URL has no scheme; expected an absolute one such as https://HOST/PATH")]
    NoScheme,
    /// A user name or password.
    #[error("the URL has userinfo, which does not belong into a certificate")]
    Userinfo,
    /// A character that no host has, or a port that is not a number.
    #[error("the URL's host {found:?} is malformed")]
    Host {
        /// The host.
        found: String,
    },
    /// A percent sign without two hexadecimal digits.
    #[error("invalid URL escape in {part}")]
    Escape {
        /// Path or fragment.
        part: &'static str,
    },
    /// A query that a certificate cannot hold.
    #[error("the URL's query is not printable ASCII")]
    Query,
}

impl GoUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, UrlError> {
        if text.len() > LONGEST {
            return Err(UrlError::TooLong { length: text.len() });
        }
        if text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
            return Err(UrlError::Control);
        }
        let (rest, fragment) = match text.split_once('#') {
            Some((rest, fragment)) => (rest, Some(fragment)),
            None => (text, None),
        };
        let (scheme, rest) = rest.split_once(':').ok_or(UrlError::NoScheme)?;
        let mut characters = scheme.bytes();
        let begins = characters
            .next()
            .is_some_and(|byte| byte.is_ascii_alphabetic());
        let goes_on = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if !begins || !characters.all(goes_on) {
            return Err(UrlError::NoScheme);
        }
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query)),
            None => (rest, None),
        };
        if query.is_some_and(|query| !query.is_ascii()) {
            return Err(UrlError::Query);
        }
        let (opaque, host, path) = match rest.strip_prefix("//") {
            Some(rest) => {
                let end = rest.find('/').unwrap_or(rest.len());
                let (host, path) = rest.split_at(end);
                (None, encoded_host(host)?, path)
            }
            None if rest.starts_with('/') => (None, String::new(), rest),
            None if !rest.is_ascii() => return Err(UrlError::NoScheme),
            None => (Some(rest.to_owned()), String::new(), ""),
        };
        // A fragment that is empty is not written again.
        let fragment = fragment.filter(|fragment| !fragment.is_empty());
        let fragment = fragment.map(|fragment| normalized(fragment, Part::Fragment));
        Ok(Self {
            scheme: scheme.to_ascii_lowercase(),
            opaque,
            host,
            path: normalized(path, Part::Path)?,
            query: query.map(str::to_owned),
            fragment: fragment.transpose()?,
        })
    }

    pub(crate) fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The host without port and brackets.
    pub(crate) fn hostname(&self) -> &str {
        if let Some((address, _)) = self.host.strip_prefix('[').and_then(|h| h.split_once(']')) {
            return address;
        }
        self.host.split(':').next().unwrap_or_default()
    }

    /// This URL with further path elements, joined as Go's `JoinPath` does: `//`, `.` and `..` are
    /// resolved, and the last slash stays.
    pub(crate) fn join(&self, elements: &[&str]) -> Result<Self, UrlError> {
        let mut segments: Vec<&str> = Vec::new();
        let all = std::iter::once(self.path.as_str()).chain(elements.iter().copied());
        for segment in all.flat_map(|element| element.split('/')) {
            match segment {
                "" | "." => {}
                ".." => drop(segments.pop()),
                other => segments.push(other),
            }
        }
        let mut path = format!("/{}", segments.join("/"));
        if path.len() > 1 && elements.last().is_some_and(|last| last.ends_with('/')) {
            path.push('/');
        }
        if path.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
            return Err(UrlError::Control);
        }
        Ok(Self {
            path: normalized(&path, Part::Path)?,
            ..self.clone()
        })
    }
}

impl std::fmt::Display for GoUrl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:", self.scheme)?;
        match &self.opaque {
            Some(opaque) => formatter.write_str(opaque)?,
            None => write!(formatter, "//{}{}", self.host, self.path)?,
        }
        if let Some(query) = &self.query {
            write!(formatter, "?{query}")?;
        }
        if let Some(fragment) = &self.fragment {
            write!(formatter, "#{fragment}")?;
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    Fragment,
}

/// The part as Go writes it: as it came if it has only characters that may stand there, otherwise
/// decoded and encoded.
fn normalized(text: &str, part: Part) -> Result<String, UrlError> {
    let decoded = decode(text).ok_or(UrlError::Escape {
        part: match part {
            Part::Path => "path",
            Part::Fragment => "fragment",
        },
    })?;
    let stays = |byte: u8| kept(byte, part) || b"!'()*[]%".contains(&byte);
    if text.bytes().all(stays) {
        return Ok(text.to_owned());
    }
    let kept_encoded =
        |byte: u8| kept(byte, part) || (part == Part::Fragment && b"!()*".contains(&byte));
    Ok(encode(&decoded, kept_encoded))
}

/// What Go's `shouldEscape` leaves alone in both.
fn kept(byte: u8, part: Part) -> bool {
    byte.is_ascii_alphanumeric()
        || b"-_.~$&+,/:;=@".contains(&byte)
        || (byte == b'?' && part == Part::Fragment)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                let value = digit()? * 16 + digit()?;
                u8::try_from(value).ok()?
            }
            other => other,
        };
        decoded.push(byte);
    }
    Some(decoded)
}

fn encode(bytes: &[u8], kept: impl Fn(u8) -> bool) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match kept(*byte) {
            true => text.push(char::from(*byte)),
            false => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

fn encoded_host(host: &str) -> Result<String, UrlError> {
    if host.contains('@') {
        return Err(UrlError::Userinfo);
    }
    let malformed = || UrlError::Host {
        found: host.to_owned(),
    };
    let (name, port) = match host.strip_prefix('[') {
        Some(address) => {
            let (address, after) = address.split_once(']').ok_or_else(malformed)?;
            address
                .parse::<core::net::Ipv6Addr>()
                .map_err(|_| malformed())?;
            (None, after)
        }
        None => match host.split_once(':') {
            Some((name, port)) => (Some(name), &host[host.len() - port.len() - 1..]),
            None => (Some(host), ""),
        },
    };
    let digits = port.strip_prefix(':').unwrap_or(port);
    let is_port = port.is_empty() || port.starts_with(':');
    if !is_port || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(malformed());
    }
    let allowed = |byte: u8| {
        byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=".contains(&byte) || byte >= 0x80
    };
    if name.is_some_and(|name| !name.bytes().all(allowed)) {
        return Err(malformed());
    }
    Ok(encode(host.as_bytes(), |byte| byte < 0x80))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Result<String, UrlError> {
        GoUrl::parse(text).map(|url| url.to_string())
    }

    /// The right side is what Go's `url.Parse(…).String()` gives, by its rules.
    #[test]
    fn urls_are_written_as_go_writes_them() {
        for same in [
            "https://github.com/a/b/.github/workflows/c.yml@refs/heads/main",
            "https://gitlab.com/g/p//.gitlab-ci.yml@refs/heads/main",
            "https://g.codefresh.io/acc/proj/pipe:62/65",
            "https://buildkite.com/acme/p/builds/1#0190",
            "https://host/a%2Fb?x=y z",
            "spiffe://example.org/ns/a",
            "https://host",
            "https://host/?",
            "urn:isbn:1",
            "https://[::1]:8443/x",
            "https://host:/x",
            "https://host/(a)[b]*!'",
        ] {
            assert_eq!(written(same), Ok(same.to_owned()));
        }
        for (text, expected) in [
            ("HTTPS://Host/A b", "https://Host/A%20b"),
            // One foreign character has the whole path decoded and encoded.
            ("https://h/a%2Fb c", "https://h/a/b%20c"),
            ("https://h/ü", "https://h/%C3%BC"),
            (
                "https://h/\"{}|\\^`<>",
                "https://h/%22%7B%7D%7C%5C%5E%60%3C%3E",
            ),
            ("https://h/(a) b", "https://h/%28a%29%20b"),
            ("https://h/x#", "https://h/x"),
            ("https://h/x#(a) b", "https://h/x#(a)%20b"),
            ("https://hü/x", "https://h%C3%BC/x"),
            ("/etc:x", ""),
            ("no scheme", ""),
        ] {
            let expected = Some(expected.to_owned()).filter(|text| !text.is_empty());
            assert_eq!(written(text), expected.ok_or(UrlError::NoScheme), "{text}");
        }
    }

    #[test]
    fn what_no_certificate_should_name_is_refused() {
        for (bad, good, error) in [
            ("https://h/a\n", "https://h/a", UrlError::Control),
            (
                "https://h/%zz",
                "https://h/%2a",
                UrlError::Escape { part: "path" },
            ),
            (
                "https://h/%2",
                "https://h/%20",
                UrlError::Escape { part: "path" },
            ),
            (
                "https://h/#%",
                "https://h/#%25",
                UrlError::Escape { part: "fragment" },
            ),
            ("https://a:b@h/", "https://h/", UrlError::Userinfo),
            ("https://h/?ü", "https://h/?u", UrlError::Query),
        ] {
            assert_eq!(written(bad), Err(error), "{bad}");
            assert!(written(good).is_ok(), "{good}");
        }
        for host in ["a b", "a:8x", "[::1", "[::1]x", "[zz]", "a%20b", "a\"b"] {
            let found = host.to_owned();
            assert_eq!(
                written(&format!("https://{host}/")),
                Err(UrlError::Host { found })
            );
        }
    }

    #[test]
    fn elements_are_joined_as_go_joins_them() {
        let base = GoUrl::parse("https://github.com/").unwrap();
        let joined = |elements: &[&str]| base.join(elements).unwrap().to_string();
        assert_eq!(
            joined(&["a/b", "actions/runs", "7"]),
            "https://github.com/a/b/actions/runs/7"
        );
        assert_eq!(
            joined(&["a//b", "/-/jobs/", "1"]),
            "https://github.com/a/b/-/jobs/1"
        );
        assert_eq!(joined(&["a/./b/../c/"]), "https://github.com/a/c/");
        assert_eq!(joined(&["../../a"]), "https://github.com/a");
        assert_eq!(
            joined(&["w@refs/heads/x#y?z"]),
            "https://github.com/w@refs/heads/x%23y%3Fz"
        );
        assert_eq!(joined(&["a%2Fb"]), "https://github.com/a%2Fb");
        let host_only = GoUrl::parse("https://issuer.enforce.dev").unwrap();
        assert_eq!(
            host_only.join(&["s/1"]).unwrap().to_string(),
            "https://issuer.enforce.dev/s/1"
        );
        assert_eq!(host_only.hostname(), "issuer.enforce.dev");
        assert_eq!(
            base.join(&["%zz"]),
            Err(UrlError::Escape { part: "path" }),
            "Go drops the path then, which would be another's name"
        );
    }
}

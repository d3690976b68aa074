//! URLs that a secret may be sent to: `https://HOST/…`, and `http://` on this machine alone.
//!
//! ```text
//! https://vault.example:8200      http://127.0.0.1:8200      http://[::1]:8200      http://localhost:8200
//! ```

use url::{Host, Url};

use crate::error::{Error, shown, shown_text};

/// Reads a URL that a secret may be sent to. Refused: what goes to another machine in the clear.
pub fn private_url(text: &str) -> Result<Url, Error> {
    let url = Url::parse(text).map_err(|error| Error::Url {
        url: shown_text(text),
        reason: error.to_string(),
    })?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_this_machine(&url) => Ok(url),
        other => Err(Error::Url {
            url: shown(&url),
            reason: format!("it is of the scheme {other}"),
        }),
    }
}

/// Whether the host is this machine itself. What is asked there needs no proxy.
pub fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_goes_in_the_clear_to_this_machine_alone() {
        for text in [
            "https://vault.example",
            "https://10.0.0.1:8200/x",
            "http://127.0.0.1:8200",
            "http://127.1.2.3/",
            "http://[::1]:8200",
            "http://localhost:8200",
            "http://LOCALHOST",
        ] {
            assert!(private_url(text).is_ok(), "{text}");
        }
        for (text, scheme) in [
            ("http://vault.example", "http"),
            ("http://localhost.example", "http"),
            ("http://127.0.0.1.example", "http"),
            ("http://127.0.0.1@vault.example", "http"),
            ("http://[::ffff:10.0.0.1]/", "http"),
            ("ftp://127.0.0.1", "ftp"),
        ] {
            let expected = format!("it is of the scheme {scheme}");
            match private_url(text) {
                Err(Error::Url { reason, .. }) => assert_eq!(reason, expected, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
        assert!(matches!(
            private_url("vault.example"),
            Err(Error::Url { reason, .. }) if reason.contains("relative URL")
        ));
    }
}

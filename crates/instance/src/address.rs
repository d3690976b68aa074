//! Where an instance is: the public URL and what follows from it.
//!
//! ```text
//! http://waxwing.localhost       the base: scheme, host and perhaps a port, nothing behind
//! waxwing.localhost              the origin of the Rekor log: cosign and sigstore-go accept nothing else
//! waxwing.localhost/ct           the origin of the CT log: its submission prefix without the scheme
//! ```

use waxwing_net::Url;

/// The prefix of the OIDC issuer.
pub(crate) const ISSUER_PREFIX: &str = "/oidc";

/// The prefix of the TUF repository.
pub(crate) const TUF_PREFIX: &str = "/tuf";

/// The prefix of the CT log.
pub(crate) const CT_PREFIX: &str = "/ct";

/// The public URL of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    base: String,
    host: String,
    authority: String,
}

/// The URL cannot be that of an instance.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the public URL {url:?} {reason}; expected one like http://HOST or https://HOST:PORT")]
pub struct AddressError {
    /// The URL.
    pub url: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Address {
    /// Takes `http` or `https`, a host and perhaps a port. A path is refused: some clients drop it.
    pub fn new(url: &str) -> Result<Self, AddressError> {
        let refuse = |reason| AddressError {
            url: url.to_owned(),
            reason,
        };
        let parsed = Url::parse(url).map_err(|_| refuse("is no URL"))?;
        let host = parsed.host_str().unwrap_or_default().to_owned();
        if !matches!(parsed.scheme(), "http" | "https") || host.is_empty() {
            return Err(refuse("names no HTTP host"));
        }
        if parsed.path() != "/" || parsed.query().is_some() || parsed.fragment().is_some() {
            return Err(refuse("has something behind the host"));
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(refuse("holds a credential"));
        }
        let authority = match parsed.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        Ok(Self {
            base: format!("{}://{authority}", parsed.scheme()),
            host,
            authority,
        })
    }

    /// The URL of Fulcio and of Rekor, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The host name: the origin of the Rekor log.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The OIDC issuer, byte for byte as in its tokens.
    pub fn issuer(&self) -> String {
        format!("{}{ISSUER_PREFIX}", self.base)
    }

    /// The whole URL of the timestamp authority.
    pub fn timestamp_authority(&self) -> String {
        format!("{}/api/v1/timestamp", self.base)
    }

    /// The URL of the TUF repository.
    pub fn trust_repository(&self) -> String {
        format!("{}{TUF_PREFIX}", self.base)
    }

    /// The submission prefix of the CT log.
    pub fn ct_log(&self) -> String {
        format!("{}{CT_PREFIX}", self.base)
    }

    /// The origin of the CT log.
    pub fn ct_origin(&self) -> String {
        format!("{}{CT_PREFIX}", self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_from_the_public_url() {
        let address = Address::new("http://127.0.0.1:8123/").unwrap();
        assert_eq!(address.base(), "http://127.0.0.1:8123");
        assert_eq!(address.host(), "127.0.0.1");
        assert_eq!(address.issuer(), "http://127.0.0.1:8123/oidc");
        assert_eq!(address.ct_origin(), "127.0.0.1:8123/ct");
        assert_eq!(Address::new("https://h:443").unwrap().base(), "https://h");
    }

    #[test]
    fn other_urls_are_refused_by_reason() {
        for (url, reason) in [
            ("waxwing", "is no URL"),
            ("ftp://h", "names no HTTP host"),
            ("http://h/path", "has something behind the host"),
            ("http://name:word@h", "holds a credential"),
        ] {
            assert_eq!(
                Address::new(url),
                Err(AddressError {
                    url: url.into(),
                    reason
                })
            );
        }
    }
}

//! A server that has to prove another name than that in its URL, as where it is reached by a tunnel.
//!
//! ```text
//! https://127.0.0.1:8443/  proves  tsa.example.com
//! ```
//!
//! TLS says and checks the name; the address is that of the host, and so is the header `Host`.

use std::net::IpAddr;

use http::header::{HOST, HeaderMap, HeaderValue};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

use crate::error::Error;

/// Which host has to prove which name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The host in the URLs.
    pub host: String,
    /// The name in the certificate.
    pub name: String,
}

impl Alias {
    /// Refuses what TLS has no way to ask for.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.name != self.host && self.name.parse::<IpAddr>().is_ok() {
            return Err(Error::Setting {
                setting: "server name",
                reason: format!(
                    "{} is an address, and would be the one to be asked; expected a name",
                    self.name
                ),
            });
        }
        Ok(())
    }

    /// Puts the name into a URL of the host; the header keeps the host.
    pub(crate) fn apply(
        &self,
        url: &mut Url,
        headers: &mut HeaderMap,
    ) -> Result<(), url::ParseError> {
        if url.host_str() != Some(&self.host) || self.name == self.host {
            return Ok(());
        }
        let authority = match url.port() {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        };
        if let Ok(authority) = HeaderValue::from_str(&authority) {
            headers.entry(HOST).or_insert(authority);
        }
        url.set_host(Some(&self.name))
    }
}

impl Resolve for Alias {
    fn resolve(&self, name: Name) -> Resolving {
        let asked = match name.as_str() == self.name {
            true => self.host.clone(),
            false => name.as_str().to_owned(),
        };
        Box::pin(async move {
            let found = tokio::net::lookup_host((asked, 0)).await?;
            let found: Addrs = Box::new(found.collect::<Vec<_>>().into_iter());
            Ok(found)
        })
    }
}

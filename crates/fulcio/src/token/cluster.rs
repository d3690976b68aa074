//! The Kubernetes cluster that Fulcio runs in, as an issuer: `https://kubernetes.default.svc`.
//!
//! ```text
//! /var/run/fulcio/ca.crt                                  the cluster's own authority, in PEM
//! /var/run/secrets/kubernetes.io/serviceaccount/token     who this pod is
//! ```
//!
//! A cluster shows its documents only to who is logged in, under a certificate that nobody else trusts.
//! So this one host is asked with the token of the pod, and its authority is trusted for it. Neither is
//! for anybody else: where the discovery document says that the keys are at another host, that is
//! asked like any other. The token is read each time, because the cluster exchanges it every hour.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use waxwing_encoding::pem::{self, PemError};
use waxwing_net::{Client, Request, Response, Url};
use zeroize::Zeroizing;

/// The issuer that this is about, byte for byte.
pub(super) const ISSUER: &str = "https://kubernetes.default.svc";

const HOST: &str = "kubernetes.default.svc";

/// Largest file that is read, in bytes, and most certificates in the authority's.
const LARGEST_FILE: u64 = 256 * 1024;
const MOST_CERTIFICATES: usize = 32;

/// Where the two files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterFiles {
    /// The authority.
    pub ca: PathBuf,
    /// The token; without it none is sent.
    pub token: PathBuf,
}

impl Default for ClusterFiles {
    /// Where the original and Kubernetes have them.
    fn default() -> Self {
        Self {
            ca: PathBuf::from("/var/run/fulcio/ca.crt"),
            token: PathBuf::from("/var/run/secrets/kubernetes.io/serviceaccount/token"),
        }
    }
}

/// Why a cluster cannot be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// The authority's file.
    #[error(
        "{}: {source}; {ISSUER} is configured, and is trusted under the authority in this file alone",
        path.display()
    )]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The authority.
    #[error("{}: {source}", path.display())]
    Pem {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        source: PemError,
    },
    /// A certificate that the TLS library does not take.
    #[error(transparent)]
    Client(#[from] waxwing_net::Error),
}

/// How an issuer is asked.
#[derive(Debug, Clone)]
pub(super) struct Access {
    pub(super) client: Client,
    pub(super) cluster: Option<Arc<Cluster>>,
}

/// The one host that is asked otherwise.
#[derive(Debug)]
pub(super) struct Cluster {
    client: Client,
    token: PathBuf,
}

impl Cluster {
    /// Reads the authority. Blocks on the disk.
    pub(super) fn read(client: &Client, files: &ClusterFiles) -> Result<Self, ClusterError> {
        let path = &files.ca;
        let text = read(path).map_err(|source| ClusterError::Read {
            path: path.clone(),
            source,
        })?;
        let blocks = pem::decode_all(&text, MOST_CERTIFICATES);
        let blocks = blocks.map_err(|source| ClusterError::Pem {
            path: path.clone(),
            source,
        })?;
        let roots: Vec<Vec<u8>> = blocks.into_iter().map(|block| block.der).collect();
        Ok(Self {
            client: client.with_additional_roots(&roots)?,
            token: files.token.clone(),
        })
    }

    /// The token as it is now, if there is one that can be sent.
    async fn token(&self) -> Option<Zeroizing<String>> {
        let path = self.token.clone();
        let read = tokio::task::spawn_blocking(move || read(&path)).await;
        let text = read.ok()?.ok()?;
        let token = Zeroizing::new(text.trim().to_owned());
        let sane = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        sane.then_some(token)
    }
}

impl Access {
    /// Asks for a document of at most `limit` bytes.
    pub(super) async fn get(
        &self,
        url: &str,
        limit: usize,
    ) -> Result<Response, waxwing_net::Error> {
        let request = Request::get(url).limit(limit);
        let answer = match self.cluster.as_ref().filter(|_| is_the_cluster(url)) {
            None => self.client.send(request).await?,
            Some(cluster) => {
                let request = match cluster.token().await {
                    Some(token) => request.bearer(&token),
                    None => request,
                };
                cluster.client.send(request).await?
            }
        };
        answer.expect_success()
    }
}

/// Whether a URL leads to the cluster's own host over TLS, at the port that the issuer has.
fn is_the_cluster(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| {
        url.scheme() == "https" && url.host_str() == Some(HOST) && url.port().is_none()
    })
}

fn read(path: &Path) -> std::io::Result<Zeroizing<String>> {
    use std::io::Read;
    let file = std::fs::File::open(path)?;
    let mut text = Zeroizing::new(String::new());
    file.take(LARGEST_FILE).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_is_the_cluster_and_no_name_like_it() {
        for (url, expected) in [
            (
                "https://kubernetes.default.svc/.well-known/openid-configuration",
                true,
            ),
            ("https://kubernetes.default.svc:443/openid/v1/jwks", true),
            ("https://KUBERNETES.default.svc/openid/v1/jwks", true),
            ("http://kubernetes.default.svc/openid/v1/jwks", false),
            ("https://kubernetes.default.svc:8443/openid/v1/jwks", false),
            ("https://kubernetes.default.svc.evil.example/", false),
            ("https://evil.example/kubernetes.default.svc", false),
            ("https://kubernetes.default.svc@evil.example/", false),
            ("https://10.0.0.1/openid/v1/jwks", false),
        ] {
            assert_eq!(is_the_cluster(url), expected, "{url}");
        }
    }
}

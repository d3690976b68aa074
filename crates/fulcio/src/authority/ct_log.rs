//! Submitting to a CT log (RFC 6962 section 4.1 and 4.2), and its promise in JSON.
//!
//! ```text
//! POST <log>/ct/v1/add-pre-chain   {"chain":["<precertificate>","<issuing>",…,"<root>"]}
//! POST <log>/ct/v1/add-chain       {"chain":["<leaf>",…]}
//! {"sct_version":0,"id":"…","timestamp":1764000000123,"extensions":"","signature":"BAMA…"}
//! ```

use http::header::HOST;
use serde::Serialize;
use waxwing_crypto::PublicKey;
use waxwing_encoding::base64;
use waxwing_net::{Client, Request};
use waxwing_pki::Certificate;
use waxwing_pki::sct::{AddChainResponse, SignedCertificateTimestamp};

use crate::authority::IssueRefused;

/// Where the CT log is, and its key.
#[derive(Debug, Clone)]
pub struct CtLog {
    url: String,
    host: Option<String>,
    public_key: Option<PublicKey>,
}

#[derive(Serialize)]
struct Submission {
    chain: Vec<String>,
}

impl CtLog {
    /// The log with this submission prefix, whose promises this key signs.
    pub fn new(url: impl Into<String>, public_key: PublicKey) -> Self {
        Self {
            public_key: Some(public_key),
            ..Self::dangerously_unverified(url)
        }
    }

    /// The log with this submission prefix, whatever it promises. Certificates with promises that nobody
    /// believes can come of it, which is how the original works where it is given no key.
    pub fn dangerously_unverified(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            host: None,
            public_key: None,
        }
    }

    /// The same log, asked under another name than that of the URL: what tells apart the logs behind
    /// one address.
    #[must_use]
    pub fn with_host(self, host: impl Into<String>) -> Self {
        let host = Some(host.into());
        Self { host, ..self }
    }

    /// The key that signs its promises, if it is known.
    pub(super) fn public_key(&self) -> Option<&PublicKey> {
        self.public_key.as_ref()
    }

    /// Submits a chain and reads the promise. Whether it holds is not checked here.
    pub(super) async fn submit<'a>(
        &self,
        client: &Client,
        method: &str,
        chain: impl Iterator<Item = &'a Certificate>,
    ) -> Result<SignedCertificateTimestamp, IssueRefused> {
        let chain = chain
            .map(|certificate| base64::encode(certificate.der()))
            .collect();
        let url = format!("{}/ct/v1/{method}", self.url.trim_end_matches('/'));
        // Logs answer the same certificate with the same promise.
        let mut request = Request::post_json(url, &Submission { chain }).repeatable();
        if let Some(host) = &self.host {
            request = request.header(HOST, host);
        }
        let answer: AddChainResponse = client.send(request).await?.expect_answer()?.json()?;
        if let Some(key) = &self.public_key {
            let expected = base64::encode(&key.sha256_of_spki());
            if answer.id != expected {
                return Err(IssueRefused::OtherLog {
                    found: answer.id,
                    expected,
                });
            }
        }
        Ok(SignedCertificateTimestamp::try_from(&answer)?)
    }
}

//! Submitting to a CT log (RFC 6962 section 4.1 and 4.2), and its promise in JSON.
//!
//! ```text
//! POST <log>/ct/v1/add-pre-chain   {"chain":["<precertificate>","<issuing>",…,"<root>"]}
//! POST <log>/ct/v1/add-chain       {"chain":["<leaf>",…]}
//! {"sct_version":0,"id":"…","timestamp":1764000000123,"extensions":"","signature":"BAMA…"}
//! ```

use http::header::HOST;
use serde::{Deserialize, Serialize};
use waxwing_crypto::PublicKey;
use waxwing_encoding::base64;
use waxwing_encoding::tls::put_vector;
use waxwing_net::{Client, Request};
use waxwing_pki::Certificate;
use waxwing_pki::sct::{SctError, SignedCertificateTimestamp};

use crate::authority::IssueRefused;

/// The length of a log's ID: that of SHA-256 (RFC 6962 section 3.2).
const LOG_ID: usize = 32;

/// Where the CT log is, and its key.
#[derive(Debug, Clone)]
pub struct CtLog {
    url: String,
    host: Option<String>,
    public_key: Option<PublicKey>,
}

/// A promise in the JSON of RFC 6962 section 4.1, as clients of detached SCTs expect it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddChainResponse {
    /// 0 for version 1.
    #[serde(default)]
    pub sct_version: u8,
    /// The log ID in base64.
    pub id: String,
    /// Milliseconds since 1970.
    pub timestamp: u64,
    /// The extensions in base64.
    #[serde(default)]
    pub extensions: String,
    /// The signature in base64: two bytes of algorithm, two of length, the signature.
    pub signature: String,
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
        let answer: AddChainResponse = client.send(request).await?.expect_success()?.json()?;
        if let Some(key) = &self.public_key {
            let expected = base64::encode(&key.sha256_of_spki());
            if answer.id != expected {
                return Err(IssueRefused::OtherLog {
                    found: answer.id,
                    expected,
                });
            }
        }
        let id = base64::decode(&answer.id)?;
        if id.len() != LOG_ID {
            return Err(IssueRefused::OtherLog {
                found: answer.id,
                expected: format!("{LOG_ID} bytes in base64"),
            });
        }
        let mut sct = vec![answer.sct_version];
        sct.extend_from_slice(&id);
        sct.extend_from_slice(&answer.timestamp.to_be_bytes());
        let extensions = base64::decode(&answer.extensions)?;
        put_vector(&mut sct, 2, &extensions).map_err(SctError::from)?;
        sct.extend_from_slice(&base64::decode(&answer.signature)?);
        Ok(SignedCertificateTimestamp::from_bytes(&sct)?)
    }
}

impl From<&SignedCertificateTimestamp> for AddChainResponse {
    fn from(sct: &SignedCertificateTimestamp) -> Self {
        let mut signature = sct.algorithm.to_vec();
        // A signature is shorter than 64 KiB, or it would not have been read.
        let length = u16::try_from(sct.signature.len()).unwrap_or_default();
        signature.extend_from_slice(&length.to_be_bytes());
        signature.extend_from_slice(&sct.signature);
        Self {
            sct_version: 0,
            id: base64::encode(&sct.log_id),
            timestamp: sct.timestamp,
            extensions: base64::encode(&sct.extensions),
            signature: base64::encode(&signature),
        }
    }
}

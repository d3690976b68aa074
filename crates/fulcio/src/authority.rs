//! The certificate: its precertificate, the CT log's promise, and the leaf that carries it.
//!
//! `POST <log>/ct/v1/add-pre-chain` with `{"chain":["<precertificate>","<issuing>",…,"<root>"]}`;
//! the answer is the SCT in JSON. The promise is verified before the leaf is signed: a certificate
//! with a bad SCT is refused by every verifier, and its entry in the log cannot be taken back.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use waxwing_crypto::{PublicKey, Random};
use waxwing_encoding::base64;
use waxwing_encoding::time::UnixTime;
use waxwing_net::{Client, Request};
use waxwing_pki::Certificate;
use waxwing_pki::fulcio::Identity;
use waxwing_pki::issue::{Authority, CodeSigningLeaf, IssueError, SerialNumber, Validity};
use waxwing_pki::sct::{self, SctError, SignedCertificateTimestamp};

/// How long a leaf is valid, in seconds.
const LEAF_SECONDS: i64 = 600;

/// The issuing authority and the CT log that it promises through.
pub struct CertificateAuthority {
    issuing: Authority,
    above: Vec<Certificate>,
    log: CtLog,
    client: Client,
    random: Arc<dyn Random>,
}

/// Where the CT log is, and its key.
#[derive(Debug, Clone)]
pub struct CtLog {
    /// The submission prefix.
    pub url: String,
    /// The key that signs its promises.
    pub public_key: PublicKey,
}

/// Why no certificate was issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueRefused {
    /// The authority's side.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The CT log did not answer.
    #[error("the CT log: {0}")]
    Log(#[from] waxwing_net::Error),
    /// The CT log's answer is not base64.
    #[error("the CT log's answer: {0}")]
    Base64(#[from] base64::Base64Error),
    /// The CT log's promise is malformed or does not hold.
    #[error("the CT log's promise: {0}")]
    Sct(#[from] SctError),
    /// The promise is another log's.
    #[error("the CT log's answer carries the log ID {found}; expected {expected}")]
    OtherLog {
        /// The log ID in the answer.
        found: String,
        /// The ID of the configured key.
        expected: String,
    },
}

#[derive(Serialize)]
struct Submission {
    chain: Vec<String>,
}

#[derive(Deserialize)]
struct Promise {
    id: String,
    timestamp: u64,
    extensions: String,
    signature: String,
}

impl std::fmt::Debug for CertificateAuthority {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "CertificateAuthority({:?})",
            self.issuing.certificate
        )
    }
}

impl CertificateAuthority {
    /// Issues with `issuing`; `above` are the certificates over it, the root last.
    pub fn new(
        issuing: Authority,
        above: Vec<Certificate>,
        log: CtLog,
        client: Client,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            issuing,
            above,
            log,
            client,
            random,
        }
    }

    /// The chain over a leaf: the issuing certificate first, the root last.
    pub fn chain(&self) -> impl Iterator<Item = &Certificate> {
        std::iter::once(&self.issuing.certificate).chain(&self.above)
    }

    /// Issues a certificate over `key` for `identity`, valid for ten minutes from `now`.
    pub async fn issue(
        &self,
        key: &PublicKey,
        identity: &Identity,
        now: UnixTime,
    ) -> Result<Certificate, IssueRefused> {
        let mut serial = [0; 20];
        self.random.fill(&mut serial);
        let not_before = now.whole_second();
        let leaf = CodeSigningLeaf {
            public_key: key,
            identity,
            serial: SerialNumber::new(serial),
            validity: Validity {
                not_before,
                not_after: not_before.plus_seconds(LEAF_SECONDS),
            },
        };
        let precertificate = self.issuing.precertificate(&leaf)?;
        let promise = self.submit(&precertificate).await?;
        let issuer = self.issuing.certificate.public_key();
        promise.verify(&precertificate, issuer, &self.log.public_key)?;
        Ok(self
            .issuing
            .code_signing_leaf(&leaf, &sct::list(&[promise])?)?)
    }

    async fn submit(
        &self,
        precertificate: &Certificate,
    ) -> Result<SignedCertificateTimestamp, IssueRefused> {
        let chain = std::iter::once(precertificate).chain(self.chain());
        let chain = chain
            .map(|certificate| base64::encode(certificate.der()))
            .collect();
        let url = format!("{}/ct/v1/add-pre-chain", self.log.url.trim_end_matches('/'));
        // Logs answer the same precertificate with the same promise.
        let request = Request::post_json(url, &Submission { chain }).repeatable();
        let answer: Promise = self.client.send(request).await?.expect_success()?.json()?;
        let expected = base64::encode(&self.log.public_key.sha256_of_spki());
        if answer.id != expected {
            return Err(IssueRefused::OtherLog {
                found: answer.id,
                expected,
            });
        }
        let mut sct = vec![0];
        sct.extend_from_slice(&self.log.public_key.sha256_of_spki());
        sct.extend_from_slice(&answer.timestamp.to_be_bytes());
        let extensions = base64::decode(&answer.extensions)?;
        waxwing_encoding::tls::put_vector(&mut sct, 2, &extensions).map_err(SctError::from)?;
        sct.extend_from_slice(&base64::decode(&answer.signature)?);
        Ok(SignedCertificateTimestamp::from_bytes(&sct)?)
    }
}

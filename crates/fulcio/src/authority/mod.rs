//! The certificate: its precertificate, the CT log's promise, and the leaf that carries it.
//!
//! | backend | CT log | what is issued |
//! |---|---|---|
//! | embeds | one | precertificate → `add-pre-chain` → leaf with the promise in it |
//! | cannot embed | one | leaf → `add-chain` → the promise beside it |
//! | any | none | leaf, no promise |
//!
//! The promise is verified before the leaf is signed or handed out: a certificate with a bad SCT is
//! refused by every verifier, and its entry in the log cannot be taken back. Precertificate and leaf
//! are signed by the same [`Issuer`], taken once: a rotation in between must not mix keys.

mod backend;
mod ct_log;
mod elsewhere;
mod ephemeral;
mod file;

use std::sync::Arc;

use waxwing_crypto::{PublicKey, Random};
use waxwing_encoding::time::UnixTime;
use waxwing_net::Client;
use waxwing_pki::Certificate;
use waxwing_pki::issue::{Authority, CodeSigningLeaf, IssueError, SerialNumber, Validity};
use waxwing_pki::sct::{
    self, AddChainResponse, ResponseError, SctError, SignedCertificateTimestamp,
};

use crate::identity::Principal;

pub use backend::{Backend, Fixed, Issuer, LocalIssuer, Signing};
pub use ct_log::CtLog;
pub use elsewhere::RemoteIssuer;
pub use ephemeral::ephemeral;
pub use file::{FileAuthority, FileError, FileSettings};
pub use waxwing_pki::fulcio::AuthorityRefused;

/// How long a leaf is valid, in seconds.
const LEAF_SECONDS: i64 = 600;

/// The issuing authority and the CT log that it promises through.
pub struct CertificateAuthority {
    backend: Arc<dyn Backend>,
    /// Chains that are trusted beside the one that issues: the previous, the next.
    others: Vec<Vec<Certificate>>,
    log: Option<CtLog>,
    client: Client,
    random: Arc<dyn Random>,
}

impl std::fmt::Debug for CertificateAuthority {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (backend, log) = (&self.backend, &self.log);
        write!(formatter, "CertificateAuthority({backend:?}, {log:?})")
    }
}

/// What was issued.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The leaf, the certificate that issued it, and so on to the root.
    pub chain: Vec<Certificate>,
    /// Where the CT log's promise is.
    pub promise: Promise,
}

/// Where a CT log's promise is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Promise {
    /// In the leaf.
    Embedded,
    /// Beside it.
    Detached(AddChainResponse),
    /// Nowhere: no CT log is configured.
    None,
}

/// Why no certificate was issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueRefused {
    /// The authority's side.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// A key that lives elsewhere did not sign.
    #[error("the CA backend: {problem}")]
    Backend {
        /// What it says.
        problem: String,
    },
    /// The CT log did not answer.
    #[error("the CT log: {0}")]
    Log(#[from] waxwing_net::Error),
    /// The CT log's answer holds no promise.
    #[error("the CT log's answer: {0}")]
    Answer(#[from] ResponseError),
    /// The CT log's promise does not hold.
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

impl IssueRefused {
    /// Whether the authority signed, and the CT log did not promise.
    pub(crate) fn is_the_logs(&self) -> bool {
        match self {
            Self::Issue(_) | Self::Backend { .. } => false,
            Self::Log(_) | Self::Answer(_) | Self::Sct(_) | Self::OtherLog { .. } => true,
        }
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
        let backend = Arc::new(Fixed::new(LocalIssuer::new(issuing, above)));
        Self::with_backend(backend, Some(log), client, random)
    }

    /// Issues with whatever `backend` has; without a log, certificates without promises.
    pub fn with_backend(
        backend: Arc<dyn Backend>,
        log: Option<CtLog>,
        client: Client,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            backend,
            others: Vec::new(),
            log,
            client,
            random,
        }
    }

    /// The same authority, whose trust bundle has these chains too, each with the root last: those
    /// that issued before, and the one that will issue next.
    #[must_use]
    pub fn with_other_chains(self, others: Vec<Vec<Certificate>>) -> Self {
        Self { others, ..self }
    }

    /// Every chain that is trusted, the one that issues first; each has its root last.
    pub fn chains(&self) -> Vec<Vec<Certificate>> {
        let mut chains = vec![self.backend.issuer().chain().to_vec()];
        chains.extend(self.backend.other_chains());
        for chain in &self.others {
            if !chains.contains(chain) {
                chains.push(chain.clone());
            }
        }
        chains
    }

    /// Issues a certificate over `key` for `principal`, valid for ten minutes from `now`.
    pub async fn issue(
        &self,
        key: &PublicKey,
        principal: &Principal,
        now: UnixTime,
    ) -> Result<Issued, IssueRefused> {
        let mut serial = [0; 20];
        self.random.fill(&mut serial);
        let not_before = now.whole_second();
        let leaf = CodeSigningLeaf {
            public_key: key,
            identity: principal.identity(),
            claims: principal.claims(),
            serial: SerialNumber::new(serial),
            validity: Validity {
                not_before,
                not_after: not_before.plus_seconds(LEAF_SECONDS),
            },
        };
        let issuer = self.backend.issuer();
        let (certificate, promise) = match &self.log {
            Some(log) if issuer.embeds() => {
                (self.embed(log, &*issuer, &leaf).await?, Promise::Embedded)
            }
            Some(log) => {
                let certificate = issuer.certificate(&leaf, None).await?;
                let promise = self
                    .promised(log, "add-chain", &certificate, &*issuer)
                    .await?;
                (
                    certificate,
                    Promise::Detached(AddChainResponse::from(&promise)),
                )
            }
            None => (issuer.certificate(&leaf, None).await?, Promise::None),
        };
        let mut chain = vec![certificate];
        chain.extend_from_slice(issuer.chain());
        Ok(Issued { chain, promise })
    }

    async fn embed(
        &self,
        log: &CtLog,
        issuer: &dyn Issuer,
        leaf: &CodeSigningLeaf<'_>,
    ) -> Result<Certificate, IssueRefused> {
        let precertificate = issuer.precertificate(leaf).await?;
        let promise = self
            .promised(log, "add-pre-chain", &precertificate, issuer)
            .await?;
        issuer
            .certificate(leaf, Some(&sct::list(&[promise])?))
            .await
    }

    /// The log's promise about `certificate`, verified if the log's key is known.
    async fn promised(
        &self,
        log: &CtLog,
        method: &str,
        certificate: &Certificate,
        issuer: &dyn Issuer,
    ) -> Result<SignedCertificateTimestamp, IssueRefused> {
        let chain = std::iter::once(certificate).chain(issuer.chain());
        let promise = log.submit(&self.client, method, chain).await?;
        let Some(key) = log.public_key() else {
            return Ok(promise);
        };
        if sct::is_precertificate(certificate) {
            let parent = issuer.chain().first().unwrap_or(certificate);
            promise.verify(certificate, parent.public_key(), key)?;
        } else {
            promise.verify_detached(certificate, key)?;
        }
        Ok(promise)
    }
}

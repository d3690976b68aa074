//! What Fulcio is asked and answers, whatever carries it: HTTP or gRPC, each in both versions.
//!
//! A front reads its wire format into a [`SigningRequest`], calls
//! [`Service::create_signing_certificate`](crate::Service::create_signing_certificate), and writes the
//! [`Issued`](crate::authority::Issued) chain or the `Rejection`.

use std::sync::Arc;

use http::HeaderValue;
use waxwing_crypto::PublicKey;
use waxwing_encoding::base64;
use waxwing_encoding::time::Clock;
use waxwing_pki::Certificate;
use waxwing_serve::Rejection;

use crate::algorithms::ClientAlgorithms;
use crate::authority::{CertificateAuthority, Issued, Promise};
use crate::config::Configuration;
use crate::counts::Counts;
use crate::identity::Principal;
use crate::identity_limit::IdentityLimit;
use crate::possession::{self, KeyRefused};
use crate::refusal;
use crate::token::{TokenRefused, TokenVerifier};

/// `CreateSigningCertificateRequest`, with its fields decoded.
#[derive(Clone, Default)]
pub struct SigningRequest {
    /// The identity token; absent or empty when there is none.
    pub token: Option<String>,
    /// The certificate signing request in PEM. If it is not empty, it goes before the key.
    pub certificate_signing_request: Vec<u8>,
    /// The key in PEM or DER.
    pub public_key: Vec<u8>,
    /// The signature over the token's name with that key.
    pub proof_of_possession: Vec<u8>,
}

/// The service. Clones are the same service.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    tokens: Arc<TokenVerifier>,
    authority: Arc<CertificateAuthority>,
    algorithms: ClientAlgorithms,
    clock: Arc<dyn Clock>,
    identities: Option<IdentityLimit>,
    counts: Option<Counts>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Fulcio({:?})", self.inner.authority)
    }
}

impl std::fmt::Debug for SigningRequest {
    /// Without the token.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SigningRequest(token: {})", self.token.is_some())
    }
}

impl Service {
    /// Issues through `authority` to whom `tokens` vouches for, with the default list of algorithms.
    pub fn new(
        tokens: TokenVerifier,
        authority: CertificateAuthority,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let algorithms = ClientAlgorithms::default();
        Self::with_algorithms(tokens, authority, algorithms, clock)
    }

    /// As [`new`](Self::new), for the keys that `algorithms` allow.
    pub fn with_algorithms(
        tokens: TokenVerifier,
        authority: CertificateAuthority,
        algorithms: ClientAlgorithms,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                tokens: Arc::new(tokens),
                authority: Arc::new(authority),
                algorithms,
                clock,
                identities: None,
                counts: None,
            }),
        }
    }

    /// The same service, which gives each identity no more than that.
    #[must_use]
    pub fn with_identity_limit(self, limit: IdentityLimit) -> Self {
        self.changed(|inner| inner.identities = Some(limit))
    }

    /// The same service, which counts here.
    #[must_use]
    pub fn with_counts(self, counts: Counts) -> Self {
        self.changed(|inner| inner.counts = Some(counts))
    }

    fn changed(self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.inner);
        change(&mut inner);
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Verifies the token, then the proof of possession, and issues a certificate.
    pub async fn create_signing_certificate(
        &self,
        request: &SigningRequest,
    ) -> Result<Issued, Rejection> {
        let outcome = self.create(request).await;
        if let (Some(counts), Err(rejection)) = (&self.inner.counts, &outcome) {
            counts.refused(rejection);
        }
        outcome
    }

    async fn create(&self, request: &SigningRequest) -> Result<Issued, Rejection> {
        let inner = &self.inner;
        let now = inner.clock.now();
        let token = request.token.as_deref().filter(|token| !token.is_empty());
        let principal = match token {
            Some(token) => inner.tokens.verify(token, now).await,
            None => Err(TokenRefused::Missing),
        };
        let principal = principal.map_err(|error| refusal::token(&error))?;
        let key = self.key(request, &principal);
        let key = key.map_err(|error| refusal::key(&error))?;
        if let Some(limit) = &inner.identities {
            limit.check(&principal)?;
        }
        let issued = inner.authority.issue(&key, &principal, now).await;
        if let Some(counts) = &inner.counts {
            match &issued {
                Ok(_) => counts.issued(&principal.identity().issuer),
                Err(refused) if refused.is_the_logs() => counts.ct_failed(),
                Err(_) => {}
            }
        }
        issued.map_err(refusal::issue)
    }

    /// Every chain that is trusted, the one that issues first; each has its root last.
    pub fn trust_bundle(&self) -> Vec<Vec<Certificate>> {
        self.inner.authority.chains()
    }

    /// The certificates of [`trust_bundle`](Self::trust_bundle) as one text, as version 1 answers.
    pub fn root_certificates(&self) -> String {
        let chains = self.trust_bundle();
        // Each block ends with a newline already, so that an empty line stands between two.
        let blocks: Vec<String> = chains.iter().flatten().map(|one| one.to_pem()).collect();
        blocks.join("\n").trim_end().to_owned()
    }

    /// Who says who asks.
    pub fn tokens(&self) -> &TokenVerifier {
        &self.inner.tokens
    }

    /// The issuers whose tokens are taken.
    pub fn configuration(&self) -> &Configuration {
        self.inner.tokens.configuration()
    }

    fn key(
        &self,
        request: &SigningRequest,
        principal: &Principal,
    ) -> Result<PublicKey, KeyRefused> {
        let csr = request.certificate_signing_request.as_slice();
        let (key, algorithm) = match csr.is_empty() {
            false => possession::requested_key(csr)?,
            true => {
                let proof = request.proof_of_possession.as_slice();
                possession::proved_key(&request.public_key, proof, principal.name())?
            }
        };
        self.inner.algorithms.check(key.key_type(), algorithm)?;
        Ok(key)
    }
}

/// The media type of [`chain`] as one text.
pub(crate) const CHAIN: &str = "application/pem-certificate-chain";

/// The certificates, leaf first and root last, each in PEM without its final newline: so the original
/// writes them in these answers.
pub(crate) fn chain(issued: &Issued) -> Vec<String> {
    let pem = |certificate: &Certificate| certificate.to_pem().trim_end().to_owned();
    issued.chain.iter().map(pem).collect()
}

/// The promise that stands beside the certificate, as the CT log's JSON, empty without a log; `None` if
/// it stands in it.
pub(crate) fn detached_sct(issued: &Issued) -> Result<Option<Vec<u8>>, Rejection> {
    match &issued.promise {
        Promise::Embedded => Ok(None),
        Promise::None => Ok(Some(Vec::new())),
        Promise::Detached(promise) => {
            let json = serde_json::to_vec(promise).map_err(|_| unwritten())?;
            Ok(Some(json))
        }
    }
}

/// The same where it is a header: none without a promise.
pub(crate) fn detached_sct_header(issued: &Issued) -> Result<Option<HeaderValue>, Rejection> {
    let json = detached_sct(issued)?.filter(|json| !json.is_empty());
    let header = |json: Vec<u8>| HeaderValue::from_str(&base64::encode(&json));
    json.map(header).transpose().map_err(|_| unwritten())
}

fn unwritten() -> Rejection {
    Rejection::internal("Error marshaling signed certificate timestamp")
}

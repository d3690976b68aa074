//! The routes of Fulcio v2 and the sentences with which it refuses.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde::{Deserialize, Serialize};
use waxwing_crypto::{PublicKey, PublicKeyError};
use waxwing_encoding::base64;
use waxwing_encoding::time::Clock;
use waxwing_pki::Certificate;
use waxwing_pki::csr::SigningRequestError;
use waxwing_pki::issue::IssueError;
use waxwing_serve::{Json, Rejection, Route, refuse_other_methods};

use crate::authority::{CertificateAuthority, IssueRefused};
use crate::possession::{self, KeyRefused};
use crate::token::{Principal, TokenRefused, TokenVerifier};

/// What this service answers.
pub const ROUTES: &[Route] = &[
    ("POST", "/api/v2/signingCert"),
    ("GET", "/api/v2/trustBundle"),
    ("GET", "/api/v2/configuration"),
];

/// The service.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    tokens: TokenVerifier,
    authority: CertificateAuthority,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Fulcio({:?})", self.inner.authority)
    }
}

/// `CreateSigningCertificateRequest`. Unknown fields are passed over, as the original does; both
/// spellings of ProtoJSON are read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SigningRequest {
    #[serde(default)]
    credentials: Option<Credentials>,
    #[serde(default, alias = "public_key_request")]
    public_key_request: Option<PublicKeyRequest>,
    #[serde(default, alias = "certificate_signing_request")]
    certificate_signing_request: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credentials {
    #[serde(default, alias = "oidc_identity_token")]
    oidc_identity_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PublicKeyRequest {
    #[serde(default, alias = "public_key")]
    public_key: RequestedKey,
    #[serde(default, alias = "proof_of_possession")]
    proof_of_possession: String,
}

#[derive(Default, Deserialize)]
struct RequestedKey {
    #[serde(default)]
    content: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SigningCertificate {
    signed_certificate_embedded_sct: Embedded,
}

#[derive(Serialize)]
struct Embedded {
    chain: Chain,
}

#[derive(Serialize)]
struct TrustBundle {
    chains: Vec<Chain>,
}

#[derive(Serialize)]
struct Chain {
    certificates: Vec<String>,
}

#[derive(Serialize)]
struct Configuration {
    issuers: Vec<Issuer>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Issuer {
    issuer_url: String,
    audience: String,
    challenge_claim: &'static str,
    spiffe_trust_domain: &'static str,
    issuer_type: &'static str,
    subject_domain: &'static str,
    skip_email_verification: bool,
}

impl Service {
    /// Issues through `authority` to whom `tokens` vouches for.
    pub fn new(
        tokens: TokenVerifier,
        authority: CertificateAuthority,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                tokens,
                authority,
                clock,
            }),
        }
    }

    /// The routes of [`ROUTES`].
    pub fn router(&self) -> Router {
        let router = Router::new()
            .route("/api/v2/signingCert", post(create_signing_certificate))
            .route("/api/v2/trustBundle", get(trust_bundle))
            .route("/api/v2/configuration", get(configuration))
            .with_state(self.clone());
        refuse_other_methods(router)
    }
}

async fn create_signing_certificate(
    State(service): State<Service>,
    headers: HeaderMap,
    Json(request): Json<SigningRequest>,
) -> Result<axum::Json<SigningCertificate>, Rejection> {
    let inner = &service.inner;
    let now = inner.clock.now();
    let token = token(&request, &headers).ok_or(TokenRefused::Missing);
    let principal = match token {
        Ok(token) => inner.tokens.verify(token, now).await,
        Err(missing) => Err(missing),
    };
    let principal = principal.map_err(|error| refuse_token(&error))?;
    let key = requested_key(&request, &principal).map_err(|error| refuse_key(&error))?;
    let issued = inner.authority.issue(&key, principal.identity(), now).await;
    let leaf = issued.map_err(refuse_issue)?;
    let certificates = std::iter::once(&leaf)
        .chain(inner.authority.chain())
        .map(pem);
    let chain = Chain {
        certificates: certificates.collect(),
    };
    Ok(axum::Json(SigningCertificate {
        signed_certificate_embedded_sct: Embedded { chain },
    }))
}

async fn trust_bundle(State(service): State<Service>) -> axum::Json<TrustBundle> {
    let certificates = service
        .inner
        .authority
        .chain()
        .map(Certificate::to_pem)
        .collect();
    axum::Json(TrustBundle {
        chains: vec![Chain { certificates }],
    })
}

async fn configuration(State(service): State<Service>) -> axum::Json<Configuration> {
    let issuers = service.inner.tokens.issuers().iter().map(|issuer| Issuer {
        issuer_url: issuer.url.clone(),
        audience: issuer.client_id.clone(),
        challenge_claim: "email",
        spiffe_trust_domain: "",
        issuer_type: "email",
        subject_domain: "",
        skip_email_verification: false,
    });
    axum::Json(Configuration {
        issuers: issuers.collect(),
    })
}

/// The token in the body goes before the one in the header.
fn token<'a>(request: &'a SigningRequest, headers: &'a HeaderMap) -> Option<&'a str> {
    let credentials = request.credentials.as_ref();
    let in_body = credentials.and_then(|credentials| credentials.oidc_identity_token.as_deref());
    let in_header = || {
        headers
            .get(AUTHORIZATION)?
            .to_str()
            .ok()?
            .strip_prefix("Bearer ")
    };
    in_body.filter(|token| !token.is_empty()).or_else(in_header)
}

/// A signing request goes before a key, if both are there.
fn requested_key(request: &SigningRequest, principal: &Principal) -> Result<PublicKey, KeyRefused> {
    let csr = request
        .certificate_signing_request
        .as_deref()
        .filter(|csr| !csr.is_empty());
    if let Some(csr) = csr {
        // The field is `bytes`: the PEM text in base64 once more.
        let unreadable = |_| KeyRefused::Pem(waxwing_encoding::pem::PemError::NoBlock);
        let text = base64::decode_proto_json(csr).map_err(unreadable)?;
        return possession::requested_key(&String::from_utf8_lossy(&text));
    }
    let request = request
        .public_key_request
        .as_ref()
        .ok_or(KeyRefused::Missing)?;
    let proof = base64::decode_proto_json(&request.proof_of_possession).unwrap_or_default();
    possession::proved_key(&request.public_key.content, &proof, principal.name())
}

/// A PEM block without its final newline, as the original writes it in this answer alone.
fn pem(certificate: &Certificate) -> String {
    certificate.to_pem().trim_end().to_owned()
}

fn refuse_token(error: &TokenRefused) -> Rejection {
    let reason = match error {
        TokenRefused::Missing => "TOKEN_MISSING",
        TokenRefused::Shape => "TOKEN_MALFORMED",
        TokenRefused::UnknownIssuer { .. } => "ISSUER_UNKNOWN",
        TokenRefused::Discovery(_) | TokenRefused::OtherIssuer { .. } => "ISSUER_UNREACHABLE",
        TokenRefused::Algorithm { .. } => "ALGORITHM_NOT_ALLOWED",
        TokenRefused::Signature => "SIGNATURE_INVALID",
        TokenRefused::Audience { .. } => "AUDIENCE_MISMATCH",
        TokenRefused::Expired { .. } => "TOKEN_EXPIRED",
        TokenRefused::NotYetValid { .. } => "TOKEN_NOT_YET_VALID",
        TokenRefused::Claim { .. } => "CLAIM_INVALID",
    };
    Rejection::invalid_argument("There was an error processing the identity token")
        .because(reason, error.to_string())
}

fn refuse_key(error: &KeyRefused) -> Rejection {
    let (message, reason) = match error {
        // Readable, but of an algorithm or a size that nobody should rely on.
        KeyRefused::PublicKey(PublicKeyError::Algorithm { .. })
        | KeyRefused::SigningRequest(SigningRequestError::PublicKey(PublicKeyError::Algorithm {
            ..
        })) => (
            "The public key supplied in the request is insecure",
            "KEY_INSECURE",
        ),
        KeyRefused::Missing | KeyRefused::PublicKey(_) => (
            "The public key supplied in the request could not be parsed",
            "KEY_INVALID",
        ),
        KeyRefused::Proof(_) => (
            "The signature supplied in the request could not be verified",
            "PROOF_INVALID",
        ),
        KeyRefused::SigningRequest(SigningRequestError::Signature(_)) => (
            "The signature supplied in the request could not be verified",
            "PROOF_INVALID",
        ),
        KeyRefused::Pem(_) | KeyRefused::Label { .. } | KeyRefused::SigningRequest(_) => (
            "The certificate signing request could not be parsed",
            "REQUEST_INVALID",
        ),
    };
    Rejection::invalid_argument(message).because(reason, error.to_string())
}

fn refuse_issue(error: IssueRefused) -> Rejection {
    match error {
        IssueRefused::Issue(IssueError::Identity(error)) => {
            Rejection::invalid_argument(error.to_string())
        }
        // What failed inside is the operator's to know.
        IssueRefused::Issue(_) => Rejection::internal("error communicating with CA backend"),
        _ => Rejection::internal("Error entering certificate in CTL"),
    }
}

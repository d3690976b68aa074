//! Version 2, the one that clients use.
//!
//! ```text
//! POST /api/v2/signingCert     {"credentials":{"oidcIdentityToken":"eyJ…"},"publicKeyRequest":{…}}
//! GET  /api/v2/trustBundle     {"chains":[{"certificates":["-----BEGIN CERTIFICATE-----\n…"]}]}
//! GET  /api/v2/configuration   {"issuers":[{"issuerUrl":"…","audience":"sigstore",…}]}
//! ```
//!
//! The JSON is protobuf's: both spellings are read, unknown fields passed over, and every field is
//! written even when it is empty.

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use waxwing_encoding::base64;
use waxwing_pki::Certificate;
use waxwing_serve::{Json, Rejection};

use crate::Service;
use crate::api::{self, SigningRequest};
use crate::authority::Issued;
use crate::config::IssuerSettings;
use crate::http::{bearer, bytes};

/// `CreateSigningCertificateRequest` in JSON.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CreateSigningCertificateRequest {
    credentials: Option<Credentials>,
    #[serde(alias = "public_key_request")]
    public_key_request: Option<PublicKeyRequest>,
    #[serde(alias = "certificate_signing_request")]
    certificate_signing_request: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Credentials {
    #[serde(alias = "oidc_identity_token")]
    oidc_identity_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PublicKeyRequest {
    #[serde(alias = "public_key")]
    public_key: Option<RequestedKey>,
    #[serde(alias = "proof_of_possession")]
    proof_of_possession: Option<String>,
}

/// The `algorithm` is passed over, as in the original: the key knows its own.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RequestedKey {
    content: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum SigningCertificate {
    #[serde(rename = "signedCertificateEmbeddedSct")]
    Embedded { chain: Chain },
    #[serde(rename = "signedCertificateDetachedSct", rename_all = "camelCase")]
    Detached {
        chain: Chain,
        signed_certificate_timestamp: String,
    },
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
struct Configuration<'a> {
    issuers: Vec<OidcIssuer<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OidcIssuer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wildcard_issuer_url: Option<&'a str>,
    audience: &'a str,
    challenge_claim: &'a str,
    spiffe_trust_domain: &'a str,
    issuer_type: &'a str,
    subject_domain: &'a str,
    skip_email_verification: bool,
}

pub(super) fn routes(router: Router<Service>) -> Router<Service> {
    router
        .route("/api/v2/signingCert", post(create_signing_certificate))
        .route("/api/v2/trustBundle", get(trust_bundle))
        .route("/api/v2/configuration", get(configuration))
}

async fn create_signing_certificate(
    State(service): State<Service>,
    headers: HeaderMap,
    Json(request): Json<CreateSigningCertificateRequest>,
) -> Result<axum::Json<SigningCertificate>, Rejection> {
    let mut request = request.decoded()?;
    request.token = request
        .token
        .filter(|token| !token.is_empty())
        .or_else(|| bearer(&headers));
    let issued = service.create_signing_certificate(&request).await?;
    Ok(axum::Json(SigningCertificate::new(&issued)?))
}

async fn trust_bundle(State(service): State<Service>) -> axum::Json<TrustBundle> {
    let chains = service.trust_bundle();
    let chains = chains.iter().map(|chain| Chain {
        certificates: chain.iter().map(Certificate::to_pem).collect(),
    });
    axum::Json(TrustBundle {
        chains: chains.collect(),
    })
}

async fn configuration(State(service): State<Service>) -> axum::response::Response {
    use axum::response::IntoResponse;
    let settings = service.configuration().settings();
    let issuers = settings.map(OidcIssuer::new).collect();
    axum::Json(Configuration { issuers }).into_response()
}

impl CreateSigningCertificateRequest {
    /// The request with its `bytes` fields decoded.
    ///
    /// Errors: a field that is not base64.
    pub fn decoded(self) -> Result<SigningRequest, Rejection> {
        let csr = self.certificate_signing_request.unwrap_or_default();
        let key = self.public_key_request.unwrap_or_default();
        let content = key.public_key.unwrap_or_default().content;
        let proof = key.proof_of_possession.unwrap_or_default();
        Ok(SigningRequest {
            token: self.credentials.unwrap_or_default().oidc_identity_token,
            // The field is `bytes`: the PEM text in base64 once more.
            certificate_signing_request: bytes("certificateSigningRequest", &csr)?,
            public_key: content.unwrap_or_default().into_bytes(),
            proof_of_possession: bytes("proofOfPossession", &proof)?,
        })
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Credentials(secret)")
    }
}

impl SigningCertificate {
    fn new(issued: &Issued) -> Result<Self, Rejection> {
        let chain = Chain {
            certificates: api::chain(issued),
        };
        Ok(match api::detached_sct(issued)? {
            None => Self::Embedded { chain },
            Some(json) => Self::Detached {
                chain,
                signed_certificate_timestamp: base64::encode(&json),
            },
        })
    }
}

impl<'a> OidcIssuer<'a> {
    fn new(settings: &'a IssuerSettings) -> Self {
        let place = Some(settings.place());
        Self {
            issuer_url: place.filter(|_| !settings.is_pattern()),
            wildcard_issuer_url: place.filter(|_| settings.is_pattern()),
            audience: settings.client_id(),
            challenge_claim: settings.challenge_claim(),
            spiffe_trust_domain: settings.spiffe_trust_domain(),
            issuer_type: settings.kind().name(),
            subject_domain: settings.subject_domain(),
            skip_email_verification: settings.skip_email_verification(),
        }
    }
}

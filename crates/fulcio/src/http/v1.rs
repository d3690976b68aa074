//! Version 1, which cosign used before its second major version.
//!
//! ```text
//! POST /api/v1/signingCert   {"publicKey":{"content":"<base64 of PEM or DER>"},"signedEmailAddress":"…"}
//! 201  application/pem-certificate-chain, and SCT: <base64 of JSON> when the promise is detached
//! GET  /api/v1/rootCert      application/pem-certificate-chain
//! ```
//!
//! The token is in the `Authorization` header alone.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;
use waxwing_serve::{Json, Rejection};

use crate::Service;
use crate::api::{self, SigningRequest};
use crate::http::{bearer, bytes};

const CHAIN: HeaderValue = HeaderValue::from_static(api::CHAIN);
const SCT: HeaderName = HeaderName::from_static("sct");

/// `v1beta.CreateSigningCertificateRequest` in JSON.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LegacySigningRequest {
    public_key: Option<LegacyKey>,
    signed_email_address: Option<String>,
    certificate_signing_request: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LegacyKey {
    content: Option<String>,
}

pub(super) fn routes(router: Router<Service>) -> Router<Service> {
    router
        .route("/api/v1/signingCert", post(create_signing_certificate))
        .route("/api/v1/rootCert", get(root_certificate))
}

async fn create_signing_certificate(
    State(service): State<Service>,
    headers: HeaderMap,
    Json(request): Json<LegacySigningRequest>,
) -> Result<Response, Rejection> {
    let mut request = request.decoded()?;
    request.token = bearer(&headers);
    let issued = service.create_signing_certificate(&request).await?;
    let sct = api::detached_sct_header(&issued)?;
    let body = (
        StatusCode::CREATED,
        [(CONTENT_TYPE, CHAIN)],
        api::chain(&issued).join("\n"),
    );
    let mut answer = body.into_response();
    if let Some(sct) = sct {
        answer.headers_mut().insert(SCT, sct);
    }
    Ok(answer)
}

async fn root_certificate(State(service): State<Service>) -> Response {
    ([(CONTENT_TYPE, CHAIN)], service.root_certificates()).into_response()
}

impl LegacySigningRequest {
    /// The request with its `bytes` fields decoded; it has no token.
    ///
    /// Errors: a field that is not base64.
    pub fn decoded(self) -> Result<SigningRequest, Rejection> {
        let csr = self.certificate_signing_request.unwrap_or_default();
        let proof = self.signed_email_address.unwrap_or_default();
        let key = self.public_key.unwrap_or_default().content;
        Ok(SigningRequest {
            token: None,
            certificate_signing_request: bytes("certificateSigningRequest", &csr)?,
            public_key: bytes("publicKey.content", &key.unwrap_or_default())?,
            proof_of_possession: bytes("signedEmailAddress", &proof)?,
        })
    }
}

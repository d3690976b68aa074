//! Fulcio v2: a token and a proof of possession in, a certificate out.
//!
//! ```json
//! {"publicKeyRequest":{"publicKey":{"algorithm":"ECDSA","content":"-----BEGIN PUBLIC KEY-----\n…"},
//!                      "proofOfPossession":"MEUCIQ…"}}
//! {"signedCertificateEmbeddedSct":{"chain":{"certificates":["-----BEGIN CERTIFICATE-----\n…"]}}}
//! ```
//!
//! `POST <base>/api/v2/signingCert` with the token as bearer. Only the leaf is kept: what is trusted
//! above it comes from the trusted root, never from the answer.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use waxwing_crypto::{KeyError, PrivateKey};
use waxwing_encoding::base64;
use waxwing_net::{Client, Request};
use waxwing_pki::{Certificate, CertificateError};

use crate::token::IdentityToken;

/// How long Fulcio may take; it asks the issuer and the CT log meanwhile.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FulcioError {
    /// The request did not succeed.
    #[error("the certificate authority: {0}")]
    Request(#[from] waxwing_net::Error),
    /// The key could not sign.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The answer holds no certificate.
    #[error("the certificate authority's answer holds no certificate with an embedded SCT")]
    NoCertificate,
    /// The answer's certificate.
    #[error("the certificate authority's certificate: {0}")]
    Certificate(#[from] CertificateError),
    /// A certificate for another key, which somebody else may hold.
    #[error("the certificate authority issued a certificate for another key than the one sent")]
    OtherKey,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SigningRequest {
    public_key_request: PublicKeyRequest,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PublicKeyRequest {
    public_key: PublicKey,
    proof_of_possession: String,
}

#[derive(Serialize)]
struct PublicKey {
    algorithm: &'static str,
    content: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    signed_certificate_embedded_sct: Option<Embedded>,
}

#[derive(Deserialize)]
struct Embedded {
    chain: Chain,
}

#[derive(Deserialize)]
struct Chain {
    certificates: Vec<String>,
}

/// Asks for a certificate over `key` in the name that `token` carries.
pub async fn request_certificate(
    client: &Client,
    base: &str,
    token: &IdentityToken,
    key: &PrivateKey,
) -> Result<Certificate, FulcioError> {
    let proof = key.sign(token.name().as_bytes())?;
    let body = SigningRequest {
        public_key_request: PublicKeyRequest {
            // Servers take the type from the key and pass this name over.
            public_key: PublicKey {
                algorithm: "ECDSA",
                content: key.public_key().to_pem(),
            },
            proof_of_possession: base64::encode(&proof),
        },
    };
    let url = format!("{}/api/v2/signingCert", base.trim_end_matches('/'));
    let request = Request::post_json(url, &body)
        .bearer(token.as_str())
        .timeout(TIMEOUT);
    let answer: Answer = client.send(request).await?.expect_answer()?.json()?;
    let embedded = answer
        .signed_certificate_embedded_sct
        .ok_or(FulcioError::NoCertificate)?;
    let leaf = embedded
        .chain
        .certificates
        .first()
        .ok_or(FulcioError::NoCertificate)?;
    let leaf = Certificate::from_pem(leaf)?;
    if leaf.public_key() != key.public_key() {
        return Err(FulcioError::OtherKey);
    }
    Ok(leaf)
}

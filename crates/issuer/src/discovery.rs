//! What others find the issuer by (OpenID Connect Discovery 1.0 section 3, RFC 8414, RFC 8628 section 4).
//!
//! ```text
//! GET {issuer}/.well-known/openid-configuration
//! GET {issuer}/keys
//! GET {issuer}/healthz                             Health check passed
//! ```
//!
//! The names and paths are those of Dex, so that what was configured for Dex finds them.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde::Serialize;

use crate::Issuer;
use crate::flow::token;
use crate::jwk::{Jwk, JwkSet};
use crate::request::scope::Scopes;

/// How long verifiers may keep the documents, as Dex says it: keys that rotate must overlap longer.
const CACHE: &str = "max-age=600, must-revalidate";

#[derive(Serialize)]
struct Configuration<'a> {
    issuer: &'a str,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: String,
    device_authorization_endpoint: String,
    introspection_endpoint: String,
    grant_types_supported: [&'static str; 5],
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: Vec<&'static str>,
    code_challenge_methods_supported: [&'static str; 2],
    scopes_supported: [&'static str; 4],
    token_endpoint_auth_methods_supported: [&'static str; 3],
    claims_supported: [&'static str; 12],
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    authorization_response_iss_parameter_supported: bool,
}

/// The discovery document.
pub(crate) fn configuration(issuer: &Issuer) -> String {
    let at = |path: &str| format!("{}{path}", issuer.url());
    let mut algorithms: Vec<&str> = issuer.keys().iter().map(Jwk::algorithm).collect();
    algorithms.sort_unstable();
    algorithms.dedup();
    json(&Configuration {
        issuer: issuer.url(),
        authorization_endpoint: at("/auth"),
        token_endpoint: at("/token"),
        jwks_uri: at("/keys"),
        userinfo_endpoint: at("/userinfo"),
        device_authorization_endpoint: at("/device/code"),
        introspection_endpoint: at("/token/introspect"),
        grant_types_supported: token::GRANT_TYPES,
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: algorithms,
        code_challenge_methods_supported: ["S256", "plain"],
        scopes_supported: Scopes::SUPPORTED,
        token_endpoint_auth_methods_supported: [
            "client_secret_basic",
            "client_secret_post",
            "none",
        ],
        claims_supported: [
            "iss",
            "sub",
            "aud",
            "exp",
            "iat",
            "nonce",
            "at_hash",
            "c_hash",
            "email",
            "email_verified",
            "name",
            "federated_claims",
        ],
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
        authorization_response_iss_parameter_supported: true,
    })
}

/// The public keys.
pub(crate) fn keys(issuer: &Issuer) -> String {
    json(&JwkSet {
        keys: issuer.keys(),
    })
}

/// A document that verifiers may keep.
pub(crate) fn document(json: String) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, CACHE)];
    (headers, json).into_response()
}

fn json(value: &impl Serialize) -> String {
    let json = serde_json::to_string(value);
    json.expect("invariant: strings can be written as JSON")
}

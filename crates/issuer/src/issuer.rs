//! The issuer: a URL, a key and a clock, and the two documents by which others check its tokens.
//!
//! ```text
//! GET {issuer}/.well-known/openid-configuration
//! GET {issuer}/keys
//! ```
//!
//! Refused: keys that are not on P-256, and issuer URLs that end in `/` or have a query, because
//! verifiers compare the issuer character by character and find the documents by appending to it.

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde::Serialize;
use url::Url;
use waxwing_crypto::{KeyType, PrivateKey, PublicKey};
use waxwing_encoding::time::Clock;
use waxwing_serve::Route;

use crate::jwk::{Jwk, JwkSet};
use crate::token::{Identity, IdentityError, IdentityToken};

/// The issuer's routes, relative to the path of its URL.
pub const ROUTES: &[Route] = &[
    ("GET", "/.well-known/openid-configuration"),
    ("GET", "/keys"),
];

/// How long verifiers may keep the documents, as Dex says it: keys that rotate must overlap longer.
const CACHE: &str = "max-age=600, must-revalidate";

/// Why there can be no such issuer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerError {
    /// The URL cannot name an issuer.
    #[error("the issuer URL {url} {reason}; expected one like https://HOST or https://HOST/oidc")]
    Url {
        /// The URL.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The key is not on P-256.
    #[error(
        "the issuer's key is {found:?}; expected ECDSA P-256, because tokens are signed with ES256"
    )]
    Key {
        /// The kind of key found.
        found: KeyType,
    },
}

/// An OIDC issuer.
pub struct Issuer {
    url: String,
    path: String,
    key: PrivateKey,
    /// The signing key first, then those whose tokens may still be around.
    keys: Vec<Jwk>,
    clock: Arc<dyn Clock>,
}

impl Issuer {
    /// An issuer named `url` that signs with `key`.
    pub fn new(
        url: impl Into<String>,
        key: PrivateKey,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, IssuerError> {
        let url = url.into();
        let path = path(&url)?;
        let keys = vec![jwk(key.public_key())?];
        Ok(Self {
            url,
            path,
            key,
            keys,
            clock,
        })
    }

    /// The same issuer, which also publishes a key that it signed with before.
    pub fn with_previous_key(mut self, key: &PublicKey) -> Result<Self, IssuerError> {
        self.keys.push(jwk(key)?);
        Ok(self)
    }

    /// The issuer's name, exactly as it stands in `iss`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The path of the URL, below which [`ROUTES`] are reached: empty, or such as `/oidc`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The routes, relative to [`path`](Self::path).
    pub fn router(&self) -> Router {
        let configuration = self.configuration();
        let keys = json(&JwkSet { keys: &self.keys });
        Router::new()
            .route(ROUTES[0].1, get(async move || document(configuration)))
            .route(ROUTES[1].1, get(async move || document(keys)))
    }

    /// The routes where the host of the issuer's URL has them.
    pub fn mounted_router(&self) -> Router {
        match self.path.as_str() {
            "" => self.router(),
            path => Router::new().nest(path, self.router()),
        }
    }

    /// Signs who somebody is. That it is true is the caller's to know.
    pub fn issue(&self, identity: &Identity) -> Result<IdentityToken, IdentityError> {
        let kid = &self.keys[0].kid;
        IdentityToken::sign(identity, &self.url, self.clock.now(), &self.key, kid)
    }

    fn configuration(&self) -> String {
        json(&Configuration {
            issuer: &self.url,
            jwks_uri: format!("{}{}", self.url, ROUTES[1].1),
            response_types_supported: ["id_token"],
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: ["ES256"],
            scopes_supported: ["openid", "email"],
            claims_supported: ["iss", "sub", "aud", "exp", "iat", "email", "email_verified"],
        })
    }
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Issuer({}, {})", self.url, self.keys[0].kid)
    }
}

/// OpenID Connect Discovery 1.0 section 3.
///
/// `authorization_endpoint` is required there, and left out here until there is one: a URL that
/// answers 404 helps nobody, and issuers for machines such as GitHub Actions leave it out too.
/// `response_types_supported` is required as well and names the one thing that this issuer gives.
#[derive(Serialize)]
struct Configuration<'a> {
    issuer: &'a str,
    jwks_uri: String,
    response_types_supported: [&'static str; 1],
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [&'static str; 1],
    scopes_supported: [&'static str; 2],
    claims_supported: [&'static str; 7],
}

fn jwk(key: &PublicKey) -> Result<Jwk, IssuerError> {
    Jwk::new(key).ok_or(IssuerError::Key {
        found: key.key_type(),
    })
}

fn path(text: &str) -> Result<String, IssuerError> {
    let refused = |reason| IssuerError::Url {
        url: text.to_owned(),
        reason,
    };
    let url = Url::parse(text).map_err(|_| refused("is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("is neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("has userinfo"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused("has a query or a fragment"));
    }
    if text.ends_with('/') {
        return Err(refused("ends in a slash"));
    }
    // What verifiers compare and what they request must be one text.
    if url.as_str().trim_end_matches('/') != text {
        return Err(refused("is not in its normal form"));
    }
    Ok(url.path().trim_end_matches('/').to_owned())
}

fn json(value: &impl Serialize) -> String {
    let json = serde_json::to_string(value);
    json.expect("invariant: strings can be written as JSON")
}

fn document(json: String) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, CACHE)];
    (headers, json).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_url_has_one_spelling() {
        for (url, expected) in [
            ("https://issuer.example", ""),
            ("http://waxwing.localhost:8080/oidc", "/oidc"),
            ("https://issuer.example/a/b", "/a/b"),
        ] {
            assert_eq!(path(url).as_deref(), Ok(expected));
        }
        for (url, expected) in [
            ("issuer.example", "is not a URL"),
            ("ftp://issuer.example", "is neither http nor https"),
            ("https://a@issuer.example", "has userinfo"),
            ("https://issuer.example?a", "has a query or a fragment"),
            ("https://issuer.example#a", "has a query or a fragment"),
            ("https://issuer.example/", "ends in a slash"),
            ("https://issuer.example/oidc/", "ends in a slash"),
            ("https://Issuer.example", "is not in its normal form"),
            ("https://issuer.example:443", "is not in its normal form"),
            ("https://issuer.example/a/../b", "is not in its normal form"),
        ] {
            let Err(IssuerError::Url { reason, .. }) = path(url) else {
                panic!("{url} was accepted");
            };
            assert_eq!(reason, expected, "{url}");
        }
    }
}

//! An OIDC issuer of the test's own: its documents are values that a test may change, and it counts
//! who asks for them.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::{base64, pem};

pub(crate) const ISSUER: &str = "http://issuer.test/auth";

/// A key of an issuer, its name and the algorithm that it signs with.
pub(crate) struct TokenKey {
    pub(crate) private: PrivateKey,
    kid: &'static str,
}

impl TokenKey {
    pub(crate) fn new(kid: &'static str, kind: KeyType) -> Self {
        let private = PrivateKey::generate(kind).unwrap();
        Self { private, kid }
    }

    pub(crate) fn header(&self) -> Value {
        let algorithm = match self.private.public_key().key_type() {
            KeyType::EcdsaP256 => "ES256",
            KeyType::EcdsaP384 => "ES384",
            _ => "EdDSA",
        };
        json!({"alg": algorithm, "kid": self.kid, "typ": "JWT"})
    }

    /// The public half as the issuer publishes it.
    pub(crate) fn jwk(&self) -> Value {
        let key = self.private.public_key();
        let half = |part| base64::encode_url(part);
        let curve = match key.key_type() {
            KeyType::EcdsaP256 => "P-256",
            KeyType::EcdsaP384 => "P-384",
            _ => {
                return json!({
                    "kty": "OKP", "crv": "Ed25519", "kid": self.kid, "x": half(key.bits()),
                });
            }
        };
        let (x, y) = key.bits()[1..].split_at(key.bits().len() / 2);
        json!({"kty": "EC", "crv": curve, "kid": self.kid, "x": half(x), "y": half(y)})
    }

    /// A token with an honest header.
    pub(crate) fn token(&self, claims: &Value) -> String {
        self.token_with(&self.header(), claims)
    }

    /// A token with any header, signed as this key signs whatever the header says.
    pub(crate) fn token_with(&self, header: &Value, claims: &Value) -> String {
        let der = pem::decode(&self.private.to_pem().unwrap()).unwrap().der;
        let (key, algorithm) = match self.private.public_key().key_type() {
            KeyType::EcdsaP256 => (EncodingKey::from_ec_der(&der), Algorithm::ES256),
            KeyType::EcdsaP384 => (EncodingKey::from_ec_der(&der), Algorithm::ES384),
            _ => (EncodingKey::from_ed_der(&der), Algorithm::EdDSA),
        };
        signed(header, claims, &key, algorithm)
    }
}

/// A compact JWS whose header and signature need not agree.
pub(crate) fn signed(
    header: &Value,
    claims: &Value,
    key: &EncodingKey,
    algorithm: Algorithm,
) -> String {
    let message = unsigned(header, claims);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

/// The first two parts of a token.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| base64::encode_url(value.to_string().as_bytes());
    format!("{}.{}", part(header), part(claims))
}

/// What the issuer publishes, and how often it was asked.
pub(crate) struct Published {
    pub(crate) discovery: Value,
    pub(crate) keys: Vec<Value>,
    pub(crate) discovery_requests: u32,
    pub(crate) key_requests: u32,
}

#[derive(Clone)]
pub(crate) struct Issuer {
    published: Arc<Mutex<Published>>,
}

impl Issuer {
    pub(crate) fn new(key: &TokenKey) -> Self {
        let discovery = json!({
            "issuer": ISSUER,
            "jwks_uri": format!("{ISSUER}/keys"),
            "id_token_signing_alg_values_supported": ["ES256"],
        });
        let published = Published {
            discovery,
            keys: vec![key.jwk()],
            discovery_requests: 0,
            key_requests: 0,
        };
        Self {
            published: Arc::new(Mutex::new(published)),
        }
    }

    /// Changes or reads what is published.
    pub(crate) fn edit<T>(&self, edit: impl FnOnce(&mut Published) -> T) -> T {
        edit(&mut self.published.lock().unwrap())
    }

    /// How often discovery document and keys were asked for.
    pub(crate) fn requests(&self) -> (u32, u32) {
        self.edit(|published| (published.discovery_requests, published.key_requests))
    }

    pub(crate) fn router(&self) -> Router {
        let discovery = async |State(issuer): State<Self>| {
            axum::Json(issuer.edit(|published| {
                published.discovery_requests += 1;
                published.discovery.clone()
            }))
        };
        let keys = async |State(issuer): State<Self>| {
            axum::Json(issuer.edit(|published| {
                published.key_requests += 1;
                json!({"keys": published.keys})
            }))
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .with_state(self.clone());
        Router::new().nest("/auth", router)
    }
}

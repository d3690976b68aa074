//! Tokens checked as a relying party does it: discovery, keys, signature, with a library of others.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, TokenData, Validation, decode, decode_header};
use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::base64;
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_issuer::{
    Identity, IdentityToken, Issuer, IssuerError, MemoryUsers, OidcConnector, ROUTES,
};
use waxwing_net::{Client, Request, Routes};

const NOW: i64 = 1_764_000_000;

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> UnixTime {
        UnixTime::from_seconds(NOW).unwrap()
    }
}

fn key() -> PrivateKey {
    PrivateKey::generate(KeyType::EcdsaP256).unwrap()
}

fn issuer(url: &str) -> Issuer {
    Issuer::new(url, key(), Arc::new(Fixed)).unwrap()
}

/// The document at `{issuer}{path}`, and what caches are told.
async fn document(issuer: &Issuer, path: &str) -> (Value, String) {
    let base = issuer.url().strip_suffix(issuer.path()).unwrap();
    let routes = Routes::new().with(base, issuer.mounted_router()).unwrap();
    let url = format!("{}{path}", issuer.url());
    let response = Client::in_process(routes).get(url).await.unwrap();
    let cache = response.header("cache-control").unwrap().to_owned();
    assert_eq!(response.header("content-type"), Some("application/json"));
    (response.expect_success().unwrap().json().unwrap(), cache)
}

/// Checks a token by the keys that the issuer publishes, found by way of its discovery document.
async fn check(
    issuer: &Issuer,
    token: &IdentityToken,
) -> Result<TokenData<Value>, jsonwebtoken::errors::Error> {
    let (configuration, _) = document(issuer, "/.well-known/openid-configuration").await;
    assert_eq!(configuration["issuer"], issuer.url());
    let keys = configuration["jwks_uri"].as_str().unwrap();
    let (keys, _) = document(issuer, keys.strip_prefix(issuer.url()).unwrap()).await;
    let keys: JwkSet = serde_json::from_value(keys).unwrap();
    let kid = decode_header(token.as_str()).unwrap().kid.unwrap();
    let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&["sigstore"]);
    validation.set_issuer(&[issuer.url()]);
    // The library reads the system's clock; the time is compared below.
    validation.validate_exp = false;
    decode(token.as_str(), &key, &validation)
}

#[tokio::test]
async fn a_token_verifies_by_the_published_keys() {
    for url in ["http://waxwing.localhost/oidc", "https://issuer.example"] {
        let issuer = issuer(url);
        let token = issuer.issue(&Identity::email("alice@example.com")).unwrap();
        let data = check(&issuer, &token).await.unwrap();
        assert_eq!(data.header.alg, Algorithm::ES256);
        assert_eq!(data.header.typ.as_deref(), Some("JWT"));
        assert_eq!(
            data.claims,
            json!({
                "iss": url, "sub": "alice@example.com", "aud": "sigstore",
                "exp": NOW + 60, "iat": NOW,
                "email": "alice@example.com", "email_verified": true,
            })
        );
    }
}

#[tokio::test]
async fn a_token_without_email_says_nothing_about_one() {
    let issuer = issuer("https://issuer.example");
    let identity = Identity {
        lifetime: Duration::from_secs(600),
        ..Identity::subject("https://ci.example/job/1")
    };
    let token = issuer.issue(&identity).unwrap();
    let claims = check(&issuer, &token).await.unwrap().claims;
    assert_eq!(
        claims,
        json!({
            "iss": "https://issuer.example", "sub": "https://ci.example/job/1",
            "aud": "sigstore", "exp": NOW + 600, "iat": NOW,
        })
    );
}

/// One number in 256 is shorter than 32 bytes; sooner or later each half of a signature has one.
#[tokio::test]
async fn signatures_with_short_numbers_verify_too() {
    let issuer = issuer("https://issuer.example");
    let (mut short_r, mut short_s) = (false, false);
    for _ in 0..20_000 {
        let token = issuer.issue(&Identity::subject("x")).unwrap();
        let signature = token.as_str().rsplit('.').next().unwrap();
        let signature = base64::decode_proto_json(signature).unwrap();
        assert_eq!(signature.len(), 64);
        if signature[0] == 0 || signature[32] == 0 {
            check(&issuer, &token).await.unwrap();
            short_r |= signature[0] == 0;
            short_s |= signature[32] == 0;
        }
        if short_r && short_s {
            return;
        }
    }
    panic!("no short number in 20000 signatures");
}

#[tokio::test]
async fn another_key_or_a_changed_token_does_not_verify() {
    let (issuer, other) = (
        issuer("https://issuer.example"),
        issuer("https://issuer.example"),
    );
    let token = issuer.issue(&Identity::subject("alice")).unwrap();
    assert!(check(&issuer, &token).await.is_ok());
    let (keys, _) = document(&other, "/keys").await;
    let keys: JwkSet = serde_json::from_value(keys).unwrap();
    let key = DecodingKey::from_jwk(&keys.keys[0]).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&["sigstore"]);
    validation.validate_exp = false;
    let error = decode::<Value>(token.as_str(), &key, &validation).unwrap_err();
    assert_eq!(
        error.kind(),
        &jsonwebtoken::errors::ErrorKind::InvalidSignature
    );
}

#[tokio::test]
async fn a_previous_key_stays_published() {
    let old = issuer("https://issuer.example");
    let token = old.issue(&Identity::subject("alice")).unwrap();
    let (old_keys, _) = document(&old, "/keys").await;
    let previous = key();
    let current = issuer("https://issuer.example");
    let current = current.with_previous_key(previous.public_key()).unwrap();
    let (keys, _) = document(&current, "/keys").await;
    let kids: HashSet<&str> = keys["keys"].as_array().unwrap().iter().map(kid).collect();
    assert_eq!(kids.len(), 2);
    assert!(!kids.contains(kid(&old_keys["keys"][0])));
    let rotated = Issuer::new("https://issuer.example", previous, Arc::new(Fixed)).unwrap();
    let rotated = rotated.issue(&Identity::subject("bob")).unwrap();
    assert!(check(&current, &rotated).await.is_ok());
    let unknown = decode_header(token.as_str()).unwrap().kid.unwrap();
    assert!(!kids.contains(unknown.as_str()));
}

fn kid(key: &Value) -> &str {
    key["kid"].as_str().unwrap()
}

#[tokio::test]
async fn the_documents_hold_what_dex_has() {
    let issuer = issuer("http://waxwing.localhost/oidc");
    let (configuration, cache) = document(&issuer, "/.well-known/openid-configuration").await;
    assert_eq!(cache, "max-age=600, must-revalidate");
    assert_eq!(
        configuration,
        json!({
            "issuer": "http://waxwing.localhost/oidc",
            "authorization_endpoint": "http://waxwing.localhost/oidc/auth",
            "token_endpoint": "http://waxwing.localhost/oidc/token",
            "jwks_uri": "http://waxwing.localhost/oidc/keys",
            "userinfo_endpoint": "http://waxwing.localhost/oidc/userinfo",
            "device_authorization_endpoint": "http://waxwing.localhost/oidc/device/code",
            "introspection_endpoint": "http://waxwing.localhost/oidc/token/introspect",
            "grant_types_supported": [
                "authorization_code", "client_credentials", "refresh_token",
                "urn:ietf:params:oauth:grant-type:device_code",
                "urn:ietf:params:oauth:grant-type:token-exchange",
            ],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256", "plain"],
            "scopes_supported": ["openid", "email", "profile", "offline_access"],
            "token_endpoint_auth_methods_supported":
                ["client_secret_basic", "client_secret_post", "none"],
            "claims_supported": [
                "iss", "sub", "aud", "exp", "iat", "nonce", "at_hash", "c_hash",
                "email", "email_verified", "name", "federated_claims",
            ],
            "request_parameter_supported": false,
            "request_uri_parameter_supported": false,
            "authorization_response_iss_parameter_supported": true,
        })
    );
    let (keys, cache) = document(&issuer, "/keys").await;
    assert_eq!(cache, "max-age=600, must-revalidate");
    let key = keys["keys"][0].as_object().unwrap();
    let members: Vec<&str> = key.keys().map(String::as_str).collect();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    let debug = format!("{issuer:?}");
    let expected = format!(
        "Issuer(http://waxwing.localhost/oidc, {})",
        kid(&keys["keys"][0])
    );
    assert_eq!(debug, expected);
}

#[tokio::test]
async fn every_route_is_there() {
    let issuer = issuer("http://waxwing.localhost/oidc");
    let routes = Routes::new();
    let routes = routes.with("http://waxwing.localhost", issuer.mounted_router());
    let client = Client::in_process(routes.unwrap());
    for (method, path) in ROUTES {
        let url = format!("{}{}", issuer.url(), path.replace("{connector}", "local"));
        let request = Request::new(method.parse().unwrap(), url);
        let status = client.send(request).await.unwrap().status.as_u16();
        assert!(
            ![404, 405, 500, 501].contains(&status),
            "{method} {path}: {status}"
        );
    }
    let health = client.get("http://waxwing.localhost/oidc/healthz").await;
    assert_eq!(health.unwrap().text(), "Health check passed");
}

/// What Dex signs with, and upstream's cosign takes on its command line.
#[tokio::test]
async fn an_rsa_key_signs_rs256_beside_previous_keys_of_the_other_kind() {
    let rsa = PrivateKey::generate(KeyType::Rsa(2048)).unwrap();
    let issuer = Issuer::new("https://issuer.example", rsa, Arc::new(Fixed)).unwrap();
    let previous = key();
    let issuer = issuer.with_previous_key(previous.public_key()).unwrap();
    let token = issuer.issue(&Identity::email("alice@example.com")).unwrap();
    let (configuration, _) = document(&issuer, "/.well-known/openid-configuration").await;
    let algorithms = &configuration["id_token_signing_alg_values_supported"];
    assert_eq!(*algorithms, json!(["ES256", "RS256"]));
    let (keys, _) = document(&issuer, "/keys").await;
    let keys: JwkSet = serde_json::from_value(keys).unwrap();
    let header = decode_header(token.as_str()).unwrap();
    assert_eq!(header.alg, Algorithm::RS256);
    let key = DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&["sigstore"]);
    validation.validate_exp = false;
    let claims = decode::<Value>(token.as_str(), &key, &validation)
        .unwrap()
        .claims;
    assert_eq!(claims["sub"], "alice@example.com");
}

#[test]
fn a_key_that_cannot_sign_tokens_is_refused() {
    let key = PrivateKey::generate(KeyType::EcdsaP384).unwrap();
    let refused = Issuer::new("https://issuer.example", key, Arc::new(Fixed));
    let found = KeyType::EcdsaP384;
    assert_eq!(refused.unwrap_err(), IssuerError::Key { found });
}

#[test]
fn a_connectors_name_is_its_own_and_lifetimes_have_bounds() {
    let users = || Arc::new(MemoryUsers::new());
    let issuer = || {
        issuer("https://issuer.example")
            .with_users(users())
            .unwrap()
    };
    let connector = |id: &str| {
        let client = Client::in_process(Routes::new());
        OidcConnector::new(id, "x", "https://accounts.example", "waxwing", client)
    };
    let taken = |id: &str| IssuerError::Connector { id: id.to_owned() };
    assert_eq!(issuer().with_users(users()).unwrap_err(), taken("local"));
    let local = self::issuer("https://issuer.example").with_connector(connector("local"));
    assert_eq!(local.unwrap_err(), taken("local"));
    let client = self::issuer("https://issuer.example").with_connector(connector("client"));
    assert_eq!(client.unwrap_err(), taken("client"));
    let one = issuer().with_connector(connector("x")).unwrap();
    assert_eq!(
        one.clone().with_connector(connector("x")).unwrap_err(),
        taken("x")
    );
    assert!(one.with_connector(connector("y")).is_ok());
    for (seconds, good) in [(0, false), (1, true), (86_400, true), (86_401, false)] {
        let found = Duration::from_secs(seconds);
        let outcome = issuer().with_token_lifetime(found);
        assert_eq!(outcome.is_ok(), good, "{seconds}");
        if !good {
            assert_eq!(outcome.unwrap_err(), IssuerError::Lifetime { found });
        }
    }
}

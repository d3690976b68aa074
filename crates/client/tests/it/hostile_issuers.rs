//! Issuers that lie, fall silent, or never stop: each is refused under the name of what it did.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::routing::{any, get};
use http::{Response, StatusCode};
use serde_json::{Value, json};
use waxwing_client::TokenError;
use waxwing_client::login::{IdTokenRefused, Login, LoginError, ProviderError};
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_net::Error;

use crate::openid::{ISSUER, Provider, Somebody, browse, client, login};

/// The claim for which the token is refused.
fn claim(error: &LoginError) -> &'static str {
    match error {
        LoginError::Provider(ProviderError::Token(IdTokenRefused::Claim { claim, .. })) => claim,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn tokens_of_another_login_issuer_audience_or_time_are_refused() {
    for (claims, expected) in [
        (json!({"nonce": "another"}), "nonce"),
        (json!({"nonce": null}), "nonce"),
        (json!({"iss": "http://other.localhost"}), "iss"),
        (json!({"iss": "http://issuer.localhost/"}), "iss"),
        (json!({"aud": "other"}), "aud"),
        (json!({"aud": ["other"]}), "aud"),
        (json!({"aud": ["sigstore", "other"]}), "azp"),
        (json!({"azp": "other"}), "azp"),
        (json!({"exp": 1_763_999_999}), "exp"),
        (json!({"exp": null}), "exp"),
        (json!({"nbf": 1_764_009_999}), "nbf"),
        (json!({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}), "at_hash"),
    ] {
        let mut provider = Provider::new();
        provider.claims = claims.clone();
        let refused = browse(&provider).await.unwrap_err();
        assert_eq!(claim(&refused), expected, "{claims}");
    }
    for good in [
        json!({"aud": ["sigstore"]}),
        json!({"aud": ["sigstore", "other"], "azp": "sigstore"}),
        json!({"at_hash": null}),
    ] {
        let mut provider = Provider::new();
        provider.claims = good.clone();
        assert!(browse(&provider).await.is_ok(), "{good}");
    }
    let mut provider = Provider::new();
    provider.claims = json!({"email_verified": false});
    assert!(matches!(
        browse(&provider).await,
        Err(LoginError::Token(TokenError::EmailNotVerified))
    ));
}

#[tokio::test]
async fn tokens_that_nobody_signed_are_refused() {
    let mut provider = Provider::new();
    provider.key = Some(Arc::new(PrivateKey::generate(KeyType::EcdsaP256).unwrap()));
    assert!(matches!(
        browse(&provider).await,
        Err(LoginError::Provider(ProviderError::Token(
            IdTokenRefused::Signature
        )))
    ));
    let provider = Provider::new().with("id_token_signing_alg_values_supported", json!(["RS256"]));
    assert!(matches!(
        browse(&provider).await,
        Err(LoginError::Provider(ProviderError::Token(
            IdTokenRefused::Algorithm { .. }
        )))
    ));
    let mut provider = Provider::new();
    for (answer, expected) in [
        (json!({}), "without an id_token"),
        (json!({"id_token": "no token"}), "not three parts"),
        (json!("text"), "not the JSON expected"),
    ] {
        provider.refusals = vec![(200, answer)];
        let refused = browse(&provider).await.unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
    provider.refusals = vec![(
        400,
        json!({"error": "invalid_grant", "error_description": "used \u{1b}[31m twice"}),
    )];
    assert_eq!(
        browse(&provider).await.unwrap_err().to_string(),
        "the identity provider refuses (invalid_grant): used [31m twice"
    );
}

#[tokio::test]
async fn documents_of_another_issuer_or_without_endpoints_are_refused() {
    for (name, value, expected) in [
        (
            "issuer",
            json!("http://other.localhost"),
            "names the issuer",
        ),
        ("token_endpoint", Value::Null, "token_endpoint is \"\""),
        (
            "token_endpoint",
            json!("ftp://x"),
            "token_endpoint is \"ftp://x\"",
        ),
        (
            "authorization_endpoint",
            Value::Null,
            "authorization_endpoint is \"\"",
        ),
        ("jwks_uri", json!("x"), "jwks_uri is \"x\""),
        (
            "code_challenge_methods_supported",
            json!(["plain"]),
            "does not announce PKCE",
        ),
        (
            "code_challenge_methods_supported",
            Value::Null,
            "does not announce PKCE",
        ),
    ] {
        let refused = browse(&Provider::new().with(name, value))
            .await
            .unwrap_err();
        assert!(refused.to_string().contains(expected), "{refused}");
    }
    // Microsoft's does not announce it and takes it.
    let microsoft = Provider::new()
        .with("code_challenge_methods_supported", Value::Null)
        .with(
            "authorization_endpoint",
            json!("https://login.microsoftonline.com/x/oauth2/v2.0/authorize"),
        );
    assert!(browse(&microsoft).await.is_ok());
    let provider = Provider::new().with("device_authorization_endpoint", Value::Null);
    let asked = provider.client();
    let refused = login(&asked)
        .device(&mut Somebody::at(&provider, None))
        .await
        .unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("device_authorization_endpoint is \"\"")
    );
}

/// How a login ends at an issuer whose discovery document is this.
async fn at(document: Response<Body>) -> Error {
    let document = Arc::new(Mutex::new(Some(document)));
    let router = Router::new().route(
        "/.well-known/openid-configuration",
        get(async move || document.lock().unwrap().take().unwrap()),
    );
    let client = client(router);
    let provider = Provider::new();
    let ended = login(&client)
        .browser(&mut Somebody::at(&provider, Some(&[("code", "c")])))
        .await;
    match ended.unwrap_err() {
        LoginError::Provider(ProviderError::Asked(error)) => error,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn pages_redirects_and_answers_without_end_are_no_documents() {
    let html = Response::new(Body::from("<html>Log in to the hotel's network</html>"));
    assert!(matches!(at(html).await, Error::Json { .. }));
    let away = Response::builder().status(302).header(
        "location",
        "http://other.localhost/.well-known/openid-configuration",
    );
    let away = away.body(Body::empty()).unwrap();
    assert!(matches!(at(away).await, Error::Redirect { .. }));
    let piece = || Ok::<_, std::convert::Infallible>(bytes::Bytes::from_static(&[b' '; 4096]));
    let endless = Body::from_stream(futures_util::stream::repeat_with(piece));
    let endless = Response::new(endless);
    assert!(matches!(at(endless).await, Error::BodyTooLarge { .. }));
    let missing = Response::builder().status(StatusCode::NOT_FOUND);
    let missing = missing.body(Body::empty()).unwrap();
    assert!(matches!(at(missing).await, Error::Status { .. }));
}

#[tokio::test]
async fn secrets_and_codes_follow_no_redirect_and_tokens_end() {
    let ended = async |name: &str, path: &str| {
        let provider = Provider::new().with(name, json!(format!("{ISSUER}{path}")));
        let elsewhere = async || {
            let away = [("location", "http://other.localhost/token")];
            (StatusCode::TEMPORARY_REDIRECT, away)
        };
        let endless = async || {
            let piece =
                || Ok::<_, std::convert::Infallible>(bytes::Bytes::from_static(&[b' '; 4096]));
            Body::from_stream(futures_util::stream::repeat_with(piece))
        };
        let router = provider
            .router()
            .route("/elsewhere", any(elsewhere))
            .route("/endless", any(endless))
            .route("/page", any(async || "<html>"));
        let client = client(router);
        let login = Login {
            client_secret: Some("s3cret"),
            ..login(&client)
        };
        let mut somebody = Somebody::at(&provider, Some(&[("code", "c")]));
        let ended = match name {
            "device_authorization_endpoint" => login.device(&mut somebody).await,
            _ => login.browser(&mut somebody).await,
        };
        match ended.unwrap_err() {
            LoginError::Provider(ProviderError::Asked(error)) => error,
            other => panic!("{other}"),
        }
    };
    for name in [
        "token_endpoint",
        "device_authorization_endpoint",
        "jwks_uri",
    ] {
        assert!(
            matches!(ended(name, "/elsewhere").await, Error::Redirect { .. }),
            "{name}"
        );
        assert!(
            matches!(ended(name, "/endless").await, Error::BodyTooLarge { .. }),
            "{name}"
        );
        assert!(
            matches!(ended(name, "/page").await, Error::Json { .. }),
            "{name}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_falls_silent_is_left() {
    let router = Router::new().route(
        "/.well-known/openid-configuration",
        get(async || {
            std::future::pending::<()>().await;
        }),
    );
    let client = client(router);
    let provider = Provider::new();
    let ended = login(&client)
        .device(&mut Somebody::at(&provider, None))
        .await;
    assert!(matches!(
        ended,
        Err(LoginError::Provider(ProviderError::Asked(
            Error::Timeout { .. }
        )))
    ));
}

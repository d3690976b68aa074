//! Issuers behind sockets that hang, flood, redirect and lie; and tokens that are made to confuse.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use futures_util::stream;
use serde_json::{Value, json};
use waxwing_crypto::KeyType;
use waxwing_encoding::base64;
use waxwing_encoding::time::UnixTime;
use waxwing_fulcio::config::Configuration;
use waxwing_fulcio::token::{FetchError, TokenRefused, TokenVerifier};
use waxwing_net::{Client, Retry, Settings};

use crate::issuer::TokenKey;
use crate::world::{BAD_TOKEN, NOW, World, claims};

fn now() -> UnixTime {
    UnixTime::from_seconds(NOW).unwrap()
}

/// A server on the loopback that answers discovery so.
async fn serve(router: impl FnOnce(String) -> Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let url = format!("http://{address}");
    let router = router(url.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn verifier(issuer: &str) -> TokenVerifier {
    let settings = Settings {
        retry: Retry::never(),
        ..Settings::default()
    };
    let client = Client::network(settings).unwrap();
    TokenVerifier::new(client, Configuration::for_email(issuer, "sigstore")).unwrap()
}

fn token(issuer: &str) -> String {
    let mut claims = claims();
    claims["iss"] = json!(issuer);
    TokenKey::new("first", KeyType::EcdsaP256).token(&claims)
}

async fn refusal(issuer: &str) -> Arc<FetchError> {
    let refused = verifier(issuer).verify(&token(issuer), now()).await;
    match refused.unwrap_err() {
        TokenRefused::Discovery(error) => error,
        other => panic!("{other}"),
    }
}

const DISCOVERY: &str = "/.well-known/openid-configuration";

fn endless() -> Response {
    let piece = Bytes::from(vec![b' '; 64 * 1024]);
    let pieces = stream::repeat_with(move || Ok::<_, std::io::Error>(piece.clone()));
    Body::from_stream(pieces).into_response()
}

fn discovery(issuer: &str, keys: &str) -> Value {
    json!({"issuer": issuer, "jwks_uri": keys, "id_token_signing_alg_values_supported": ["ES256"]})
}

#[tokio::test]
async fn an_issuer_without_end_is_cut_off() {
    let issuer = serve(|_| Router::new().route(DISCOVERY, get(async || endless()))).await;
    let error = refusal(&issuer).await;
    assert!(
        matches!(
            &*error,
            FetchError::Answer(waxwing_net::Error::BodyTooLarge { limit: 65_536, .. })
        ),
        "{error}"
    );
    let issuer = serve(|url| {
        let document = discovery(&url, &format!("{url}/keys"));
        Router::new()
            .route(DISCOVERY, get(async move || axum::Json(document)))
            .route("/keys", get(async || endless()))
    })
    .await;
    let error = refusal(&issuer).await;
    assert!(
        matches!(
            &*error,
            FetchError::Answer(waxwing_net::Error::BodyTooLarge { limit: 524_288, .. })
        ),
        "{error}"
    );
}

#[tokio::test]
async fn an_issuer_is_not_followed_to_another_host() {
    let elsewhere = serve(|url| {
        let document = discovery(&url, "");
        Router::new().route(DISCOVERY, get(async move || axum::Json(document)))
    })
    .await;
    let target = format!("{elsewhere}{DISCOVERY}");
    let issuer =
        serve(|_| Router::new().route(DISCOVERY, get(async move || Redirect::temporary(&target))))
            .await;
    let error = refusal(&issuer).await;
    let is_redirect = matches!(
        &*error,
        FetchError::Answer(waxwing_net::Error::Redirect { .. })
    );
    assert!(is_redirect, "{error}");
    assert!(error.to_string().contains("it is another host"));
}

#[tokio::test]
async fn more_keys_than_anybody_needs_are_refused() {
    for (count, refused) in [(128, false), (129, true)] {
        let issuer = serve(|url| {
            let document = discovery(&url, &format!("{url}/keys"));
            let key = TokenKey::new("other", KeyType::EcdsaP256).jwk();
            let keys = json!({"keys": vec![key; count]});
            Router::new()
                .route(DISCOVERY, get(async move || axum::Json(document)))
                .route("/keys", get(async move || axum::Json(keys)))
        })
        .await;
        match verifier(&issuer)
            .verify(&token(&issuer), now())
            .await
            .unwrap_err()
        {
            TokenRefused::Discovery(error) => {
                assert!(refused);
                assert!(matches!(&*error, FetchError::TooManyKeys { count: 129 }));
            }
            TokenRefused::Signature { known, .. } => assert_eq!((known, refused), (128, false)),
            other => panic!("{other}"),
        }
    }
}

/// The clock of the executor stands still until everybody waits, so this takes no ten seconds.
#[tokio::test(start_paused = true)]
async fn a_silent_issuer_is_asked_once_by_all_who_wait_and_then_given_up() {
    let asked = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&asked);
    let silent = async move || {
        counted.fetch_add(1, Ordering::Relaxed);
        std::future::pending::<()>().await;
    };
    let router = Router::new().route(DISCOVERY, get(silent));
    let routes = waxwing_net::Routes::new().with("http://silent.test", router);
    let client = Client::in_process(routes.unwrap()).with_retry(Retry::never());
    let issuer = "http://silent.test";
    let configuration = Configuration::for_email(issuer, "sigstore");
    let verifier = Arc::new(TokenVerifier::new(client, configuration).unwrap());
    let began = tokio::time::Instant::now();
    // Somebody who goes away does not take the question along.
    let impatient = {
        let (verifier, token) = (Arc::clone(&verifier), token(issuer));
        tokio::spawn(async move { verifier.verify(&token, now()).await.is_ok() })
    };
    tokio::time::sleep(Duration::from_millis(1)).await;
    impatient.abort();
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let (verifier, token) = (Arc::clone(&verifier), token(issuer));
            tokio::spawn(async move { verifier.verify(&token, now()).await })
        })
        .collect();
    for one in waiting {
        let refused = one.await.unwrap().unwrap_err();
        assert!(
            matches!(&refused, TokenRefused::Discovery(error) if matches!(**error, FetchError::TooSlow))
        );
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert_eq!(began.elapsed().as_secs(), 10);
}

/// Discovery answers once and is silent from then on.
#[tokio::test(start_paused = true)]
async fn a_good_token_does_not_wait_for_what_a_bad_one_had_asked() {
    let key = TokenKey::new("first", KeyType::EcdsaP256);
    let issuer = "http://slow.test";
    let asked = Arc::new(AtomicU32::new(0));
    let (counted, document) = (
        Arc::clone(&asked),
        discovery(issuer, "http://slow.test/keys"),
    );
    let keys = json!({"keys": [key.jwk()]});
    let once = async move || {
        if counted.fetch_add(1, Ordering::Relaxed) > 0 {
            std::future::pending::<()>().await;
        }
        axum::Json(document)
    };
    let router = Router::new()
        .route(DISCOVERY, get(once))
        .route("/keys", get(async move || axum::Json(keys)));
    let routes = waxwing_net::Routes::new().with(issuer, router).unwrap();
    let client = Client::in_process(routes).with_retry(Retry::never());
    let configuration = Configuration::for_email(issuer, "sigstore");
    let verifier = Arc::new(TokenVerifier::new(client, configuration).unwrap());
    let mut good = claims();
    good["iss"] = json!(issuer);
    let (good, bad) = (key.token(&good), token(issuer));
    verifier.verify(&good, now()).await.unwrap();
    let waiting = {
        let verifier = Arc::clone(&verifier);
        tokio::spawn(async move { verifier.verify(&bad, now()).await })
    };
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(
        asked.load(Ordering::Relaxed),
        2,
        "the bad one has the issuer asked"
    );
    let began = tokio::time::Instant::now();
    verifier.verify(&good, now()).await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO);
    let refused = waiting.await.unwrap().unwrap_err();
    assert!(matches!(refused, TokenRefused::Discovery(_)), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn known_keys_hold_for_an_hour_while_the_issuer_is_down() {
    let world = World::new();
    let mut lasting = claims();
    lasting["exp"] = json!(NOW + 100_000);
    let request = world.with_token(&world.token_key.token(&lasting));
    world.accepts(&request).await;
    let nowhere = json!("http://nowhere.test/keys");
    let keys = world
        .issuer
        .edit(|published| std::mem::replace(&mut published.discovery["jwks_uri"], nowhere));
    world.after(601);
    world.accepts(&request).await;
    assert_eq!(world.issuer.requests(), (2, 1), "it was asked");
    world.accepts(&request).await;
    assert_eq!(world.issuer.requests(), (2, 1), "and is then left alone");
    world.after(600 + 3600);
    world.accepts(&request).await;
    world.after(600 + 3601);
    world
        .refuses(&request, BAD_TOKEN, "ISSUER_UNREACHABLE")
        .await;
    world
        .issuer
        .edit(|published| published.discovery["jwks_uri"] = keys);
    world.after(600 + 3603);
    world.accepts(&request).await;
}

#[tokio::test]
async fn an_issuer_over_https_cannot_point_to_keys_over_http() {
    let router = |keys: &'static str| {
        let document = discovery("https://issuer.test", keys);
        let set = json!({"keys": []});
        Router::new()
            .route(DISCOVERY, get(async move || axum::Json(document)))
            .route("/keys", get(async move || axum::Json(set)))
    };
    for (keys, secure) in [
        ("http://issuer.test/keys", false),
        ("https://issuer.test/keys", true),
    ] {
        let routes = waxwing_net::Routes::new()
            .with("https://issuer.test", router(keys))
            .and_then(|routes| routes.with("http://issuer.test", router(keys)));
        let client = Client::in_process(routes.unwrap());
        let issuer = "https://issuer.test";
        let configuration = Configuration::for_email(issuer, "sigstore");
        let verifier = TokenVerifier::new(client, configuration).unwrap();
        match verifier.verify(&token(issuer), now()).await.unwrap_err() {
            TokenRefused::Discovery(error) => {
                assert!(!secure && matches!(*error, FetchError::Insecure));
            }
            TokenRefused::Signature { known: 0, .. } => assert!(secure),
            other => panic!("{other}"),
        }
    }
}

/// Header and claims as they are written, signed by the key that the issuer publishes.
fn written(world: &World, header: &str, claims: &str) -> String {
    use jsonwebtoken::{Algorithm, EncodingKey};
    let part = |text: &str| base64::encode_url(text.as_bytes());
    let message = format!("{}.{}", part(header), part(claims));
    let pem = world.token_key.private.to_pem().unwrap();
    let der = waxwing_encoding::pem::decode(&pem).unwrap().der;
    let key = EncodingKey::from_ec_der(&der);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::ES256);
    format!("{message}.{}", signature.unwrap())
}

#[tokio::test]
async fn names_that_stand_twice_are_refused_although_the_signature_holds() {
    let world = World::new();
    let header = r#"{"alg":"ES256","kid":"first"}"#;
    let good = claims().to_string();
    for (header, claims) in [
        (
            r#"{"alg":"ES256","alg":"ES256","kid":"first"}"#,
            good.clone(),
        ),
        (
            r#"{"alg":"none","alg":"ES256","kid":"first"}"#,
            good.clone(),
        ),
        (
            header,
            good.replacen('{', r#"{"email":"root@example.com","#, 1),
        ),
        (header, good.replacen('{', r#"{"x":{"a":1,"a":2},"#, 1)),
        (header, good.replacen('{', r#"{"\u0061ud":"sigstore","#, 1)),
    ] {
        let request = world.with_token(&written(&world, header, &claims));
        world.refuses(&request, BAD_TOKEN, "TOKEN_MALFORMED").await;
    }
    world
        .accepts(&world.with_token(&written(&world, header, &good)))
        .await;
}

#[tokio::test]
async fn a_token_does_not_choose_who_vouches_for_it() {
    let world = World::new();
    let stranger = TokenKey::new("first", KeyType::EcdsaP256);
    let mut header = stranger.header();
    header["jwk"] = stranger.jwk();
    header["jku"] = json!("http://issuer.test/auth/mine");
    header["x5u"] = json!("http://issuer.test/auth/mine");
    header["x5c"] = json!([base64::encode(world.root.der())]);
    let forged = world.with_token(&stranger.token_with(&header, &claims()));
    world.refuses(&forged, BAD_TOKEN, "SIGNATURE_INVALID").await;
    // The same header over the right signature harms nobody.
    let harmless = world.token_key.token_with(&header, &claims());
    world.accepts(&world.with_token(&harmless)).await;
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("kid", json!(7)),
        ("alg", json!(["ES256"])),
    ] {
        let mut header = world.token_key.header();
        header[name] = value;
        let request = world.with_token(&world.token_key.token_with(&header, &claims()));
        world.refuses(&request, BAD_TOKEN, "TOKEN_MALFORMED").await;
    }
}

#[tokio::test]
async fn a_claim_of_a_wrong_form_is_a_claim_error_and_no_signature_error() {
    let world = World::new();
    for (claim, value, reason) in [
        ("exp", json!([NOW + 60]), "CLAIM_INVALID"),
        ("exp", json!("soon"), "CLAIM_INVALID"),
        ("exp", Value::Null, "CLAIM_INVALID"),
        ("nbf", json!({}), "CLAIM_INVALID"),
        ("aud", json!({"sigstore": true}), "AUDIENCE_MISMATCH"),
        ("aud", json!(["sigstore", 7]), "AUDIENCE_MISMATCH"),
        ("sub", json!(7), "CLAIM_INVALID"),
    ] {
        let mut wrong = claims();
        wrong[claim] = value;
        let request = world.with_token(&world.token_key.token(&wrong));
        world.refuses(&request, BAD_TOKEN, reason).await;
    }
    assert_eq!(
        world.issuer.requests(),
        (1, 1),
        "the keys were right all along"
    );
    world.accepts(&world.with_token(&world.token())).await;
}

#[tokio::test]
async fn p521_signs_tokens_too() {
    use waxwing_crypto::PrivateKey;
    let world = World::new();
    let key = PrivateKey::generate(KeyType::EcdsaP521).unwrap();
    let (x, y) = key.public_key().bits()[1..].split_at(66);
    let part = base64::encode_url;
    let jwk = json!({"kty": "EC", "crv": "P-521", "kid": "big", "x": part(x), "y": part(y)});
    world.issuer.edit(|published| {
        published.keys.push(jwk);
        published.discovery["id_token_signing_alg_values_supported"] = json!(["ES512", "ES256"]);
    });
    let header = json!({"alg": "ES512", "kid": "big"});
    let message = crate::issuer::unsigned(&header, &claims());
    // More than once: the numbers of a signature are of different lengths.
    for _ in 0..20 {
        let der = key.sign(message.as_bytes()).unwrap();
        let numbers = crate::der::children(&der);
        let mut fixed = Vec::new();
        for number in numbers {
            let digits = crate::der::split(number).1;
            let digits = digits.strip_prefix(&[0]).unwrap_or(digits);
            fixed.extend(vec![0; 66 - digits.len()]);
            fixed.extend(digits);
        }
        let token = format!("{message}.{}", part(&fixed));
        world.accepts(&world.with_token(&token)).await;
        fixed[131] ^= 1;
        let token = format!("{message}.{}", part(&fixed));
        world
            .refuses(&world.with_token(&token), BAD_TOKEN, "SIGNATURE_INVALID")
            .await;
    }
}

#[tokio::test]
async fn a_token_of_dots_costs_nothing() {
    let world = World::new();
    let began = Instant::now();
    let request = world.with_token(&".".repeat(1 << 20));
    world.refuses(&request, BAD_TOKEN, "TOKEN_MALFORMED").await;
    assert!(began.elapsed() < Duration::from_secs(2));
    assert_eq!(world.issuer.requests(), (0, 0));
}

#[tokio::test]
async fn rsa_signs_tokens_by_what_is_announced_alone() {
    use waxwing_crypto::{PrivateKey, SignatureAlgorithm};
    let world = World::new();
    let key = PrivateKey::generate(KeyType::Rsa(2048)).unwrap();
    let numbers = crate::der::children(key.public_key().bits());
    let part = |number: &[u8]| {
        let digits = crate::der::split(number).1;
        base64::encode_url(digits.strip_prefix(&[0]).unwrap_or(digits))
    };
    let jwk = json!({"kty": "RSA", "kid": "rsa", "n": part(numbers[0]), "e": part(numbers[1])});
    world.issuer.edit(|published| {
        published.keys.push(jwk);
        published.discovery["id_token_signing_alg_values_supported"] = json!(["RS256", "PS256"]);
    });
    for (name, algorithm, good) in [
        ("RS256", SignatureAlgorithm::RsaPkcs1Sha256, true),
        ("PS256", SignatureAlgorithm::RsaPssSha256, true),
        ("PS256", SignatureAlgorithm::RsaPkcs1Sha256, false),
        ("RS256", SignatureAlgorithm::RsaPssSha256, false),
    ] {
        let message = crate::issuer::unsigned(&json!({"alg": name, "kid": "rsa"}), &claims());
        let signature = key.sign_with(algorithm, message.as_bytes()).unwrap();
        let token = format!("{message}.{}", base64::encode_url(&signature));
        let request = world.with_token(&token);
        match good {
            true => drop(world.accepts(&request).await),
            false => {
                world
                    .refuses(&request, BAD_TOKEN, "SIGNATURE_INVALID")
                    .await;
            }
        }
    }
}

//! Tokens that are not what they say; beside each one the same token without the fault.

use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::json;
use waxwing_crypto::KeyType;

use crate::issuer::{ISSUER, TokenKey, signed, unsigned};
use crate::world::{BAD_TOKEN, World, claims};

#[tokio::test]
async fn without_a_token_nothing_is_issued() {
    let world = World::new();
    world
        .refuses(&world.without_token(), BAD_TOKEN, "TOKEN_MISSING")
        .await;
    let mut empty = world.without_token();
    empty["credentials"] = json!({});
    world.refuses(&empty, BAD_TOKEN, "TOKEN_MISSING").await;
    world.accepts(&world.with_token(&world.token())).await;
}

#[tokio::test]
async fn what_is_no_token_is_refused_before_anybody_is_asked() {
    let world = World::new();
    let good = world.token();
    let long = format!("{good}{}", "A".repeat(64 * 1024));
    for token in [
        "token",
        "a.b",
        "a.b.c",
        "..",
        "................................",
        &good.replacen('.', "", 1),
        &format!("{good}.e30"),
        &format!("!{good}"),
        &long,
    ] {
        let request = world.with_token(token);
        world.refuses(&request, BAD_TOKEN, "TOKEN_MALFORMED").await;
    }
    assert_eq!(world.issuer.requests(), (0, 0));
    world.accepts(&world.with_token(&good)).await;
}

#[tokio::test]
async fn an_issuer_that_is_not_configured_is_not_even_asked() {
    let world = World::new();
    for issuer in [
        "http://other.test/auth",
        "http://issuer.test/auth/",
        "http://issuer.test",
        "HTTP://issuer.test/auth",
    ] {
        let mut claims = claims();
        claims["iss"] = json!(issuer);
        let request = world.with_token(&world.token_key.token(&claims));
        world.refuses(&request, BAD_TOKEN, "ISSUER_UNKNOWN").await;
    }
    assert_eq!(world.issuer.requests(), (0, 0));
    world.accepts(&world.with_token(&world.token())).await;
}

/// The public key is known to everybody: whoever took it for a shared secret could be anybody.
#[tokio::test]
async fn a_public_key_is_never_taken_for_a_shared_secret() {
    let world = World::new();
    // Even if the issuer announces it.
    world.issuer.edit(|published| {
        published.discovery["id_token_signing_alg_values_supported"] = json!(["HS256", "ES256"]);
    });
    let key = world.token_key.private.public_key();
    let header = json!({"alg": "HS256", "kid": "first", "typ": "JWT"});
    for secret in [key.spki_der(), key.bits(), key.to_pem().as_bytes()] {
        let secret = EncodingKey::from_secret(secret);
        let token = signed(&header, &claims(), &secret, Algorithm::HS256);
        let request = world.with_token(&token);
        world
            .refuses(&request, BAD_TOKEN, "ALGORITHM_NOT_ALLOWED")
            .await;
    }
    world.accepts(&world.with_token(&world.token())).await;
}

/// Nor if the issuer publishes the secret itself.
#[tokio::test]
async fn a_shared_secret_in_the_key_set_verifies_nothing() {
    let world = World::new();
    world.issuer.edit(|published| {
        published.discovery["id_token_signing_alg_values_supported"] = json!(["HS256"]);
        published
            .keys
            .push(json!({"kty": "oct", "kid": "secret", "k": "c2VjcmV0"}));
    });
    let secret = EncodingKey::from_secret(b"secret");
    let header = json!({"alg": "HS256", "kid": "secret"});
    let token = signed(&header, &claims(), &secret, Algorithm::HS256);
    let request = world.with_token(&token);
    world
        .refuses(&request, BAD_TOKEN, "ALGORITHM_NOT_ALLOWED")
        .await;
}

#[tokio::test]
async fn a_token_without_signature_is_refused() {
    let world = World::new();
    for algorithm in ["none", "None", "NONE"] {
        let header = json!({"alg": algorithm, "kid": "first", "typ": "JWT"});
        let token = format!("{}.", unsigned(&header, &claims()));
        let request = world.with_token(&token);
        world
            .refuses(&request, BAD_TOKEN, "ALGORITHM_NOT_ALLOWED")
            .await;
    }
    let stripped = format!("{}.", unsigned(&world.token_key.header(), &claims()));
    let request = world.with_token(&stripped);
    world
        .refuses(&request, BAD_TOKEN, "SIGNATURE_INVALID")
        .await;
    world.accepts(&world.with_token(&world.token())).await;
}

#[tokio::test]
async fn the_key_decides_which_algorithm_fits() {
    let world = World::new();
    let announced = json!(["RS256", "ES256", "ES384"]);
    world.issuer.edit(|published| {
        published.discovery["id_token_signing_alg_values_supported"] = announced;
    });
    for algorithm in ["RS256", "ES384"] {
        let header = json!({"alg": algorithm, "kid": "first", "typ": "JWT"});
        let token = world.token_key.token_with(&header, &claims());
        let request = world.with_token(&token);
        world
            .refuses(&request, BAD_TOKEN, "SIGNATURE_INVALID")
            .await;
    }
    world.accepts(&world.with_token(&world.token())).await;
}

#[tokio::test]
async fn an_algorithm_that_the_issuer_does_not_announce_is_refused() {
    let world = World::new();
    let curve = TokenKey::new("curve", KeyType::EcdsaP384);
    let edwards = TokenKey::new("edwards", KeyType::Ed25519);
    world.issuer.edit(|published| {
        published.keys.extend([curve.jwk(), edwards.jwk()]);
    });
    let [curve, edwards] = [curve, edwards].map(|key| world.with_token(&key.token(&claims())));
    for request in [&curve, &edwards] {
        world
            .refuses(request, BAD_TOKEN, "ALGORITHM_NOT_ALLOWED")
            .await;
    }
    world.issuer.edit(|published| {
        published.discovery["id_token_signing_alg_values_supported"] = json!(["ES384", "EdDSA"]);
    });
    world.after(10);
    for request in [&curve, &edwards] {
        world.accepts(request).await;
    }
}

/// As go-oidc has it: who announces nothing signs with RS256.
#[tokio::test]
async fn an_issuer_that_announces_nothing_announces_rs256() {
    let world = World::new();
    let request = world.with_token(&world.token());
    world.issuer.edit(|published| {
        let discovery = published.discovery.as_object_mut().unwrap();
        discovery.remove("id_token_signing_alg_values_supported");
    });
    world
        .refuses(&request, BAD_TOKEN, "ALGORITHM_NOT_ALLOWED")
        .await;
}

#[tokio::test]
async fn a_token_by_another_key_of_the_same_name_is_refused() {
    let world = World::new();
    let forger = TokenKey::new("first", KeyType::EcdsaP256);
    let request = world.with_token(&forger.token(&claims()));
    world
        .refuses(&request, BAD_TOKEN, "SIGNATURE_INVALID")
        .await;
    world.accepts(&world.with_token(&world.token())).await;
}

#[tokio::test]
async fn claims_that_were_changed_after_signing_are_refused() {
    let world = World::new();
    let good = world.token();
    let signature = good.rsplit_once('.').unwrap().1;
    let mut changed = claims();
    changed["sub"] = json!("somebody else");
    let token = format!(
        "{}.{signature}",
        unsigned(&world.token_key.header(), &changed)
    );
    world
        .refuses(&world.with_token(&token), BAD_TOKEN, "SIGNATURE_INVALID")
        .await;
    world.accepts(&world.with_token(&good)).await;
}

#[tokio::test]
async fn a_token_that_names_no_key_may_be_by_any_of_them() {
    let world = World::new();
    let second = TokenKey::new("second", KeyType::EcdsaP256);
    world
        .issuer
        .edit(|published| published.keys.push(second.jwk()));
    let header = json!({"alg": "ES256"});
    for key in [&world.token_key, &second] {
        let token = key.token_with(&header, &claims());
        world.accepts(&world.with_token(&token)).await;
    }
    let stranger = TokenKey::new("first", KeyType::EcdsaP256);
    let token = stranger.token_with(&header, &claims());
    let request = world.with_token(&token);
    world
        .refuses(&request, BAD_TOKEN, "SIGNATURE_INVALID")
        .await;
    assert_eq!(claims()["iss"], ISSUER);
}

//! The issuer's keys are fetched once, and once more when a token does not verify by them.

use serde_json::{Value, json};
use waxwing_crypto::KeyType;
use waxwing_encoding::time::UnixTime;
use waxwing_fulcio::config::Configuration;
use waxwing_fulcio::token::{TokenRefused, TokenVerifier};
use waxwing_net::{Client, Routes};

use crate::issuer::{ISSUER, Issuer, TokenKey};
use crate::world::{BAD_TOKEN, NOW, World, claims};

fn request(world: &World, key: &TokenKey) -> Value {
    world.with_token(&key.token(&claims()))
}

#[tokio::test]
async fn keys_are_fetched_once_for_many_tokens() {
    let world = World::new();
    assert_eq!(
        world.issuer.requests(),
        (0, 0),
        "asked before there is need"
    );
    for _ in 0..3 {
        world.accepts(&request(&world, &world.token_key)).await;
    }
    assert_eq!(world.issuer.requests(), (1, 1));
}

#[tokio::test]
async fn a_key_that_is_not_known_has_the_keys_fetched_once_in_ten_seconds() {
    let world = World::new();
    let next = TokenKey::new("next", KeyType::EcdsaP256);
    world.accepts(&request(&world, &world.token_key)).await;

    // Not published yet: asked again, in vain.
    let early = request(&world, &next);
    world.refuses(&early, BAD_TOKEN, "SIGNATURE_INVALID").await;
    assert_eq!(world.issuer.requests(), (2, 2));

    world
        .issuer
        .edit(|published| published.keys.push(next.jwk()));
    // However many such tokens come, by whatever key they claim to be.
    for seconds in [0, 9] {
        world.after(seconds);
        for kid in ["next", "other", "another"] {
            let unknown = request(&world, &TokenKey::new(kid, KeyType::EcdsaP256));
            world
                .refuses(&unknown, BAD_TOKEN, "SIGNATURE_INVALID")
                .await;
        }
    }
    assert_eq!(world.issuer.requests(), (2, 2));
    world.after(10);
    world.accepts(&early).await;
    assert_eq!(world.issuer.requests(), (3, 3));

    // Both are known from then on.
    world.accepts(&early).await;
    world.accepts(&request(&world, &world.token_key)).await;
    assert_eq!(world.issuer.requests(), (3, 3));
}

#[tokio::test]
async fn keys_are_believed_for_ten_minutes() {
    let world = World::new();
    let mut claims = claims();
    claims["exp"] = json!(NOW + 3600);
    let request = world.with_token(&world.token_key.token(&claims));
    world.accepts(&request).await;
    world.issuer.edit(|published| published.keys.clear());
    world.after(600);
    world.accepts(&request).await;
    assert_eq!(world.issuer.requests(), (1, 1));
    // The key was withdrawn, and by now that is known.
    world.after(601);
    world
        .refuses(&request, BAD_TOKEN, "SIGNATURE_INVALID")
        .await;
    assert_eq!(world.issuer.requests(), (2, 2));
}

#[tokio::test]
async fn a_first_token_that_does_not_verify_fetches_nothing_twice() {
    let world = World::new();
    let stranger = TokenKey::new("first", KeyType::EcdsaP256);
    let forged = request(&world, &stranger);
    world.refuses(&forged, BAD_TOKEN, "SIGNATURE_INVALID").await;
    assert_eq!(world.issuer.requests(), (1, 1));
}

#[tokio::test]
async fn a_key_that_was_withdrawn_is_forgotten_with_the_next_fetch() {
    let world = World::new();
    let next = TokenKey::new("next", KeyType::EcdsaP256);
    world.accepts(&request(&world, &world.token_key)).await;
    world
        .issuer
        .edit(|published| published.keys = vec![next.jwk()]);
    world.accepts(&request(&world, &next)).await;
    let old = request(&world, &world.token_key);
    world.refuses(&old, BAD_TOKEN, "SIGNATURE_INVALID").await;
}

/// A configuration that is read again, while the issuer is asked by nobody.
#[tokio::test]
async fn a_verifier_made_anew_knows_the_keys_of_issuers_that_are_asked_as_before() {
    let key = TokenKey::new("first", KeyType::EcdsaP256);
    let issuer = Issuer::new(&key);
    let now = UnixTime::from_seconds(NOW).unwrap();
    let verifier = |ca: &str| {
        let mut configured = json!({"OIDCIssuers": {}});
        configured["OIDCIssuers"][ISSUER] =
            json!({"ClientID": "sigstore", "Type": "email", "CACert": ca});
        let configuration = Configuration::read(configured.to_string().as_bytes()).unwrap();
        let routes = Routes::new().with("http://issuer.test", issuer.router());
        TokenVerifier::new(Client::in_process(routes.unwrap()), configuration).unwrap()
    };
    let token = key.token(&claims());
    let first = verifier("");
    first.verify(&token, now).await.unwrap();
    let second = verifier("").knowing(&first);
    second.verify(&token, now).await.unwrap();
    assert_eq!(issuer.requests(), (1, 1));
    // Under other roots it is asked again: they may have been changed because the old ones lied.
    let root = include_str!("../../../net/tests/data/root.pem");
    let third = verifier(root).knowing(&second);
    third.verify(&token, now).await.unwrap();
    assert_eq!(issuer.requests(), (2, 2));
    // Who is not believed any more is not known either.
    let other = TokenVerifier::new(Client::in_process(Routes::new()), Configuration::built_in());
    let refused = other.unwrap().knowing(&third).verify(&token, now).await;
    assert!(matches!(
        refused.unwrap_err(),
        TokenRefused::UnknownIssuer { .. }
    ));
}

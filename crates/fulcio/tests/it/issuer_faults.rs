//! Issuers whose documents are wrong or cannot be had.

use serde_json::json;

use crate::issuer::ISSUER;
use crate::world::{BAD_TOKEN, World};

#[tokio::test]
async fn a_discovery_document_must_name_its_issuer_byte_for_byte() {
    let world = World::new();
    let request = world.with_token(&world.token());
    for (number, other) in [
        "http://issuer.test/auth/",
        "http://issuer.test",
        "http://other.test/auth",
        "",
    ]
    .into_iter()
    .enumerate()
    {
        // An issuer that failed is left alone for two seconds.
        world.after(2 * number as u64);
        world
            .issuer
            .edit(|published| published.discovery["issuer"] = json!(other));
        world
            .refuses(&request, BAD_TOKEN, "ISSUER_UNREACHABLE")
            .await;
    }
    // Nobody asked such an issuer for its keys.
    assert_eq!(world.issuer.requests(), (4, 0));
    world
        .issuer
        .edit(|published| published.discovery["issuer"] = json!(ISSUER));
    world
        .refuses(&request, BAD_TOKEN, "ISSUER_UNREACHABLE")
        .await;
    assert_eq!(world.issuer.requests(), (4, 0));
    world.after(8);
    world.accepts(&request).await;
}

#[tokio::test]
async fn an_issuer_without_keys_is_asked_again_after_two_seconds() {
    let world = World::new();
    let request = world.with_token(&world.token());
    let keys = format!("{ISSUER}/keys");
    for (number, nowhere) in [
        "http://nowhere.test/keys",
        "http://issuer.test/auth/none",
        "?",
    ]
    .into_iter()
    .enumerate()
    {
        world.after(2 * number as u64);
        world
            .issuer
            .edit(|published| published.discovery["jwks_uri"] = json!(nowhere));
        world
            .refuses(&request, BAD_TOKEN, "ISSUER_UNREACHABLE")
            .await;
    }
    world
        .issuer
        .edit(|published| published.discovery["jwks_uri"] = json!(keys));
    world.after(6);
    world.accepts(&request).await;
}

#[tokio::test]
async fn keys_of_a_kind_that_nobody_knows_do_not_hide_the_others() {
    let world = World::new();
    world.issuer.edit(|published| {
        let unknown = json!({"kty": "EC", "crv": "P-256", "kid": "first", "x": "AA", "y": "AA"});
        published.keys.insert(0, unknown);
    });
    world.accepts(&world.with_token(&world.token())).await;
}

//! What a token says; beside each fault the same token with a claim that is right.

use serde_json::{Value, json};

use crate::world::{BAD_TOKEN, EMAIL, NOW, World, claims, proved};

/// A request whose token has one claim changed, or left out where the value is null.
fn with(world: &World, claim: &str, value: &Value) -> Value {
    let mut claims = claims();
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(claim)),
        value => claims[claim] = value.clone(),
    }
    world.with_token(&world.token_key.token(&claims))
}

async fn refused(claim: &str, faults: &[Value], reason: &str, repaired: &[Value]) {
    let world = World::new();
    for fault in faults {
        let request = with(&world, claim, fault);
        let answer = world.ask(&request).await;
        assert_eq!(answer.status.as_u16(), 400, "{claim}: {fault} was accepted");
        world.refuses(&request, BAD_TOKEN, reason).await;
    }
    for value in repaired {
        world.accepts(&with(&world, claim, value)).await;
    }
}

#[tokio::test]
async fn the_audience_must_hold_the_client_id() {
    let faults = [
        json!("other"),
        json!("sigstore2"),
        json!(""),
        json!([]),
        json!(["other", "Sigstore"]),
        json!([["sigstore"]]),
        json!({"sigstore": "sigstore"}),
        json!(7),
        Value::Null,
    ];
    let repaired = [
        json!("sigstore"),
        json!(["sigstore"]),
        json!(["a", "sigstore", "b"]),
    ];
    refused("aud", &faults, "AUDIENCE_MISMATCH", &repaired).await;
}

#[tokio::test]
async fn a_token_ends_with_the_second_that_it_names() {
    let faults = [
        json!(NOW - 1),
        json!(NOW),
        json!(0),
        json!(NOW as f64 - 0.5),
    ];
    let repaired = [json!(NOW + 1), json!(NOW as f64 + 60.5)];
    refused("exp", &faults, "TOKEN_EXPIRED", &repaired).await;
}

#[tokio::test]
async fn a_token_without_end_is_refused() {
    let faults = [Value::Null, json!("tomorrow"), json!(1e300), json!(true)];
    refused("exp", &faults, "CLAIM_INVALID", &[json!(NOW + 60)]).await;
}

#[tokio::test]
async fn the_issuers_clock_may_be_five_minutes_ahead() {
    let faults = [json!(NOW + 301), json!(NOW + 86_400)];
    let repaired = [json!(NOW + 300), json!(NOW), json!(NOW - 300), Value::Null];
    refused("nbf", &faults, "TOKEN_NOT_YET_VALID", &repaired).await;
}

#[tokio::test]
async fn the_address_must_be_verified() {
    let faults = [
        json!(false),
        json!("false"),
        json!("yes"),
        json!(""),
        json!(1),
        json!([true]),
        Value::Null,
    ];
    // What Go's ParseBool reads as true.
    let repaired = [json!(true), json!("true"), json!("True"), json!("1")];
    refused("email_verified", &faults, "CLAIM_INVALID", &repaired).await;
}

#[tokio::test]
async fn the_address_must_be_one_that_a_certificate_can_hold() {
    let world = World::new();
    for fault in [
        json!("älice@example.com"),
        json!("alice@exämple.com"),
        json!("alice"),
        json!("@example.com"),
        json!("alice@"),
        json!("alice @example.com"),
        json!("alice@example.com\n"),
        json!(""),
        json!(["alice@example.com"]),
        Value::Null,
    ] {
        // The proof is over the same name, so that nothing but the name is wrong.
        let mut request = proved(&world.key, fault.as_str().unwrap_or_default());
        request["credentials"] = with(&world, "email", &fault)["credentials"].take();
        world.refuses(&request, BAD_TOKEN, "CLAIM_INVALID").await;
    }
    world.accepts(&with(&world, "email", &json!(EMAIL))).await;
}

#[tokio::test]
async fn a_token_without_subject_is_refused() {
    let faults = [Value::Null, json!(""), json!(7)];
    refused("sub", &faults, "CLAIM_INVALID", &[json!("x")]).await;
}

#[tokio::test]
async fn a_token_without_issuer_is_refused() {
    let faults = [Value::Null, json!(""), json!(["http://issuer.test/auth"])];
    let repaired = [json!("http://issuer.test/auth")];
    refused("iss", &faults, "CLAIM_INVALID", &repaired).await;
}

#[tokio::test]
async fn other_claims_are_not_fulcios_to_check() {
    let world = World::new();
    for (claim, value) in [
        ("iat", json!(NOW + 86_400)),
        ("azp", json!("other")),
        ("nonce", json!("n")),
        ("at_hash", json!("wrong")),
    ] {
        world.accepts(&with(&world, claim, &value)).await;
    }
}

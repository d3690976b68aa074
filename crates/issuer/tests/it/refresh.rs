//! Refresh tokens: each good once, for the same client, while the user is there.

use http::StatusCode;
use serde_json::{Value, json};

use crate::world::{Answer, PASSWORD, World, claims, replaced, user};

const BAD: StatusCode = StatusCode::BAD_REQUEST;
const OFFLINE: &[(&str, &str)] = &[("scope", "openid email offline_access")];

async fn refresh(world: &World, token: &Value, other: &[(&str, &str)]) -> Answer {
    let usual = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token.as_str().unwrap()),
        ("client_id", "sigstore"),
    ];
    world.caller().token(&replaced(&usual, other)).await
}

#[tokio::test]
async fn a_refresh_token_gives_new_tokens_and_its_successor() {
    let world = World::new();
    let first = world.tokens(OFFLINE).await;
    world.clock.pass(3600);
    let second = refresh(&world, &first["refresh_token"], &[]).await.json();
    let (before, after) = (claims(&first["id_token"]), claims(&second["id_token"]));
    assert_eq!(before["sub"], after["sub"]);
    assert_eq!(after["iat"], json!(before["iat"].as_i64().unwrap() + 3600));
    assert_eq!(after["nonce"], json!(null));
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    let third = refresh(
        &world,
        &second["refresh_token"],
        &[("scope", "openid groups")],
    )
    .await;
    let third = third.json();
    assert_eq!(
        (&third["scope"], &claims(&third["id_token"])["email"]),
        (&json!("openid"), &json!(null))
    );
    // Less was asked for once; the family is what it was.
    let fourth = refresh(&world, &third["refresh_token"], &[]).await.json();
    assert_eq!(fourth["scope"], "openid email offline_access");
}

#[tokio::test]
async fn a_second_use_ends_the_family() {
    let world = World::new();
    let first = world.tokens(OFFLINE).await;
    let second = refresh(&world, &first["refresh_token"], &[]).await.json();
    world.clock.pass(4);
    let reused = "Refresh token has already been used; log in again.";
    let again = refresh(&world, &first["refresh_token"], &[]).await;
    again.assert_refused(BAD, "invalid_grant", reused);
    let unknown = "Refresh token is invalid or has expired.";
    let ended = refresh(&world, &second["refresh_token"], &[]).await;
    ended.assert_refused(BAD, "invalid_grant", unknown);
}

#[tokio::test]
async fn refresh_tokens_are_bound_to_client_scope_and_user() {
    let world = World::new();
    let web = [("client_id", "web"), ("client_secret", "s3cret")];
    let tokens = world.tokens(OFFLINE).await;
    let token = &tokens["refresh_token"];
    let other = "Refresh token was issued to another client.";
    refresh(&world, token, &web)
        .await
        .assert_refused(BAD, "invalid_grant", other);
    let guess = json!("x".repeat(64));
    let unknown = "Refresh token is invalid or has expired.";
    refresh(&world, &guess, &[])
        .await
        .assert_refused(BAD, "invalid_grant", unknown);
    let missing = "The parameter refresh_token is missing.";
    let refused = refresh(&world, token, &[("refresh_token", "")]).await;
    refused.assert_refused(BAD, "invalid_request", missing);
    let scope = refresh(&world, token, &[("scope", "email")]).await;
    scope.assert_refused(BAD, "invalid_scope", "Missing required scope: openid.");
    world.clock.pass(60);
    let answer = refresh(&world, token, &[]).await.json();

    world.users.remove("alice").unwrap();
    world.users.add(user("alice")).unwrap();
    // Of the same name and address, and still somebody else.
    let gone = refresh(&world, &answer["refresh_token"], &[]).await;
    let description = "The user is not known any more, or cannot be looked up.";
    gone.assert_refused(BAD, "invalid_grant", description);
    let tokens = world.tokens(OFFLINE).await;
    assert_eq!(
        refresh(&world, &tokens["refresh_token"], &[]).await.status,
        200
    );
    world.clock.pass(30 * 24 * 3600);
    let late = refresh(&world, &tokens["refresh_token"], &[]).await;
    late.assert_refused(BAD, "invalid_grant", unknown);
}

#[tokio::test]
async fn who_was_removed_logs_in_no_more() {
    let world = World::new();
    let browser = world.caller();
    let page = browser.open(&crate::world::authorize(&[])).await;
    assert_eq!(browser.log_in(&page, "alice", PASSWORD).await.status, 303);
    world.users.remove("alice@example.com").unwrap();
    assert_eq!(browser.log_in(&page, "alice", PASSWORD).await.status, 401);
}

//! Devices: the code that people type, the poll, and what a stranger's link cannot do.

use http::StatusCode;
use serde_json::{Value, json};

use crate::world::{Answer, Caller, PASSWORD, URL, VERIFIER, World, challenge, claims, replaced};

const BAD: StatusCode = StatusCode::BAD_REQUEST;

async fn start(caller: &Caller) -> Value {
    let challenge = challenge();
    let form = [
        ("client_id", "sigstore"),
        ("scope", "openid email"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    let answer = caller.post("/oidc/device/code", &form).await;
    assert_eq!(
        (answer.status, answer.header("cache-control")),
        (200, "no-store")
    );
    answer.json()
}

async fn poll(caller: &Caller, device: &Value, other: &[(&str, &str)]) -> Answer {
    let usual = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", device["device_code"].as_str().unwrap()),
        ("client_id", "sigstore"),
        ("code_verifier", VERIFIER),
        ("scope", "openid email"),
    ];
    caller.token(&replaced(&usual, other)).await
}

/// Types the code, and comes to the page for name and password.
async fn type_code(browser: &Caller, code: &str) -> Answer {
    let page = browser.get("/oidc/device").await;
    let answer = browser.submit(&page, &[("user_code", code)]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    browser.open(&answer.location()).await
}

fn user_code(device: &Value) -> &str {
    device["user_code"].as_str().unwrap()
}

#[tokio::test]
async fn a_device_waits_until_somebody_typed_its_code_and_logged_in() {
    let world = World::new();
    let device = start(&world.caller()).await;
    let code = user_code(&device);
    assert_eq!(device["verification_uri"], format!("{URL}/device"));
    assert_eq!(
        device["verification_uri_complete"],
        format!("{URL}/device?user_code={code}")
    );
    assert_eq!(
        (&device["expires_in"], &device["interval"]),
        (&json!(300), &json!(5))
    );

    let caller = world.caller();
    let pending = "Nobody has finished logging in yet.";
    poll(&caller, &device, &[])
        .await
        .assert_refused(BAD, "authorization_pending", pending);
    let browser = world.caller();
    let page = type_code(&browser, &code.to_lowercase().replace('-', " ")).await;
    assert!(
        page.body.contains(&format!("<strong>{code}</strong>")),
        "{}",
        page.body
    );
    world.clock.pass(5);
    poll(&caller, &device, &[])
        .await
        .assert_refused(BAD, "authorization_pending", pending);
    let done = browser.log_in(&page, "alice", PASSWORD).await;
    assert!(
        done.body.contains("Go back to your terminal"),
        "{}",
        done.body
    );
    world.clock.pass(5);
    let tokens = poll(&caller, &device, &[]).await.json();
    let id = claims(&tokens["id_token"]);
    assert_eq!(
        (&id["email"], &id["aud"]),
        (&json!("alice@example.com"), &json!("sigstore"))
    );
    world.clock.pass(5);
    poll(&caller, &device, &[])
        .await
        .assert_refused(BAD, "invalid_grant", "Invalid device code.");
    // The user code is used up as well.
    let page = browser.get("/oidc/device").await;
    let refused = browser.submit(&page, &[("user_code", code)]).await;
    assert!(
        refused
            .complaint()
            .contains("No device waits with this code")
    );
}

#[tokio::test]
async fn a_device_that_asks_too_often_must_wait_longer() {
    let world = World::new();
    let caller = world.caller();
    let device = start(&caller).await;
    let error = async |seconds| {
        world.clock.pass(seconds);
        poll(&caller, &device, &[]).await.json()["error"].clone()
    };
    assert_eq!(error(0).await, "authorization_pending");
    assert_eq!(error(4).await, "slow_down");
    assert_eq!(error(9).await, "slow_down");
    assert_eq!(error(14).await, "slow_down");
    assert_eq!(error(20).await, "authorization_pending");
}

#[tokio::test]
async fn a_device_hears_that_its_code_expired_or_that_somebody_refused() {
    let world = World::new();
    let caller = world.caller();
    let (late, refused) = (start(&caller).await, start(&caller).await);
    let browser = world.caller();
    let page = type_code(&browser, user_code(&refused)).await;
    let answer = browser.submit(&page, &[("cancel", "1")]).await;
    assert!(answer.body.contains("you refused"));
    let denied = "The login was refused.";
    poll(&caller, &refused, &[])
        .await
        .assert_refused(BAD, "access_denied", denied);
    world.clock.pass(300);
    let page = browser.get("/oidc/device").await;
    let answer = browser
        .submit(&page, &[("user_code", user_code(&late))])
        .await;
    assert_eq!(answer.status, 400);
    poll(&caller, &late, &[])
        .await
        .assert_refused(BAD, "expired_token", "The code has expired.");
}

#[tokio::test]
async fn a_device_code_is_bound_to_client_and_verifier() {
    let world = World::new();
    let caller = world.caller();
    let unknown = "Invalid device code.";
    for (other, expected) in [
        (
            &[("client_id", "web"), ("client_secret", "s3cret")][..],
            unknown,
        ),
        (
            &[(
                "code_verifier",
                "wBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            )],
            "Invalid code_verifier.",
        ),
        (&[("code_verifier", "")], "Invalid code_verifier."),
        (&[("device_code", "x")], unknown),
        (&[("x", "y")], ""),
    ] {
        let device = start(&caller).await;
        let browser = world.caller();
        let page = type_code(&browser, user_code(&device)).await;
        browser.log_in(&page, "alice", PASSWORD).await;
        let answer = poll(&caller, &device, other).await;
        match expected {
            "" => assert_eq!(answer.status, 200, "{}", answer.body),
            expected => answer.assert_refused(BAD, "invalid_grant", expected),
        }
    }
}

#[tokio::test]
async fn requests_for_codes_are_checked() {
    let world = World::new();
    let caller = world.caller();
    for (form, status, error) in [
        (&[("client_id", "other")][..], 401, "invalid_client"),
        (&[], 400, "invalid_request"),
        (
            &[("client_id", "sigstore"), ("scope", "email")],
            400,
            "invalid_scope",
        ),
        (
            &[("client_id", "sigstore"), ("code_challenge", "x")],
            400,
            "invalid_request",
        ),
    ] {
        let answer = caller.post("/oidc/device/code", form).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (status, &json!(error))
        );
    }
    let without_challenge = [("client_id", "sigstore")];
    let device = caller
        .post("/oidc/device/code", &without_challenge)
        .await
        .json();
    let browser = world.caller();
    let page = type_code(&browser, user_code(&device)).await;
    browser.log_in(&page, "alice", PASSWORD).await;
    let answer = poll(&caller, &device, &[("code_verifier", "")]).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_strangers_link_logs_nothing_in() {
    let world = World::new();
    let device = start(&world.caller()).await;
    let code = user_code(&device);
    let victim = world.caller();
    // The link with the code in it fills the form and does nothing.
    let page = victim.get(&format!("/oidc/device?user_code={code}")).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains(&format!("value=\"{code}\"")));
    assert!(
        page.body
            .contains("only if you started this there yourself")
    );
    // Links past the form lead nowhere.
    for url in [
        format!("/oidc/auth?user_code={code}"),
        format!("/oidc/auth/local?user_code={code}"),
    ] {
        let page = victim.get(&url).await;
        assert_eq!(page.status, 400);
        assert!(page.complaint().contains("not typed in this browser"));
    }
    // Typing it in one browser opens no other.
    let page = type_code(&world.caller(), code).await;
    let other = victim.get(&page.action()).await;
    assert!(other.complaint().contains("not typed in this browser"));
    let sent = victim
        .submit(&page, &[("login", "alice"), ("password", PASSWORD)])
        .await;
    assert_eq!(sent.status, 400);
    let own = type_code(&victim, code).await;
    let done = victim.log_in(&own, "alice", PASSWORD).await;
    assert!(done.body.contains("You are logged in"));
}

#[tokio::test]
async fn guessing_codes_is_slow_for_one_address_and_for_all() {
    let world = World::new();
    let device = start(&world.caller()).await;
    let guess = async |address: &str, code: &str| {
        let browser = world.caller().from(address);
        let page = browser.get("/oidc/device").await;
        browser.submit(&page, &[("user_code", code)]).await
    };
    let first = "192.0.2.1:1000";
    for _ in 0..11 {
        assert_eq!(guess(first, "BBBB-BBBB").await.status, 400);
    }
    let closed = guess(first, user_code(&device)).await;
    assert_eq!((closed.status, closed.header("retry-after")), (429, "1"));
    assert!(closed.complaint().contains("Try again in 1 s"));
    // Another port is no other address, another network is.
    assert_eq!(guess("192.0.2.1:2000", "BBBB-BBBB").await.status, 429);
    assert_eq!(
        guess("192.0.2.2:1000", user_code(&device)).await.status,
        303
    );
    for number in 0..90 {
        guess(&format!("198.51.100.{number}:1000"), "BBBB-BBBB").await;
    }
    let all = guess("203.0.113.1:1000", "BBBB-BBBB").await;
    assert_eq!(all.status, 429);
    world.clock.pass(5);
    assert_eq!(
        guess("203.0.113.2:1000", user_code(&device)).await.status,
        303
    );
}

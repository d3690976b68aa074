//! The browser flow, from the address that a program opens to the tokens, and every way to go wrong.

use http::StatusCode;
use serde_json::json;
use waxwing_crypto::sha256;
use waxwing_encoding::base64;
use waxwing_issuer::OAuthClient;

use crate::world::{
    CALLBACK, NOW, OUT_OF_BAND, PASSWORD, URL, VERIFIER, World, authorize, claims, replaced,
};

const BAD: StatusCode = StatusCode::BAD_REQUEST;

fn half(text: &str) -> String {
    base64::encode_url(&sha256(text.as_bytes())[..16])
}

#[tokio::test]
async fn a_browser_logs_in_and_the_program_gets_its_tokens() {
    let world = World::new();
    let browser = world.caller();
    let page = browser.open(&authorize(&[])).await;
    assert_eq!(page.status, 200);
    let answer = browser.log_in(&page, "alice", PASSWORD).await;
    assert_eq!(answer.status, 303);
    assert!(answer.location().starts_with(&format!("{CALLBACK}?code=")));
    assert_eq!(answer.parameter("state").as_deref(), Some("a state & more"));
    assert_eq!(answer.parameter("iss").as_deref(), Some(URL));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");

    let code = answer.parameter("code").unwrap();
    let answer = world.caller().redeem(&code, &[]).await;
    assert_eq!(
        (answer.header("cache-control"), answer.header("pragma")),
        ("no-store", "no-cache")
    );
    let tokens = answer.json();
    assert_eq!(
        (&tokens["token_type"], &tokens["expires_in"]),
        (&json!("bearer"), &json!(60))
    );
    assert!(tokens.get("refresh_token").is_none());
    let access_token = tokens["access_token"].as_str().unwrap();
    let id = claims(&tokens["id_token"]);
    let user_id = id["federated_claims"]["user_id"].as_str().unwrap();
    let subject = [b"\x0a\x16", user_id.as_bytes(), b"\x12\x05local"].concat();
    assert_eq!(
        id,
        json!({
            "iss": URL, "sub": base64::encode_url(&subject), "aud": "sigstore",
            "exp": NOW + 60, "iat": NOW, "nonce": "a nonce",
            "at_hash": half(access_token), "c_hash": half(&code),
            "email": "alice@example.com", "email_verified": true,
            "federated_claims": {"connector_id": "local", "user_id": user_id},
        })
    );
    // sigstore-python shows the access token to Fulcio.
    let access = claims(&tokens["access_token"]);
    for claim in [
        "iss",
        "sub",
        "aud",
        "exp",
        "email",
        "email_verified",
        "federated_claims",
    ] {
        assert_eq!(access[claim], id[claim], "{claim}");
    }
}

#[tokio::test]
async fn the_email_address_is_a_name_too_and_scopes_decide_what_is_told() {
    let world = World::new();
    let browser = world.caller();
    let page = browser
        .open(&authorize(&[("scope", "openid profile unknown")]))
        .await;
    let answer = browser.log_in(&page, "Alice@Example.com", PASSWORD).await;
    let code = answer.parameter("code").unwrap();
    let tokens = world.caller().redeem(&code, &[]).await.json();
    let id = claims(&tokens["id_token"]);
    assert_eq!(
        (&id["name"], &id["email"]),
        (&json!("Some Body"), &json!(null))
    );
    assert_eq!(tokens["scope"], "openid profile");
}

#[tokio::test]
async fn the_client_may_say_who_it_is_in_three_ways() {
    let world = World::new();
    for header in [None, Some("sigstore:")] {
        let code = world.code(&[]).await;
        let form = crate::world::query(&[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            if header.is_some() {
                ("x", "y")
            } else {
                ("client_id", "sigstore")
            },
            ("client_secret", ""),
        ]);
        let mut request = world.caller().request("POST", "/oidc/token", form.into());
        let kind = "application/x-www-form-urlencoded; charset=utf-8";
        request
            .headers_mut()
            .insert("content-type", kind.parse().unwrap());
        if let Some(pair) = header {
            let basic = format!("Basic {}", base64::encode(pair.as_bytes()));
            request
                .headers_mut()
                .insert("authorization", basic.parse().unwrap());
        }
        let answer = world.caller().send(request).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

#[tokio::test]
async fn a_code_is_good_once_and_a_second_use_withdraws_what_it_bought() {
    let world = World::new();
    let code = world
        .code(&[("scope", "openid email offline_access")])
        .await;
    let caller = world.caller();
    let tokens = caller.redeem(&code, &[]).await.json();
    let userinfo = async || {
        let mut request = caller.request("GET", "/oidc/userinfo", axum::body::Body::empty());
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        request
            .headers_mut()
            .insert("authorization", bearer.parse().unwrap());
        caller.send(request).await
    };
    assert_eq!(userinfo().await.status, 200);
    let again = caller.redeem(&code, &[]).await;
    again.assert_refused(BAD, "invalid_grant", "Invalid or expired code parameter.");
    let refused = userinfo().await;
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").contains("invalid_token"));
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh),
        ("client_id", "sigstore"),
    ];
    let refused = caller.token(&form).await;
    refused.assert_refused(
        BAD,
        "invalid_grant",
        "Refresh token is invalid or has expired.",
    );
}

#[tokio::test]
async fn a_code_is_bound_to_client_redirect_verifier_and_time() {
    let world = World::new();
    let caller = world.caller();
    let not_theirs = "Invalid or expired code parameter.";
    for (other, error, description) in [
        (
            &[(
                "code_verifier",
                "wBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            )][..],
            "invalid_grant",
            "Invalid code_verifier.",
        ),
        (
            &[("code_verifier", "")],
            "invalid_grant",
            "Expecting parameter code_verifier in PKCE flow.",
        ),
        (
            &[("redirect_uri", "http://localhost:39212/auth/callback")],
            "invalid_grant",
            "redirect_uri did not match URI from initial request.",
        ),
        (
            &[("redirect_uri", "")],
            "invalid_grant",
            "redirect_uri did not match URI from initial request.",
        ),
        (
            &[("client_id", "web"), ("client_secret", "s3cret")],
            "invalid_grant",
            not_theirs,
        ),
        (
            &[("code", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")],
            "invalid_grant",
            not_theirs,
        ),
        (
            &[("code", "")],
            "invalid_request",
            "The parameter code is missing.",
        ),
        (
            &[("grant_type", "")],
            "invalid_request",
            "The parameter grant_type is missing.",
        ),
        (
            &[("grant_type", "password")],
            "unsupported_grant_type",
            "Unsupported grant type \"password\".",
        ),
    ] {
        let code = world.code(&[]).await;
        caller
            .redeem(&code, other)
            .await
            .assert_refused(BAD, error, description);
        let code = world.code(&[]).await;
        assert_eq!(caller.redeem(&code, &[]).await.status, 200, "{other:?}");
    }
    let unauthorized = StatusCode::UNAUTHORIZED;
    for other in [
        &[("client_id", "other")][..],
        &[("client_secret", "guess")],
        &[("client_id", "web"), ("client_secret", "guess")],
        &[("client_id", "web")],
    ] {
        let refused = caller.redeem(&world.code(&[]).await, other).await;
        refused.assert_refused(
            unauthorized,
            "invalid_client",
            "Invalid client credentials.",
        );
    }
    let (good, late) = (world.code(&[]).await, world.code(&[]).await);
    world.clock.pass(59);
    assert_eq!(caller.redeem(&good, &[]).await.status, 200);
    world.clock.pass(1);
    caller
        .redeem(&late, &[])
        .await
        .assert_refused(BAD, "invalid_grant", not_theirs);
}

#[tokio::test]
async fn a_failed_redemption_uses_the_code_up() {
    let world = World::new();
    let code = world.code(&[]).await;
    let caller = world.caller();
    let wrong = [(
        "code_verifier",
        "wBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    )];
    assert_eq!(caller.redeem(&code, &wrong).await.status, 400);
    assert_eq!(caller.redeem(&code, &[]).await.status, 400);
}

#[tokio::test]
async fn a_page_shows_the_code_to_be_copied() {
    let world = World::new();
    let browser = world.caller();
    let page = browser
        .open(&authorize(&[("redirect_uri", OUT_OF_BAND)]))
        .await;
    let answer = browser.log_in(&page, "alice", PASSWORD).await;
    assert_eq!(answer.status, 200);
    let code = answer.between("<output class=\"code\">", "</output>");
    world.clock.pass(290);
    let wrong = world.caller().redeem(&code, &[]).await;
    assert_eq!(
        wrong.status, 400,
        "the loopback address is not where it was asked for"
    );
    let page = browser
        .open(&authorize(&[("redirect_uri", OUT_OF_BAND)]))
        .await;
    let answer = browser.log_in(&page, "alice", PASSWORD).await;
    let code = answer.between("<output class=\"code\">", "</output>");
    let tokens = world
        .caller()
        .redeem(&code, &[("redirect_uri", OUT_OF_BAND)])
        .await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
}

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_the_clients() {
    let world = World::new();
    for (redirect, reason) in [
        ("https://evil.example/", "expected http://localhost"),
        (
            "http://localhost.evil.example/",
            "expected http://localhost",
        ),
        ("http://localhost@evil.example/", "userinfo"),
        ("http://localhost:1\\@evil.example/", "backslash"),
        ("http://127.1:80/", "normal form"),
        ("https://localhost/", "expected http://localhost"),
        (
            "javascript:alert(1)//localhost",
            "expected http://localhost",
        ),
        ("//evil.example", "not a URL"),
        ("https://ci.example/callback", "expected http://localhost"),
    ] {
        for step in ["/oidc/auth?", "/oidc/auth/local?"] {
            let url = authorize(&[("redirect_uri", redirect)]).replace("/oidc/auth?", step);
            let page = world.caller().get(&url).await;
            assert_eq!(
                (page.status, page.location().as_str()),
                (400, ""),
                "{redirect}"
            );
            assert!(page.complaint().contains(reason), "{}", page.complaint());
        }
    }
    for (other, reason) in [
        (("redirect_uri", ""), "nowhere to go back to"),
        (("client_id", ""), "names no client"),
        (("client_id", "other"), "\"other\" is not known"),
        (
            ("client_id", "web"),
            "none of those that the client registered",
        ),
    ] {
        let page = world.caller().get(&authorize(&[other])).await;
        assert_eq!((page.status, page.location().as_str()), (400, ""));
        assert!(page.complaint().contains(reason), "{}", page.complaint());
    }
    assert_eq!(world.caller().open(&authorize(&[])).await.status, 200);
    let own = [
        ("client_id", "web"),
        ("redirect_uri", "https://ci.example/callback"),
    ];
    assert_eq!(world.caller().open(&authorize(&own)).await.status, 200);
}

#[tokio::test]
async fn other_faults_are_told_to_the_client() {
    let world = World::new();
    let long = "x".repeat(2049);
    for (other, error) in [
        (
            &[("response_type", "token")][..],
            "unsupported_response_type",
        ),
        (&[("response_type", "")], "unsupported_response_type"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("scope", "email")], "invalid_scope"),
        (&[("scope", "")], "invalid_scope"),
        (
            &[("code_challenge", ""), ("code_challenge_method", "")],
            "invalid_request",
        ),
        (&[("code_challenge", "short")], "invalid_request"),
        (&[("code_challenge_method", "S512")], "invalid_request"),
        (&[("request", "ey")], "request_not_supported"),
        (&[("request_uri", "https://x")], "request_not_supported"),
        (&[("prompt", "none")], "login_required"),
        (&[("nonce", long.as_str())], "invalid_request"),
        (
            &[("connector_id", "https://github.com/login/oauth")],
            "invalid_request",
        ),
    ] {
        let answer = world.caller().get(&authorize(other)).await;
        assert_eq!(answer.status, 303, "{other:?}");
        assert!(answer.location().starts_with(CALLBACK));
        assert_eq!(
            answer.parameter("error").as_deref(),
            Some(error),
            "{other:?}"
        );
        assert_eq!(answer.parameter("state").as_deref(), Some("a state & more"));
        assert_eq!(answer.parameter("code"), None);
    }
    let shown = world
        .caller()
        .get(&authorize(&[("redirect_uri", OUT_OF_BAND), ("scope", "x")]))
        .await;
    assert_eq!(shown.status, 400);
    assert_eq!(shown.complaint(), "Missing required scope: openid.");
}

#[tokio::test]
async fn a_client_with_a_secret_needs_no_challenge_and_then_takes_no_verifier() {
    let world = World::new();
    let own = [
        ("client_id", "web"),
        ("redirect_uri", "https://ci.example/callback"),
        ("code_challenge", ""),
        ("code_challenge_method", ""),
    ];
    let redeem = [
        ("client_id", "web"),
        ("client_secret", "s3cret"),
        ("redirect_uri", "https://ci.example/callback"),
    ];
    let caller = world.caller();
    let refused = caller.redeem(&world.code(&own).await, &redeem).await;
    let description = "No PKCE flow started. Cannot check code_verifier.";
    refused.assert_refused(BAD, "invalid_grant", description);
    let without = [&redeem[..], &[("code_verifier", "")]].concat();
    let tokens = caller.redeem(&world.code(&own).await, &without).await;
    assert_eq!(claims(&tokens.json()["id_token"])["aud"], "web");
}

#[tokio::test]
async fn plain_challenges_are_taken_as_dex_takes_them() {
    let world = World::new();
    let plain = [
        ("code_challenge", VERIFIER),
        ("code_challenge_method", "plain"),
    ];
    let code = world.code(&plain).await;
    assert_eq!(world.caller().redeem(&code, &[]).await.status, 200);
    let code = world.code(&plain).await;
    let hashed = crate::world::challenge();
    let refused = world
        .caller()
        .redeem(&code, &[("code_verifier", &hashed)])
        .await;
    refused.assert_refused(BAD, "invalid_grant", "Invalid code_verifier.");
}

#[tokio::test]
async fn a_cancelled_login_is_told_to_the_client() {
    let world = World::new();
    let browser = world.caller();
    let page = browser.open(&authorize(&[])).await;
    let answer = browser.submit(&page, &[("cancel", "1")]).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("access_denied"));
    assert_eq!(answer.parameter("state").as_deref(), Some("a state & more"));
}

#[tokio::test]
async fn userinfo_and_introspection_know_the_access_token_while_it_lives() {
    let world = World::new();
    let tokens = world.tokens(&[]).await;
    let token = tokens["access_token"].as_str().unwrap();
    let caller = world.caller();
    let mut request = caller.request("GET", "/oidc/userinfo", axum::body::Body::empty());
    let bearer = format!("Bearer {token}");
    request
        .headers_mut()
        .insert("authorization", bearer.parse().unwrap());
    let info = caller.send(request).await.json();
    let id = claims(&tokens["id_token"]);
    for claim in ["sub", "email", "email_verified", "federated_claims"] {
        assert_eq!(info[claim], id[claim]);
    }
    let none = caller.get("/oidc/userinfo").await;
    assert_eq!(
        (none.status, none.header("www-authenticate")),
        (401, "Bearer")
    );

    let introspect = async |client: &[(&str, &str)], token: &str| {
        let form = [client, &[("token", token)]].concat();
        caller.post("/oidc/token/introspect", &form).await.json()
    };
    let (own, web) = (
        [("client_id", "sigstore")],
        [("client_id", "web"), ("client_secret", "s3cret")],
    );
    for client in [&own[..], &web] {
        let active = introspect(client, token).await;
        assert_eq!(
            (&active["active"], &active["sub"]),
            (&json!(true), &id["sub"])
        );
        assert_eq!((&active["exp"], &active["iss"]), (&id["exp"], &json!(URL)));
    }
    assert_eq!(introspect(&own, "ey").await, json!({"active": false}));
    assert_eq!(
        introspect(&[("client_id", "x")], token).await["error"],
        "invalid_client"
    );
    world.clock.pass(60);
    assert_eq!(introspect(&own, token).await, json!({"active": false}));
}

#[tokio::test]
async fn tokens_live_as_long_as_the_issuer_says() {
    let hour = std::time::Duration::from_secs(3600);
    let world = World::with(|issuer| issuer.with_token_lifetime(hour).unwrap());
    let tokens = world.tokens(&[]).await;
    assert_eq!(tokens["expires_in"], 3600);
    for token in ["access_token", "id_token"] {
        assert_eq!(claims(&tokens[token])["exp"], NOW + 3600);
    }
}

#[tokio::test]
async fn a_machine_with_a_secret_gets_tokens_about_itself() {
    let robot = OAuthClient::confidential("robot", "s3cret", Vec::new());
    let robot = robot.with_machine_email("robot@example.com").unwrap();
    let world = World::with(|issuer| issuer.with_client(robot));
    let ask = async |other: &[(&str, &str)]| {
        let usual = [
            ("grant_type", "client_credentials"),
            ("client_id", "robot"),
            ("client_secret", "s3cret"),
            ("scope", "openid email offline_access"),
        ];
        world.caller().token(&replaced(&usual, other)).await
    };
    let tokens = ask(&[]).await.json();
    assert!(tokens.get("refresh_token").is_none());
    let id = claims(&tokens["id_token"]);
    assert_eq!(
        (&id["aud"], &id["email"]),
        (&json!("robot"), &json!("robot@example.com"))
    );
    let federated = json!({"connector_id": "client", "user_id": "robot"});
    assert_eq!(id["federated_claims"], federated);
    let none = "This client has no identity of its own to ask tokens for.";
    for client in ["web", "sigstore"] {
        let secret = if client == "web" { "s3cret" } else { "" };
        let refused = ask(&[("client_id", client), ("client_secret", secret)]).await;
        refused.assert_refused(BAD, "unauthorized_client", none);
    }
    let guess = ask(&[("client_secret", "guess")]).await;
    guess.assert_refused(
        StatusCode::UNAUTHORIZED,
        "invalid_client",
        "Invalid client credentials.",
    );
    let scope = ask(&[("scope", "email")]).await;
    scope.assert_refused(BAD, "invalid_scope", "Missing required scope: openid.");
    // An identity gives a public client nothing: anybody can be it.
    let public = OAuthClient::public("sigstore")
        .with_machine_email("a@example.com")
        .unwrap();
    let world = World::with(|issuer| issuer.with_client(public));
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "sigstore"),
    ];
    let refused = world.caller().token(&form).await;
    refused.assert_refused(BAD, "unauthorized_client", none);
}

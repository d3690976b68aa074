//! Pages: what they show, what they keep out, and what their headers forbid.

use axum::body::Body;

use crate::world::{
    Answer, CALLBACK, OUT_OF_BAND, PASSWORD, TestClock, World, authorize, challenge, issuer, query,
};

/// Markup that would show if anything were not escaped.
const INJECTION: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}";

#[track_caller]
fn assert_page(answer: &Answer) {
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-frame-options"), "DENY");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("referrer-policy"), "same-origin");
    let policy = answer.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(
        policy.ends_with("frame-ancestors 'none'; base-uri 'none'"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    for forbidden in [
        "<script",
        "<img",
        "http-equiv",
        " style=",
        "<link",
        "@import",
        "url(",
    ] {
        assert!(
            !answer.body.contains(forbidden),
            "{forbidden} in {}",
            answer.body
        );
    }
}

#[tokio::test]
async fn the_page_for_name_and_password() {
    let world = World::new();
    let page = world.caller().open(&authorize(&[])).await;
    assert_page(&page);
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("form-action 'self' http://localhost:39211;"),
        "{policy}"
    );
    let cookie = page.header("set-cookie");
    assert!(cookie.starts_with("waxwing-login="), "{cookie}");
    assert!(
        cookie.ends_with("; Path=/oidc; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    // The cookie's value is not in the page.
    let secret = cookie.split(['=', ';']).nth(1).unwrap();
    assert!(!page.body.contains(secret));
    let body = page.body.replace(&page.csrf(), "CSRF");
    let (_, body) = body.split_once("</style>").unwrap();
    insta::assert_snapshot!(body);
}

#[tokio::test]
async fn over_tls_the_cookie_is_for_this_host_alone() {
    let clock = TestClock::default();
    let users = std::sync::Arc::new(waxwing_issuer::MemoryUsers::new());
    let issuer = issuer("https://issuer.example/oidc", &clock)
        .with_users(users)
        .unwrap();
    let caller = crate::world::Caller::of(issuer.mounted_router());
    let page = caller.open(&authorize(&[])).await;
    let cookie = page.header("set-cookie");
    assert!(cookie.starts_with("__Host-waxwing-login="), "{cookie}");
    assert!(
        cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"),
        "{cookie}"
    );
}

#[tokio::test]
async fn the_pages_of_the_other_flows() {
    let world = World::new();
    let browser = world.caller();
    let device = browser.get("/oidc/device").await;
    assert_page(&device);
    let body = device.body.replace(&device.csrf(), "CSRF");
    insta::assert_snapshot!("device", body.split_once("</style>").unwrap().1);

    let page = browser
        .open(&authorize(&[("redirect_uri", OUT_OF_BAND)]))
        .await;
    let shown = browser.log_in(&page, "alice", PASSWORD).await;
    assert_page(&shown);
    assert!(
        shown
            .header("content-security-policy")
            .contains("form-action 'none'")
    );
    let code = shown.between("<output class=\"code\">", "</output>");
    let body = shown.body.replace(&code, "CODE");
    insta::assert_snapshot!("copy_code", body.split_once("</style>").unwrap().1);
}

#[tokio::test]
async fn nothing_that_comes_in_becomes_markup() {
    let world = World::new();
    let caller = world.caller();
    let challenge = challenge();
    let usual = [
        ("response_type", "code"),
        ("client_id", "sigstore"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid"),
        ("state", "s"),
        ("nonce", "n"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
        ("connector_id", "local"),
        ("prompt", "login"),
        ("login_hint", "alice"),
    ];
    for (name, _) in usual {
        for step in [
            "/oidc/auth",
            "/oidc/auth/local",
            "/oidc/auth/%22%3E%3Cscript%3E",
        ] {
            for redirect in [CALLBACK, OUT_OF_BAND] {
                let other = [("redirect_uri", redirect), (name, INJECTION)];
                let url = format!("{step}?{}", query(&crate::world::replaced(&usual, &other)));
                let answer = caller.open(&url).await;
                match answer.status {
                    303 => assert!(answer.location().starts_with(CALLBACK)),
                    _ => assert_page(&answer),
                }
            }
        }
    }
    let page = caller.open(&authorize(&[("state", INJECTION)])).await;
    assert_page(&page);
    let again = caller.log_in(&page, INJECTION, "wrong horse").await;
    assert_eq!(again.status, 401);
    assert_page(&again);
    assert_eq!(
        again.between("name=\"login\" value=\"", "\" required"),
        INJECTION
    );
    let answer = caller.log_in(&again, "alice", PASSWORD).await;
    assert_eq!(answer.parameter("state").as_deref(), Some(INJECTION));

    for url in [
        format!("/oidc/device?{}", query(&[("user_code", INJECTION)])),
        format!(
            "/oidc/callback?{}",
            query(&[("state", INJECTION), ("error", INJECTION)])
        ),
    ] {
        assert_page(&caller.get(&url).await);
    }
    let device = caller.get("/oidc/device").await;
    let again = caller.submit(&device, &[("user_code", INJECTION)]).await;
    assert_page(&again);
    assert_eq!(again.status, 400);
}

#[tokio::test]
async fn a_form_from_elsewhere_is_refused() {
    let world = World::new();
    let browser = world.caller();
    let page = browser.open(&authorize(&[])).await;
    let (action, csrf) = (page.action(), page.csrf());
    let fields = [("login", "alice"), ("password", PASSWORD)];
    let with = |csrf| [&fields[..], &[("csrf", csrf)]].concat();
    let other = world.caller().open(&authorize(&[])).await.csrf();
    let tampered = format!("x{}", &csrf[1..]);
    for wrong in ["", "x", &other, &tampered] {
        let refused = browser.post(&action, &with(wrong)).await;
        assert_eq!(refused.status, 403, "{wrong}");
        assert!(
            refused
                .complaint()
                .contains("not one that this issuer gave to this browser")
        );
        assert_page(&refused);
    }
    for site in ["cross-site", "same-site", "x"] {
        let mut request = browser.request("POST", &action, Body::from(query(&with(&csrf))));
        let headers = request.headers_mut();
        headers.insert(
            "content-type",
            "application/x-www-form-urlencoded".parse().unwrap(),
        );
        headers.insert("sec-fetch-site", site.parse().unwrap());
        assert_eq!(browser.send(request).await.status, 403, "{site}");
    }
    let without = browser.clone();
    assert_eq!(browser.post(&action, &with(&csrf)).await.status, 303);
    without.forget_cookies();
    assert_eq!(without.post(&action, &with(&csrf)).await.status, 403);
    let device = browser.get("/oidc/device").await;
    let form = [("user_code", "BBBB-BBBB"), ("csrf", other.as_str())];
    assert_eq!(browser.post(&device.action(), &form).await.status, 403);
}

#[tokio::test]
async fn bodies_are_forms_of_bounded_length() {
    let world = World::new();
    let browser = world.caller();
    let page = browser.open(&authorize(&[])).await;
    let send = async |path: &str, kind: &str, body: String| {
        let mut request = browser.request("POST", path, Body::from(body));
        request
            .headers_mut()
            .insert("content-type", kind.parse().unwrap());
        browser.send(request).await
    };
    let form = "application/x-www-form-urlencoded";
    let long = format!("password={}", "x".repeat(64 * 1024));
    let many = "a=1&".repeat(2);
    for path in [
        &page.action(),
        "/oidc/device/auth/verify_code",
        "/oidc/auth",
    ] {
        assert_eq!(send(path, form, long.clone()).await.status, 413);
        for kind in [
            "text/plain",
            "application/json",
            "multipart/form-data; boundary=x",
        ] {
            let refused = send(path, kind, "a=1".to_owned()).await;
            assert_eq!(refused.status, 415);
            assert_page(&refused);
        }
        assert_eq!(send(path, form, many.clone()).await.status, 400);
        assert_eq!(send(path, form, "a=%FF".to_owned()).await.status, 400);
    }
    for path in ["/oidc/token", "/oidc/device/code", "/oidc/token/introspect"] {
        for body in [&long, &many, "a=%zz"] {
            let refused = send(path, form, body.to_owned()).await;
            assert_eq!(refused.json()["error"], "invalid_request");
        }
        let refused = send(path, "application/json", "{}".to_owned()).await;
        assert_eq!(refused.json()["error"], "invalid_request");
    }
    let query = format!(
        "/oidc/auth?state={}&{}",
        "x".repeat(60_000),
        "a=1&".repeat(2)
    );
    assert_eq!(browser.get(&query).await.status, 400);
}

#[tokio::test]
async fn without_anybody_to_log_in_the_page_says_so() {
    let clock = TestClock::default();
    let issuer = issuer(crate::world::URL, &clock);
    let caller = crate::world::Caller::of(issuer.mounted_router());
    let shown = caller
        .get(&authorize(&[("redirect_uri", OUT_OF_BAND)]))
        .await;
    assert_eq!(shown.complaint(), "Nobody can log in here yet.");
    let told = caller.get(&authorize(&[])).await;
    assert_eq!(told.parameter("error").as_deref(), Some("server_error"));
}

//! Logging in by another issuer: once by a whole one, and many times by one that answers what it should not.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::{get, post};
use http::StatusCode;
use serde_json::{Value, json};
use url::Url;
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::base64;
use waxwing_issuer::{Issuer, MemoryUsers, OAuthClient, OidcConnector, RedirectUri};
use waxwing_net::{Client, Routes};

use crate::world::{
    Answer, CALLBACK, Caller, NOW, PASSWORD, TestClock, URL, World, authorize, claims, replaced,
    user,
};

const UPSTREAM: &str = "http://accounts.localhost";
const CONNECTOR: &str = "https://accounts.example/login";

fn connector(router: Router) -> OidcConnector {
    let client = Client::in_process(Routes::new().with(UPSTREAM, router).unwrap());
    let connector = OidcConnector::new(CONNECTOR, "Accounts", UPSTREAM, "waxwing", client);
    connector.with_client_secret("up:stream &")
}

/// A whole issuer, at which this one is a client.
fn whole(clock: &TestClock) -> Router {
    let users = Arc::new(MemoryUsers::new());
    users.add(user("carol")).unwrap();
    let redirect = RedirectUri::registered(&format!("{URL}/callback")).unwrap();
    let client = OAuthClient::confidential("waxwing", "up:stream &", vec![redirect]);
    let issuer = crate::world::issuer(UPSTREAM, clock);
    issuer
        .with_client(client)
        .with_users(users)
        .unwrap()
        .mounted_router()
}

/// Goes from our issuer to the other one, logs in there, and gives the address to come back to.
async fn there_and_back(upstream: &Caller, away: &Answer) -> String {
    assert_eq!(away.status, 303, "{}", away.body);
    let there = away.location().strip_prefix(UPSTREAM).unwrap().to_owned();
    let chosen = upstream.get(&there).await;
    let page = upstream.get(&chosen.location()).await;
    let back = upstream.log_in(&page, "carol", PASSWORD).await;
    back.location()
}

#[tokio::test]
async fn somebody_logs_in_by_a_whole_other_issuer() {
    let clock = TestClock::default();
    let upstream = whole(&clock);
    let world = World::with(|issuer| issuer.with_connector(connector(upstream.clone())).unwrap());
    let (browser, there) = (world.caller(), Caller::of(upstream));

    let choice = browser.open(&authorize(&[])).await;
    assert!(
        choice.body.contains("With name and password") && choice.body.contains("With Accounts")
    );
    let chosen = authorize(&[("connector_id", CONNECTOR)]);
    let away = browser.open(&chosen).await;
    let back = there_and_back(&there, &away).await;
    assert!(back.starts_with(&format!("{URL}/callback?code=")), "{back}");
    let answer = browser.get(&back).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert!(answer.location().starts_with(CALLBACK));
    assert_eq!(answer.parameter("state").as_deref(), Some("a state & more"));
    let code = answer.parameter("code").unwrap();
    let tokens = world.caller().redeem(&code, &[]).await.json();
    let id = claims(&tokens["id_token"]);
    assert_eq!(
        (&id["iss"], &id["email"]),
        (&json!(URL), &json!("carol@example.com"))
    );
    assert_eq!(id["federated_claims"]["connector_id"], CONNECTOR);
    let subject = base64::decode_proto_json(id["sub"].as_str().unwrap()).unwrap();
    assert!(subject.ends_with(b"https:%2F%2Faccounts.example%2Flogin"));

    // The way back is open once.
    let again = browser.get(&back).await;
    assert_eq!(again.status, 400);
    assert!(
        again.complaint().contains("finished already"),
        "{}",
        again.complaint()
    );
}

#[tokio::test]
async fn the_way_back_is_for_the_browser_that_went_and_for_ten_minutes() {
    let clock = TestClock::default();
    let upstream = whole(&clock);
    let world = World::with(|issuer| issuer.with_connector(connector(upstream.clone())).unwrap());
    let there = Caller::of(upstream);
    let url = authorize(&[("connector_id", CONNECTOR)]);
    let refused = "not begun in this browser";

    let attacker = world.caller();
    let back = there_and_back(&there, &attacker.open(&url).await).await;
    let victim = world.caller();
    for browser in [&victim, &world.caller()] {
        browser.open(&authorize(&[("connector_id", "local")])).await;
        assert!(browser.get(&back).await.complaint().contains(refused));
    }
    // Who tried from another browser has used it up.
    assert!(attacker.get(&back).await.complaint().contains(refused));

    let late = there_and_back(&there, &victim.open(&url).await).await;
    world.clock.pass(600);
    clock.pass(600);
    assert!(victim.get(&late).await.complaint().contains(refused));
    let tampered = there_and_back(&there, &victim.open(&url).await).await;
    let mut parts = Url::parse(&tampered).unwrap();
    parts
        .query_pairs_mut()
        .clear()
        .extend_pairs([("state", "x"), ("code", "y")]);
    assert!(
        victim
            .get(parts.as_str())
            .await
            .complaint()
            .contains(refused)
    );
    assert_eq!(victim.get(&tampered).await.status, 303);
}

#[tokio::test]
async fn a_device_is_never_let_in_without_a_page_in_between() {
    let clock = TestClock::default();
    let upstream = whole(&clock);
    // The other issuer is the only way to log in.
    let issuer = crate::world::issuer(URL, &clock);
    let issuer = issuer.with_connector(connector(upstream.clone())).unwrap();
    let (browser, there) = (Caller::of(issuer.mounted_router()), Caller::of(upstream));
    let form = [("client_id", "sigstore"), ("scope", "openid email")];
    let device = browser.post("/oidc/device/code", &form).await.json();
    let code = device["user_code"].as_str().unwrap();
    let page = browser.get("/oidc/device").await;
    let typed = browser.submit(&page, &[("user_code", code)]).await;
    let page = browser.open(&typed.location()).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains(&format!("<strong>{code}</strong>")));
    let link = page.between("<a class=\"choice\" href=\"", "\"");
    let back = there_and_back(&there, &browser.get(&link).await).await;
    let done = browser.get(&back).await;
    assert!(
        done.body.contains("Go back to your terminal"),
        "{}",
        done.body
    );
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let device_code = device["device_code"].as_str().unwrap();
    let form = [
        ("grant_type", grant),
        ("device_code", device_code),
        ("client_id", "sigstore"),
    ];
    let tokens = browser.token(&form).await.json();
    assert_eq!(claims(&tokens["id_token"])["email"], "carol@example.com");
}

/// An issuer that answers what it is told to.
struct Puppet {
    key: PrivateKey,
    kid: String,
    answer: Arc<Mutex<Value>>,
    router: Router,
}

impl Puppet {
    async fn new() -> Self {
        let key = PrivateKey::generate(KeyType::Rsa(2048)).unwrap();
        let same = PrivateKey::from_pem(&key.to_pem().unwrap()).unwrap();
        let documents = Issuer::new(UPSTREAM, same, Arc::new(TestClock::default())).unwrap();
        let documents = documents.mounted_router();
        let keys = Caller::of(documents.clone()).get("/keys").await.json();
        let configuration = Caller::of(documents)
            .get("/.well-known/openid-configuration")
            .await
            .json();
        let answer = Arc::new(Mutex::new(json!({})));
        let told = Arc::clone(&answer);
        let kid = keys["keys"][0]["kid"].as_str().unwrap().to_owned();
        let json = |value: Value| get(async move || axum::Json(value));
        let router = Router::new()
            .route("/.well-known/openid-configuration", json(configuration))
            .route("/keys", json(keys))
            .route(
                "/token",
                post(async move || axum::Json(told.lock().unwrap().clone())),
            );
        Self {
            key,
            kid,
            answer,
            router,
        }
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        let encoded = |part: &Value| base64::encode_url(part.to_string().as_bytes());
        let signed = format!("{}.{}", encoded(header), encoded(claims));
        let signature = self.key.sign(signed.as_bytes()).unwrap();
        format!("{signed}.{}", base64::encode_url(&signature))
    }

    fn good(&self, claims: &Value) -> String {
        self.token(&json!({"alg": "RS256", "kid": self.kid}), claims)
    }
}

/// Good claims, with some replaced; null takes one away.
fn with(nonce: &str, other: &Value) -> Value {
    let mut claims = json!({
        "iss": UPSTREAM, "sub": "10769", "aud": "waxwing", "exp": NOW + 300, "iat": NOW,
        "nonce": nonce, "email": "dave@example.com", "email_verified": true,
    });
    for (name, value) in other.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

#[tokio::test]
async fn another_issuers_token_is_checked_claim_by_claim() {
    let puppet = Puppet::new().await;
    let world = World::with(|issuer| {
        issuer
            .with_connector(connector(puppet.router.clone()))
            .unwrap()
    });
    let log_in = async |token: &dyn Fn(&str) -> Value| {
        let browser = world.caller();
        let away = browser
            .open(&authorize(&[("connector_id", CONNECTOR)]))
            .await;
        let [nonce, state] = ["nonce", "state"].map(|name| away.parameter(name).unwrap());
        assert_eq!(
            away.parameter("code_challenge_method").as_deref(),
            Some("S256")
        );
        *puppet.answer.lock().unwrap() = token(&nonce);
        browser
            .get(&format!("/oidc/callback?code=x&state={state}"))
            .await
    };
    let by_claims = async |other: Value| {
        log_in(&|nonce| json!({"id_token": puppet.good(&with(nonce, &other))})).await
    };
    for good in [
        json!({}),
        json!({"aud": ["waxwing"]}),
        json!({"aud": ["waxwing", "x"], "azp": "waxwing"}),
        json!({"exp": NOW as f64 + 1.5}),
        json!({"iat": NOW + 60}),
        json!({"nbf": NOW + 60}),
        json!({"email_verified": "true"}),
        json!({"email": null, "email_verified": null}),
        json!({"name": "Dave"}),
        json!({"sub": "x".repeat(150)}),
    ] {
        let answer = by_claims(good.clone()).await;
        assert_eq!(answer.status, 303, "{good}: {}", answer.body);
    }
    for (other, claim) in [
        (json!({"iss": "http://evil.localhost"}), "iss"),
        (json!({"iss": format!("{UPSTREAM}/")}), "iss"),
        (json!({"aud": "other"}), "aud"),
        (json!({"aud": []}), "aud"),
        (json!({"aud": null}), "aud"),
        (json!({"aud": ["waxwing", "x"]}), "azp"),
        (json!({"azp": "other"}), "azp"),
        (json!({"exp": NOW}), "exp"),
        (json!({"exp": null}), "exp"),
        (json!({"exp": "soon"}), "exp"),
        (json!({"iat": NOW + 61}), "iat"),
        (json!({"iat": null}), "iat"),
        (json!({"nbf": NOW + 61}), "nbf"),
        (json!({"nonce": "other"}), "nonce"),
        (json!({"nonce": null}), "nonce"),
        (json!({"sub": ""}), "sub"),
        (json!({"sub": 7}), "sub"),
        (json!({"sub": "x".repeat(154)}), "sub"),
        (json!({"sub": "x".repeat(256)}), "sub"),
        (json!({"sub": "a\nb"}), "sub"),
        (json!({"email_verified": false}), "email_verified"),
        (json!({"email_verified": null}), "email_verified"),
        (json!({"email_verified": "1"}), "email_verified"),
        (json!({"email": "dave"}), "email"),
        (json!({"email": 7}), "email"),
    ] {
        let answer = by_claims(other.clone()).await;
        assert_eq!(answer.status, 502, "{other}");
        let expected = format!("the claim {claim}:");
        assert!(
            answer.complaint().contains(&expected),
            "{other}: {}",
            answer.complaint()
        );
    }
}

#[tokio::test]
async fn what_no_key_of_the_issuer_signed_is_refused() {
    let (puppet, other) = (Puppet::new().await, Puppet::new().await);
    let world = World::with(|issuer| {
        issuer
            .with_connector(connector(puppet.router.clone()))
            .unwrap()
    });
    let claims = with("", &json!({}));
    let kid = puppet.kid.as_str();
    let good = puppet.good(&claims);
    let unsigned = format!(
        "{}.",
        puppet
            .token(&json!({"alg": "none"}), &claims)
            .rsplit_once('.')
            .unwrap()
            .0
    );
    let exchange = async |token: &str, fields: &[(&str, &str)]| {
        let id_token = "urn:ietf:params:oauth:token-type:id_token";
        let usual = [
            (
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange",
            ),
            ("connector_id", CONNECTOR),
            ("subject_token", token),
            ("subject_token_type", id_token),
            ("requested_token_type", id_token),
            ("scope", "openid email"),
            ("client_id", "sigstore"),
        ];
        world.caller().token(&replaced(&usual, fields)).await
    };
    for (token, reason) in [
        (
            other.token(&json!({"alg": "RS256", "kid": kid}), &claims),
            "no key of the issuer verifies",
        ),
        (other.good(&claims), "no key of the issuer verifies"),
        (
            puppet.token(&json!({"alg": "RS256", "kid": "x"}), &claims),
            "no key of the issuer verifies",
        ),
        (
            puppet.token(&json!({"alg": "RS512", "kid": kid}), &claims),
            "it is signed with RS512",
        ),
        (
            puppet.token(&json!({"alg": "HS256", "kid": kid}), &claims),
            "it is signed with HS256",
        ),
        (unsigned, "not three parts"),
        ("..".to_owned(), "not three parts"),
        (".".repeat(10_000), "not three parts"),
        (format!("{good}.x"), "not three parts"),
        (format!("{}{good}", "A".repeat(33_000)), "not three parts"),
    ] {
        let answer = exchange(&token, &[]).await;
        let json = answer.json();
        assert_eq!(
            (answer.status, &json["error"]),
            (400, &json!("invalid_request")),
            "{json}"
        );
        let description = json["error_description"].as_str().unwrap();
        assert!(description.contains(reason), "{description}");
    }
    let answer = exchange(&good, &[]).await.json();
    assert_eq!(
        answer["issued_token_type"],
        "urn:ietf:params:oauth:token-type:id_token"
    );
    assert_eq!(
        self::claims(&answer["access_token"])["email"],
        "dave@example.com"
    );
    let without_kid = puppet.token(&json!({"alg": "RS256"}), &claims);
    assert_eq!(
        exchange(&without_kid, &[("requested_token_type", "")])
            .await
            .status,
        200
    );

    let bad = StatusCode::BAD_REQUEST;
    let access_token = "urn:ietf:params:oauth:token-type:access_token";
    for (other, error, description) in [
        (
            ("subject_token_type", access_token),
            "invalid_request",
            format!("Unsupported subject_token_type: {access_token:?}."),
        ),
        (
            ("requested_token_type", "x"),
            "invalid_request",
            "Unsupported requested_token_type: \"x\".".to_owned(),
        ),
        (
            ("connector_id", "local"),
            "invalid_request",
            "There is no connector \"local\" that takes tokens in exchange.".to_owned(),
        ),
        (
            ("connector_id", ""),
            "invalid_request",
            "The parameter connector_id is missing.".to_owned(),
        ),
        (
            ("scope", "email"),
            "invalid_scope",
            "Missing required scope: openid.".to_owned(),
        ),
    ] {
        exchange(&good, &[other])
            .await
            .assert_refused(bad, error, &description);
    }
    world.clock.pass(300);
    let late = exchange(&good, &[]).await.json();
    assert!(
        late["error_description"]
            .as_str()
            .unwrap()
            .contains("expired")
    );
}

#[tokio::test]
async fn what_the_other_issuer_refuses_is_told_to_the_client() {
    let puppet = Puppet::new().await;
    let world = World::with(|issuer| {
        issuer
            .with_connector(connector(puppet.router.clone()))
            .unwrap()
    });
    let back = async |query: &str| {
        let browser = world.caller();
        let away = browser
            .open(&authorize(&[("connector_id", CONNECTOR)]))
            .await;
        let (nonce, state) = (
            away.parameter("nonce").unwrap(),
            away.parameter("state").unwrap(),
        );
        let token = puppet.good(&with(&nonce, &json!({})));
        *puppet.answer.lock().unwrap() = json!({"id_token": token});
        browser
            .get(&format!("/oidc/callback?state={state}{query}"))
            .await
    };
    for query in [
        "&error=access_denied",
        "&error=%3Cscript%3E",
        "",
        "&code=x&iss=http%3A%2F%2Fevil.localhost",
    ] {
        let answer = back(query).await;
        assert_eq!(
            answer.parameter("error").as_deref(),
            Some("access_denied"),
            "{query}"
        );
        assert_eq!(answer.parameter("state").as_deref(), Some("a state & more"));
        assert_eq!(answer.parameter("code"), None);
    }
    assert!(
        back("&code=x&iss=http%3A%2F%2Faccounts.localhost")
            .await
            .parameter("code")
            .is_some()
    );
}

#[tokio::test]
async fn an_issuer_that_is_not_who_it_should_be_is_not_gone_to() {
    let documents = |configuration: Value| {
        let json = |value: Value| get(async move || axum::Json(value));
        Router::new()
            .route("/.well-known/openid-configuration", json(configuration))
            .route("/keys", json(json!({"keys": []})))
    };
    let good = json!({
        "issuer": UPSTREAM,
        "authorization_endpoint": format!("{UPSTREAM}/auth"),
        "token_endpoint": format!("{UPSTREAM}/token"),
        "jwks_uri": format!("{UPSTREAM}/keys"),
    });
    for (name, value, reason) in [
        ("issuer", "http://evil.localhost", "names the issuer"),
        (
            "authorization_endpoint",
            "javascript:alert(1)",
            "authorization_endpoint",
        ),
        ("token_endpoint", "file:///etc/passwd", "token_endpoint"),
        ("jwks_uri", "x", "jwks_uri"),
    ] {
        let mut configuration = good.clone();
        configuration[name] = json!(value);
        let router = documents(configuration);
        let world = World::with(|issuer| issuer.with_connector(connector(router)).unwrap());
        let page = world
            .caller()
            .open(&authorize(&[("connector_id", CONNECTOR)]))
            .await;
        assert_eq!(page.status, 502);
        assert!(page.complaint().contains(reason), "{}", page.complaint());
    }
    let router = documents(good);
    let world = World::with(|issuer| issuer.with_connector(connector(router)).unwrap());
    let away = world
        .caller()
        .open(&authorize(&[("connector_id", CONNECTOR)]))
        .await;
    assert_eq!(away.status, 303);
}

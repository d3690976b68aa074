//! An issuer with two users, a clock that is set by hand, and a browser that keeps cookies.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;
use url::Url;
use waxwing_crypto::{KeyType, PrivateKey, SystemRandom, sha256};
use waxwing_encoding::base64;
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_issuer::{Cost, Issuer, MemoryUsers, OAuthClient, PasswordHash, RedirectUri, User};

pub(crate) const URL: &str = "http://issuer.localhost/oidc";
pub(crate) const NOW: i64 = 1_764_000_000;
pub(crate) const PASSWORD: &str = "correct horse";
pub(crate) const CALLBACK: &str = "http://localhost:39211/auth/callback";
pub(crate) const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// Enough to be a hash, and nothing more.
pub(crate) const CHEAP: Cost = Cost {
    memory: 1024,
    passes: 1,
    lanes: 1,
};

#[derive(Debug, Clone, Default)]
pub(crate) struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub(crate) fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_seconds(NOW + self.0.load(Ordering::Relaxed)).unwrap()
    }
}

pub(crate) struct World {
    pub(crate) clock: TestClock,
    pub(crate) users: Arc<MemoryUsers>,
    pub(crate) router: Router,
}

/// A browser, or a program: whoever sends requests from one place.
#[derive(Clone)]
pub(crate) struct Caller {
    router: Router,
    address: Option<SocketAddr>,
    cookies: Arc<Mutex<Vec<(String, String)>>>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

pub(crate) fn issuer(url: &str, clock: &TestClock) -> Issuer {
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    Issuer::new(url, key, Arc::new(clock.clone())).unwrap()
}

pub(crate) fn user(name: &str) -> User {
    let password = PasswordHash::with_cost(PASSWORD, CHEAP, &SystemRandom).unwrap();
    let email = format!("{name}@example.com");
    User::new(name, &email, Some("Some Body"), password, &SystemRandom).unwrap()
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|issuer| issuer)
    }

    pub(crate) fn with(more: impl FnOnce(Issuer) -> Issuer) -> Self {
        let clock = TestClock::default();
        let users = Arc::new(MemoryUsers::new());
        users.add(user("alice")).unwrap();
        users.add(user("bob")).unwrap();
        let issuer = issuer(URL, &clock).with_users(users.clone()).unwrap();
        let redirect = RedirectUri::registered("https://ci.example/callback").unwrap();
        let web = OAuthClient::confidential("web", "s3cret", vec![redirect]);
        let router = more(issuer.with_client(web)).mounted_router();
        Self {
            clock,
            users,
            router,
        }
    }

    pub(crate) fn caller(&self) -> Caller {
        Caller::of(self.router.clone())
    }

    /// A code for `sigstore`, by the browser flow.
    pub(crate) async fn code(&self, more: &[(&str, &str)]) -> String {
        let browser = self.caller();
        let page = browser.open(&authorize(more)).await;
        let answer = browser.log_in(&page, "alice", PASSWORD).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        answer.parameter("code").unwrap()
    }

    pub(crate) async fn tokens(&self, more: &[(&str, &str)]) -> Value {
        let code = self.code(more).await;
        let answer = self.caller().redeem(&code, &[]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }
}

impl Caller {
    pub(crate) fn of(router: Router) -> Self {
        Self {
            router,
            address: None,
            cookies: Arc::default(),
        }
    }

    pub(crate) fn from(&self, address: &str) -> Self {
        let address = Some(address.parse().unwrap());
        Self {
            address,
            cookies: Arc::default(),
            ..self.clone()
        }
    }

    pub(crate) fn forget_cookies(&self) {
        self.cookies.lock().unwrap().clear();
    }

    pub(crate) async fn get(&self, url: &str) -> Answer {
        self.send(self.request("GET", url, Body::empty())).await
    }

    pub(crate) async fn post(&self, url: &str, form: &[(&str, &str)]) -> Answer {
        let mut request = self.request("POST", url, Body::from(query(form)));
        let kind = "application/x-www-form-urlencoded".parse().unwrap();
        request.headers_mut().insert("content-type", kind);
        self.send(request).await
    }

    pub(crate) fn request(&self, method: &str, url: &str, body: Body) -> Request<Body> {
        let target = url.strip_prefix("http://issuer.localhost").unwrap_or(url);
        let cookies = self.cookies.lock().unwrap();
        let cookies: Vec<String> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .body(body)
            .unwrap();
        if !cookies.is_empty() {
            let cookies = cookies.join("; ").parse().unwrap();
            request.headers_mut().insert("cookie", cookies);
        }
        if let Some(address) = self.address {
            request.extensions_mut().insert(ConnectInfo(address));
        }
        request
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        if let Some(cookie) = head.headers.get("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies
                .lock()
                .unwrap()
                .push((name.to_owned(), value.to_owned()));
        }
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    /// Follows redirects inside the issuer.
    pub(crate) async fn open(&self, url: &str) -> Answer {
        let mut answer = self.get(url).await;
        while answer.status == 303 && answer.location().starts_with("/oidc/") {
            answer = self.get(&answer.location()).await;
        }
        answer
    }

    /// Sends the form of a page.
    pub(crate) async fn submit(&self, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let csrf = page.csrf();
        let mut form = vec![("csrf", csrf.as_str())];
        form.extend(fields);
        self.post(&page.action(), &form).await
    }

    pub(crate) async fn log_in(&self, page: &Answer, name: &str, password: &str) -> Answer {
        self.submit(page, &[("login", name), ("password", password)])
            .await
    }

    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> Answer {
        self.post("/oidc/token", form).await
    }

    /// Redeems a code as `sigstore` does, but for what `other` says.
    pub(crate) async fn redeem(&self, code: &str, other: &[(&str, &str)]) -> Answer {
        let usual = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("client_id", "sigstore"),
        ];
        self.token(&replaced(&usual, other)).await
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> String {
        self.header("location").to_owned()
    }

    /// A parameter of the address that the browser is sent to.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let url = Url::parse(&self.location()).unwrap();
        let found = url.query_pairs().find(|(known, _)| known == name);
        found.map(|(_, value)| value.into_owned())
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!(
            self.header("content-type"),
            "application/json",
            "{}",
            self.body
        );
        serde_json::from_str(&self.body).unwrap()
    }

    /// Asserts that a program was refused, for this reason.
    #[track_caller]
    pub(crate) fn assert_refused(&self, status: StatusCode, error: &str, description: &str) {
        let json = self.json();
        assert_eq!(
            (self.status, &json["error"]),
            (status.as_u16(), &error.into()),
            "{json}"
        );
        assert_eq!(json["error_description"], description);
        assert_eq!(self.header("cache-control"), "no-store");
    }

    pub(crate) fn between(&self, before: &str, after: &str) -> String {
        let (_, rest) = self
            .body
            .split_once(before)
            .unwrap_or_else(|| panic!("{before} in {}", self.body));
        let found = rest.split_once(after).unwrap().0;
        let unescaped = [
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&#39;", "'"),
            ("&amp;", "&"),
        ];
        unescaped
            .iter()
            .fold(found.to_owned(), |text, (from, to)| text.replace(from, to))
    }

    pub(crate) fn csrf(&self) -> String {
        self.between("name=\"csrf\" value=\"", "\"")
    }

    pub(crate) fn action(&self) -> String {
        self.between("action=\"", "\"")
    }

    pub(crate) fn complaint(&self) -> String {
        self.between("role=\"alert\">", "</p>")
    }
}

pub(crate) fn query(parameters: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters).finish()
}

/// `usual` with some values replaced, added, or left out where the other value is empty.
pub(crate) fn replaced<'a>(
    usual: &[(&'a str, &'a str)],
    other: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let kept = usual
        .iter()
        .filter(|(name, _)| !other.iter().any(|(known, _)| known == name));
    let all = kept.chain(other).copied();
    all.filter(|(_, value)| !value.is_empty()).collect()
}

pub(crate) fn challenge() -> String {
    base64::encode_url(&sha256(VERIFIER.as_bytes()))
}

/// The address that `sigstore` opens, but for what `other` says.
pub(crate) fn authorize(other: &[(&str, &str)]) -> String {
    let challenge = challenge();
    let usual = [
        ("response_type", "code"),
        ("client_id", "sigstore"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid email"),
        ("state", "a state & more"),
        ("nonce", "a nonce"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
        ("access_type", "online"),
    ];
    format!("/oidc/auth?{}", query(&replaced(&usual, other)))
}

/// The claims of a token, unverified: `documents` verifies.
pub(crate) fn claims(token: &Value) -> Value {
    let part = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::decode_proto_json(part).unwrap()).unwrap()
}

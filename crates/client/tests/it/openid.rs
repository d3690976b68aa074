//! An OpenID provider in this process that says what a test wants, and somebody who logs in at it.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::RawForm;
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use http::StatusCode;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use waxwing_client::IdentityToken;
use waxwing_client::login::{BROWSER_PATIENCE, Login, LoginError, News, Person};
use waxwing_crypto::{HashAlgorithm, KeyType, PrivateKey, SystemRandom};
use waxwing_encoding::time::Clock as _;
use waxwing_encoding::{base64, pem};
use waxwing_net::form::Form;
use waxwing_net::{Client, Request, Retry, Routes, Settings, Url};
use zeroize::Zeroizing;

use crate::ambient::Noon;

pub(crate) const ISSUER: &str = "http://issuer.localhost";
pub(crate) const ACCESS_TOKEN: &str = "an access token";

static KEY: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::generate(KeyType::EcdsaP256).unwrap());

/// A form, by the names of its fields.
type Fields = BTreeMap<String, String>;

/// What the provider says.
#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) discovery: Value,
    /// Claims beside, or in the place of, the right ones; `null` leaves one out.
    pub(crate) claims: Value,
    /// By whom tokens are signed.
    pub(crate) key: Option<Arc<PrivateKey>>,
    /// What is answered in the place of the first tokens: a status and JSON.
    pub(crate) refusals: Vec<(u16, Value)>,
    /// What a device is answered.
    pub(crate) device: Value,
    /// All forms that came, by path.
    pub(crate) forms: Arc<Mutex<Vec<(String, Fields)>>>,
    /// The nonce of the login, which the browser has seen.
    pub(crate) nonce: Arc<Mutex<String>>,
}

impl Provider {
    pub(crate) fn new() -> Self {
        Self {
            discovery: json!({
                "issuer": ISSUER,
                "authorization_endpoint": format!("{ISSUER}/auth?tenant=a"),
                "token_endpoint": format!("{ISSUER}/token"),
                "device_authorization_endpoint": format!("{ISSUER}/device"),
                "jwks_uri": format!("{ISSUER}/keys"),
                "code_challenge_methods_supported": ["S256"],
                "id_token_signing_alg_values_supported": ["ES256"],
            }),
            claims: json!({}),
            key: None,
            refusals: Vec::new(),
            device: json!({
                "device_code": "a device code", "user_code": "AB-CD",
                "verification_uri": format!("{ISSUER}/d"), "interval": 5, "expires_in": 300,
            }),
            forms: Arc::default(),
            nonce: Arc::default(),
        }
    }

    /// One with another value in its discovery document.
    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        self.discovery[name] = value;
        self
    }

    pub(crate) fn router(&self) -> Router {
        let discovery = self.discovery.to_string();
        let point = KEY.public_key().spki_der();
        let point = &point[point.len() - 64..];
        let keys = json!({"keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "one",
            "x": base64::encode_url(&point[..32]), "y": base64::encode_url(&point[32..]),
        }]});
        let (tokens, device) = (self.clone(), self.clone());
        let refusals = Arc::new(Mutex::new(self.refusals.clone()));
        Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(async move || discovery),
            )
            .route("/keys", get(async move || keys.to_string()))
            .route(
                "/token",
                post(
                    async move |headers: http::HeaderMap, RawForm(body): RawForm| {
                        let mut form = tokens.take("/token", &body);
                        if let Some(basic) = headers.get("authorization") {
                            form.insert(
                                "Authorization".to_owned(),
                                basic.to_str().unwrap().to_owned(),
                            );
                            tokens.forms.lock().unwrap().last_mut().unwrap().1 = form;
                        }
                        let mut refusals = refusals.lock().unwrap();
                        if refusals.is_empty() {
                            return tokens.tokens().into_response();
                        }
                        let (status, json) = refusals.remove(0);
                        (StatusCode::from_u16(status).unwrap(), json.to_string()).into_response()
                    },
                ),
            )
            .route(
                "/device",
                post(async move |RawForm(body): RawForm| {
                    device.take("/device", &body);
                    device.device.to_string()
                }),
            )
    }

    fn take(&self, path: &str, body: &[u8]) -> Fields {
        // Read as strictly as an issuer of ours does.
        Form::parse(body).unwrap();
        let form: Fields = url::form_urlencoded::parse(body).into_owned().collect();
        let mut forms = self.forms.lock().unwrap();
        forms.push((path.to_owned(), form.clone()));
        form
    }

    /// The forms that came to `path`.
    pub(crate) fn forms_at(&self, path: &str) -> Vec<Fields> {
        let forms = self.forms.lock().unwrap();
        let forms = forms.iter().filter(|(known, _)| known == path);
        forms.map(|(_, form)| form.clone()).collect()
    }

    fn tokens(&self) -> String {
        let now = Noon.now().seconds();
        let digest = HashAlgorithm::Sha256.digest(ACCESS_TOKEN.as_bytes());
        let mut claims = json!({
            "iss": ISSUER, "sub": "1", "aud": "sigstore", "iat": now, "exp": now + 60,
            "email": "alice@example.com", "email_verified": true,
            "nonce": *self.nonce.lock().unwrap(),
            "at_hash": base64::encode_url(&digest.as_bytes()[..16]),
        });
        for (name, value) in self.claims.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let key = self.key.as_deref().unwrap_or(&KEY).to_pem().unwrap();
        let key = EncodingKey::from_ec_der(&pem::decode(&key).unwrap().der);
        let header = Header {
            kid: Some("one".to_owned()),
            ..Header::new(Algorithm::ES256)
        };
        let token = jsonwebtoken::encode(&header, &claims, &key).unwrap();
        json!({"access_token": ACCESS_TOKEN, "token_type": "bearer", "id_token": token}).to_string()
    }

    pub(crate) fn client(&self) -> Client {
        client(self.router())
    }
}

/// Whoever stands for the issuer in this process; all else is asked across the network.
pub(crate) fn client(router: Router) -> Client {
    let routes = Routes::new().with(ISSUER, router).unwrap();
    let client = Client::in_process_and_network(routes, Settings::default());
    client.unwrap().with_retry(Retry::never())
}

pub(crate) fn login(client: &Client) -> Login<'_> {
    Login {
        issuer: ISSUER,
        client_id: "sigstore",
        client_secret: None,
        redirect_url: None,
        connector: None,
        patience: BROWSER_PATIENCE,
        client,
        clock: &Noon,
        random: &SystemRandom,
    }
}

/// Somebody with, or without, a browser.
pub(crate) struct Somebody {
    /// With what the browser comes back, beside the state, or in its place; `None` if there is no browser.
    pub(crate) back: Option<Vec<(&'static str, &'static str)>>,
    pub(crate) typed: &'static str,
    pub(crate) nonce: Arc<Mutex<String>>,
    pub(crate) opened: Arc<Mutex<Option<Url>>>,
    /// The page that the browser ends at.
    pub(crate) page: Arc<Mutex<Option<(u16, String)>>>,
    pub(crate) told: Vec<String>,
}

impl Somebody {
    pub(crate) fn at(provider: &Provider, back: Option<&[(&'static str, &'static str)]>) -> Self {
        Self {
            back: back.map(<[_]>::to_vec),
            typed: "",
            nonce: Arc::clone(&provider.nonce),
            opened: Arc::default(),
            page: Arc::default(),
            told: Vec::new(),
        }
    }

    pub(crate) fn parameter(&self, name: &str) -> String {
        parameter(self.opened.lock().unwrap().as_ref().unwrap(), name)
    }
}

pub(crate) fn parameter(url: &Url, name: &str) -> String {
    let mut pairs = url.query_pairs();
    let found = pairs.find(|(known, _)| known == name);
    found
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

impl Person for Somebody {
    async fn open(&mut self, url: &str) -> Result<(), String> {
        let url = Url::parse(url).unwrap();
        *self.nonce.lock().unwrap() = parameter(&url, "nonce");
        *self.opened.lock().unwrap() = Some(url.clone());
        let Some(back) = self.back.clone() else {
            return Err("there is no \u{1b}[31mbrowser".to_owned());
        };
        if back.is_empty() {
            return Ok(());
        }
        let mut redirect = Url::parse(&parameter(&url, "redirect_uri")).unwrap();
        let state = parameter(&url, "state");
        let has_state = back.iter().any(|(name, _)| *name == "state");
        redirect.query_pairs_mut().extend_pairs(&back);
        if !has_state {
            redirect.query_pairs_mut().append_pair("state", &state);
        }
        let page = Arc::clone(&self.page);
        tokio::spawn(async move {
            let browser = Client::network(Settings::default()).unwrap();
            let answer = browser.send(Request::get(&redirect)).await.unwrap();
            *page.lock().unwrap() = Some((answer.status.as_u16(), answer.text()));
        });
        Ok(())
    }

    fn tell(&mut self, news: News<'_>) {
        if let News::Link { url } = news {
            *self.nonce.lock().unwrap() = parameter(&Url::parse(url).unwrap(), "nonce");
            *self.opened.lock().unwrap() = Some(Url::parse(url).unwrap());
        }
        self.told.push(format!("{news:?}"));
    }

    async fn code(&mut self) -> std::io::Result<Zeroizing<String>> {
        Ok(self.typed.to_owned().into())
    }
}

/// Logs in by a browser that comes back with a code.
pub(crate) async fn browse(provider: &Provider) -> Result<IdentityToken, LoginError> {
    let client = provider.client();
    let mut somebody = Somebody::at(provider, Some(&[("code", "a code")]));
    tokio::time::timeout(
        Duration::from_secs(100),
        login(&client).browser(&mut somebody),
    )
    .await
    .expect("a login ends")
}

//! A service that keeps one key, in this process or at an address of its own, and that can be told to lie.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use waxwing_crypto::{Digest, HashAlgorithm, KeyType, PrivateKey, SignatureAlgorithm};
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_keys::{KeyReference, OpenError, SignError, Signer, Surroundings};
use waxwing_net::{Client, Retry, Routes, Settings, StatusCode};

/// What a service does instead of what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing else.
    None,
    /// It signs with another key.
    OtherKey,
    /// It hashes what is a digest already, as one that was told another algorithm.
    HashedTwice,
    /// It gives another key's name with the signature, or another version's.
    OtherName,
    /// It answers more than anybody reads.
    Huge,
    /// It answers with a page for people.
    Page,
    /// It sends the caller elsewhere.
    Elsewhere,
    /// It does not answer.
    Silence,
    /// It refuses, gives a reason, and repeats what it was told.
    Forbidden,
    /// It has too much to do, so many times.
    Busy(u32),
    /// It no longer takes the credentials, so many times.
    Stale(u32),
    /// Its key is an RSA key of 1024 bits.
    Weak,
    /// The key is switched off.
    Disabled,
    /// The version is no longer there.
    Gone,
    /// The key is for encryption.
    Encrypts,
    /// The key signs by an algorithm that nobody knows here.
    Unknown,
    /// The public key is not the one of the announced algorithm.
    OtherKind,
    /// It answers with JSON of another shape.
    Shapeless,
    /// A checksum is of something else.
    Garbled,
    /// It says that it did not look at the checksum that it was sent.
    Unverified,
}

/// One request, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) host: String,
    /// With the query.
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// The service.
pub(crate) struct World {
    pub(crate) key: PrivateKey,
    other: PrivateKey,
    fault: Mutex<Fault>,
    asked: Mutex<Vec<Asked>>,
}

/// How a service of one kind answers, when it does not lie in the ways of [`answer`].
pub(crate) trait Kind: Copy + Send + Sync + 'static {
    /// The answer.
    fn answer(self, world: &World, asked: &Asked, fault: Fault) -> Response;

    /// A refusal in its own form.
    fn refusal(self, status: u16, kind: &str, reason: &str) -> Response;

    /// That the credentials are those of nobody.
    fn stale(self) -> Response {
        self.refusal(401, "UNAUTHENTICATED", "who are you?")
    }

    /// That it has too much to do.
    fn busy(self) -> Response {
        self.refusal(503, "ServiceUnavailable", "later")
    }
}

/// An RSA key of 1024 bits.
pub(crate) const WEAK: &str = include_str!("rsa_1024.pem");

/// The public key that a service shows, in PEM.
pub(crate) fn shown(key: &PrivateKey, fault: Fault) -> String {
    match fault {
        Fault::Weak => WEAK.to_owned(),
        _ => key.public_key().to_pem(),
    }
}

impl World {
    pub(crate) fn new(kind: KeyType) -> Arc<Self> {
        Arc::new(Self {
            key: PrivateKey::generate(kind).unwrap(),
            other: PrivateKey::generate(kind).unwrap(),
            fault: Mutex::new(Fault::None),
            asked: Mutex::default(),
        })
    }

    pub(crate) fn lie(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    /// What was asked since the last time.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// Signs what came in a request: a digest, or a whole message where `hash` is none.
    pub(crate) fn sign(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        fault: Fault,
    ) -> Vec<u8> {
        let key = match fault {
            Fault::OtherKey => &self.other,
            _ => &self.key,
        };
        let Some(hash) = algorithm.hash() else {
            return key.sign_with(algorithm, message).unwrap();
        };
        let digest = match fault {
            Fault::HashedTwice => hash.digest(message),
            _ => Digest::new(hash, message).unwrap(),
        };
        key.sign_digest_with(algorithm, &digest).unwrap()
    }

    /// The router of it.
    pub(crate) fn router(self: &Arc<Self>, kind: impl Kind) -> Router {
        let world = Arc::clone(self);
        Router::new().fallback(move |request: Request| answer(Arc::clone(&world), kind, request))
    }

    /// At an address of its own, as long as the executor lives.
    pub(crate) async fn serve(self: &Arc<Self>, kind: impl Kind) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = self.router(kind);
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }
}

async fn answer(world: Arc<World>, kind: impl Kind, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let headers: BTreeMap<String, String> = head
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("").to_owned()))
        .collect();
    let asked = Asked {
        method: head.method.to_string(),
        host: headers.get("host").cloned().unwrap_or_default(),
        path: head.uri.path_and_query().unwrap().to_string(),
        headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    world.asked.lock().unwrap().push(asked.clone());
    let fault = *world.fault.lock().unwrap();
    match fault {
        Fault::Huge => vec![b' '; 1 << 20].into_response(),
        Fault::Page => (
            [("content-type", "text/html; charset=utf-8")],
            "<html><body>Log in to the network",
        )
            .into_response(),
        Fault::Elsewhere => (
            StatusCode::TEMPORARY_REDIRECT,
            [("location", "https://elsewhere.example/")],
        )
            .into_response(),
        Fault::Silence => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            StatusCode::OK.into_response()
        }
        Fault::Forbidden => {
            let told: String = asked.headers.values().rev().cloned().collect();
            let reason = format!("you may not, {told}{}", asked.body);
            kind.refusal(403, "NotYou", &reason)
        }
        Fault::Busy(0) => kind.answer(&world, &asked, Fault::None),
        Fault::Busy(times) => {
            world.lie(Fault::Busy(times - 1));
            kind.busy()
        }
        Fault::Stale(0) => kind.answer(&world, &asked, Fault::None),
        Fault::Stale(times) => {
            world.lie(Fault::Stale(times - 1));
            kind.stale()
        }
        Fault::Shapeless => {
            let shapeless = json!({
                "data": 1, "KeyId": {}, "cryptoKeyVersions": 1, "name": [], "key": 1, "kid": 1, "value": {},
            });
            axum::Json(shapeless).into_response()
        }
        _ => kind.answer(&world, &asked, fault),
    }
}

pub(crate) fn refused(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, axum::Json(body.clone())).into_response()
}

/// A clock that stands still until it is put forward.
#[derive(Clone)]
pub(crate) struct Noon(Arc<Mutex<i64>>);

/// 2025-11-24T16:00:00Z.
pub(crate) const NOON: i64 = 1_764_000_000;

impl Noon {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(NOON)))
    }

    pub(crate) fn put(&self, seconds: i64) {
        *self.0.lock().unwrap() = NOON + seconds;
    }
}

impl Clock for Noon {
    fn now(&self) -> UnixTime {
        UnixTime::from_seconds(*self.0.lock().unwrap()).unwrap()
    }
}

/// Where a program runs that knows these variables and hosts in this process, and no others but by the network.
pub(crate) fn surroundings(
    variables: &[(&str, &str)],
    hosts: &[(&str, Router)],
    clock: &Noon,
) -> Surroundings {
    let mut routes = Routes::new();
    for (host, router) in hosts {
        routes = routes.with(host, router.clone()).unwrap();
    }
    let settings = Settings {
        timeout: Duration::from_millis(1500),
        connect_timeout: Duration::from_millis(1500),
        retry: Retry {
            first_wait: Duration::from_millis(1),
            ..Retry::default()
        },
        ..Settings::default()
    };
    let variables: BTreeMap<String, String> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Surroundings {
        variable: Arc::new(move |name| variables.get(name).cloned()),
        client: Client::in_process_and_network(routes, settings).unwrap(),
        clock: Arc::new(clock.clone()),
    }
}

pub(crate) async fn open(
    reference: &str,
    surroundings: &Surroundings,
) -> Result<Arc<dyn Signer>, OpenError> {
    let reference = KeyReference::parse(reference).unwrap();
    waxwing_keys::open(&reference, None, surroundings).await
}

pub(crate) async fn open_with(
    reference: &str,
    hash: HashAlgorithm,
    surroundings: &Surroundings,
) -> Result<Arc<dyn Signer>, OpenError> {
    let reference = KeyReference::parse(reference).unwrap();
    waxwing_keys::open(&reference, Some(hash), surroundings).await
}

/// Signs, and checks by the key that the test has itself.
pub(crate) async fn signs(signer: &dyn Signer, key: &PrivateKey) -> Result<(), SignError> {
    let message = b"what is signed";
    let signature = signer.sign(message).await?;
    assert_eq!(signer.public_key(), key.public_key());
    key.public_key()
        .verify(signer.algorithm(), message, &signature)
        .unwrap();
    Ok(())
}

/// A host that must not be asked.
pub(crate) fn trap(asked: &Arc<Mutex<u32>>) -> Router {
    let asked = Arc::clone(asked);
    Router::new().fallback(move |_: Bytes| {
        *asked.lock().unwrap() += 1;
        std::future::ready(StatusCode::OK)
    })
}

//! A CT log of the test's own, which keeps what is submitted and lies when it is told to.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::post;
use http::StatusCode;
use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey, PublicKey};
use waxwing_encoding::base64;
use waxwing_encoding::tls::put_vector;
use waxwing_pki::Certificate;
use waxwing_pki::sct::{certificate_entry, is_precertificate, precertificate_entry, signed_bytes};

pub(crate) const CT_LOG: &str = "http://ct.test/2026";

/// When the log says that it took whatever it takes.
pub(crate) const TIMESTAMP: u64 = 1_764_000_000_123;

/// The extension that a log of the static-ct-api adds: index 0x70.
pub(crate) const EXTENSIONS: [u8; 8] = [0, 0, 5, 0, 0, 0, 0, 0x70];

/// What the log answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Honest,
    /// 500, whatever is submitted.
    Failing,
    /// The promise of another log, honest in itself.
    OtherLog,
    /// Another log's ID above the configured log's signature.
    OtherId,
    /// The configured log's ID above another key's signature.
    OtherKey,
    /// A signature over another time than the answer says.
    OtherTime,
    /// A signature over another certificate.
    OtherCertificate,
    /// A page for people, with status 200.
    Html,
    /// Fields that are not base64.
    NotBase64,
    /// An answer without its signature.
    NoSignature,
}

#[derive(Clone)]
pub(crate) struct CtLog {
    key: Arc<PrivateKey>,
    other: Arc<PrivateKey>,
    state: Arc<Mutex<(Behaviour, Vec<Vec<Certificate>>)>>,
}

impl CtLog {
    pub(crate) fn new() -> Self {
        let key = || Arc::new(PrivateKey::generate(KeyType::EcdsaP256).unwrap());
        Self {
            key: key(),
            other: key(),
            state: Arc::new(Mutex::new((Behaviour::Honest, Vec::new()))),
        }
    }

    pub(crate) fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    pub(crate) fn behave(&self, behaviour: Behaviour) {
        self.state.lock().unwrap().0 = behaviour;
    }

    /// The chains that were submitted, oldest first.
    pub(crate) fn submitted(&self) -> Vec<Vec<Certificate>> {
        self.state.lock().unwrap().1.clone()
    }

    pub(crate) fn router(&self) -> Router {
        let router = Router::new()
            .route("/ct/v1/add-pre-chain", post(add))
            .route("/ct/v1/add-chain", post(add))
            .with_state(self.clone());
        Router::new().nest("/2026", router)
    }

    fn promise(&self, behaviour: Behaviour, chain: &[Certificate]) -> Value {
        let key = match behaviour {
            Behaviour::OtherLog | Behaviour::OtherKey => &self.other,
            _ => &self.key,
        };
        let named = match behaviour {
            Behaviour::OtherLog | Behaviour::OtherId => &self.other,
            _ => &self.key,
        };
        let certificate = match behaviour {
            Behaviour::OtherCertificate => &chain[1],
            _ => &chain[0],
        };
        let time = match behaviour {
            Behaviour::OtherTime => TIMESTAMP + 1,
            _ => TIMESTAMP,
        };
        let entry = match is_precertificate(certificate) || behaviour == Behaviour::OtherCertificate
        {
            true => precertificate_entry(certificate, chain[1].public_key()).unwrap(),
            false => certificate_entry(certificate).unwrap(),
        };
        let signed = signed_bytes(time, &entry, &EXTENSIONS).unwrap();
        let mut signature = vec![4, 3];
        put_vector(&mut signature, 2, &key.sign(&signed).unwrap()).unwrap();
        json!({
            "sct_version": 0,
            "id": base64::encode(&named.public_key().sha256_of_spki()),
            "timestamp": TIMESTAMP,
            "extensions": base64::encode(&EXTENSIONS),
            "signature": base64::encode(&signature),
        })
    }
}

async fn add(State(log): State<CtLog>, axum::Json(body): axum::Json<Value>) -> Response {
    let chain = body["chain"].as_array().unwrap().iter();
    let chain: Vec<Certificate> = chain
        .map(|der| base64::decode(der.as_str().unwrap()).unwrap())
        .map(|der| Certificate::from_der(&der).unwrap())
        .collect();
    let behaviour = {
        let mut state = log.state.lock().unwrap();
        state.1.push(chain.clone());
        state.0
    };
    let mut promise = log.promise(behaviour, &chain);
    match behaviour {
        Behaviour::Failing => return (StatusCode::INTERNAL_SERVER_ERROR, "no").into_response(),
        Behaviour::Html => return Html("<html>Welcome</html>").into_response(),
        Behaviour::NotBase64 => promise["signature"] = json!("§"),
        Behaviour::NoSignature => drop(promise.as_object_mut().unwrap().remove("signature")),
        _ => {}
    }
    axum::Json(promise).into_response()
}

//! The certificate transparency log (C2SP static-ct-api) on the log engine.
//!
//! ```text
//! POST /ct/v1/add-pre-chain   {"chain":["<base64 DER>",…]} -> the SCT in JSON
//! POST /ct/v1/add-chain       the same for a final certificate
//! GET  /ct/v1/get-roots       {"certificates":[…]}
//! GET  /checkpoint  /tile/…  /tile/data/…  /issuer/<sha256>
//! ```
//!
//! All of it lies below the log's prefix. A leaf says its own time and index, so a promise is made
//! only once the entry is in the tree; the same certificate again gets the same promise.

mod leaf;
mod submission;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use waxwing_crypto::PrivateKey;
use waxwing_encoding::{base64, hex};
use waxwing_log::{AddError, Leaf, Log};
use waxwing_pki::Certificate;
use waxwing_pki::sct::{self, SctError, SignedCertificateTimestamp};
use waxwing_serve::{BodyError, Route, read_body, refuse_other_methods, with_body_cap};

pub use submission::SubmissionRefused;
use submission::{Endpoint, Submission};

/// What this service answers, below its prefix.
pub const ROUTES: &[Route] = &[
    ("POST", "/ct/v1/add-chain"),
    ("POST", "/ct/v1/add-pre-chain"),
    ("GET", "/ct/v1/get-roots"),
    ("GET", "/issuer/{fingerprint}"),
    ("GET", "/checkpoint"),
    ("GET", "/tile/{*path}"),
];

/// The most that is read of a submission, in bytes.
const BODY_CAP: usize = 512 << 10;

/// The service.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    log: Log,
    key: Arc<PrivateKey>,
    roots: Vec<Certificate>,
    /// The certificates above the leaves, by SHA-256 of their DER: what data tiles refer to.
    issuers: RwLock<BTreeMap<[u8; 32], Bytes>>,
}

/// Why a certificate was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddRefused {
    /// The submission.
    #[error(transparent)]
    Submission(#[from] SubmissionRefused),
    /// The log.
    #[error(transparent)]
    Log(#[from] AddError),
    /// The promise could not be written or signed.
    #[error("the promise: {0}")]
    Sct(#[from] SctError),
    /// The log's key.
    #[error(transparent)]
    Key(#[from] waxwing_crypto::KeyError),
}

/// The answer to a submission (RFC 6962 section 4.1).
#[derive(Serialize)]
struct Promise {
    sct_version: u8,
    id: String,
    timestamp: u64,
    extensions: String,
    signature: String,
}

#[derive(Serialize)]
struct Roots {
    certificates: Vec<String>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "CT log({:?})", self.inner.log)
    }
}

impl Service {
    /// Takes certificates under `roots` into `log`, and promises with `key`, which must be the key
    /// that signs the log's heads.
    pub fn new(log: Log, key: Arc<PrivateKey>, roots: Vec<Certificate>) -> Self {
        Self {
            inner: Arc::new(Inner {
                log,
                key,
                roots,
                issuers: RwLock::default(),
            }),
        }
    }

    /// The routes of [`ROUTES`], to be nested below the log's prefix.
    pub fn router(&self) -> Router {
        let router = Router::new()
            .route("/ct/v1/add-chain", post(add_chain))
            .route("/ct/v1/add-pre-chain", post(add_pre_chain))
            .route("/ct/v1/get-roots", get(roots))
            .route("/issuer/{fingerprint}", get(issuer))
            .with_state(self.clone());
        let router = router.merge(waxwing_log::public::router(self.inner.log.clone()));
        with_body_cap(refuse_other_methods(router), BODY_CAP)
    }

    async fn add(
        &self,
        endpoint: Endpoint,
        body: &[u8],
    ) -> Result<SignedCertificateTimestamp, AddRefused> {
        let inner = &self.inner;
        let submission = Submission::read(endpoint, body, &inner.roots)?;
        self.keep_issuers(&submission);
        let entry = submission.entry.clone();
        let bytes = entry.len();
        let make = move |index, time| submission.leaf(index, time);
        let added = inner
            .log
            .add(
                &entry,
                Leaf::At {
                    bytes,
                    make: Box::new(make),
                },
            )
            .await?;
        let timestamp = added.time.milliseconds();
        let extensions = leaf::index_extension(added.index);
        let signed = sct::signed_bytes(timestamp, &entry, &extensions)?;
        Ok(SignedCertificateTimestamp {
            log_id: inner.key.public_key().sha256_of_spki(),
            timestamp,
            extensions,
            algorithm: [4, 3],
            signature: inner.key.sign(&signed)?,
        })
    }

    /// Before the entry: a data tile must never name a certificate that cannot be fetched.
    fn keep_issuers(&self, submission: &Submission) {
        let mut issuers = self
            .inner
            .issuers
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        for (fingerprint, der) in &submission.issuers {
            issuers.entry(*fingerprint).or_insert_with(|| der.clone());
        }
    }
}

async fn add_chain(service: State<Service>, request: Request) -> Response {
    answer(service, Endpoint::Chain, request).await
}

async fn add_pre_chain(service: State<Service>, request: Request) -> Response {
    answer(service, Endpoint::PreChain, request).await
}

async fn answer(State(service): State<Service>, endpoint: Endpoint, request: Request) -> Response {
    let body = match read_body(request).await {
        Ok(body) => body,
        Err(error @ BodyError::TooLarge { .. }) => {
            return refusal(StatusCode::PAYLOAD_TOO_LARGE, &error);
        }
        Err(error) => return refusal(StatusCode::BAD_REQUEST, &error),
    };
    match service.add(endpoint, &body).await {
        Ok(sct) => {
            let mut signature = sct.algorithm.to_vec();
            signature.extend_from_slice(&(sct.signature.len() as u16).to_be_bytes());
            signature.extend_from_slice(&sct.signature);
            axum::Json(Promise {
                sct_version: 0,
                id: base64::encode(&sct.log_id),
                timestamp: sct.timestamp,
                extensions: base64::encode(&sct.extensions),
                signature: base64::encode(&signature),
            })
            .into_response()
        }
        Err(error) => refuse(&error),
    }
}

fn refuse(error: &AddRefused) -> Response {
    let status = match error {
        AddRefused::Submission(_) => StatusCode::BAD_REQUEST,
        AddRefused::Log(AddError::Busy { .. }) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    refusal(status, error)
}

/// The status's words, a newline, the reason: the shape that CT clients print.
fn refusal(status: StatusCode, reason: &dyn std::fmt::Display) -> Response {
    let words = status.canonical_reason().unwrap_or_default();
    (status, format!("{words}\n{reason}\n")).into_response()
}

async fn roots(State(service): State<Service>) -> Response {
    let roots = service.inner.roots.iter();
    let certificates = roots.map(|root| base64::encode(root.der())).collect();
    axum::Json(Roots { certificates }).into_response()
}

async fn issuer(State(service): State<Service>, Path(fingerprint): Path<String>) -> Response {
    // Lower case only: one certificate, one address.
    let bytes = hex::decode(&fingerprint)
        .ok()
        .filter(|bytes| hex::encode(bytes) == fingerprint);
    let key = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let issuers = service
        .inner
        .issuers
        .read()
        .unwrap_or_else(PoisonError::into_inner);
    match key.and_then(|key| issuers.get(&key)) {
        Some(der) => ([(CONTENT_TYPE, "application/pkix-cert")], der.clone()).into_response(),
        None => (StatusCode::NOT_FOUND, "no such issuer\n").into_response(),
    }
}

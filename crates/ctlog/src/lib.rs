//! The certificate transparency log on the log engine: static-ct-api (C2SP) and the read side of
//! RFC 6962, both from the same tree.
//!
//! ```text
//! POST /ct/v1/add-pre-chain   {"chain":["<base64 DER>",…]} -> the SCT in JSON
//! POST /ct/v1/add-chain       the same for a final certificate
//! GET  /ct/v1/get-roots       {"certificates":[…]}
//! GET  /checkpoint  /tile/…  /tile/data/…  /issuer/<sha256>
//! GET  /ct/v1/get-sth  get-sth-consistency  get-proof-by-hash  get-entries  get-entry-and-proof
//! ```
//!
//! All of it lies below the log's prefix. A leaf says its own time and index, so a promise is made
//! only once the entry is in the tree; the same certificate again gets the same promise.

mod above;
mod admission;
mod answer;
mod issuers;
mod kept_leaves;
mod leaf;
mod leaves;
mod query;
mod read;
mod sth;
mod submission;

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use waxwing_crypto::{PrivateKey, SignatureAlgorithm};
use waxwing_encoding::time::Clock;
use waxwing_encoding::{base64, hex};
use waxwing_log::{AddError, KeyIndex, Leaf, Log};
use waxwing_pki::Certificate;
use waxwing_pki::sct::{self, AddChainResponse, SctError, SignedCertificateTimestamp};
use waxwing_serve::{BodyError, Overload, Route, read_body, with_body_cap};

use above::Remembered;
use answer::Refused;
use leaves::LeafIndex;

pub use admission::{Admission, NotAdmitted};
pub use issuers::{DirectoryIssuers, Fingerprint, Issuers, MemoryIssuers};
pub use kept_leaves::{KeptLeavesError, open_leaf_index};
pub use leaf::{TileLeaf, TileLeafError};
pub use query::{ParameterError, Parameters};
pub use submission::{Endpoint, Submission, SubmissionRefused};

/// What this service answers, below its prefix.
pub const ROUTES: &[Route] = &[
    ("POST", "/ct/v1/add-chain"),
    ("POST", "/ct/v1/add-pre-chain"),
    ("GET", "/ct/v1/get-roots"),
    ("GET", "/ct/v1/get-sth"),
    ("GET", "/ct/v1/get-sth-consistency"),
    ("GET", "/ct/v1/get-proof-by-hash"),
    ("GET", "/ct/v1/get-entries"),
    ("GET", "/ct/v1/get-entry-and-proof"),
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

#[derive(Clone)]
struct Inner {
    log: Log,
    key: Arc<PrivateKey>,
    admission: Admission,
    /// What was checked under the roots of the admission.
    remembered: Arc<Remembered>,
    /// By which certificates are expired or not; without it none is asked.
    clock: Option<Arc<dyn Clock>>,
    issuers: Arc<dyn Issuers>,
    leaves: Arc<LeafIndex>,
    get_entries: GetEntries,
}

/// How many entries `get-entries` gives at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GetEntries {
    /// At most so many in one answer; at least 1.
    pub most: u64,
    /// Cuts an answer of that many at a multiple of [`GetEntries::most`], so that all readers ask for
    /// the same ranges and caches help.
    pub align: bool,
}

impl Default for GetEntries {
    /// 1000, aligned: CTFE's.
    fn default() -> Self {
        Self {
            most: 1000,
            align: true,
        }
    }
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
    /// The certificates above the leaf.
    #[error("the issuers were not kept: {0}")]
    Issuers(#[from] io::Error),
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
    ///
    /// Where a leaf hash is in the log is kept in memory, from the first time that somebody asks for it,
    /// and for logs of up to 2^20 entries; [`Service::with_leaf_index`] keeps it elsewhere, and [`open_leaf_index`] in a directory.
    pub fn new(
        log: Log,
        key: Arc<PrivateKey>,
        roots: Vec<Certificate>,
        issuers: Arc<dyn Issuers>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                log,
                key,
                admission: Admission::under(roots),
                remembered: Arc::default(),
                clock: None,
                issuers,
                leaves: Arc::new(LeafIndex::in_memory()),
                get_entries: GetEntries::default(),
            }),
        }
    }

    /// Takes only what `admission` admits, by this clock. Its roots take the place of those before.
    #[must_use]
    pub fn with_admission(self, admission: Admission, clock: Arc<dyn Clock>) -> Self {
        self.changed(|inner| {
            inner.admission = admission;
            inner.remembered = Arc::default();
            inner.clock = Some(clock);
        })
    }

    /// Keeps the index of leaf hashes there. It follows the log, so it may be thrown away while the
    /// service does not run; it must never be one that another log's entries are in.
    #[must_use]
    pub fn with_leaf_index(self, index: Arc<dyn KeyIndex>) -> Self {
        self.changed(|inner| inner.leaves = Arc::new(LeafIndex::new(index)))
    }

    /// Answers `get-entries` so.
    #[must_use]
    pub fn with_get_entries(self, get_entries: GetEntries) -> Self {
        self.changed(|inner| inner.get_entries = get_entries)
    }

    fn changed(self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.inner);
        change(&mut inner);
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The routes of [`ROUTES`], to be nested below the log's prefix.
    pub fn router(&self) -> Router {
        let router = Router::new()
            .route("/ct/v1/add-chain", post(add_chain))
            .route("/ct/v1/add-pre-chain", post(add_pre_chain))
            .route("/ct/v1/get-roots", get(roots))
            .route("/ct/v1/get-sth", get(read::sth))
            .route("/ct/v1/get-sth-consistency", get(read::consistency))
            .route("/ct/v1/get-proof-by-hash", get(read::proof_by_hash))
            .route("/ct/v1/get-entries", get(read::entries))
            .route("/ct/v1/get-entry-and-proof", get(read::entry_and_proof))
            .route("/issuer/{fingerprint}", get(issuer))
            .with_state(self.clone());
        let router = router.merge(waxwing_log::public::router(self.inner.log.clone()));
        let router = router.method_not_allowed_fallback(answer::other_method);
        with_body_cap(router, BODY_CAP)
    }

    async fn add(
        &self,
        endpoint: Endpoint,
        body: &[u8],
    ) -> Result<SignedCertificateTimestamp, AddRefused> {
        let inner = &self.inner;
        let now = inner.clock.as_ref().map(|clock| clock.now());
        let now = now.unwrap_or_else(|| inner.log.checkpoint().time);
        let submission =
            Submission::read_with(endpoint, body, &inner.admission, &inner.remembered, now)?;
        self.keep_issuers(&submission).await?;
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
            // SHA-256, and the kind of key as RFC 5246 numbers it.
            algorithm: match inner.key.algorithm() {
                SignatureAlgorithm::RsaPkcs1Sha256 => [4, 1],
                _ => [4, 3],
            },
            signature: inner.key.sign(&signed)?,
        })
    }

    /// Before the entry: a data tile must never name a certificate that cannot be fetched.
    async fn keep_issuers(&self, submission: &Submission) -> io::Result<()> {
        for (fingerprint, der) in &submission.above.issuers {
            if self.inner.issuers.knows(fingerprint) {
                continue;
            }
            let (issuers, fingerprint, der) =
                (Arc::clone(&self.inner.issuers), *fingerprint, der.clone());
            let keep = tokio::task::spawn_blocking(move || issuers.keep(&fingerprint, &der));
            keep.await.map_err(io::Error::other)??;
        }
        Ok(())
    }
}

/// What callers are told who ask too much, in this service's shape.
pub fn overloaded(overload: &Overload) -> Response {
    Refused::new(overload.status(), &overload.message()).into_response()
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
            return Refused::new(StatusCode::PAYLOAD_TOO_LARGE, &error).into_response();
        }
        Err(error) => return Refused::bad_request(error).into_response(),
    };
    match service.add(endpoint, &body).await {
        Ok(sct) => axum::Json(AddChainResponse::from(&sct)).into_response(),
        Err(error) => Refused::from(error).into_response(),
    }
}

async fn roots(State(service): State<Service>) -> Response {
    let roots = service.inner.admission.roots.iter();
    let certificates = roots.map(|root| base64::encode(root.der())).collect();
    axum::Json(Roots { certificates }).into_response()
}

async fn issuer(State(service): State<Service>, Path(fingerprint): Path<String>) -> Response {
    // Lower case only: one certificate, one address.
    let bytes = hex::decode(&fingerprint)
        .ok()
        .filter(|bytes| hex::encode(bytes) == fingerprint);
    let key = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let Some(fingerprint) = key else {
        return (StatusCode::NOT_FOUND, "no such issuer\n").into_response();
    };
    let issuers = Arc::clone(&service.inner.issuers);
    let found = tokio::task::spawn_blocking(move || issuers.get(&fingerprint)).await;
    match found.map_err(io::Error::other) {
        Ok(Ok(Some(der))) => ([(CONTENT_TYPE, "application/pkix-cert")], der).into_response(),
        Ok(Ok(None)) => (StatusCode::NOT_FOUND, "no such issuer\n").into_response(),
        Ok(Err(error)) | Err(error) => Refused::internal(error).into_response(),
    }
}

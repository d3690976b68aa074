//! The RFC 3161 timestamp authority.
//!
//! ```text
//! POST /api/v1/timestamp             application/timestamp-query -> application/timestamp-reply
//! GET  /api/v1/timestamp/certchain   application/pem-certificate-chain, leaf first
//! GET  /ping                         .
//! ```
//!
//! Requests come as DER or as JSON (`{"artifactHash":"…","certificates":true,"hashAlgorithm":"sha256",
//! "nonce":1123343434}`); the answer is DER either way. Refusals are JSON, `{"code":400,"message":"…"}`,
//! never an RFC 3161 rejection: that is how the original answers, and clients look for nothing else.

mod counts;
mod key;
pub mod ntp;
mod request;
mod time_servers;
mod watch;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use http::{Method, StatusCode, Uri};
use waxwing_crypto::Random;
use waxwing_encoding::time::Clock;
use waxwing_pki::ObjectIdentifier;
use waxwing_pki::issue::SerialNumber;
use waxwing_pki::timestamp::{
    TimestampAuthority, TimestampAuthorityError, TimestampDetails, TimestampRequest,
};
use waxwing_serve::{HttpRejection, Overload, Route, read_body, with_body_cap};

pub use counts::{ClockCounts, register_request_counts};
pub use key::Key;
pub use request::{RequestError, request_from_json};
pub use time_servers::{TimeServers, TooFewServers};
pub use watch::{ClockError, ClockState, ClockWatch, WatchSettings, WhenOff};

/// What this service answers.
pub const ROUTES: &[Route] = &[
    ("POST", "/api/v1/timestamp"),
    ("GET", "/api/v1/timestamp/certchain"),
    ("GET", "/ping"),
];

/// What caches are told of timestamps.
const NOT_TO_BE_STORED: &str =
    "no-cache, no-store, no-transform, must-revalidate, private, max-age=0";

/// How requests are answered.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// Answers with 201, as the original did before its version 2 (`--use-http-201`).
    pub created: bool,
    /// The policies that may be asked for besides the authority's own; any when there are none
    /// (`--accepted-policy-oids`).
    pub accepted_policies: Vec<ObjectIdentifier>,
    /// The most that is read of a request, in bytes (`--max-request-body-size`).
    pub largest_body: usize,
    /// Whether the authority's intermediates must be for timestamps (`--enforce-intermediate-eku`).
    pub enforce_intermediate_eku: bool,
}

impl Default for Settings {
    /// The original's.
    fn default() -> Self {
        Self {
            created: false,
            accepted_policies: Vec::new(),
            largest_body: 1 << 20,
            enforce_intermediate_eku: true,
        }
    }
}

/// The service.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    authority: TimestampAuthority<Key>,
    /// Made once: the chain does not change while the service runs.
    chain: String,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    settings: Settings,
    watch: Option<Arc<ClockWatch>>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("timestamp authority")
    }
}

impl Service {
    /// Stamps with this authority's key, by this clock. Refuses an authority whose timestamps others
    /// would refuse.
    pub fn new<K: Into<Key>>(
        authority: TimestampAuthority<K>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, TimestampAuthorityError> {
        Self::with(authority, clock, random, Settings::default(), None)
    }

    /// The same, with these settings and a watch over the clock, which somebody has to run.
    pub fn with<K: Into<Key>>(
        authority: TimestampAuthority<K>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        settings: Settings,
        watch: Option<Arc<ClockWatch>>,
    ) -> Result<Self, TimestampAuthorityError> {
        authority.check(clock.now(), settings.enforce_intermediate_eku)?;
        let chain = authority
            .certificates()
            .map(|certificate| certificate.to_pem())
            .collect();
        Ok(Self {
            inner: Arc::new(Inner {
                authority: authority.map_key(K::into),
                chain,
                clock,
                random,
                settings,
                watch,
            }),
        })
    }

    /// The routes of [`ROUTES`].
    pub fn router(&self) -> Router {
        let router = Router::new()
            .route("/api/v1/timestamp", post(timestamp))
            .route("/api/v1/timestamp/certchain", get(certificate_chain))
            .route("/ping", get(async || "."))
            .with_state(self.clone());
        let router = router.method_not_allowed_fallback(other_method);
        with_body_cap(router, self.inner.settings.largest_body)
    }
}

/// What callers are told who ask too much, in this service's shape.
pub fn overloaded(overload: &Overload) -> Response {
    HttpRejection::new(overload.status(), overload.message()).into_response()
}

async fn timestamp(
    State(service): State<Service>,
    request: Request,
) -> Result<Response, HttpRejection> {
    let content_type = request.headers().get(CONTENT_TYPE).cloned();
    let content_type = content_type.as_ref().and_then(|value| value.to_str().ok());
    let form = request::Form::of(content_type)?;
    let refuse = |message: String| HttpRejection::new(StatusCode::BAD_REQUEST, message);
    let body = read_body(request)
        .await
        .map_err(|error| refuse(error.to_string()))?;
    let inner = &service.inner;
    let request = form
        .read(&body)
        .and_then(|request| inner.check_policy(request))
        .map_err(|error| refuse(error.message()))?;
    if let Some(watch) = &inner.watch {
        watch.permit().map_err(|error| {
            HttpRejection::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
        })?;
    }
    let mut serial = [0; 20];
    inner.random.fill(&mut serial);
    let details = TimestampDetails {
        time: inner.clock.now(),
        serial: SerialNumber::new(serial),
    };
    let response = key::stamp(&inner.authority, &request, details).await;
    let response = response.map_err(|_| {
        let message = "Error generating timestamp response";
        HttpRejection::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    })?;
    // A stored answer would attest a time that has passed.
    let headers = [
        (CONTENT_TYPE, "application/timestamp-reply"),
        (CACHE_CONTROL, NOT_TO_BE_STORED),
        (PRAGMA, "no-cache"),
    ];
    let status = match inner.settings.created {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    Ok((status, headers, response).into_response())
}

impl Inner {
    fn check_policy(&self, request: TimestampRequest) -> Result<TimestampRequest, RequestError> {
        let accepted = &self.settings.accepted_policies;
        match request.policy {
            Some(found)
                if !accepted.is_empty()
                    && found != self.authority.policy()
                    && !accepted.contains(&found) =>
            {
                Err(RequestError::UnacceptedPolicy { found })
            }
            _ => Ok(request),
        }
    }
}

/// 404 for a path that is none of the service's, in its own shape: for a server that has no other service.
pub async fn unknown_path(uri: Uri) -> Response {
    let message = format!("path {} was not found", uri.path());
    HttpRejection::new(StatusCode::NOT_FOUND, message).into_response()
}

async fn other_method(method: Method) -> Response {
    let message = format!("method {method} is not allowed");
    HttpRejection::new(StatusCode::METHOD_NOT_ALLOWED, message).into_response()
}

async fn certificate_chain(State(service): State<Service>) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/pem-certificate-chain"),
        (CACHE_CONTROL, "max-age=86400, immutable"),
    ];
    (headers, service.inner.chain.clone()).into_response()
}

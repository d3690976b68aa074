//! Rekor v2: signatures over digests, on the log engine.
//!
//! ```text
//! POST /api/v2/log/entries   {"hashedRekordRequestV002":…} -> 201 and a TransparencyLogEntry
//! GET  /api/v2/checkpoint    the signed head; also at /checkpoint
//! GET  /api/v2/tile/…        tiles and entry bundles; also at /tile/…
//! ```
//!
//! The documented paths begin with `/api/v2`, yet the reference reader appends `checkpoint` and
//! `tile/…` to the base URL that it is given: both are answered. A proposal goes from
//! `entries::hashedrekord` (read, checked, canonical body) to `log::Log::add` and comes back with
//! its proof. An entry that the log has already is answered like a new one, so that a client whose
//! answer was lost may ask again.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::StatusCode;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use waxwing_crypto::{PublicKey, sha256_of_parts};
use waxwing_entries::hashedrekord::{self, HashedRekord, Proposal, ProposalError};
use waxwing_log::{AddError, Added, Log};
use waxwing_model::bundle::{InclusionProof, LogEntry};
use waxwing_serve::{Code, RawBody, Rejection, Route, refuse_other_methods};

/// What this service answers.
pub const ROUTES: &[Route] = &[
    ("POST", "/api/v2/log/entries"),
    ("GET", "/api/v2/checkpoint"),
    ("GET", "/api/v2/tile/{*path}"),
    ("GET", "/checkpoint"),
    ("GET", "/tile/{*path}"),
];

/// The service.
#[derive(Debug, Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    log: Log,
    log_id: [u8; 32],
}

/// The identifier of a Rekor v2 log with an Ed25519 key: the whole hash whose first four bytes are
/// the key's ID in notes (C2SP signed-note), SHA-256 of `origin ‖ 0A ‖ 01 ‖ key`.
pub fn log_id(origin: &str, key: &PublicKey) -> [u8; 32] {
    sha256_of_parts(&[origin.as_bytes(), b"\n", &[1], key.bits()])
}

impl Service {
    /// Adds to this log, whose identifier is `log_id`.
    pub fn new(log: Log, log_id: [u8; 32]) -> Self {
        Self {
            inner: Arc::new(Inner { log, log_id }),
        }
    }

    /// The routes of [`ROUTES`].
    pub fn router(&self) -> Router {
        let reading = || waxwing_log::public::router(self.inner.log.clone());
        let writing = Router::new()
            .route("/api/v2/log/entries", post(create_entry))
            .with_state(self.clone());
        refuse_other_methods(writing.merge(reading()).nest("/api/v2", reading()))
    }

    /// Adds a checked entry, as the route does.
    pub async fn add(&self, entry: HashedRekord) -> Result<LogEntry, AddError> {
        let body = entry.into_body();
        let added = self.inner.log.add_entry(body.clone().into()).await?;
        Ok(self.answer(added, body))
    }

    fn answer(&self, added: Added, canonicalized_body: Vec<u8>) -> LogEntry {
        LogEntry {
            log_index: added.index,
            log_id: self.inner.log_id.to_vec(),
            kind: hashedrekord::KIND.into(),
            version: hashedrekord::VERSION.into(),
            integrated_time: None,
            inclusion_promise: None,
            inclusion_proof: Some(InclusionProof {
                log_index: added.index,
                root_hash: added.published.root,
                tree_size: added.published.size,
                hashes: added.proof,
                checkpoint: added.published.checkpoint.to_string(),
            }),
            canonicalized_body,
        }
    }
}

async fn create_entry(
    State(service): State<Service>,
    RawBody(body): RawBody,
) -> Result<Response, Response> {
    let entry = Proposal::from_json(&body).and_then(|proposal| proposal.check());
    let entry = entry.map_err(|error| refuse_proposal(&error).into_response())?;
    let entry = service
        .add(entry)
        .await
        .map_err(|error| refuse_add(&error))?;
    let json = entry.to_json().map_err(|error| {
        Rejection::internal("failed to write the entry").because("ENTRY", error.to_string())
    });
    let json = json.map_err(IntoResponse::into_response)?;
    Ok((
        StatusCode::CREATED,
        [(CONTENT_TYPE, "application/json")],
        json,
    )
        .into_response())
}

fn refuse_proposal(error: &ProposalError) -> Rejection {
    let message = match error {
        ProposalError::Dsse => "invalid type, must be hashedrekord",
        _ => "invalid hashedrekord request",
    };
    Rejection::invalid_argument(message).because("PROPOSAL_INVALID", error.to_string())
}

fn refuse_add(error: &AddError) -> Response {
    match error {
        AddError::Busy { .. } | AddError::Conflict | AddError::NotCommitted => {
            let rejection = Rejection::new(Code::Unavailable, "reached max pushback; retry");
            let rejection = rejection.because("BUSY", error.to_string());
            let mut response: Response<Body> = rejection.into_response();
            response
                .headers_mut()
                .insert(RETRY_AFTER, http::HeaderValue::from_static("1"));
            response
        }
        AddError::TooLong { .. } => Rejection::invalid_argument("invalid hashedrekord request")
            .because("ENTRY_TOO_LONG", error.to_string())
            .into_response(),
        _ => Rejection::new(Code::Unknown, "failed to integrate entry").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use waxwing_encoding::base64;

    /// The public log of 2025: its key, and the identifier that its trusted root states.
    #[test]
    fn the_identifier_of_a_public_log() {
        let spki = base64::decode("MCowBQYDK2VwAyEAt8rlp1knGwjfbcXAYPYAkn0XiLz1x8O4t0YkEhie244=");
        let key = PublicKey::from_spki_der(&spki.unwrap()).unwrap();
        assert_eq!(
            base64::encode(&log_id("log2025-1.rekor.sigstore.dev", &key)),
            "zxGZFVvd0FEmjR8WrFwMdcAJ9vtaY/QXf44Y1wUeP6A="
        );
    }
}

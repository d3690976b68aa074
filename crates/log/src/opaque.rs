//! A log of entries that mean nothing to it, over HTTP: whatever is sent is logged.
//!
//! ```text
//! POST /add           the entry is the body, as it is
//!   200               a C2SP tlog-proof: index, inclusion proof, checkpoint
//!   Waxwing-Existed: true         the log had this entry before; its proof is that of then's index
//! GET /checkpoint     and the rest of the read side, see [`crate::public`]
//! ```
//!
//! Refused: 413 for an entry that is longer than the log takes, before it is read if its length was
//! announced; 408 for one that does not arrive; 503 while the log is busy, has no room or has stopped,
//! with the reason in the body and, where it makes sense to come back, `Retry-After`. An answer other
//! than 200 says nothing about the entry being absent: the same entry sent again is found or added.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::{Bytes, BytesMut};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use http_body_util::BodyExt;
use waxwing_tlog::proof_file;

use crate::{AddError, Added, Log, public};

/// The header of an answer that says whether the log had the entry before: `true` or `false`.
pub const EXISTED: HeaderName = HeaderName::from_static("waxwing-existed");

/// How long a caller may take to send an entry.
const READ_TIME: Duration = Duration::from_secs(60);

/// The routes `/add`, `/checkpoint` and `/tile/…` of this log.
pub fn router(log: Log) -> Router {
    Router::new()
        .route("/add", post(add))
        .with_state(log.clone())
        .merge(public::router(log))
}

async fn add(State(log): State<Log>, body: Body) -> Response {
    let longest = log.longest_entry();
    let entry = match tokio::time::timeout(READ_TIME, read(body, longest)).await {
        Ok(Ok(entry)) => entry,
        Ok(Err(refused)) => return refused,
        Err(_) => {
            let seconds = READ_TIME.as_secs();
            let reason = format!("the entry did not arrive within {seconds} s");
            return refuse(StatusCode::REQUEST_TIMEOUT, &reason);
        }
    };
    match log.add_entry(entry).await {
        Ok(added) => proof(&added),
        Err(error) => refuse_entry(&error),
    }
}

/// The answer for an entry that is in the log.
fn proof(added: &Added) -> Response {
    let existed = match added.existed {
        true => HeaderValue::from_static("true"),
        false => HeaderValue::from_static("false"),
    };
    let headers = [
        (
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        ),
        (EXISTED, existed),
    ];
    let text = proof_file::write(added.index, &added.proof, &added.published.checkpoint);
    (headers, text).into_response()
}

fn refuse_entry(error: &AddError) -> Response {
    match error {
        AddError::TooLong { .. } => refuse(StatusCode::PAYLOAD_TOO_LARGE, &error.to_string()),
        // What waits is gone in less than a second or the storage has a problem that outlasts one.
        AddError::Busy { .. } | AddError::Unfiled | AddError::Conflict | AddError::NotCommitted => {
            let mut response = refuse(StatusCode::SERVICE_UNAVAILABLE, &error.to_string());
            let pause = HeaderValue::from_static("1");
            response.headers_mut().insert(RETRY_AFTER, pause);
            response
        }
        // Who runs the service has to look; no client knows when to come back.
        AddError::Stopped { .. } | AddError::KeysUnread { .. } => {
            refuse(StatusCode::SERVICE_UNAVAILABLE, &error.to_string())
        }
        AddError::Frozen => refuse(StatusCode::GONE, &error.to_string()),
        AddError::LeafPanicked | AddError::LeafDiffers | AddError::Unproven { .. } => {
            refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string())
        }
    }
}

/// The body, whole and below the limit.
async fn read(mut body: Body, longest: usize) -> Result<Bytes, Response> {
    let too_long = || {
        let reason = format!("the entry is longer than {longest} bytes, the most that is taken");
        refuse(StatusCode::PAYLOAD_TOO_LARGE, &reason)
    };
    // An announced length is refused before anything is read.
    if body.size_hint().lower() > longest as u64 {
        return Err(too_long());
    }
    let mut whole: Option<Bytes> = None;
    let mut pieces = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            let reason = format!("the entry is incomplete: {error}");
            refuse(StatusCode::BAD_REQUEST, &reason)
        })?;
        let Ok(piece) = frame.into_data() else {
            continue;
        };
        let before = whole.as_ref().map_or(0, Bytes::len) + pieces.len();
        if piece.len() > longest - before {
            return Err(too_long());
        }
        // An entry that comes in one piece, as most do, is not copied.
        match whole.take() {
            None if pieces.is_empty() => whole = Some(piece),
            first => {
                pieces.extend_from_slice(&first.unwrap_or_default());
                pieces.extend_from_slice(&piece);
            }
        }
    }
    Ok(whole.unwrap_or_else(|| pieces.freeze()))
}

/// A cache that kept this answer would repeat it when the log is well again.
fn refuse(status: StatusCode, reason: &str) -> Response {
    (status, [(CACHE_CONTROL, "no-store")], format!("{reason}\n")).into_response()
}

//! The read side of a log over HTTP (C2SP tlog-tiles), for any service that keeps one.
//!
//! ```text
//! GET /checkpoint                    text/plain; charset=utf-8, not to be cached
//! GET /tile/0/x001/x234/067.p/8      application/octet-stream, immutable
//! GET /tile/entries/000              (or tile/data/000 in a CT log)
//! ```
//!
//! Nothing beyond the published checkpoint is served. Partial tiles of every size that was ever
//! published are cut from what is there, so a reader with an old checkpoint is never turned away.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use waxwing_tlog::tile::{Tile, TileKind};

use crate::{Format, Log, ReadError};

/// The routes `/checkpoint` and `/tile/…` of this log.
pub fn router(log: Log) -> Router {
    Router::new()
        .route("/checkpoint", get(checkpoint))
        .route("/tile/{*path}", get(tile))
        .with_state(log)
}

async fn checkpoint(State(log): State<Log>) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, log.checkpoint().checkpoint.to_string()).into_response()
}

async fn tile(State(log): State<Log>, Path(path): Path<String>) -> Response {
    let tile: Tile = match format!("tile/{path}").parse() {
        Ok(tile) => tile,
        Err(error) => return refuse(StatusCode::NOT_FOUND, &error),
    };
    match read(&log, tile).await {
        Ok(Some(bytes)) => {
            let headers = [
                (CONTENT_TYPE, "application/octet-stream"),
                (CACHE_CONTROL, "max-age=604800, immutable"),
            ];
            (headers, bytes).into_response()
        }
        Ok(None) => refuse(
            StatusCode::NOT_FOUND,
            &"the published tree does not have this tile",
        ),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error),
    }
}

async fn read(log: &Log, tile: Tile) -> Result<Option<bytes::Bytes>, ReadError> {
    match (tile.kind, log.format()) {
        (TileKind::Hashes { level }, _) => log.tile(level, tile.index, tile.width).await,
        (TileKind::Entries, Format::TlogTiles) | (TileKind::Data, Format::StaticCt) => {
            log.entries(tile.index, tile.width).await
        }
        _ => Ok(None),
    }
}

/// A cache that kept this answer would hide the tile once it is there.
fn refuse(status: StatusCode, reason: &dyn std::fmt::Display) -> Response {
    (status, [(CACHE_CONTROL, "no-store")], format!("{reason}\n")).into_response()
}

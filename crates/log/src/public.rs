//! The read side of a log over HTTP (C2SP tlog-tiles), for any service that keeps one.
//!
//! ```text
//! GET /checkpoint                    text/plain; charset=utf-8, not to be cached
//! GET /tile/0/x001/x234/067.p/8      application/octet-stream, immutable
//! GET /tile/entries/000              (or tile/data/000 in a CT log)
//! ```
//!
//! Every answer has an `ETag`; `If-None-Match` and a single `Range` (RFC 9110 sections 13 and 14) are
//! understood, so that caches and broken downloads cost little.
//!
//! Nothing beyond the published checkpoint is served. Partial tiles of every size that was ever
//! published are cut from what is there, so a reader with an old checkpoint is never turned away.

use std::ops::Range;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use http::{HeaderMap, StatusCode};
use waxwing_crypto::sha256;
use waxwing_encoding::hex;
use waxwing_tlog::tile::{Tile, TileKind, TilePathError};

use crate::{Format, Log, ReadError};

/// The media type of a checkpoint.
pub const CHECKPOINT_TYPE: &str = "text/plain; charset=utf-8";

/// The media type of tiles and entry bundles.
pub const TILE_TYPE: &str = "application/octet-stream";

/// Why there is no tile.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TileRefused {
    /// The path is none of a tile.
    #[error(transparent)]
    Path(#[from] TilePathError),
    /// The path is one of a tile that was not published, or is none of this log.
    #[error("the published tree does not have this tile")]
    Absent,
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The routes `/checkpoint` and `/tile/…` of this log.
pub fn router(log: Log) -> Router {
    Router::new()
        .route("/checkpoint", get(checkpoint))
        .route("/tile/{*path}", get(tile))
        .with_state(log)
}

async fn checkpoint(State(log): State<Log>, headers: HeaderMap) -> Response {
    let note = log.checkpoint().checkpoint;
    // Not of the size alone: witnesses add their lines to a head that was shown before.
    let tag = hex::encode(&sha256(note.as_bytes())[..16]);
    let kind = (CHECKPOINT_TYPE, "no-cache");
    serve(&headers, kind, &tag, note.to_string().into())
}

async fn tile(State(log): State<Log>, Path(path): Path<String>, headers: HeaderMap) -> Response {
    match tile_at(&log, &format!("tile/{path}")).await {
        Ok((tile, bytes)) => {
            let kind = (TILE_TYPE, "max-age=604800, immutable");
            // What is under a path never changes, so the path says all.
            serve(&headers, kind, &tile.to_string(), bytes)
        }
        Err(error @ TileRefused::Read(_)) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error),
        Err(error) => refuse(StatusCode::NOT_FOUND, &error),
    }
}

/// The tile or entry bundle at a path such as `tile/0/x001/234.p/8`, for fronts other than HTTP.
pub async fn tile_at(log: &Log, path: &str) -> Result<(Tile, Bytes), TileRefused> {
    let tile: Tile = path.parse()?;
    let bytes = read(log, tile).await?.ok_or(TileRefused::Absent)?;
    Ok((tile, bytes))
}

/// The content, a part of it, or that nothing has changed.
fn serve(
    request: &HeaderMap,
    (content_type, cache): (&'static str, &'static str),
    tag: &str,
    content: Bytes,
) -> Response {
    let tag = format!("\"{tag}\"");
    let text = |name| request.get(name).and_then(|value| value.to_str().ok());
    let known = text(IF_NONE_MATCH).is_some_and(|known| {
        let mut tags = known.split(',').map(str::trim);
        tags.any(|known| known == "*" || known.trim_start_matches("W/") == tag)
    });
    let headers = [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, cache),
        (ACCEPT_RANGES, "bytes"),
        (ETAG, tag.as_str()),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let length = content.len();
    let same = text(IF_RANGE).is_none_or(|known| known == tag);
    match text(RANGE)
        .filter(|_| same)
        .and_then(|range| part(range, length))
    {
        None => (headers, content).into_response(),
        Some(range) if range.is_empty() => {
            let whole = [(CONTENT_RANGE, format!("bytes */{length}"))];
            let reason = format!("the range begins behind the {length} bytes\n");
            (StatusCode::RANGE_NOT_SATISFIABLE, whole, reason).into_response()
        }
        Some(range) => {
            let (first, last) = (range.start, range.end - 1);
            let place = [(CONTENT_RANGE, format!("bytes {first}-{last}/{length}"))];
            let content = content.slice(range);
            (StatusCode::PARTIAL_CONTENT, headers, place, content).into_response()
        }
    }
}

/// The bytes of a single range, empty if there are none; `None` for what is passed over: several ranges,
/// other units, and what is no range.
fn part(range: &str, length: usize) -> Option<Range<usize>> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<usize>().unwrap_or(usize::MAX))
    };
    if first.is_empty() {
        let last = number(last).filter(|_| !last.is_empty())?;
        return Some(length.saturating_sub(last)..length);
    }
    let start = number(first)?;
    let end = match last {
        "" => length,
        last => number(last)?.saturating_add(1).min(length),
    };
    match start < length {
        true if start >= end => None,
        true => Some(start..end),
        false => Some(length..length),
    }
}

async fn read(log: &Log, tile: Tile) -> Result<Option<Bytes>, ReadError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_ranges_are_understood_and_others_passed_over() {
        for (range, expected) in [
            ("bytes=0-0", Some(0..1)),
            ("bytes=2-5", Some(2..6)),
            ("bytes=2-", Some(2..10)),
            ("bytes=2-99999999999999999999", Some(2..10)),
            ("bytes=-3", Some(7..10)),
            ("bytes=-30", Some(0..10)),
            ("bytes=-0", Some(10..10)),
            ("bytes=10-", Some(10..10)),
            ("bytes=99999999999999999999-", Some(10..10)),
            ("bytes=5-2", None),
            ("bytes=-", None),
            ("bytes=+1-2", None),
            ("bytes=0-1,3-4", None),
            ("lines=0-1", None),
            ("bytes", None),
        ] {
            assert_eq!(part(range, 10), expected, "{range}");
        }
        assert_eq!(part("bytes=0-", 0), Some(0..0));
    }
}

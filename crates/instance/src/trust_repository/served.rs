//! The repository below `/tuf`, from memory: it is small, and asked for by every client.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use waxwing_serve::{Route, refuse_other_methods};

use super::TrustRepository;

/// What is answered, below the prefix.
pub(crate) const ROUTES: &[Route] = &[("GET", "/{*path}")];

pub(crate) fn router(repository: Arc<TrustRepository>) -> Router {
    let router = Router::new().route("/{*path}", get(file));
    refuse_other_methods(router.with_state(repository))
}

async fn file(
    State(repository): State<Arc<TrustRepository>>,
    Path(path): Path<String>,
) -> Response {
    let Some(content) = repository.get(&path) else {
        // Clients ask for the next root until there is none: nobody may remember that.
        let headers = [(CACHE_CONTROL, "no-store")];
        return (StatusCode::NOT_FOUND, headers, "no such file\n").into_response();
    };
    // Only these two are ever written again.
    let cache = match path.as_str() {
        "timestamp.json" | "root.json" => "no-cache",
        _ => "max-age=604800, immutable",
    };
    let kind = match path.ends_with(".json") {
        true => "application/json",
        false => "application/octet-stream",
    };
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, cache)], content).into_response()
}

//! The health route of gRPC-gateway services: `GET /healthz` -> `{"status":"SERVING"}`.

use axum::Router;
use axum::routing::get;
use http::header::CONTENT_TYPE;

use crate::Route;

/// The routes of [`health`].
pub const HEALTH_ROUTES: &[Route] = &[("GET", "/healthz")];

/// A router that says that this process serves.
pub fn health() -> Router {
    let answer = async || {
        let json = [(CONTENT_TYPE, "application/json")];
        (json, r#"{"status":"SERVING"}"#)
    };
    Router::new().route("/healthz", get(answer))
}

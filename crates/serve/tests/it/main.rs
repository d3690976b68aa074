//! The shared parts as services use them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod grpc;
mod http2;
mod limiting;
mod listening;
mod shared_port;
mod tls;
mod watching;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http_body_util::BodyExt;
use tower::ServiceExt;

/// Sends one request to `router`; gives the status and the body.
async fn ask(router: &Router, method: &str, path: &str, body: &str) -> (u16, String) {
    let request = Request::builder().method(method).uri(path);
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

//! What stands around the service's routes: headers that are too many, requests that take too long,
//! connections that end after one answer, and a door that opens for `/ping` alone.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use http::header::CONNECTION;
use http::{HeaderMap, HeaderValue, StatusCode};
use waxwing_serve::HttpRejection;

/// What a header costs beside its name and value: `: ` and the line's end.
const HEADER_OVERHEAD: usize = 4;

/// What holds for one listener.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// The most bytes of a request's headers.
    pub(super) headers: usize,
    /// How long a request may take from its head to its answer, its body included.
    pub(super) time: Option<Duration>,
    /// Whether a connection is kept after an answer.
    pub(super) keep_alive: bool,
    /// Whether `/ping` is all that is answered.
    pub(super) ping_only: bool,
}

impl Terms {
    /// `router` under these terms.
    pub(super) fn around(self, router: Router) -> Router {
        router.layer(from_fn(move |request: Request, next: Next| async move {
            let mut response = self.answer(request, next).await;
            if !self.keep_alive {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(CONNECTION, close);
            }
            response
        }))
    }

    async fn answer(self, request: Request, next: Next) -> Response {
        let size = size(request.headers());
        if size > self.headers {
            let message = format!(
                "headers of {size} bytes; at most {} are read (--max-header-size)",
                self.headers
            );
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            return HttpRejection::new(status, message).into_response();
        }
        if self.ping_only && !request.uri().path().eq_ignore_ascii_case("/ping") {
            let message = "http server supports only the /ping entrypoint";
            return (StatusCode::NOT_FOUND, message).into_response();
        }
        let answer = next.run(request);
        match self.time {
            None => answer.await,
            Some(time) => tokio::time::timeout(time, answer)
                .await
                .unwrap_or_else(|_| {
                    let message = format!("the request took longer than {time:?}");
                    HttpRejection::new(StatusCode::REQUEST_TIMEOUT, message).into_response()
                }),
        }
    }
}

fn size(headers: &HeaderMap) -> usize {
    let sizes = headers.iter();
    let sizes = sizes.map(|(name, value)| name.as_str().len() + value.len() + HEADER_OVERHEAD);
    sizes.sum()
}

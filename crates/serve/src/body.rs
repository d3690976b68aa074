//! Request bodies: read whole, below a cap, in a bounded time.
//!
//! The cap is a service's own ([`with_body_cap`]), 4 MiB when it says nothing, as in Fulcio and Rekor
//! v2. Refused: a longer body, one that stops or takes more than a minute, and JSON that does not fit
//! the type. As in grpc-gateway `Content-Type` is not looked at, and no body means `{}`.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::{Extension, Router};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;

use crate::Rejection;

/// How long a body may be in a service that does not say otherwise: 4 MiB.
pub const DEFAULT_BODY_CAP: usize = 4 << 20;

/// How long a caller may take to send a body.
pub(crate) const READ_TIME: Duration = Duration::from_secs(60);

/// The body as JSON of the type `T`; refuses with a [`Rejection`].
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

/// The body as it came; refuses with a [`Rejection`].
#[derive(Debug, Clone)]
pub struct RawBody(pub Bytes);

/// Why a body could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// Longer than the service's cap.
    #[error("the request body is longer than {cap} bytes, the most that is read here")]
    TooLarge {
        /// The cap, in bytes.
        cap: usize,
    },
    /// The connection ended, or the framing is wrong.
    #[error("the request body is incomplete: {reason}")]
    Incomplete {
        /// What the connection said.
        reason: String,
    },
    /// It did not come in time.
    #[error("the request body did not arrive within {} s", READ_TIME.as_secs())]
    TooSlow,
}

/// The cap of the service that a request is for.
#[derive(Debug, Clone, Copy)]
struct Cap(usize);

/// Sets the cap for all routes of `router`; an inner one goes before an outer one.
pub fn with_body_cap(router: Router, bytes: usize) -> Router {
    // The second layer is for extractors of axum's own.
    router
        .layer(Extension(Cap(bytes)))
        .layer(DefaultBodyLimit::max(bytes))
}

/// Reads a request's body below the cap of its service.
pub async fn read_body(request: Request) -> Result<Bytes, BodyError> {
    let cap = cap_of(&request);
    let reading = read(request.into_body(), cap);
    match tokio::time::timeout(READ_TIME, reading).await {
        Ok(outcome) => outcome,
        Err(_) => Err(BodyError::TooSlow),
    }
}

/// The cap of the service that a request is for.
pub(crate) fn cap_of(request: &Request) -> usize {
    let cap = request.extensions().get::<Cap>();
    cap.map_or(DEFAULT_BODY_CAP, |cap| cap.0)
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Rejection;

    async fn from_request(request: Request, _: &S) -> Result<Self, Rejection> {
        let body = read_body(request).await?;
        let text: &[u8] = match body.trim_ascii().is_empty() {
            true => b"{}",
            false => &body,
        };
        match serde_json::from_slice(text) {
            Ok(value) => Ok(Self(value)),
            Err(error) => {
                let message = format!("the request body is not the JSON expected: {error}");
                Err(Rejection::invalid_argument(message))
            }
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = Rejection;

    async fn from_request(request: Request, _: &S) -> Result<Self, Rejection> {
        Ok(Self(read_body(request).await?))
    }
}

impl From<BodyError> for Rejection {
    fn from(error: BodyError) -> Self {
        Self::invalid_argument(error.to_string())
    }
}

async fn read(mut body: Body, cap: usize) -> Result<Bytes, BodyError> {
    // An announced length is refused before anything is read.
    if body.size_hint().lower() > cap as u64 {
        return Err(BodyError::TooLarge { cap });
    }
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| BodyError::Incomplete {
            reason: error.to_string(),
        })?;
        let Some(piece) = frame.data_ref() else {
            continue;
        };
        if piece.len() > cap - read.len() {
            return Err(BodyError::TooLarge { cap });
        }
        read.extend_from_slice(piece);
    }
    Ok(read.freeze())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http_body_util::combinators::BoxBody;

    use super::*;

    /// A body whose length is not announced: `pieces` of four bytes, then the end or silence.
    struct Pieces {
        pieces: usize,
        silent: bool,
    }

    impl HttpBody for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, Infallible>>> {
            if self.pieces == 0 {
                return match self.silent {
                    true => Poll::Pending,
                    false => Poll::Ready(None),
                };
            }
            self.pieces -= 1;
            let frame = hyper::body::Frame::data(Bytes::from_static(b"abcd"));
            Poll::Ready(Some(Ok(frame)))
        }
    }

    fn request(pieces: usize, silent: bool, cap: usize) -> Request {
        let body = BoxBody::new(Pieces { pieces, silent });
        let mut request = Request::new(Body::new(body));
        request.extensions_mut().insert(Cap(cap));
        request
    }

    #[tokio::test]
    async fn the_cap_holds_for_lengths_that_are_not_announced() {
        let read = read_body(request(2, false, 8)).await;
        assert_eq!(read.unwrap().as_ref(), b"abcdabcd");
        let refused = Err(BodyError::TooLarge { cap: 7 });
        assert_eq!(read_body(request(2, false, 7)).await, refused);
        let endless = read_body(request(usize::MAX, false, 7)).await;
        assert_eq!(endless, refused);
    }

    #[tokio::test]
    async fn an_announced_length_is_refused_unread() {
        let body = Body::from(vec![0; DEFAULT_BODY_CAP + 1]);
        let cap = DEFAULT_BODY_CAP;
        assert_eq!(
            read_body(Request::new(body)).await,
            Err(BodyError::TooLarge { cap })
        );
        let body = Body::from(vec![0; DEFAULT_BODY_CAP]);
        assert_eq!(read_body(Request::new(body)).await.unwrap().len(), cap);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_falls_silent_is_not_waited_for() {
        let started = tokio::time::Instant::now();
        assert_eq!(
            read_body(request(1, true, 8)).await,
            Err(BodyError::TooSlow)
        );
        assert_eq!(started.elapsed(), READ_TIME);
    }
}

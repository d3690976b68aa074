//! A body that tells when it has been sent, or given up.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::response::Response;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

/// Hears of the bytes of a body; dropped with the body, when the last byte went out or the caller
/// went away.
pub(crate) trait Listens: Send + Unpin + 'static {
    /// So many bytes more.
    fn sent(&mut self, bytes: usize);
}

/// Keeps `listener` until the body of `response` has ended.
pub(crate) fn until_sent(response: Response, listener: impl Listens) -> Response {
    response.map(|inner| Body::new(Heard { inner, listener }))
}

struct Heard<L> {
    inner: Body,
    listener: L,
}

impl<L: Listens> HttpBody for Heard<L> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(piece) = frame.data_ref()
        {
            self.listener.sent(piece.len());
        }
        polled
    }

    // Passed on, so that a known length stays a `Content-Length`.
    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        HttpBody::size_hint(&self.inner)
    }
}

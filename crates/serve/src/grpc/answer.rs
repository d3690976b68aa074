//! What a call is answered with: a message, or why not.

use std::future::ready;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::{BufMut, Bytes, BytesMut};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::{BodyExt, Empty, Full};
use prost::Message;

use super::status::{self, Ended};
use crate::Rejection;

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");

/// A message, and the metadata that goes before it.
#[derive(Debug, Clone)]
pub struct Answer {
    frame: Bytes,
    metadata: Vec<(HeaderName, HeaderValue)>,
}

/// A refusal, and the metadata that goes before it.
#[derive(Debug, Clone)]
pub struct GrpcRejection {
    rejection: Rejection,
    metadata: Vec<(HeaderName, HeaderValue)>,
}

impl Answer {
    /// The answer with this message.
    pub fn new(message: &impl Message) -> Self {
        let length = message.encoded_len();
        let mut frame = BytesMut::with_capacity(5 + length);
        frame.put_u8(0);
        // No answer of ours comes near to 4 GiB.
        frame.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
        message.encode_raw(&mut frame);
        Self {
            frame: frame.freeze(),
            metadata: Vec::new(),
        }
    }

    /// Adds metadata.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.metadata.push((name, value));
        self
    }
}

impl GrpcRejection {
    /// Adds metadata.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.metadata.push((name, value));
        self
    }
}

impl From<Rejection> for GrpcRejection {
    fn from(rejection: Rejection) -> Self {
        let again = rejection.seconds_to_wait();
        let again = again.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds)));
        Self {
            rejection,
            metadata: again.into_iter().collect(),
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let body = Full::new(self.frame).with_trailers(ready(Some(Ok(status::ok()))));
        respond(
            HeaderMap::from_iter(self.metadata),
            Body::new(body),
            Ended::WELL,
        )
    }
}

impl IntoResponse for GrpcRejection {
    fn into_response(self) -> Response {
        let ended = Ended::from(self.rejection.code());
        let trailers = status::of(&self.rejection);
        if self.metadata.is_empty() {
            // Head and trailers in one ("Trailers-Only").
            return respond(trailers, Body::empty(), ended);
        }
        // A client finds metadata where the original's server sends it: before the status.
        let body = Empty::new().with_trailers(ready(Some(Ok(trailers))));
        respond(HeaderMap::from_iter(self.metadata), Body::new(body), ended)
    }
}

fn respond(mut headers: HeaderMap, body: Body, ended: Ended) -> Response {
    headers.insert(CONTENT_TYPE, GRPC);
    let mut response = Response::new(body);
    *response.headers_mut() = headers;
    response.extensions_mut().insert(ended);
    response
}

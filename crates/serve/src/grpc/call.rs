//! A call with one message: read whole, below the service's cap, in a bounded time.

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::{Buf, Bytes};
use http::{HeaderMap, HeaderName, StatusCode, Version};
use prost::Message;
use tonic::codec::{DecodeBuf, Decoder, Streaming};

use super::{GrpcRejection, NOT_A_CALL, is_call};
use crate::body::{READ_TIME, cap_of};
use crate::{BodyError, Code, Rejection};

const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");

/// One message, and the metadata that came with it.
#[derive(Debug, Clone, Default)]
pub struct Call {
    message: Bytes,
    metadata: HeaderMap,
}

impl Call {
    /// A call with this message and without metadata.
    pub fn new(message: Bytes) -> Self {
        Self {
            message,
            metadata: HeaderMap::new(),
        }
    }

    /// The message's bytes, which nobody has looked at.
    pub fn message(&self) -> &Bytes {
        &self.message
    }

    /// The message.
    ///
    /// Errors: the bytes are no message of this type, by gRPC's list of statuses `Internal`.
    pub fn decode<M: Message + Default>(&self) -> Result<M, Rejection> {
        M::decode(self.message.clone()).map_err(|error| {
            Rejection::new(Code::Internal, "grpc: error unmarshalling request")
                .because("REQUEST_INVALID", error.to_string())
        })
    }

    /// A value of the metadata that stands there exactly once and is text; of several, nobody could say
    /// which one counts.
    pub fn only(&self, name: &str) -> Option<&str> {
        let mut values = self.metadata.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Call {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        if request.version() < Version::HTTP_2 {
            let status = StatusCode::HTTP_VERSION_NOT_SUPPORTED;
            return Err((status, "gRPC requires HTTP/2\n").into_response());
        }
        if !is_call(request.headers()) {
            return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, NOT_A_CALL).into_response());
        }
        match tokio::time::timeout(READ_TIME, read(request)).await {
            Ok(Ok(call)) => Ok(call),
            Ok(Err(rejection)) => Err(GrpcRejection::from(rejection).into_response()),
            Err(_) => Err(GrpcRejection::from(Rejection::from(BodyError::TooSlow)).into_response()),
        }
    }
}

async fn read(request: Request) -> Result<Call, Rejection> {
    let cap = cap_of(&request);
    let unimplemented = |message: String| Rejection::new(Code::Unimplemented, message);
    if let Some(encoding) = request.headers().get(ENCODING)
        && encoding != "identity"
    {
        let encoding = String::from_utf8_lossy(encoding.as_bytes()).into_owned();
        return Err(unimplemented(format!(
            "grpc: Decompressor is not installed for grpc-encoding {encoding:?}"
        )));
    }
    let (parts, body) = request.into_parts();
    let mut messages = Streaming::new_request(Raw, body, None, Some(cap));
    let first = messages.message().await;
    let first = first.map_err(|status| refuse(&status, cap))?;
    let message = first.ok_or_else(|| unimplemented("the call has no message".to_owned()))?;
    match messages.message().await {
        Ok(None) => Ok(Call {
            message,
            metadata: parts.headers,
        }),
        Ok(Some(_)) => Err(unimplemented(
            "the call has more than one message".to_owned(),
        )),
        Err(status) => Err(refuse(&status, cap)),
    }
}

/// What the reader of frames says. Of its own list of statuses gRPC has `ResourceExhausted` for a
/// message that is too long, and `tonic` has `OutOfRange` for that and for nothing else.
fn refuse(status: &tonic::Status, cap: usize) -> Rejection {
    match status.code() {
        tonic::Code::OutOfRange => {
            let reason = BodyError::TooLarge { cap }.to_string();
            Rejection::new(Code::ResourceExhausted, reason)
        }
        _ => Rejection::internal(status.message()),
    }
}

/// Messages as their bytes: the services decode them, each with its own bounds.
struct Raw;

impl Decoder for Raw {
    type Item = Bytes;
    type Error = tonic::Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, tonic::Status> {
        Ok(Some(source.copy_to_bytes(source.remaining())))
    }
}

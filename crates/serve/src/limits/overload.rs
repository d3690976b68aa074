//! What is said to callers who ask too much, in the shape that their service has for refusals.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::{Code, Rejection};

/// Why a request is not served now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Overload {
    code: Code,
    message: String,
    seconds: u64,
}

/// How a service says it. `Retry-After` is added to whatever it makes.
pub type Shape = fn(&Overload) -> Response;

impl Overload {
    /// The caller asks too often: 429.
    pub fn too_often(message: String, seconds: u64) -> Self {
        Self {
            code: Code::ResourceExhausted,
            message,
            seconds,
        }
    }

    /// Too many ask at once: 503.
    pub(super) fn busy() -> Self {
        Self {
            code: Code::Unavailable,
            message: "the service is busy; come again in a while".to_owned(),
            seconds: 1,
        }
    }

    /// 429 or 503.
    pub fn status(&self) -> StatusCode {
        self.code.status()
    }

    /// The sentence for the caller.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// In how many seconds it is worth another try.
    pub fn seconds(&self) -> u64 {
        self.seconds
    }

    /// As a `google.rpc.Status`: Fulcio, Rekor v2, and what has no shape of its own.
    pub fn as_status(&self) -> Response {
        Rejection::new(self.code, self.message.clone()).into_response()
    }

    /// The answer to a request with these headers.
    pub(super) fn answer(&self, request: &HeaderMap, shape: Shape) -> Response {
        let kind = request.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        if kind.is_some_and(|kind| kind.starts_with(b"application/grpc")) {
            return self.as_grpc();
        }
        let mut response = shape(self);
        response
            .headers_mut()
            .insert(RETRY_AFTER, self.seconds.into());
        response
    }

    /// A call of gRPC ends in its own status, here without an answer before it ("Trailers-Only").
    fn as_grpc(&self) -> Response {
        let number = u16::from(self.code.number());
        let message: String = self.message.chars().map(percent).collect();
        let message = HeaderValue::from_str(&message);
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("application/grpc")),
            (HeaderName::from_static("grpc-status"), number.into()),
            (
                HeaderName::from_static("grpc-message"),
                message.unwrap_or(HeaderValue::from_static("")),
            ),
        ];
        (StatusCode::OK, headers).into_response()
    }
}

impl IntoResponse for Overload {
    fn into_response(self) -> Response {
        self.answer(&HeaderMap::new(), Self::as_status)
    }
}

/// The messages are our own and of ASCII; what could break the encoding of gRPC is left out.
fn percent(letter: char) -> char {
    match letter {
        '%' => '_',
        ' '..='~' => letter,
        _ => '_',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_gets_its_own_answer() {
        let overload = Overload::too_often("too often; come again in 7 s".to_owned(), 7);
        let plain = overload.answer(&HeaderMap::new(), |_| "no".into_response());
        assert_eq!(
            (plain.status().as_u16(), &plain.headers()[RETRY_AFTER]),
            (200, &HeaderValue::from(7))
        );
        let plain = overload.clone().into_response();
        assert_eq!(
            (plain.status().as_u16(), &plain.headers()[RETRY_AFTER]),
            (429, &HeaderValue::from(7))
        );
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "application/grpc+proto".parse().unwrap());
        let grpc = overload.answer(&headers, Overload::as_status);
        assert_eq!(grpc.status(), 200);
        assert_eq!(grpc.headers()["grpc-status"], "8");
        assert_eq!(
            grpc.headers()["grpc-message"],
            "too often; come again in 7 s"
        );
    }
}

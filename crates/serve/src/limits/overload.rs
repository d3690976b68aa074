//! What is said to callers who ask too much, in the shape that their service has for refusals.

use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};

use crate::grpc::is_call;
use crate::{Code, GrpcRejection, Rejection};

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
        self.rejection().into_response()
    }

    /// The answer to a request with these headers: in the service's own shape, or in gRPC's.
    pub(super) fn answer(&self, request: &HeaderMap, shape: Shape) -> Response {
        if is_call(request) {
            return GrpcRejection::from(self.rejection()).into_response();
        }
        let mut response = shape(self);
        response
            .headers_mut()
            .insert(RETRY_AFTER, self.seconds.into());
        response
    }

    fn rejection(&self) -> Rejection {
        Rejection::new(self.code, self.message.clone()).retry_after(self.seconds)
    }
}

impl IntoResponse for Overload {
    fn into_response(self) -> Response {
        self.answer(&HeaderMap::new(), Self::as_status)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::CONTENT_TYPE;
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn each_protocol_gets_its_own_answer() {
        let overload = Overload::too_often("too often; come again in 7 s".to_owned(), 7);
        let plain = overload.answer(&HeaderMap::new(), |_| "no".into_response());
        let seven = HeaderValue::from(7);
        assert_eq!(
            (plain.status().as_u16(), &plain.headers()[RETRY_AFTER]),
            (200, &seven)
        );
        let plain = overload.clone().into_response();
        assert_eq!(
            (plain.status().as_u16(), &plain.headers()[RETRY_AFTER]),
            (429, &seven)
        );
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "application/grpc+proto".parse().unwrap());
        let grpc = overload.answer(&headers, Overload::as_status);
        assert_eq!(
            (grpc.status().as_u16(), &grpc.headers()[RETRY_AFTER]),
            (200, &seven)
        );
        let body = grpc.into_body().collect().await.unwrap();
        let trailers = body.trailers().unwrap();
        assert_eq!(trailers["grpc-status"], "8");
        assert_eq!(
            trailers["grpc-message"],
            "too%20often;%20come%20again%20in%207%20s"
        );
    }
}

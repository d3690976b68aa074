//! The two shapes in which services refuse.
//!
//! Fulcio and Rekor v2 answer as grpc-gateway does, with a `google.rpc.Status`:
//!
//! ```text
//! HTTP/1.1 400 Bad Request
//! {"code":3,"message":"There was an error processing the identity token","details":[]}
//! ```
//!
//! Where a client compares the message, it must stay as it is; the reason then goes into `details`
//! as a `google.rpc.ErrorInfo`, which clients that do not look for it ignore. The timestamp
//! authority and Rekor v1 repeat the HTTP status instead: `{"code":400,"message":"…"}`.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use serde::Serialize;

use crate::Code;

/// A refusal in the shape of `google.rpc.Status`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejection {
    code: Code,
    message: String,
    reason: Option<Reason>,
    retry_after: Option<u64>,
}

/// A refusal in the shape `{"code":400,"message":"…"}`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct HttpRejection {
    status: StatusCode,
    message: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Reason {
    name: &'static str,
    explanation: String,
}

impl Rejection {
    /// A refusal with a message for the caller.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            reason: None,
            retry_after: None,
        }
    }

    /// The request is wrong.
    pub fn invalid_argument(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Code::NotFound, message)
    }

    /// The service failed. The message says nothing that the caller should not know.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, message)
    }

    /// Adds why: a name in capitals such as `TOKEN_EXPIRED`, and a sentence for people.
    #[must_use]
    pub fn because(self, name: &'static str, explanation: impl Into<String>) -> Self {
        let explanation = explanation.into();
        Self {
            reason: Some(Reason { name, explanation }),
            ..self
        }
    }

    /// Adds in how many seconds the same request is worth another try.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }

    /// The seconds given to [`retry_after`](Self::retry_after).
    pub(crate) fn seconds_to_wait(&self) -> Option<u64> {
        self.retry_after
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What `details` says of the reason, if there is one.
    pub(crate) fn error_info(&self) -> Option<ErrorInfo<'_>> {
        self.reason.as_ref().map(|reason| ErrorInfo {
            kind: "type.googleapis.com/google.rpc.ErrorInfo",
            reason: reason.name,
            domain: "waxwing",
            metadata: Metadata {
                explanation: &reason.explanation,
            },
        })
    }

    /// The name given to [`because`](Self::because).
    pub fn reason(&self) -> Option<&'static str> {
        self.reason.as_ref().map(|reason| reason.name)
    }
}

impl HttpRejection {
    /// A refusal with a message for the caller.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

#[derive(Serialize)]
struct Status<'a> {
    code: u16,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Vec<ErrorInfo<'a>>>,
}

/// `google.rpc.ErrorInfo` as an `Any` in ProtoJSON; over gRPC it is the same in protobuf.
#[derive(Serialize)]
pub(crate) struct ErrorInfo<'a> {
    #[serde(rename = "@type")]
    pub(crate) kind: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) domain: &'static str,
    pub(crate) metadata: Metadata<'a>,
}

#[derive(Serialize)]
pub(crate) struct Metadata<'a> {
    pub(crate) explanation: &'a str,
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let body = Status {
            code: self.code.number().into(),
            message: &self.message,
            details: Some(self.error_info().into_iter().collect()),
        };
        let mut response = answer(self.code.status(), &body);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl IntoResponse for HttpRejection {
    fn into_response(self) -> Response {
        let body = Status {
            code: self.status.as_u16(),
            message: &self.message,
            details: None,
        };
        answer(self.status, &body)
    }
}

fn answer(status: StatusCode, body: &Status<'_>) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => (status, [(CONTENT_TYPE, "application/json")], body).into_response(),
        // Strings and numbers can always be written; the status alone is still true.
        Err(_) => status.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    async fn written(response: Response) -> (u16, String, String) {
        let status = response.status().as_u16();
        let content_type = response.headers()[CONTENT_TYPE]
            .to_str()
            .unwrap()
            .to_owned();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (
            status,
            content_type,
            String::from_utf8(body.to_vec()).unwrap(),
        )
    }

    #[tokio::test]
    async fn a_rejection_is_a_google_rpc_status() {
        let rejection = Rejection::invalid_argument("not a \"key\"");
        let (status, content_type, body) = written(rejection.into_response()).await;
        assert_eq!((status, content_type.as_str()), (400, "application/json"));
        assert_eq!(body, r#"{"code":3,"message":"not a \"key\"","details":[]}"#);
    }

    #[tokio::test]
    async fn a_reason_goes_into_the_details() {
        let rejection = Rejection::new(Code::Unavailable, "later").because("FULL", "50 wait");
        assert_eq!(rejection.reason(), Some("FULL"));
        let (status, _, body) = written(rejection.into_response()).await;
        assert_eq!(status, 503);
        assert_eq!(
            body,
            r#"{"code":14,"message":"later","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"FULL","domain":"waxwing","metadata":{"explanation":"50 wait"}}]}"#
        );
    }

    #[tokio::test]
    async fn the_other_shape_repeats_the_status() {
        let rejection = HttpRejection::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "text/html");
        let (status, content_type, body) = written(rejection.into_response()).await;
        assert_eq!((status, content_type.as_str()), (415, "application/json"));
        assert_eq!(body, r#"{"code":415,"message":"text/html"}"#);
    }
}

//! How the log refuses: as CTFE does, in plain text.
//!
//! ```text
//! HTTP/1.1 400 Bad Request
//! Content-Type: text/plain; charset=utf-8
//!
//! Bad Request
//! the parameter first is missing
//! ```

use std::fmt::Display;

use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{Method, StatusCode};
use waxwing_log::{AddError, ReadError};

use crate::AddRefused;

/// A refusal.
#[derive(Debug)]
pub(crate) struct Refused {
    status: StatusCode,
    reason: String,
    /// In how many seconds to try again.
    again: Option<u32>,
}

impl Refused {
    pub(crate) fn new(status: StatusCode, reason: &dyn Display) -> Self {
        Self {
            status,
            reason: reason.to_string(),
            again: None,
        }
    }

    pub(crate) fn bad_request(reason: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, &reason)
    }

    pub(crate) fn not_found(reason: impl Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, &reason)
    }

    pub(crate) fn internal(reason: impl Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, &reason)
    }

    pub(crate) fn again_in(self, seconds: u32) -> Self {
        Self {
            again: Some(seconds),
            ..self
        }
    }
}

impl IntoResponse for Refused {
    /// The status's words, a newline, the reason: the shape that CT clients print.
    fn into_response(self) -> Response {
        let words = self.status.canonical_reason().unwrap_or_default();
        let body = format!("{words}\n{}\n", self.reason);
        match self.again {
            None => (self.status, body).into_response(),
            Some(seconds) => {
                (self.status, [(RETRY_AFTER, seconds.to_string())], body).into_response()
            }
        }
    }
}

impl From<ReadError> for Refused {
    /// What was asked for was checked before: the fault is the storage's.
    fn from(error: ReadError) -> Self {
        Self::internal(error)
    }
}

impl From<AddRefused> for Refused {
    fn from(error: AddRefused) -> Self {
        let AddRefused::Log(reason) = &error else {
            let status = match &error {
                AddRefused::Submission(_) => StatusCode::BAD_REQUEST,
                _ => StatusCode::INTERNAL_SERVER_ERROR,
            };
            return Self::new(status, &error);
        };
        match reason {
            AddError::TooLong { .. } => Self::bad_request(&error),
            AddError::Busy { .. } | AddError::Unfiled | AddError::Conflict => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, &error).again_in(1)
            }
            AddError::NotCommitted => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, &error).again_in(5)
            }
            // It will not come back by waiting.
            AddError::Frozen | AddError::Stopped { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, &error)
            }
            _ => Self::internal(&error),
        }
    }
}

/// 405, as CTFE has it.
pub(crate) async fn other_method(method: Method) -> Response {
    let reason = format!("this path does not take {method}");
    Refused::new(StatusCode::METHOD_NOT_ALLOWED, &reason).into_response()
}

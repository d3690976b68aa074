//! Why a proposal has no entry, and how that is said.
//!
//! | cause | HTTP | `message` |
//! |---|---|---|
//! | the proposal | 400 | `invalid hashedrekord request` or `invalid dsse request`; the reason in `details` |
//! | a DSSE proposal, where these are not taken | 400 | `invalid type, must be hashedrekord` |
//! | the log has the entry, where that is refused | 409 | `an equivalent entry …`, and `x-log-index` |
//! | frozen, or to be read only | 405 | plain text |
//! | too much is waiting | 503 | `reached max pushback; retry`, and `Retry-After` |
//! | no place in the log in time | 504 | |
//! | storage or proof | 500 | `failed to integrate entry` |
//!
//! Over gRPC the code is the one that HTTP has in its body, the message and `details` are the same, and
//! the headers are metadata. For a log that is frozen it is `Unimplemented`, `log frozen`.

use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use waxwing_entries::hashedrekord::ProposalError;
use waxwing_entries::proposal::{Kind, RequestError};
use waxwing_log::AddError;
use waxwing_serve::{BodyError, Code, GrpcRejection, Rejection};

/// The header that names the entry which the log has already.
pub const LOG_INDEX: HeaderName = HeaderName::from_static("x-log-index");

/// Why a proposal has no entry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The request could not be read.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The proposal is wrong.
    #[error(transparent)]
    Proposal(#[from] RequestError),
    /// An algorithm that this log does not take.
    #[error("the algorithm {key_details} is not taken by this log; it takes {taken}")]
    Algorithm {
        /// Its name in `PublicKeyDetails`.
        key_details: &'static str,
        /// Those that are taken.
        taken: String,
        /// The kind of the proposal.
        kind: Kind,
    },
    /// The log has the entry.
    #[error("an equivalent entry already exists in the transparency log with index {index}")]
    Duplicate {
        /// Its index.
        index: u64,
    },
    /// The service only reads.
    #[error("this log is to be read only")]
    ReadOnly,
    /// The log did not take the entry.
    #[error(transparent)]
    Add(#[from] AddError),
    /// It took too long.
    #[error("the entry was not in the log within {seconds} s; send it again, it is added once")]
    Deadline {
        /// How long was waited.
        seconds: u64,
    },
    /// The check of a proposal panicked: a defect.
    #[error("the check of the proposal has panicked")]
    Panicked,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if self.is_frozen() {
            return frozen();
        }
        let (rejection, header) = self.told();
        let mut response = rejection.into_response();
        response.headers_mut().extend(header);
        response
    }
}

impl From<Refusal> for GrpcRejection {
    fn from(refusal: Refusal) -> Self {
        let (rejection, header) = refusal.told();
        let rejection = Self::from(rejection);
        match header {
            Some((name, value)) => rejection.with(name, value),
            None => rejection,
        }
    }
}

impl Refusal {
    fn is_frozen(&self) -> bool {
        matches!(self, Self::ReadOnly | Self::Add(AddError::Frozen))
    }

    /// How it is said, and the header beside it.
    fn told(self) -> (Rejection, Option<(HeaderName, HeaderValue)>) {
        let reason = self.to_string();
        let rejection = match self {
            Self::Body(_) => {
                Rejection::invalid_argument(message(Kind::HashedRekord)).because("BODY", reason)
            }
            Self::Proposal(RequestError { kind, reason }) => refuse_proposal(kind, &reason),
            Self::Algorithm { kind, .. } => {
                Rejection::invalid_argument(message(kind)).because("ALGORITHM_NOT_TAKEN", reason)
            }
            Self::Duplicate { index } => {
                let rejection = Rejection::new(Code::AlreadyExists, reason);
                return (rejection, Some((LOG_INDEX, index.into())));
            }
            Self::ReadOnly | Self::Add(AddError::Frozen) => {
                Rejection::new(Code::Unimplemented, "log frozen").because("LOG_FROZEN", FROZEN)
            }
            Self::Add(error) => return refuse_add(&error, reason),
            Self::Deadline { .. } => {
                Rejection::new(Code::DeadlineExceeded, "context deadline exceeded")
                    .because("DEADLINE", reason)
            }
            Self::Panicked => failed(),
        };
        (rejection, None)
    }
}

/// Clients know these sentences.
fn message(kind: Kind) -> &'static str {
    match kind {
        Kind::HashedRekord => "invalid hashedrekord request",
        Kind::Dsse => "invalid dsse request",
    }
}

fn refuse_proposal(kind: Kind, error: &ProposalError) -> Rejection {
    let message = match error {
        ProposalError::Dsse => "invalid type, must be hashedrekord",
        _ => message(kind),
    };
    Rejection::invalid_argument(message).because("PROPOSAL_INVALID", error.to_string())
}

fn refuse_add(error: &AddError, reason: String) -> (Rejection, Option<(HeaderName, HeaderValue)>) {
    match error {
        // What waits is gone in less than a second, or the storage has a problem that outlasts one.
        AddError::Busy { .. } | AddError::Unfiled | AddError::Conflict | AddError::NotCommitted => {
            let rejection = Rejection::new(Code::Unavailable, "reached max pushback; retry");
            let soon = HeaderValue::from_static("1");
            (rejection.because("BUSY", reason), Some((RETRY_AFTER, soon)))
        }
        AddError::TooLong { .. } => {
            let rejection = Rejection::invalid_argument(message(Kind::HashedRekord));
            (rejection.because("ENTRY_TOO_LONG", reason), None)
        }
        // The reasons speak of the storage, which is not the caller's affair.
        _ => (failed(), None),
    }
}

fn failed() -> Rejection {
    Rejection::new(Code::Unknown, "failed to integrate entry")
}

/// Clients compare the text.
const FROZEN: &str = "This log has been frozen, please switch to the latest log.";

fn frozen() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        // RFC 9110 section 15.5.6 wants it; no method is left.
        (ALLOW, ""),
    ];
    (
        StatusCode::METHOD_NOT_ALLOWED,
        headers,
        format!("{FROZEN}\n"),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use waxwing_log::{LogError, ReadError};

    use super::*;

    /// What the engine can answer, and what becomes of it.
    #[test]
    fn every_failure_of_the_log_has_its_status() {
        let (entries, bytes) = (1, 1);
        let closed = Arc::new(LogError::Closed);
        let beyond = ReadError::BeyondCheckpoint {
            size: 2,
            published: 1,
        };
        for (error, status, retried) in [
            (AddError::Busy { entries, bytes }, 503, true),
            (AddError::Unfiled, 503, true),
            (AddError::Conflict, 503, true),
            (AddError::NotCommitted, 503, true),
            (AddError::Frozen, 405, false),
            (AddError::LeafPanicked, 500, false),
            (AddError::Stopped { reason: closed }, 500, false),
            (
                AddError::Unproven {
                    reason: Arc::new(beyond),
                },
                500,
                false,
            ),
        ] {
            let response = Refusal::Add(error.clone()).into_response();
            assert_eq!(response.status().as_u16(), status, "{error}");
            let pause = response.headers().get(RETRY_AFTER);
            assert_eq!(pause.is_some(), retried, "{error}");
        }
    }
}

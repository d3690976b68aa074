//! The codes of gRPC and the one table that turns them into HTTP statuses.
//!
//! Numbers: `google/rpc/code.proto`. Statuses: those of grpc-gateway, which is what the clients of
//! Fulcio and Rekor v2 know:
//!
//! ```text
//! InvalidArgument 3 -> 400 Bad Request
//! ```

use http::StatusCode;

/// Why a call failed, in gRPC's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Code {
    /// The caller gave up.
    Cancelled = 1,
    /// Nothing more is known.
    Unknown = 2,
    /// The request is wrong, whatever state the service is in.
    InvalidArgument = 3,
    /// It took too long.
    DeadlineExceeded = 4,
    /// There is no such thing.
    NotFound = 5,
    /// There is such a thing already.
    AlreadyExists = 6,
    /// The caller is known and may not.
    PermissionDenied = 7,
    /// The caller asks too much or too often.
    ResourceExhausted = 8,
    /// The service is in a state in which this cannot be done.
    FailedPrecondition = 9,
    /// A conflict with another call.
    Aborted = 10,
    /// Beyond the end.
    OutOfRange = 11,
    /// Not offered here.
    Unimplemented = 12,
    /// The service's own fault.
    Internal = 13,
    /// Not now.
    Unavailable = 14,
    /// Data are lost or broken.
    DataLoss = 15,
    /// The caller is not known.
    Unauthenticated = 16,
}

impl Code {
    /// All of them.
    pub(crate) const ALL: [Self; 16] = [
        Self::Cancelled,
        Self::Unknown,
        Self::InvalidArgument,
        Self::DeadlineExceeded,
        Self::NotFound,
        Self::AlreadyExists,
        Self::PermissionDenied,
        Self::ResourceExhausted,
        Self::FailedPrecondition,
        Self::Aborted,
        Self::OutOfRange,
        Self::Unimplemented,
        Self::Internal,
        Self::Unavailable,
        Self::DataLoss,
        Self::Unauthenticated,
    ];

    /// The number on the wire.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The name, as Go's library prints it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cancelled => "Canceled",
            Self::Unknown => "Unknown",
            Self::InvalidArgument => "InvalidArgument",
            Self::DeadlineExceeded => "DeadlineExceeded",
            Self::NotFound => "NotFound",
            Self::AlreadyExists => "AlreadyExists",
            Self::PermissionDenied => "PermissionDenied",
            Self::ResourceExhausted => "ResourceExhausted",
            Self::FailedPrecondition => "FailedPrecondition",
            Self::Aborted => "Aborted",
            Self::OutOfRange => "OutOfRange",
            Self::Unimplemented => "Unimplemented",
            Self::Internal => "Internal",
            Self::Unavailable => "Unavailable",
            Self::DataLoss => "DataLoss",
            Self::Unauthenticated => "Unauthenticated",
        }
    }

    /// The code of an answer by HTTP, of those that share its status the usual one; none if it is good.
    pub fn of(status: StatusCode) -> Option<Self> {
        Some(match status.as_u16() {
            200..=399 => return None,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::NotFound,
            409 => Self::AlreadyExists,
            429 => Self::ResourceExhausted,
            499 => Self::Cancelled,
            501 => Self::Unimplemented,
            503 => Self::Unavailable,
            504 => Self::DeadlineExceeded,
            500.. => Self::Internal,
            _ => Self::InvalidArgument,
        })
    }

    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        match self {
            Self::InvalidArgument | Self::FailedPrecondition | Self::OutOfRange => {
                StatusCode::BAD_REQUEST
            }
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::PermissionDenied => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::AlreadyExists | Self::Aborted => StatusCode::CONFLICT,
            Self::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
            // "Client closed request": nginx's number, which no register has.
            Self::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::REQUEST_TIMEOUT),
            Self::Unknown | Self::Internal | Self::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unimplemented => StatusCode::NOT_IMPLEMENTED,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_gateways() {
        let table = [
            (Code::Cancelled, 1, 499),
            (Code::Unknown, 2, 500),
            (Code::InvalidArgument, 3, 400),
            (Code::DeadlineExceeded, 4, 504),
            (Code::NotFound, 5, 404),
            (Code::AlreadyExists, 6, 409),
            (Code::PermissionDenied, 7, 403),
            (Code::ResourceExhausted, 8, 429),
            (Code::FailedPrecondition, 9, 400),
            (Code::Aborted, 10, 409),
            (Code::OutOfRange, 11, 400),
            (Code::Unimplemented, 12, 501),
            (Code::Internal, 13, 500),
            (Code::Unavailable, 14, 503),
            (Code::DataLoss, 15, 500),
            (Code::Unauthenticated, 16, 401),
        ];
        assert_eq!(table.map(|(code, ..)| code), Code::ALL);
        for (code, number, status) in table {
            assert_eq!((code.number(), code.status().as_u16()), (number, status));
            // Back again it is a code of the same status.
            assert_eq!(
                Code::of(code.status()).map(Code::status),
                Some(code.status())
            );
        }
        assert_eq!(Code::of(StatusCode::CREATED), None);
        assert_eq!(
            Code::of(StatusCode::PAYLOAD_TOO_LARGE),
            Some(Code::InvalidArgument)
        );
    }
}

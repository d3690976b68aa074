//! gRPC on the same router and port as HTTP: a method is a route, a call an extractor, and its answer a
//! response.
//!
//! ```text
//! POST /dev.sigstore.fulcio.v2.CA/CreateSigningCertificate HTTP/2
//! content-type: application/grpc
//! 00 00000123 <message>                    not compressed, 0x123 bytes (gRPC over HTTP/2, "Length-Prefixed-Message")
//!
//! 200, content-type: application/grpc, 00 00000456 <message>, and behind it
//! grpc-status: 0
//! ```
//!
//! So the tables of routes, the counts, the log of requests and the limits are those of HTTP. Frames and
//! the spelling of statuses are `tonic`'s. A refusal is the [`Rejection`](crate::Rejection) that HTTP has: its code is the
//! status, and what HTTP shows in `details` is in `grpc-status-details-bin`.
//!
//! Refused: more than the cap of the service (`ResourceExhausted`); compressed messages, none or several
//! where one is expected (`Unimplemented`); what is no message of the type (`Internal`), all as gRPC's
//! own list of statuses has it; HTTP/1.1 (505) and other content types (415).

mod answer;
mod call;
mod counts;
mod health;
mod reflection;
mod status;
mod unknown;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

pub use answer::{Answer, GrpcRejection};
pub use call::Call;
pub use counts::GrpcCounts;
pub use health::{GRPC_HEALTH_ROUTES, grpc_health};
pub use reflection::{REFLECTION_ROUTES, reflection};
pub(crate) use status::Ended;
pub(crate) use unknown::unknown_method;

/// Whether a request is a call: `application/grpc`, alone or with `+proto`, and parameters or none.
pub(crate) fn is_call(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(|value| value.as_bytes());
    let rest = kind.and_then(|kind| kind.strip_prefix(b"application/grpc"));
    rest.is_some_and(|rest| {
        let rest = rest.strip_prefix(b"+proto").unwrap_or(rest);
        rest.is_empty() || rest.starts_with(b";")
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn calls_are_known_by_their_content_type() {
        for (kind, expected) in [
            ("application/grpc", true),
            ("application/grpc+proto", true),
            ("application/grpc;charset=utf-8", true),
            ("application/grpc+json", false),
            ("application/grpc-web", false),
            ("application/json", false),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
            assert_eq!(is_call(&headers), expected, "{kind}");
        }
        assert!(!is_call(&HeaderMap::new()));
    }
}

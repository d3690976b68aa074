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

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};

pub use answer::{Answer, GrpcRejection};
pub use call::Call;
pub use counts::{GatewayRoute, GrpcCounts};
pub use health::{GRPC_HEALTH_ROUTES, grpc_health};
pub use reflection::{REFLECTION_ROUTES, reflection};
pub(crate) use status::Ended;
pub(crate) use unknown::unknown_method;

/// What is said to who asks for something else where calls are answered.
pub(crate) const NOT_A_CALL: &str = "expected the content type application/grpc\n";

/// `router` for calls alone, which is what belongs on a port for gRPC; everything else is 415, as Go's
/// server answers there.
pub fn calls_alone(router: Router) -> Router {
    router.layer(from_fn(
        async |request: Request, next: Next| match is_call(request.headers()) {
            true => next.run(request).await,
            false => (StatusCode::UNSUPPORTED_MEDIA_TYPE, NOT_A_CALL).into_response(),
        },
    ))
}

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

//! What grpc-gateway answers where there is no route: an unknown path is 404, and a wrong method on
//! a known path is 501, because gRPC has no 405.
//!
//! ```text
//! {"code":5,"message":"Not Found","details":[]}
//! {"code":12,"message":"Method Not Allowed","details":[]}
//! ```
//!
//! A call by gRPC is answered in gRPC's words.

use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse;

use crate::grpc::{is_call, unknown_method};
use crate::{Code, Rejection};

/// Both fallbacks. A router can be merged into another one only if at most one of the two has a
/// fallback for unknown paths, so on a shared port call [`refuse_other_methods`] for each service and
/// [`refuse_unknown_paths`] once, for the whole.
pub fn gateway_fallbacks(router: Router) -> Router {
    refuse_unknown_paths(refuse_other_methods(router))
}

/// 501 for a wrong method on a path that `router` has now; routes added later are not covered.
pub fn refuse_other_methods(router: Router) -> Router {
    router.method_not_allowed_fallback(async || {
        Rejection::new(Code::Unimplemented, "Method Not Allowed")
    })
}

/// 404 for every path that `router` does not have; `Unimplemented` for a call.
pub fn refuse_unknown_paths(router: Router) -> Router {
    router.fallback(async |request: Request| match is_call(request.headers()) {
        true => unknown_method(request.uri().path()).into_response(),
        false => Rejection::not_found("Not Found").into_response(),
    })
}

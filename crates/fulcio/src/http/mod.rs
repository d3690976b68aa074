//! The routes of Fulcio over HTTP, in both versions of its API.

mod v1;
mod v2;

use axum::Router;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use waxwing_encoding::base64;
use waxwing_serve::{Rejection, refuse_other_methods};

use crate::{Service, grpc};

pub use v1::LegacySigningRequest;
pub use v2::CreateSigningCertificateRequest;

impl Service {
    /// The routes of [`ROUTES`](crate::ROUTES).
    pub fn router(&self) -> Router {
        let router = v1::routes(v2::routes(grpc::routes(Router::new())));
        refuse_other_methods(router.with_state(self.clone()))
    }
}

/// The token of the `Authorization` header: what is left when the first `Bearer ` is taken away.
fn bearer(headers: &HeaderMap) -> Option<String> {
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
    Some(header.replacen("Bearer ", "", 1))
}

/// A field of type `bytes` in ProtoJSON.
fn bytes(field: &'static str, text: &str) -> Result<Vec<u8>, Rejection> {
    base64::decode_proto_json(text).map_err(|error| {
        let message = format!("the request body is not the JSON expected: {field}: {error}");
        Rejection::invalid_argument(message).because("REQUEST_INVALID", error.to_string())
    })
}

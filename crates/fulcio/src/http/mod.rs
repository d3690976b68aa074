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
        self.with_state(routes(grpc::routes(Router::new())))
    }

    /// Those of HTTP alone.
    pub fn http_router(&self) -> Router {
        self.with_state(routes(Router::new()))
    }

    /// Those of gRPC in version 2 alone, which is what the original serves on a port for gRPC.
    pub fn grpc_router(&self) -> Router {
        self.with_state(grpc::v2::routes(Router::new()))
    }

    /// Those of gRPC in version 1 alone, which the original serves on a socket of its own.
    pub fn legacy_grpc_router(&self) -> Router {
        self.with_state(grpc::v1beta::routes(Router::new()))
    }

    fn with_state(&self, router: Router<Self>) -> Router {
        refuse_other_methods(router.with_state(self.clone()))
    }
}

fn routes(router: Router<Service>) -> Router<Service> {
    v1::routes(v2::routes(router))
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

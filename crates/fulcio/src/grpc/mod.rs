//! The methods of Fulcio over gRPC, in both versions of its API.
//!
//! Each reads its message into what HTTP reads its JSON into, and asks the same [`Service`]; the original
//! is built the other way round, its HTTP being a gateway to its gRPC.

pub mod v1beta;
pub mod v2;

use axum::Router;

use crate::Service;

/// The metadata that names the token. The original's gateway passes the `Authorization` header on by it.
const TOKEN: &str = "oidcidentitytoken";

pub(crate) fn routes(router: Router<Service>) -> Router<Service> {
    v1beta::routes(v2::routes(router))
}

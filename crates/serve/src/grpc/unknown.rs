//! Calls that nobody answers, in the words of Go's servers.
//!
//! ```text
//! grpc-status: 12, grpc-message: unknown method Sign for service dev.sigstore.fulcio.v2.CA
//! ```

use waxwing_protos::SERVICES;

use super::GrpcRejection;
use crate::{Code, Rejection};

/// The refusal of a call to this path, which no route has.
pub(crate) fn unknown_method(path: &str) -> GrpcRejection {
    let named = path
        .strip_prefix('/')
        .and_then(|path| path.rsplit_once('/'));
    let message = match named {
        None => format!("malformed method name: {path:?}"),
        Some((service, method)) => match SERVICES.iter().any(|(known, _)| *known == service) {
            true => format!("unknown method {method} for service {service}"),
            false => format!("unknown service {service}"),
        },
    };
    Rejection::new(Code::Unimplemented, message).into()
}

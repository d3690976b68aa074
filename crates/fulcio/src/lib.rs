//! Fulcio: an identity token and a proof of possession in, a short-lived certificate out.
//!
//! ```text
//! POST /api/v2/signingCert     {"publicKeyRequest":…} or {"certificateSigningRequest":…}
//! GET  /api/v2/trustBundle     {"chains":[{"certificates":[…]}]}
//! GET  /api/v2/configuration   {"issuers":[…]}
//! ```
//!
//! A request goes through one module after the other: [`http`] or [`grpc`] reads it, [`token`] says who asks,
//! with the issuers of [`config`], the kinds of [`identity`] and the [`rules`]; [`possession`] that
//! they hold the key; [`authority`] makes the certificate and has a CT log promise its publication.
//! Where the original answers with a sentence that clients know, that sentence stays; the reason is
//! in `details`.

pub mod algorithms;
pub mod api;
pub mod authority;
pub mod config;
mod counts;
pub mod grpc;
pub mod http;
pub mod identity;
mod identity_limit;
pub mod possession;
mod refusal;
pub mod rules;
pub mod token;

pub use api::Service;
pub use counts::Counts;
pub use identity_limit::IdentityLimit;

use waxwing_serve::{GatewayRoute, Route};

/// What this service answers, over HTTP and over gRPC.
pub const ROUTES: &[Route] = &[
    ("POST", "/api/v2/signingCert"),
    ("GET", "/api/v2/trustBundle"),
    ("GET", "/api/v2/configuration"),
    ("POST", "/api/v1/signingCert"),
    ("GET", "/api/v1/rootCert"),
    ("POST", grpc::v2::CREATE_SIGNING_CERTIFICATE),
    ("POST", grpc::v2::GET_TRUST_BUNDLE),
    ("POST", grpc::v2::GET_CONFIGURATION),
    ("POST", grpc::v1beta::CREATE_SIGNING_CERTIFICATE),
    ("POST", grpc::v1beta::GET_ROOT_CERTIFICATE),
];

/// Which call each request over HTTP is in the original, whose HTTP is a gateway to its gRPC.
pub const GATEWAY: &[GatewayRoute] = &[
    (
        "POST",
        "/api/v2/signingCert",
        grpc::v2::CREATE_SIGNING_CERTIFICATE,
    ),
    ("GET", "/api/v2/trustBundle", grpc::v2::GET_TRUST_BUNDLE),
    ("GET", "/api/v2/configuration", grpc::v2::GET_CONFIGURATION),
    (
        "POST",
        "/api/v1/signingCert",
        grpc::v1beta::CREATE_SIGNING_CERTIFICATE,
    ),
    (
        "GET",
        "/api/v1/rootCert",
        grpc::v1beta::GET_ROOT_CERTIFICATE,
    ),
];

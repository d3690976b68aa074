//! Fulcio: an identity token and a proof of possession in, a short-lived certificate out.
//!
//! ```text
//! POST /api/v2/signingCert     {"publicKeyRequest":…} or {"certificateSigningRequest":…}
//! GET  /api/v2/trustBundle     {"chains":[{"certificates":[…]}]}
//! GET  /api/v2/configuration   {"issuers":[…]}
//! ```
//!
//! A request goes through one module after the other: [`http`] reads it, [`token`] says who asks,
//! with the issuers of [`config`], the kinds of [`identity`] and the [`rules`]; [`possession`] that
//! they hold the key; [`authority`] makes the certificate and has a CT log promise its publication.
//! Where the original answers with a sentence that clients know, that sentence stays; the reason is
//! in `details`.

pub mod algorithms;
pub mod api;
pub mod authority;
pub mod config;
pub mod http;
pub mod identity;
pub mod possession;
mod refusal;
pub mod rules;
pub mod token;

pub use api::Service;
pub use http::ROUTES;

//! Fulcio as its clients meet it, with an issuer and a CT log that can misbehave.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod accepted;
mod certificate_requests;
mod claims;
mod ct_log;
mod ct_log_faults;
mod der;
mod issuer;
mod issuer_faults;
mod keys;
mod leaf;
mod rotation;
mod routes;
mod tokens;
mod world;

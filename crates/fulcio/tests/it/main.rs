//! Fulcio as its clients meet it, with an issuer and a CT log that can misbehave.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod accepted;
mod backends;
mod certificate_requests;
mod claims;
mod cluster;
mod configuration;
mod conformance;
mod ct_log;
mod ct_log_faults;
mod der;
mod grpc;
mod hostile_issuers;
mod issuer;
mod issuer_faults;
mod keys;
mod kinds;
mod leaf;
mod legacy;
mod private_issuers;
mod rotation;
mod routes;
mod rules;
mod tokens;
mod world;

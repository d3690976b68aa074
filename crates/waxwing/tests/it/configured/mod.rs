//! Each setting of `waxwing up --config`: its value changes an answer of an instance that runs.

mod ct;
mod fulcio;
mod general;
mod issuer;
mod limits;
mod metrics;
mod proxies;
mod rekor;
mod reloading;
pub(crate) mod server;
pub(crate) mod timestamp;

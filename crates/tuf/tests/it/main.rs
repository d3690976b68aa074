//! The crate as its users call it: repositories that it makes, clients that follow them, and
//! python-tuf on the other side of either.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod delegations;
mod metadata;
mod peer;
mod properties;
mod public_roots;
mod python_client;
mod python_repository;
mod refresh;
mod repository;
mod world;

//! Policies and requirements, each at what a public bundle has and just above it.
//!
//! `WAXWING_CONFORMANCE` names the folder with the bundles. Without it the tests say so and pass;
//! under `CI` its absence fails.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod artifacts;
mod policies;
mod promises;
mod signers;
mod thresholds;
mod times;
mod witnesses;
mod world;

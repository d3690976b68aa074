//! The CT log as submitters and monitors meet it: over its routes alone.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod admitted;
mod busy;
mod bytes;
mod monitor;
mod public_log;
mod refused;
mod rfc6962;
mod submitted;
mod world;

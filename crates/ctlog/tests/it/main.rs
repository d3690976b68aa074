//! The CT log as submitters and monitors meet it: over its routes alone.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod bytes;
mod monitor;
mod refused;
mod submitted;
mod world;

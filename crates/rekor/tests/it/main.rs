//! Rekor v2 as its clients and monitors meet it: over its routes alone.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod added;
mod dsse;
mod grpc;
mod read;
mod refused;
mod routes;
mod switches;
mod world;

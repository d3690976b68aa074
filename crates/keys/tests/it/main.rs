//! Keys at services: of stand-ins that can lie, and of servers and clients that others wrote.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod amazon;
mod amazon_credentials;
mod amazon_peers;
mod azure;
mod azure_peers;
mod google_cloud;
mod google_peers;
mod hashicorp;
mod hashicorp_peers;
mod peer;
mod suite;
mod world;

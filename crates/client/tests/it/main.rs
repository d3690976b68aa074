//! Tokens that lie ready; the trust store at repositories that are kept up, fall silent, and lie.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod ambient;
mod crowd;
mod followed;
mod hostile;
mod initialize;
mod world;

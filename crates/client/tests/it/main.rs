//! Tokens that lie ready, and logging in for one; the trust store at repositories that are kept up, fall silent, and lie.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod ambient;
mod crowd;
mod followed;
mod google;
mod hostile;
mod hostile_issuers;
mod initialize;
mod login;
mod openid;
mod single_files;
#[cfg(unix)]
mod spiffe;
mod world;

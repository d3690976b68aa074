//! The timestamp authority as its clients meet it, and as OpenSSL judges it.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod bytes;
mod clock;
mod openssl;
mod refused;
mod response;
mod set_up;
mod stamped;
mod world;

//! Bytes and their written forms: base64, hex, decimal integers, PEM, canonical JSON, TLS vectors and time.
//!
//! Everything here is pure: no input or output, no clock. Each reader states what it refuses; the
//! strict one is the default, and a lenient one says in its name whose habits it follows.
#![cfg_attr(
    not(test),
    warn(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable
    )
)]

pub mod base64;
pub mod canonical_json;
pub mod hex;
pub mod integer;
pub mod olpc_json;
pub mod pem;
pub mod time;
pub mod tls;

//! The kinds of log entries that a verifier must know: what may be proposed to a log, what is
//! checked before it is taken, the canonical bytes that become the leaf, and whether such a leaf is
//! about a given signature.
//!
//! | kind | log | here |
//! |---|---|---|
//! | hashedrekord 0.0.2 | Rekor v2 | [`hashedrekord`]: proposed, checked, bound |
//! | dsse 0.0.2 | Rekor v2 until 2026 | [`dsse`]: proposed, checked, bound |
//! | either of these | | [`proposal`]: the request of a client; [`fields`]: what stands in one |
//! | hashedrekord 0.0.1, dsse 0.0.1, intoto 0.0.1 and 0.0.2 | Rekor v1 | bound ([`binding`]) |
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

pub mod binding;
pub mod dsse;
pub mod fields;
pub mod hashedrekord;
pub mod proposal;
mod rekor_v1;
mod rekor_v2;
mod signature;
pub mod v1_proposal;
mod wire;

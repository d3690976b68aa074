//! The documents that Sigstore's clients exchange: bundle, trusted root, signing config, the
//! trust config that holds those two, and the in-toto statement inside a bundle's envelope.
//!
//! Each has one door, `from_json`, and behind it every field is present, sized and consistent: there
//! is no `validate` to forget. They are ProtoJSON (the messages of protobuf-specs): numbers of 64
//! bits are strings, bytes are base64, unknown fields and doubled ones are refused. The readers are
//! written by hand over `serde` instead of generated, because a generated one would bring a protobuf
//! runtime into every program that verifies, and would still leave all of the rules to be checked.
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

pub mod bundle;
pub mod legacy_bundle;
pub mod signing_config;
pub mod statement;
pub mod trust_config;
pub mod trusted_root;
mod window;
mod wire;

pub use bundle::{Bundle, BundleError, hash_name};
pub use signing_config::{SigningConfig, SigningConfigError};
pub use statement::{Statement, StatementError};
pub use trust_config::{TrustConfig, TrustConfigError};
pub use trusted_root::{TrustedRoot, TrustedRootError};
pub use window::Window;

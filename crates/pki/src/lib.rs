//! Certificates, Fulcio's extensions, chains, signed certificate timestamps, signing requests and
//! RFC 3161 timestamps.
//!
//! One rule runs through it: what a signature covers is kept as it came and never written again to
//! be checked. Where to start: [`certificate::Certificate`] reads, [`issue::Authority`] makes,
//! [`chain::verify`] judges.
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

mod algorithm;
pub mod certificate;
pub mod chain;
pub mod csr;
mod extension;
pub mod fulcio;
pub mod issue;
mod name;
mod name_constraints;
mod oid;
mod read;
mod rules;
pub mod sct;
pub mod timestamp;
mod write;

pub use certificate::{Certificate, CertificateError};
pub use der::asn1::ObjectIdentifier;
pub use name::DistinguishedName;
pub use read::MalformedDer;

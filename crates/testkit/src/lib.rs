//! For tests alone: the programs that others wrote, and a Sigstore whose every part can be made
//! faulty.
//!
//! [`peers`] asks real clients about a bundle. [`virtual_sigstore`] makes bundles without any
//! service, so that a test can put one fault inside what a key then signs, where flipping a bit
//! afterwards would break that key's signature as well and prove nothing about the fault. [`vectors`]
//! makes the bundles of `tests/vectors/`, one for each fault that we know of.

pub mod peers;
pub mod vectors;
pub mod virtual_sigstore;

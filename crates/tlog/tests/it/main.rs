//! The crate as its users call it: known answers, every refusal, and properties.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod cosignature;
mod merkle;
mod note;
mod tiles;
mod witness_policy;

//! The kinds of log entries that a verifier must know: what may be proposed to a log, what is
//! checked before it is taken, and the canonical bytes that become the leaf.
//!
//! One module a kind. So far: [`hashedrekord`] 0.0.2, the entry of Rekor v2.

pub mod hashedrekord;

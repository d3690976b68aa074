//! The crate as its users call it: authorities are made, leaves issued, and each rule broken once.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod authorities;
mod authority_checks;
mod chains;
mod claims;
mod constraints;
mod differences;
mod paths;
mod profiles;
mod scts;
mod timestamps;

//! A whole Sigstore, from the start to signatures that verify, by both ways on which requests travel.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod address;
mod backup;
mod ceremony;
mod data;
mod leaf_index;
mod road;
mod rotation;
mod surroundings;
mod trust_repository;
mod trusted_root;

//! Merkle trees, tiles, entry bundles, notes and checkpoints: the formats of transparency logs.
//!
//! Pure functions over bytes: no input or output, no clock. The specifications are RFC 6962 and
//! RFC 9162 (trees and proofs), C2SP tlog-tiles and static-ct-api (tiles), C2SP signed-note and
//! tlog-checkpoint (signed heads), tlog-proof (proof files), tlog-cosignature and tlog-policy
//! (witnesses).
//!
//! A client that holds a verified checkpoint asks [`tile::inclusion_tiles`] which tiles a proof
//! needs, fetches them into a [`tile::TileSet`], builds the proof with [`merkle::inclusion_proof`]
//! and checks it with [`merkle::verify_inclusion`]. A log does the same from its memory.
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
pub mod checkpoint;
mod hash;
pub mod merkle;
pub mod note;
pub mod proof_file;
pub mod tile;
pub mod witness_policy;

pub use hash::Hash;

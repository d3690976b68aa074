//! The artifact of a bundle: hashed while it is read, or held whole where the signature demands it.

use std::path::Path;

use waxwing_crypto::Digest;
use waxwing_model::Bundle;
use waxwing_verify::artifact::{LARGEST_WHOLE_ARTIFACT, needed};
use waxwing_verify::{Artifact, Policy};

use crate::files;

/// An artifact that was read.
#[derive(Debug)]
pub enum ReadArtifact {
    /// All of it.
    Whole(Vec<u8>),
    /// Its digests by every function that this bundle needs.
    Digests(Vec<Digest>),
}

impl ReadArtifact {
    /// Reads a file of any size, in constant memory but for the algorithms that sign the artifact
    /// itself (Ed25519 without prehash, ML-DSA), for which at most 128 MiB are held.
    pub fn of_file(path: &Path, bundle: &Bundle, policy: &Policy) -> anyhow::Result<Self> {
        let needed = needed(bundle, policy)?;
        let small = files::size(path)? <= LARGEST_WHOLE_ARTIFACT as u64;
        if needed.whole.is_some() && small {
            return Ok(Self::Whole(files::read(path, LARGEST_WHOLE_ARTIFACT)?));
        }
        Ok(Self::Digests(files::digests(path, &needed.hashes)?))
    }

    /// As the verifier takes it.
    pub fn as_artifact(&self) -> Artifact<'_> {
        match self {
            Self::Whole(bytes) => Artifact::Bytes(bytes),
            Self::Digests(digests) => Artifact::Digests(digests),
        }
    }
}

//! A SHA-512 digest made elsewhere, in the shape that `ed25519-dalek` takes for Ed25519ph.
//!
//! Its interface wants a hasher to finish; this one has already finished. The alternative, hashing
//! the message a second time with a second implementation of SHA-512, would make digest-first
//! signing impossible.

use ed25519_dalek::ed25519::signature::digest::{
    FixedOutput, HashMarker, Output, OutputSizeUser, Update, consts::U64,
};

use crate::Digest;

#[derive(Clone, Default)]
pub(crate) struct Prehashed(Output<Self>);

impl Prehashed {
    /// Takes a digest of 64 bytes; of a shorter one the rest is zero, which no signature matches.
    pub(crate) fn new(digest: &Digest) -> Self {
        let mut output = Output::<Self>::default();
        for (slot, byte) in output.iter_mut().zip(digest.as_bytes()) {
            *slot = *byte;
        }
        Self(output)
    }
}

impl OutputSizeUser for Prehashed {
    type OutputSize = U64;
}

impl HashMarker for Prehashed {}

impl Update for Prehashed {
    /// Never called: the message was hashed before.
    fn update(&mut self, _: &[u8]) {}
}

impl FixedOutput for Prehashed {
    fn finalize_into(self, out: &mut Output<Self>) {
        *out = self.0;
    }
}

//! Randomness as an argument, like the clock.

use aws_lc_rs::rand::{self, SecureRandom};

/// Where serial numbers and the like come from; keys and signature nonces always come from the
/// provider itself.
pub trait Random: Send + Sync + 'static {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::expect_used, reason = "no input leads here")]
    fn fill(&self, bytes: &mut [u8]) {
        // The provider aborts on its own when the system has no entropy to give; an error here has
        // no other cause, and going on without randomness is not an answer.
        rand::SystemRandom::new()
            .fill(bytes)
            .expect("invariant: the operating system gives random bytes");
    }
}

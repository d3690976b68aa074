//! Secrets that mean something because nobody can guess them: states, nonces, codes, verifiers.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use waxwing_encoding::base64;
use zeroize::Zeroizing;

use crate::Random;

/// 32 random bytes as 43 characters of base64url.
pub fn fresh_secret(random: &dyn Random) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; 32]);
    random.fill(&mut *bytes);
    Zeroizing::new(base64::encode_url(&*bytes))
}

/// Compares in a time that depends on the lengths alone.
pub fn is_same_secret(one: &[u8], other: &[u8]) -> bool {
    verify_slices_are_equal(one, other).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    #[test]
    fn secrets_differ_and_are_compared_whole() {
        let (one, other) = (fresh_secret(&SystemRandom), fresh_secret(&SystemRandom));
        assert_eq!(one.len(), 43);
        assert_ne!(one, other);
        assert!(is_same_secret(b"", b"") && is_same_secret(b"abc", b"abc"));
        for different in [&b"abd"[..], b"bbc", b"ab", b"abcd", b""] {
            assert!(!is_same_secret(b"abc", different));
        }
    }
}

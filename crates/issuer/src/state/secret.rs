//! Codes and tokens that mean something because nobody can guess them.
//!
//! What is stored is never the secret but its SHA-256: who reads the memory learns nothing that can
//! be used, and finding one takes the same time however much of a guess is right.

use std::hint::black_box;

use waxwing_crypto::{Random, sha256};
use waxwing_encoding::base64;
use zeroize::Zeroizing;

/// The name under which a secret is stored.
pub(crate) type Key = [u8; 32];

/// 32 random bytes as 43 characters of base64url.
pub(crate) fn fresh(random: &dyn Random) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; 32]);
    random.fill(&mut *bytes);
    Zeroizing::new(base64::encode_url(&*bytes))
}

/// The name under which `secret` is stored.
pub(crate) fn key(secret: &str) -> Key {
    sha256(secret.as_bytes())
}

/// Compares in a time that depends on the lengths alone.
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    let pairs = one.iter().zip(other);
    let difference = pairs.fold(0, |found, (one, other)| black_box(found | (one ^ other)));
    one.len() == other.len() && difference == 0
}

#[cfg(test)]
mod tests {
    use waxwing_crypto::SystemRandom;

    use super::*;

    #[test]
    fn secrets_differ_and_are_compared_whole() {
        let (one, other) = (fresh(&SystemRandom), fresh(&SystemRandom));
        assert_eq!(one.len(), 43);
        assert_ne!(one, other);
        assert_ne!(key(&one), key(&other));
        assert!(same(b"", b"") && same(b"abc", b"abc"));
        for different in [&b"abd"[..], b"bbc", b"ab", b"abcd", b""] {
            assert!(!same(b"abc", different));
        }
    }
}

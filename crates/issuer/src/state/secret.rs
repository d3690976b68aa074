//! Codes and tokens under the names by which they are stored.
//!
//! What is stored is never the secret but its SHA-256: who reads the memory learns nothing that can
//! be used, and finding one takes the same time however much of a guess is right.

use waxwing_crypto::sha256;
pub(crate) use waxwing_crypto::{fresh_secret as fresh, is_same_secret as same};

/// The name under which a secret is stored.
pub(crate) type Key = [u8; 32];

/// The name under which `secret` is stored.
pub(crate) fn key(secret: &str) -> Key {
    sha256(secret.as_bytes())
}

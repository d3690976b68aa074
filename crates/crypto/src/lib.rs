//! Digests, keys and signatures, and the registry of algorithms that Sigstore allows.
//!
//! Of our crates this is the only one that names the provider (`aws-lc-rs`); all others see digests,
//! [`PublicKey`] and [`PrivateKey`]. Keys come in and go out as DER `SubjectPublicKeyInfo` (RFC 5280
//! section 4.1.2.7) and PKCS#8 (RFC 5958).
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

mod algorithm;
#[cfg(feature = "key-files")]
mod dek_info;
mod digest;
mod encrypted_key;
mod hmac;
#[cfg(feature = "key-files")]
mod key_file;
mod prehashed;
mod private_key;
mod public_key;
mod random;
mod secret;
#[cfg(feature = "key-files")]
mod sigstore_key;
mod spki;
mod traditional_key;

pub use algorithm::{KeyType, SignatureAlgorithm};
pub use digest::{Digest, HashAlgorithm, Hasher, sha1, sha256, sha256_of_parts};
pub use hmac::hmac_sha256;
pub use private_key::{KeyError, PrivateKey};
pub use public_key::{PublicKey, PublicKeyError, SignatureError};
pub use random::{Random, SystemRandom};
pub use secret::{fresh_secret, is_same_secret};

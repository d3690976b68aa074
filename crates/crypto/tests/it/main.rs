//! The crate as its users call it: keys of every kind are made and read, sign with each of their
//! algorithms, and everything that must not verify is tried.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod malleable;
mod openssl;
mod private_keys;
mod public_keys;
mod signatures;
mod vectors;

use std::sync::LazyLock;

use waxwing_crypto::{KeyType, PrivateKey, SignatureAlgorithm};

/// One key of each kind, made once: RSA takes its time.
static KEYS: LazyLock<Vec<PrivateKey>> = LazyLock::new(|| {
    [
        KeyType::EcdsaP256,
        KeyType::EcdsaP384,
        KeyType::EcdsaP521,
        KeyType::Ed25519,
        KeyType::Rsa(2048),
        KeyType::Rsa(3072),
        KeyType::Rsa(4096),
        KeyType::MlDsa44,
        KeyType::MlDsa65,
        KeyType::MlDsa87,
    ]
    .map(|kind| PrivateKey::generate(kind).unwrap())
    .into()
});

const ALGORITHMS: [SignatureAlgorithm; 12] = [
    SignatureAlgorithm::EcdsaP256Sha256,
    SignatureAlgorithm::EcdsaP384Sha384,
    SignatureAlgorithm::EcdsaP384Sha256,
    SignatureAlgorithm::EcdsaP521Sha512,
    SignatureAlgorithm::EcdsaP521Sha256,
    SignatureAlgorithm::Ed25519,
    SignatureAlgorithm::Ed25519ph,
    SignatureAlgorithm::RsaPkcs1Sha256,
    SignatureAlgorithm::RsaPssSha256,
    SignatureAlgorithm::MlDsa44,
    SignatureAlgorithm::MlDsa65,
    SignatureAlgorithm::MlDsa87,
];

/// The shared key of this kind.
fn key(kind: KeyType) -> &'static PrivateKey {
    let mut found = KEYS
        .iter()
        .filter(|key| key.public_key().key_type() == kind);
    found.next().unwrap()
}

/// Every key with every algorithm that the registry knows for it.
fn pairs() -> impl Iterator<Item = (&'static PrivateKey, SignatureAlgorithm)> {
    KEYS.iter().flat_map(|key| {
        let kind = key.public_key().key_type();
        ALGORITHMS
            .into_iter()
            .filter(move |algorithm| algorithm.key_details(kind).is_some())
            .map(move |algorithm| (key, algorithm))
    })
}

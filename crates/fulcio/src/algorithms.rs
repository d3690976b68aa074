//! Which keys may get a certificate: `--client-signing-algorithms`.
//!
//! ```text
//! ecdsa-sha2-256-nistp256,ecdsa-sha2-384-nistp384,rsa-sign-pkcs1-2048-sha256,ed25519
//! ```
//!
//! The names are those of the registry (`KnownSignatureAlgorithm`'s flag values). Refused: names that
//! are not known, and an empty list.

use waxwing_crypto::{HashAlgorithm, KeyType, SignatureAlgorithm};

/// Every name, and what it allows: a kind of key with the hash that it signs with.
const NAMES: [(&str, KeyType, Option<HashAlgorithm>); 13] = {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    use KeyType::{EcdsaP256, EcdsaP384, EcdsaP521, Ed25519, Rsa};
    [
        ("ecdsa-sha2-256-nistp256", EcdsaP256, Some(Sha256)),
        ("ecdsa-sha2-384-nistp384", EcdsaP384, Some(Sha384)),
        ("ecdsa-sha2-512-nistp521", EcdsaP521, Some(Sha512)),
        ("rsa-sign-pkcs1-2048-sha256", Rsa(2048), Some(Sha256)),
        ("rsa-sign-pkcs1-3072-sha256", Rsa(3072), Some(Sha256)),
        ("rsa-sign-pkcs1-4096-sha256", Rsa(4096), Some(Sha256)),
        ("ed25519", Ed25519, None),
        ("rsa-sign-pss-2048-sha256", Rsa(2048), Some(Sha256)),
        ("rsa-sign-pss-3072-sha256", Rsa(3072), Some(Sha256)),
        ("rsa-sign-pss-4096-sha256", Rsa(4096), Some(Sha256)),
        ("ecdsa-sha2-256-nistp384", EcdsaP384, Some(Sha256)),
        ("ecdsa-sha2-256-nistp521", EcdsaP521, Some(Sha256)),
        ("ed25519-ph", Ed25519, Some(Sha512)),
    ]
};

/// How many of [`NAMES`] are allowed when nothing is said.
const DEFAULT: usize = 7;

/// The kinds of keys and hashes that are allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAlgorithms(Vec<(KeyType, Option<HashAlgorithm>)>);

/// A list that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the signing algorithm {found:?} is not known; expected some of {}",
    known()
)]
pub struct ClientAlgorithmsError {
    /// The name.
    pub found: String,
}

/// A key, or its hash, that is not on the list. The text is the original's, with Go's names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("signing algorithm not permitted: {key}, {hash}")]
pub struct NotPermitted {
    key: &'static str,
    hash: &'static str,
}

impl Default for ClientAlgorithms {
    fn default() -> Self {
        let names = NAMES.iter().take(DEFAULT);
        Self(names.map(|(_, key, hash)| (*key, *hash)).collect())
    }
}

impl ClientAlgorithms {
    /// Reads names separated by commas.
    pub fn parse(names: &str) -> Result<Self, ClientAlgorithmsError> {
        let one = |name: &str| {
            let found = NAMES.iter().find(|(known, ..)| *known == name.trim());
            let found = found.map(|(_, key, hash)| (*key, *hash));
            found.ok_or_else(|| ClientAlgorithmsError {
                found: name.to_owned(),
            })
        };
        names
            .split(',')
            .map(one)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Checks the kind of a key and the hash of its algorithm.
    pub fn check(&self, key: KeyType, algorithm: SignatureAlgorithm) -> Result<(), NotPermitted> {
        let hash = algorithm.hash();
        if self.0.contains(&(key, hash)) {
            return Ok(());
        }
        Err(NotPermitted {
            key: match key {
                KeyType::EcdsaP256 | KeyType::EcdsaP384 | KeyType::EcdsaP521 => "*ecdsa.PublicKey",
                KeyType::Rsa(_) => "*rsa.PublicKey",
                KeyType::Ed25519 => "ed25519.PublicKey",
                _ => "a key of another kind",
            },
            hash: match hash {
                Some(HashAlgorithm::Sha256) => "SHA-256",
                Some(HashAlgorithm::Sha384) => "SHA-384",
                Some(HashAlgorithm::Sha512) => "SHA-512",
                _ => "unknown hash value 0",
            },
        })
    }
}

fn known() -> String {
    NAMES.map(|(name, ..)| name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_allows_what_it_names_and_nothing_else() {
        let list = ClientAlgorithms::parse("ecdsa-sha2-256-nistp256, ed25519").unwrap();
        let check = |key, algorithm| list.check(key, algorithm);
        let p256 = SignatureAlgorithm::EcdsaP256Sha256;
        assert_eq!(check(KeyType::EcdsaP256, p256), Ok(()));
        assert_eq!(check(KeyType::Ed25519, SignatureAlgorithm::Ed25519), Ok(()));
        let refused = check(KeyType::EcdsaP256, SignatureAlgorithm::EcdsaP256Sha512);
        assert_eq!(
            refused.unwrap_err().to_string(),
            "signing algorithm not permitted: *ecdsa.PublicKey, SHA-512"
        );
        let refused = check(KeyType::Rsa(2048), SignatureAlgorithm::RsaPkcs1Sha256);
        assert_eq!(
            refused.unwrap_err().to_string(),
            "signing algorithm not permitted: *rsa.PublicKey, SHA-256"
        );
        for bad in ["", "ed25519,", "ED25519", "ml-dsa-65"] {
            assert!(ClientAlgorithms::parse(bad).is_err(), "{bad}");
        }
        let all = NAMES.iter().take(DEFAULT).map(|(name, ..)| *name);
        let all: Vec<&str> = all.collect();
        assert_eq!(
            ClientAlgorithms::parse(&all.join(",")),
            Ok(ClientAlgorithms::default())
        );
    }
}

//! The registry of signature algorithms (`PublicKeyDetails` of protobuf-specs).

use crate::HashAlgorithm;

/// What kind of key a `SubjectPublicKeyInfo` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyType {
    /// ECDSA on P-256.
    EcdsaP256,
    /// ECDSA on P-384.
    EcdsaP384,
    /// ECDSA on P-521.
    EcdsaP521,
    /// Ed25519.
    Ed25519,
    /// RSA with a modulus of so many bits.
    Rsa(usize),
}

/// A signature algorithm: the kind of key, the padding where there is one, and the hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// ECDSA P-256 with SHA-256, Sigstore's default.
    EcdsaP256Sha256,
    /// ECDSA P-384 with SHA-384.
    EcdsaP384Sha384,
    /// ECDSA P-384 with SHA-256, deprecated, and used by timestamp authorities.
    EcdsaP384Sha256,
    /// ECDSA P-521 with SHA-512.
    EcdsaP521Sha512,
    /// ECDSA P-521 with SHA-256, deprecated.
    EcdsaP521Sha256,
    /// Ed25519 over the message itself.
    Ed25519,
    /// Ed25519ph: over the SHA-512 digest of the message (RFC 8032 section 5.1).
    Ed25519ph,
    /// RSA PKCS#1 v1.5 with SHA-256, for moduli of 2048, 3072 and 4096 bits.
    RsaPkcs1Sha256,
}

impl SignatureAlgorithm {
    /// The hash whose digest is signed; `None` where the message itself is.
    pub fn hash(self) -> Option<HashAlgorithm> {
        match self {
            Self::EcdsaP256Sha256
            | Self::EcdsaP384Sha256
            | Self::EcdsaP521Sha256
            | Self::RsaPkcs1Sha256 => Some(HashAlgorithm::Sha256),
            Self::EcdsaP384Sha384 => Some(HashAlgorithm::Sha384),
            Self::EcdsaP521Sha512 | Self::Ed25519ph => Some(HashAlgorithm::Sha512),
            Self::Ed25519 => None,
        }
    }

    /// The algorithm that Sigstore uses with a key of this kind when nothing else is said; `None`
    /// for RSA moduli outside the registry.
    pub fn default_for(key: KeyType) -> Option<Self> {
        match key {
            KeyType::EcdsaP256 => Some(Self::EcdsaP256Sha256),
            KeyType::EcdsaP384 => Some(Self::EcdsaP384Sha384),
            KeyType::EcdsaP521 => Some(Self::EcdsaP521Sha512),
            KeyType::Ed25519 => Some(Self::Ed25519),
            KeyType::Rsa(2048 | 3072 | 4096) => Some(Self::RsaPkcs1Sha256),
            KeyType::Rsa(_) => None,
        }
    }

    /// The name in `PublicKeyDetails` for this algorithm with a key of this kind; `None` when the
    /// two do not belong together.
    pub fn key_details(self, key: KeyType) -> Option<&'static str> {
        Some(match (self, key) {
            (Self::EcdsaP256Sha256, KeyType::EcdsaP256) => "PKIX_ECDSA_P256_SHA_256",
            (Self::EcdsaP384Sha384, KeyType::EcdsaP384) => "PKIX_ECDSA_P384_SHA_384",
            (Self::EcdsaP384Sha256, KeyType::EcdsaP384) => "PKIX_ECDSA_P384_SHA_256",
            (Self::EcdsaP521Sha512, KeyType::EcdsaP521) => "PKIX_ECDSA_P521_SHA_512",
            (Self::EcdsaP521Sha256, KeyType::EcdsaP521) => "PKIX_ECDSA_P521_SHA_256",
            (Self::Ed25519, KeyType::Ed25519) => "PKIX_ED25519",
            (Self::Ed25519ph, KeyType::Ed25519) => "PKIX_ED25519_PH",
            (Self::RsaPkcs1Sha256, KeyType::Rsa(2048)) => "PKIX_RSA_PKCS1V15_2048_SHA256",
            (Self::RsaPkcs1Sha256, KeyType::Rsa(3072)) => "PKIX_RSA_PKCS1V15_3072_SHA256",
            (Self::RsaPkcs1Sha256, KeyType::Rsa(4096)) => "PKIX_RSA_PKCS1V15_4096_SHA256",
            _ => return None,
        })
    }

    /// The algorithm that `key_details` names for a key of this kind; `None` if the name is unknown
    /// or speaks of another kind of key, size or curve.
    pub fn from_key_details(key_details: &str, key: KeyType) -> Option<Self> {
        const ALL: [SignatureAlgorithm; 8] = [
            SignatureAlgorithm::EcdsaP256Sha256,
            SignatureAlgorithm::EcdsaP384Sha384,
            SignatureAlgorithm::EcdsaP384Sha256,
            SignatureAlgorithm::EcdsaP521Sha512,
            SignatureAlgorithm::EcdsaP521Sha256,
            SignatureAlgorithm::Ed25519,
            SignatureAlgorithm::Ed25519ph,
            SignatureAlgorithm::RsaPkcs1Sha256,
        ];
        ALL.into_iter()
            .find(|algorithm| algorithm.key_details(key) == Some(key_details))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_belongs_to_one_kind_of_key() {
        let found = |name, key| SignatureAlgorithm::from_key_details(name, key);
        assert_eq!(
            found("PKIX_ECDSA_P256_SHA_256", KeyType::EcdsaP256),
            Some(SignatureAlgorithm::EcdsaP256Sha256)
        );
        assert_eq!(found("PKIX_ECDSA_P256_SHA_256", KeyType::EcdsaP384), None);
        assert_eq!(
            found("PKIX_RSA_PKCS1V15_2048_SHA256", KeyType::Rsa(3072)),
            None
        );
        assert_eq!(
            found("PKIX_RSA_PKCS1V15_1024_SHA256", KeyType::Rsa(1024)),
            None
        );
    }
}

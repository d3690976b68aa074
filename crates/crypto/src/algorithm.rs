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
    /// ML-DSA-44 (FIPS 204).
    MlDsa44,
    /// ML-DSA-65.
    MlDsa65,
    /// ML-DSA-87.
    MlDsa87,
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
    /// ECDSA P-256 with SHA-384, in certificates and timestamps alone, as are the five that follow:
    /// the registry does not know them, but authorities sign so.
    EcdsaP256Sha384,
    /// ECDSA P-256 with SHA-512.
    EcdsaP256Sha512,
    /// ECDSA P-384 with SHA-512.
    EcdsaP384Sha512,
    /// ECDSA P-521 with SHA-384.
    EcdsaP521Sha384,
    /// RSA PKCS#1 v1.5 with SHA-384.
    RsaPkcs1Sha384,
    /// RSA PKCS#1 v1.5 with SHA-512.
    RsaPkcs1Sha512,
    /// RSA PKCS#1 v1.5 with SHA-256, for moduli of 2048, 3072 and 4096 bits.
    RsaPkcs1Sha256,
    /// RSA PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes, for the same moduli.
    RsaPssSha256,
    /// ML-DSA-44 over the message itself, with the empty context. Experimental in the registry, as
    /// are the other two.
    MlDsa44,
    /// ML-DSA-65, likewise.
    MlDsa65,
    /// ML-DSA-87, likewise.
    MlDsa87,
}

impl SignatureAlgorithm {
    /// The hash whose digest is signed; `None` where the message itself is.
    pub fn hash(self) -> Option<HashAlgorithm> {
        match self {
            Self::EcdsaP256Sha256
            | Self::EcdsaP384Sha256
            | Self::EcdsaP521Sha256
            | Self::RsaPkcs1Sha256
            | Self::RsaPssSha256 => Some(HashAlgorithm::Sha256),
            Self::EcdsaP256Sha384
            | Self::EcdsaP384Sha384
            | Self::EcdsaP521Sha384
            | Self::RsaPkcs1Sha384 => Some(HashAlgorithm::Sha384),
            Self::EcdsaP256Sha512
            | Self::EcdsaP384Sha512
            | Self::EcdsaP521Sha512
            | Self::RsaPkcs1Sha512
            | Self::Ed25519ph => Some(HashAlgorithm::Sha512),
            Self::Ed25519 | Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => None,
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
            KeyType::MlDsa44 => Some(Self::MlDsa44),
            KeyType::MlDsa65 => Some(Self::MlDsa65),
            KeyType::MlDsa87 => Some(Self::MlDsa87),
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
            (Self::RsaPssSha256, KeyType::Rsa(2048)) => "PKIX_RSA_PSS_2048_SHA256",
            (Self::RsaPssSha256, KeyType::Rsa(3072)) => "PKIX_RSA_PSS_3072_SHA256",
            (Self::RsaPssSha256, KeyType::Rsa(4096)) => "PKIX_RSA_PSS_4096_SHA256",
            (Self::MlDsa44, KeyType::MlDsa44) => "ML_DSA_44",
            (Self::MlDsa65, KeyType::MlDsa65) => "ML_DSA_65",
            (Self::MlDsa87, KeyType::MlDsa87) => "ML_DSA_87",
            _ => return None,
        })
    }

    /// The algorithm that `key_details` names for a key of this kind; `None` if the name is unknown
    /// or speaks of another kind of key, size or curve.
    ///
    /// The deprecated names for RSA say no size and are read for every size of the registry. Those
    /// that begin with `PKCS1` also say that the key is in the form of
    /// [`PublicKey::from_pkcs1_der`](crate::PublicKey::from_pkcs1_der).
    pub fn from_key_details(key_details: &str, key: KeyType) -> Option<Self> {
        let sized = |algorithm: Self| algorithm.key_details(key).map(|_| algorithm);
        match key_details {
            "PKIX_RSA_PKCS1V5" | "PKCS1_RSA_PKCS1V5" => sized(Self::RsaPkcs1Sha256),
            "PKIX_RSA_PSS" | "PKCS1_RSA_PSS" => sized(Self::RsaPssSha256),
            _ => ALL
                .into_iter()
                .find(|algorithm| algorithm.key_details(key) == Some(key_details)),
        }
    }
}

impl SignatureAlgorithm {
    /// Whether a key of this kind can verify by this algorithm, whether the registry has the pair or
    /// only X.509.
    pub fn goes_with(self, key: KeyType) -> bool {
        self.key_details(key).is_some()
            || matches!(
                (self, key),
                (
                    Self::EcdsaP256Sha384 | Self::EcdsaP256Sha512,
                    KeyType::EcdsaP256
                ) | (Self::EcdsaP384Sha512, KeyType::EcdsaP384)
                    | (Self::EcdsaP521Sha384, KeyType::EcdsaP521)
                    | (Self::RsaPkcs1Sha384 | Self::RsaPkcs1Sha512, KeyType::Rsa(_))
            )
    }

    /// The algorithm by which a key of this kind signs a digest by `hash`, RSA as PKCS #1 v1.5 has it;
    /// `None` where there is none, and for keys that sign no digest.
    pub fn with_hash(key: KeyType, hash: HashAlgorithm) -> Option<Self> {
        const OF_DIGESTS: [SignatureAlgorithm; 12] = [
            SignatureAlgorithm::EcdsaP256Sha256,
            SignatureAlgorithm::EcdsaP256Sha384,
            SignatureAlgorithm::EcdsaP256Sha512,
            SignatureAlgorithm::EcdsaP384Sha256,
            SignatureAlgorithm::EcdsaP384Sha384,
            SignatureAlgorithm::EcdsaP384Sha512,
            SignatureAlgorithm::EcdsaP521Sha256,
            SignatureAlgorithm::EcdsaP521Sha384,
            SignatureAlgorithm::EcdsaP521Sha512,
            SignatureAlgorithm::RsaPkcs1Sha256,
            SignatureAlgorithm::RsaPkcs1Sha384,
            SignatureAlgorithm::RsaPkcs1Sha512,
        ];
        let fits = |algorithm: &Self| algorithm.goes_with(key) && algorithm.hash() == Some(hash);
        OF_DIGESTS.into_iter().find(fits)
    }

    /// Whether `key_details` names an algorithm of this registry, whatever the key.
    pub fn is_key_details(key_details: &str) -> bool {
        KeyType::ALL
            .into_iter()
            .any(|key| Self::from_key_details(key_details, key).is_some())
    }
}

impl KeyType {
    /// Every kind of key of the registry.
    pub const ALL: [Self; 10] = [
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::EcdsaP521,
        Self::Ed25519,
        Self::Rsa(2048),
        Self::Rsa(3072),
        Self::Rsa(4096),
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
    ];
}

const ALL: [SignatureAlgorithm; 12] = [
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
    /// Every size has its name for each padding; the names without a size are read for all three and
    /// never written.
    #[test]
    fn rsa_names_say_the_size_and_the_padding() {
        let algorithms = [
            (SignatureAlgorithm::RsaPkcs1Sha256, "PKCS1V15", "PKCS1V5"),
            (SignatureAlgorithm::RsaPssSha256, "PSS", "PSS"),
        ];
        for (algorithm, padding, deprecated) in algorithms {
            for size in [2048, 3072, 4096] {
                let key = KeyType::Rsa(size);
                let name = format!("PKIX_RSA_{padding}_{size}_SHA256");
                assert_eq!(algorithm.key_details(key), Some(name.as_str()));
                for name in [
                    name,
                    format!("PKIX_RSA_{deprecated}"),
                    format!("PKCS1_RSA_{deprecated}"),
                ] {
                    let found = |key| SignatureAlgorithm::from_key_details(&name, key);
                    assert_eq!(found(key), Some(algorithm), "{name}");
                    assert_eq!(found(KeyType::Rsa(1024)), None, "{name}");
                    assert_eq!(found(KeyType::EcdsaP256), None, "{name}");
                }
            }
        }
    }

    #[test]
    fn every_written_name_is_read_as_the_algorithm_it_was_written_for() {
        let keys = [
            KeyType::EcdsaP256,
            KeyType::EcdsaP384,
            KeyType::EcdsaP521,
            KeyType::Ed25519,
            KeyType::Rsa(2048),
            KeyType::MlDsa44,
            KeyType::MlDsa65,
            KeyType::MlDsa87,
        ];
        for key in keys {
            let default = SignatureAlgorithm::default_for(key).unwrap();
            assert!(default.key_details(key).is_some());
            for algorithm in ALL {
                if let Some(name) = algorithm.key_details(key) {
                    let read = SignatureAlgorithm::from_key_details(name, key);
                    assert_eq!(read, Some(algorithm), "{name}");
                }
            }
        }
    }
}

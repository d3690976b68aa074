//! `AlgorithmIdentifier` (RFC 5280 section 4.1.1.2), as far as Sigstore's algorithms go.
//!
//! ```text
//! SEQUENCE { OBJECT IDENTIFIER ecdsa-with-SHA256 }        ECDSA, Ed25519, ML-DSA: no parameters
//! SEQUENCE { OBJECT IDENTIFIER sha256WithRSA, NULL }      RSA PKCS#1 v1.5: NULL
//! SEQUENCE { OBJECT IDENTIFIER id-RSASSA-PSS, SEQUENCE {  RSA PSS: one set of parameters
//!   [0] { sha256 }, [1] { mgf1, sha256 }, [2] { 32 }
//! } }
//! ```

use der::asn1::ObjectIdentifier;
use waxwing_crypto::{HashAlgorithm, KeyType, SignatureAlgorithm};

use crate::read::{MalformedDer, NULL, Reader, SEQUENCE, constructed};
use crate::{oid, write};

const PSS_SALT: u64 = 32;
const PSS: &str = "RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes";

/// Reads one identifier. Parameters must be absent or NULL; those of RSASSA-PSS must be the one set
/// that Sigstore's registry knows, so that the identifier alone still says the algorithm.
pub(crate) fn read(reader: &mut Reader<'_>) -> Result<ObjectIdentifier, MalformedDer> {
    let mut inside = reader.enter(SEQUENCE, "AlgorithmIdentifier")?;
    let algorithm = inside.object_identifier("the algorithm")?;
    match algorithm {
        oid::RSASSA_PSS => read_pss(&mut inside)?,
        // RFC 9881 section 2: absent, and not NULL.
        oid::ML_DSA_44 | oid::ML_DSA_65 | oid::ML_DSA_87 => {}
        _ => {
            inside.optional(NULL, "algorithm parameters")?;
        }
    }
    inside.finish("AlgorithmIdentifier")?;
    Ok(algorithm)
}

/// Reads RSASSA-PSS-params (RFC 4055 section 3.1). What is left out means SHA-1 and a salt of 20
/// bytes there, and is refused with everything else that is not the one set.
fn read_pss(reader: &mut Reader<'_>) -> Result<(), MalformedDer> {
    let refused = |found| MalformedDer {
        expected: PSS,
        found,
    };
    let mut parameters = reader.enter(SEQUENCE, PSS)?;
    let mut hash = parameters.enter(constructed(0), PSS)?;
    if read_hash(&mut hash)? != oid::SHA_256 {
        return Err(refused("another hash"));
    }
    hash.finish(PSS)?;
    let mut mask = parameters.enter(constructed(1), PSS)?;
    let mut function = mask.enter(SEQUENCE, PSS)?;
    mask.finish(PSS)?;
    if function.object_identifier(PSS)? != oid::MGF1 {
        return Err(refused("another mask generation function"));
    }
    if read_hash(&mut function)? != oid::SHA_256 {
        return Err(refused("MGF1 with another hash"));
    }
    function.finish(PSS)?;
    let mut salt = parameters.enter(constructed(2), PSS)?;
    if salt.number(PSS)? != PSS_SALT {
        return Err(refused("another length of the salt"));
    }
    salt.finish(PSS)?;
    // DER leaves out the trailer field, whose only value is its default.
    parameters.finish(PSS)
}

/// Reads the identifier of a hash inside the parameters. Not [`read`], which would come back here:
/// whoever writes the input must not choose how deep.
fn read_hash(reader: &mut Reader<'_>) -> Result<ObjectIdentifier, MalformedDer> {
    let mut inside = reader.enter(SEQUENCE, PSS)?;
    let hash = inside.object_identifier(PSS)?;
    inside.optional(NULL, PSS)?;
    inside.finish(PSS)?;
    Ok(hash)
}

/// The hash function of an identifier.
pub(crate) fn hash(algorithm: ObjectIdentifier) -> Option<HashAlgorithm> {
    match algorithm {
        oid::SHA_256 => Some(HashAlgorithm::Sha256),
        oid::SHA_384 => Some(HashAlgorithm::Sha384),
        oid::SHA_512 => Some(HashAlgorithm::Sha512),
        _ => None,
    }
}

/// The signature algorithm that an identifier means with a key of this kind.
///
/// CMS may name only the kind of key (`id-ecPublicKey`, `rsaEncryption`); the hash is then that of
/// the signer's digest algorithm, given as `digest`.
pub(crate) fn signature(
    algorithm: ObjectIdentifier,
    key: KeyType,
    digest: Option<HashAlgorithm>,
) -> Option<SignatureAlgorithm> {
    let ecdsa = |hash| match (key, hash) {
        (KeyType::EcdsaP256, HashAlgorithm::Sha256) => Some(SignatureAlgorithm::EcdsaP256Sha256),
        (KeyType::EcdsaP256, HashAlgorithm::Sha384) => Some(SignatureAlgorithm::EcdsaP256Sha384),
        (KeyType::EcdsaP256, HashAlgorithm::Sha512) => Some(SignatureAlgorithm::EcdsaP256Sha512),
        (KeyType::EcdsaP384, HashAlgorithm::Sha512) => Some(SignatureAlgorithm::EcdsaP384Sha512),
        (KeyType::EcdsaP521, HashAlgorithm::Sha384) => Some(SignatureAlgorithm::EcdsaP521Sha384),
        (KeyType::EcdsaP384, HashAlgorithm::Sha256) => Some(SignatureAlgorithm::EcdsaP384Sha256),
        (KeyType::EcdsaP384, HashAlgorithm::Sha384) => Some(SignatureAlgorithm::EcdsaP384Sha384),
        (KeyType::EcdsaP521, HashAlgorithm::Sha256) => Some(SignatureAlgorithm::EcdsaP521Sha256),
        (KeyType::EcdsaP521, HashAlgorithm::Sha512) => Some(SignatureAlgorithm::EcdsaP521Sha512),
        _ => None,
    };
    let rsa = |hash| match (key, hash) {
        (KeyType::Rsa(_), HashAlgorithm::Sha256) => Some(SignatureAlgorithm::RsaPkcs1Sha256),
        (KeyType::Rsa(_), HashAlgorithm::Sha384) => Some(SignatureAlgorithm::RsaPkcs1Sha384),
        (KeyType::Rsa(_), HashAlgorithm::Sha512) => Some(SignatureAlgorithm::RsaPkcs1Sha512),
        _ => None,
    };
    match algorithm {
        oid::ECDSA_WITH_SHA_256 => ecdsa(HashAlgorithm::Sha256),
        oid::ECDSA_WITH_SHA_384 => ecdsa(HashAlgorithm::Sha384),
        oid::ECDSA_WITH_SHA_512 => ecdsa(HashAlgorithm::Sha512),
        oid::EC_PUBLIC_KEY => digest.and_then(ecdsa),
        oid::SHA_256_WITH_RSA => rsa(HashAlgorithm::Sha256),
        oid::SHA_384_WITH_RSA => rsa(HashAlgorithm::Sha384),
        oid::SHA_512_WITH_RSA => rsa(HashAlgorithm::Sha512),
        oid::RSA_ENCRYPTION => digest.and_then(rsa),
        oid::RSASSA_PSS if matches!(key, KeyType::Rsa(_)) => Some(SignatureAlgorithm::RsaPssSha256),
        oid::ED25519 if key == KeyType::Ed25519 => Some(SignatureAlgorithm::Ed25519),
        oid::ML_DSA_44 if key == KeyType::MlDsa44 => Some(SignatureAlgorithm::MlDsa44),
        oid::ML_DSA_65 if key == KeyType::MlDsa65 => Some(SignatureAlgorithm::MlDsa65),
        oid::ML_DSA_87 if key == KeyType::MlDsa87 => Some(SignatureAlgorithm::MlDsa87),
        _ => None,
    }
}

/// Writes the identifier of a signature algorithm.
pub(crate) fn write_signature(algorithm: SignatureAlgorithm) -> Vec<u8> {
    let identifier = |oid| write::sequence(&[&write::object_identifier(oid)]);
    let with_null = |oid| write::sequence(&[&write::object_identifier(oid), &[NULL, 0]]);
    match algorithm {
        SignatureAlgorithm::EcdsaP256Sha384
        | SignatureAlgorithm::EcdsaP384Sha384
        | SignatureAlgorithm::EcdsaP521Sha384 => identifier(oid::ECDSA_WITH_SHA_384),
        SignatureAlgorithm::EcdsaP256Sha512
        | SignatureAlgorithm::EcdsaP384Sha512
        | SignatureAlgorithm::EcdsaP521Sha512 => identifier(oid::ECDSA_WITH_SHA_512),
        SignatureAlgorithm::Ed25519 => identifier(oid::ED25519),
        SignatureAlgorithm::RsaPkcs1Sha256 => with_null(oid::SHA_256_WITH_RSA),
        SignatureAlgorithm::RsaPkcs1Sha384 => with_null(oid::SHA_384_WITH_RSA),
        SignatureAlgorithm::RsaPkcs1Sha512 => with_null(oid::SHA_512_WITH_RSA),
        SignatureAlgorithm::RsaPssSha256 => write_pss(),
        SignatureAlgorithm::MlDsa44 => identifier(oid::ML_DSA_44),
        SignatureAlgorithm::MlDsa65 => identifier(oid::ML_DSA_65),
        SignatureAlgorithm::MlDsa87 => identifier(oid::ML_DSA_87),
        _ => identifier(oid::ECDSA_WITH_SHA_256),
    }
}

/// RFC 4055 section 6 writes these hashes with NULL, and OpenSSL and Go do.
fn write_pss() -> Vec<u8> {
    let oid = write::object_identifier;
    let sha256 = write::sequence(&[&oid(oid::SHA_256), &[NULL, 0]]);
    let mgf1 = write::sequence(&[&oid(oid::MGF1), &sha256]);
    let parameters = write::sequence(&[
        &write::element(constructed(0), &[&sha256]),
        &write::element(constructed(1), &[&mgf1]),
        &write::element(constructed(2), &[&write::integer(&PSS_SALT.to_be_bytes())]),
    ]);
    write::sequence(&[&oid(oid::RSASSA_PSS), &parameters])
}

/// Writes the identifier of a hash function without parameters, as RFC 5754 asks.
pub(crate) fn write_hash(hash: HashAlgorithm) -> Vec<u8> {
    write::sequence(&[&write::object_identifier(hash_identifier(hash))])
}

/// The object identifier of a hash function.
pub(crate) fn hash_identifier(hash: HashAlgorithm) -> ObjectIdentifier {
    match hash {
        HashAlgorithm::Sha384 => oid::SHA_384,
        HashAlgorithm::Sha512 => oid::SHA_512,
        _ => oid::SHA_256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SignatureAlgorithm as A;
    use std::time::Duration;
    use waxwing_crypto::{PrivateKey, SignatureError};
    use waxwing_encoding::time::UnixTime;

    const KEYS: [KeyType; 8] = [
        KeyType::EcdsaP256,
        KeyType::EcdsaP384,
        KeyType::EcdsaP521,
        KeyType::Ed25519,
        KeyType::Rsa(2048),
        KeyType::MlDsa44,
        KeyType::MlDsa65,
        KeyType::MlDsa87,
    ];

    fn read_all(identifier: &[u8]) -> Result<ObjectIdentifier, MalformedDer> {
        let mut reader = Reader::new(identifier);
        let algorithm = read(&mut reader)?;
        reader.finish("the identifier")?;
        Ok(algorithm)
    }

    #[test]
    fn what_is_written_is_read_as_the_same_algorithm_and_only_with_its_own_key() {
        for (algorithm, own) in [
            (A::EcdsaP256Sha256, KeyType::EcdsaP256),
            (A::EcdsaP384Sha384, KeyType::EcdsaP384),
            (A::EcdsaP384Sha256, KeyType::EcdsaP384),
            (A::EcdsaP521Sha512, KeyType::EcdsaP521),
            (A::EcdsaP521Sha256, KeyType::EcdsaP521),
            (A::EcdsaP256Sha384, KeyType::EcdsaP256),
            (A::EcdsaP256Sha512, KeyType::EcdsaP256),
            (A::EcdsaP384Sha512, KeyType::EcdsaP384),
            (A::EcdsaP521Sha384, KeyType::EcdsaP521),
            (A::Ed25519, KeyType::Ed25519),
            (A::RsaPkcs1Sha256, KeyType::Rsa(2048)),
            (A::RsaPkcs1Sha384, KeyType::Rsa(2048)),
            (A::RsaPkcs1Sha512, KeyType::Rsa(2048)),
            (A::RsaPssSha256, KeyType::Rsa(2048)),
            (A::MlDsa44, KeyType::MlDsa44),
            (A::MlDsa65, KeyType::MlDsa65),
            (A::MlDsa87, KeyType::MlDsa87),
        ] {
            let identifier = read_all(&write_signature(algorithm)).unwrap();
            for key in KEYS {
                let found = signature(identifier, key, None);
                assert_eq!(
                    found == Some(algorithm),
                    key == own,
                    "{algorithm:?} {key:?}"
                );
                assert!(found.is_none_or(|found| found.goes_with(key)));
            }
        }
    }

    #[test]
    fn certificates_may_be_signed_with_pairs_that_the_registry_does_not_know() {
        for (identifier, key, algorithm) in [
            (
                oid::ECDSA_WITH_SHA_384,
                KeyType::EcdsaP256,
                A::EcdsaP256Sha384,
            ),
            (
                oid::ECDSA_WITH_SHA_512,
                KeyType::EcdsaP256,
                A::EcdsaP256Sha512,
            ),
            (
                oid::ECDSA_WITH_SHA_512,
                KeyType::EcdsaP384,
                A::EcdsaP384Sha512,
            ),
            (
                oid::ECDSA_WITH_SHA_384,
                KeyType::EcdsaP521,
                A::EcdsaP521Sha384,
            ),
            (oid::SHA_384_WITH_RSA, KeyType::Rsa(2048), A::RsaPkcs1Sha384),
            (oid::SHA_512_WITH_RSA, KeyType::Rsa(4096), A::RsaPkcs1Sha512),
        ] {
            assert_eq!(signature(identifier, key, None), Some(algorithm));
            assert_eq!(algorithm.key_details(key), None);
            assert!(algorithm.goes_with(key) && !algorithm.goes_with(KeyType::Ed25519));
        }
        let sha512 = Some(HashAlgorithm::Sha512);
        assert_eq!(
            signature(oid::EC_PUBLIC_KEY, KeyType::EcdsaP384, sha512),
            Some(A::EcdsaP384Sha512)
        );
        assert_eq!(
            signature(oid::EC_PUBLIC_KEY, KeyType::EcdsaP521, sha512),
            Some(A::EcdsaP521Sha512)
        );
    }

    /// The identifier with these parts of its parameters, each in its place or left out.
    fn pss(parts: &[&[u8]]) -> Vec<u8> {
        let parameters = write::sequence(parts);
        write::sequence(&[&write::object_identifier(oid::RSASSA_PSS), &parameters])
    }

    #[test]
    fn rsa_pss_has_one_set_of_parameters_and_every_other_is_refused() {
        let hash = |oid, null: &[u8]| write::sequence(&[&write::object_identifier(oid), null]);
        let tagged = |number, inside: &[u8]| write::element(constructed(number), &[inside]);
        let mask = |function, hash: &[u8]| {
            tagged(
                1,
                &write::sequence(&[&write::object_identifier(function), hash]),
            )
        };
        let salt = |length| tagged(2, &write::integer(&[length]));
        let null: &[u8] = &[NULL, 0];
        let (sha256, sha384) = (hash(oid::SHA_256, null), hash(oid::SHA_384, null));
        let good = [tagged(0, &sha256), mask(oid::MGF1, &sha256), salt(32)];
        let parts = |parts: &[Vec<u8>]| pss(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>());

        // As OpenSSL writes it, whatever we write.
        let written = "3041 06092a864886f70d01010a 3034 a00f300d06096086480165030402010500 \
                       a11c301a06092a864886f70d010108300d06096086480165030402010500 a203020120";
        let written = waxwing_encoding::hex::decode(&written.replace(' ', "")).unwrap();
        assert_eq!(write_signature(A::RsaPssSha256), written);
        assert_eq!(parts(&good), written);
        assert_eq!(read_all(&written), Ok(oid::RSASSA_PSS));
        let bare = hash(oid::SHA_256, &[]);
        let without_null = [tagged(0, &bare), mask(oid::MGF1, &bare), salt(32)];
        assert_eq!(read_all(&parts(&without_null)), Ok(oid::RSASSA_PSS));

        let [one, two, three] = good;
        for (refused, found) in [
            (
                write::sequence(&[&write::object_identifier(oid::RSASSA_PSS)]),
                "the end",
            ),
            (
                write::sequence(&[&write::object_identifier(oid::RSASSA_PSS), null]),
                "another tag",
            ),
            (parts(&[]), "the end"),
            (parts(&[two.clone(), three.clone()]), "another tag"),
            (parts(&[one.clone(), three.clone()]), "another tag"),
            (parts(&[one.clone(), two.clone()]), "the end"),
            (
                parts(&[tagged(0, &sha384), two.clone(), three.clone()]),
                "another hash",
            ),
            (
                parts(&[tagged(0, &written), two.clone(), three.clone()]),
                "something after its end",
            ),
            (
                parts(&[one.clone(), mask(oid::SHA_256, &sha256), three.clone()]),
                "another mask generation function",
            ),
            (
                parts(&[one.clone(), mask(oid::MGF1, &sha384), three.clone()]),
                "MGF1 with another hash",
            ),
            (
                parts(&[one.clone(), two.clone(), salt(20)]),
                "another length of the salt",
            ),
            (
                parts(&[one, two, three, tagged(3, &write::integer(&[1]))]),
                "something after its end",
            ),
        ] {
            assert_eq!(read_all(&refused).map_err(|error| error.found), Err(found));
        }
    }

    #[test]
    fn ml_dsa_takes_no_parameters_not_even_null() {
        for identifier in [oid::ML_DSA_44, oid::ML_DSA_65, oid::ML_DSA_87] {
            let bare = write::object_identifier(identifier);
            assert_eq!(read_all(&write::sequence(&[&bare])), Ok(identifier));
            let with_null = write::sequence(&[&bare, &[NULL, 0]]);
            assert!(read_all(&with_null).is_err());
        }
    }
    #[test]
    fn every_kind_of_key_signs_a_certificate_that_says_how() {
        use crate::issue::{Authority, SerialNumber, Validity};
        let name = crate::DistinguishedName {
            organization: "example.com".into(),
            common_name: "root".into(),
        };
        let at = |seconds| UnixTime::from_duration(Duration::from_secs(seconds)).unwrap();
        let validity = Validity {
            not_before: at(0),
            not_after: at(1),
        };
        for kind in KEYS {
            let key = || PrivateKey::generate(kind).unwrap();
            let serial = SerialNumber::new([1; 20]);
            let made = Authority::root(key(), &name, serial, validity).unwrap();
            let check = |key: &PrivateKey| made.certificate.verify_signature(key.public_key());
            assert_eq!(check(&made.key), Ok(()), "{kind:?}");
            assert_eq!(check(&key()), Err(SignatureError::Mismatch), "{kind:?}");
        }
    }
}

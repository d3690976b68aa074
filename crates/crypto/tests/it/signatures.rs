//! Every key with every algorithm.

use waxwing_crypto::{
    HashAlgorithm, KeyError, KeyType, PrivateKey, PublicKey, SignatureAlgorithm, SignatureError,
};

use crate::{ALGORITHMS, KEYS, key, pairs};

const MISMATCH: Result<(), SignatureError> = Err(SignatureError::Mismatch);

#[test]
fn what_a_key_signs_its_public_half_verifies_and_nothing_else() {
    assert_eq!(pairs().count(), 16);
    for (key, algorithm) in pairs() {
        let signature = key.sign_with(algorithm, b"message").unwrap();
        let public = PublicKey::from_pem(&key.public_key().to_pem()).unwrap();
        let check = |message: &[u8], signature: &[u8]| public.verify(algorithm, message, signature);
        assert_eq!(check(b"message", &signature), Ok(()), "{algorithm:?}");
        assert_eq!(check(b"messagf", &signature), MISMATCH, "{algorithm:?}");
        for place in [0, signature.len() / 2, signature.len() - 1] {
            let mut flipped = signature.clone();
            flipped[place] ^= 1;
            assert_eq!(check(b"message", &flipped), MISMATCH, "{algorithm:?}");
        }
        let short = signature.split_last().unwrap().1;
        assert_eq!(check(b"message", short), MISMATCH, "{algorithm:?}");
        let long = [signature.as_slice(), &[0]].concat();
        assert_eq!(check(b"message", &long), MISMATCH, "{algorithm:?}");
        assert_eq!(check(b"message", b""), MISMATCH, "{algorithm:?}");
    }
}

#[test]
fn another_key_of_the_same_kind_does_not_verify() {
    for (key, algorithm) in pairs() {
        let kind = key.public_key().key_type();
        if matches!(kind, KeyType::Rsa(3072 | 4096)) {
            // Two seconds for what the smallest size shows.
            continue;
        }
        let other = PrivateKey::generate(kind).unwrap();
        let signature = key.sign_with(algorithm, b"message").unwrap();
        let found = other.public_key().verify(algorithm, b"message", &signature);
        assert_eq!(found, MISMATCH, "{algorithm:?}");
    }
}

#[test]
fn digest_first_is_message_first() {
    for (key, algorithm) in pairs() {
        let public = key.public_key();
        for hash in [
            HashAlgorithm::Sha256,
            HashAlgorithm::Sha384,
            HashAlgorithm::Sha512,
        ] {
            let digest = hash.digest(b"message");
            let signed = key.sign_digest_with(algorithm, &digest);
            let message_first = key.sign_with(algorithm, b"message").unwrap();
            if algorithm.hash() == Some(hash) {
                let signed = signed.unwrap();
                assert_eq!(public.verify(algorithm, b"message", &signed), Ok(()));
                let checked = public.verify_digest(algorithm, &digest, &message_first);
                assert_eq!(checked, Ok(()));
                let other = hash.digest(b"messagf");
                let checked = public.verify_digest(algorithm, &other, &message_first);
                assert_eq!(checked, MISMATCH);
            } else {
                let expected = algorithm.hash();
                let found = hash;
                assert_eq!(signed, Err(KeyError::Digest { found, expected }));
                assert_eq!(
                    public.verify_digest(algorithm, &digest, &message_first),
                    Err(SignatureError::DigestOnly {
                        algorithm,
                        digest: hash
                    })
                );
            }
        }
    }
}

#[test]
fn an_algorithm_of_another_key_is_refused_by_name_before_anything_is_looked_at() {
    for private in KEYS.iter() {
        let public = private.public_key();
        let key = public.key_type();
        for algorithm in ALGORITHMS {
            if algorithm.key_details(key).is_some() {
                continue;
            }
            let signed = Err(KeyError::Algorithm { algorithm, key });
            assert_eq!(private.sign_with(algorithm, b""), signed);
            let digest = algorithm
                .hash()
                .unwrap_or(HashAlgorithm::Sha256)
                .digest(b"");
            assert_eq!(private.sign_digest_with(algorithm, &digest), signed);
            let checked = Err(SignatureError::Algorithm { algorithm, key });
            assert_eq!(public.verify(algorithm, b"", b""), checked);
            assert_eq!(public.verify_digest(algorithm, &digest, b""), checked);
        }
    }
}

/// A key that verifies with one of its algorithms and then another parses itself a second time; the
/// two must not take each other's signatures, in whichever order they are asked.
#[test]
fn the_algorithms_of_one_key_are_not_confused() {
    for (key, algorithm) in pairs() {
        let signature = key.sign_with(algorithm, b"message").unwrap();
        let kind = key.public_key().key_type();
        let fresh = PublicKey::from_spki_der(key.public_key().spki_der()).unwrap();
        let others = ALGORITHMS
            .into_iter()
            .filter(|other| *other != algorithm && other.key_details(kind).is_some());
        for other in others {
            let clone = fresh.clone();
            assert_eq!(clone.verify(other, b"message", &signature), MISMATCH);
            assert_eq!(clone.verify(algorithm, b"message", &signature), Ok(()));
            assert_eq!(clone.verify(other, b"message", &signature), MISMATCH);
        }
    }
}

#[test]
fn a_key_signs_with_the_default_of_its_kind_when_nothing_is_said() {
    for key in KEYS.iter() {
        let kind = key.public_key().key_type();
        assert_eq!(
            Some(key.algorithm()),
            SignatureAlgorithm::default_for(kind),
            "{kind:?}"
        );
        let signature = key.sign(b"message").unwrap();
        let checked = key
            .public_key()
            .verify(key.algorithm(), b"message", &signature);
        assert_eq!(checked, Ok(()), "{kind:?}");
        if let Some(hash) = key.algorithm().hash() {
            let signature = key.sign_digest(&hash.digest(b"message")).unwrap();
            let checked = key
                .public_key()
                .verify(key.algorithm(), b"message", &signature);
            assert_eq!(checked, Ok(()), "{kind:?}");
        }
    }
    let curve = key(KeyType::EcdsaP256);
    assert!(matches!(
        curve.sign_ed25519ph(b"message"),
        Err(KeyError::Algorithm { .. })
    ));
}

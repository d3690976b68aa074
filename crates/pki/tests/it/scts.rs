//! A log signs a precertificate; the promise holds for the certificate, and for no other.

use waxwing_crypto::SignatureAlgorithm::{
    EcdsaP256Sha256, EcdsaP384Sha384, EcdsaP521Sha512, RsaPkcs1Sha256,
};
use waxwing_crypto::{KeyType, PublicKey, SignatureError};
use waxwing_pki::certificate::Extension;
use waxwing_pki::issue::{CertificateProfile, Purpose};
use waxwing_pki::sct::{self, Entry, SctError, SignedCertificateTimestamp};

use crate::authorities::{Authorities, identity, key, leaf_of, serial, years};
use crate::profiles::{Draft, code_signing_root, extension};

/// Public keys of kinds that are read here and not made.
const RSA_KEY: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAwRMmPoBnBAUPn5pkuaeN
I10/F92JgzA+cFcL4UudbJvP1rOEfhLofMfvAZ+kNd6j7Ejkyr8WhrIqMIv11Gp7
UMkfGYz2YLJgeTMjh59WBZRRP/qytfra7HtF8wB45PmSoQZ7sRtleXrEWcKRvOdl
buYKUj98+Vx+sgcqz2TdaYyctaT1qsZ6MN2K9EOAyFcXs2Bh6Wh4NnGHKLufG5SL
Hk0SrDKIxl2hHqLeNq5NKINNGZou+IwwYXBJS+pW3XYhbcBogN60webp4LgR09PG
bWezRjORfB+IT9R92ZPqe08IQJyoFKofSQnZjmbg9SCJlf8zS3MlkyRYbBkpPv2n
VQIDAQAB
-----END PUBLIC KEY-----
";
const P521_KEY: &str = "-----BEGIN PUBLIC KEY-----
MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQA0rYFo4kLdBwhhznRonovjglEJZL6
1xMj+J3qLMDYR5uB0x7hd4zYLNcoopnfsan1hM0f7MdWSZb1ml9vx6L1/QAAUM+Z
Iuii7TeE8Jq1PHqN+zvwNxWg5ExDWlci7n7g16mfbzDw6JjG1nN0cnQRd//FxAlR
tdM3G8Yf3pFN2Kew2JQ=
-----END PUBLIC KEY-----
";

#[test]
fn a_promise_for_the_precertificate_holds_for_the_certificate() {
    let authorities = Authorities::new(Purpose::CodeSigning);
    let log = key(KeyType::EcdsaP256);
    let issuer = authorities.issuing.certificate.public_key().clone();
    let (subject, identity, serial) = (key(KeyType::EcdsaP256), identity(), serial());
    let leaf = leaf_of(&subject, &identity, serial);

    let precertificate = authorities.issuing.precertificate(&leaf).unwrap();
    assert!(sct::is_precertificate(&precertificate));
    let entry = sct::precertificate_entry(&precertificate, &issuer).unwrap();
    let extensions = vec![0, 0, 5, 0, 0, 0, 0, 0x70];
    let timestamp = 1_780_315_200_123;
    let signed = sct::signed_bytes(timestamp, &entry, &extensions).unwrap();
    let promise = SignedCertificateTimestamp {
        log_id: log.public_key().sha256_of_spki(),
        timestamp,
        extensions,
        algorithm: [4, 3],
        signature: log.sign(&signed).unwrap(),
    };
    let list = sct::list(std::slice::from_ref(&promise)).unwrap();
    let certificate = authorities.issuing.code_signing_leaf(&leaf, &list).unwrap();
    assert!(!sct::is_precertificate(&certificate));
    assert_eq!(sct::embedded(&certificate), Ok(vec![promise.clone()]));
    assert_eq!(sct::precertificate_entry(&certificate, &issuer), Ok(entry));

    let verify = |promise: &SignedCertificateTimestamp| {
        promise.verify(&certificate, &issuer, log.public_key())
    };
    assert_eq!(verify(&promise), Ok(()));
    let mismatch = Err(SctError::Signature(SignatureError::Mismatch));
    let mut faulty = promise.clone();
    faulty.timestamp += 1;
    assert_eq!(verify(&faulty), mismatch);
    faulty = promise.clone();
    faulty.extensions.clear();
    assert_eq!(verify(&faulty), mismatch);
    faulty = promise.clone();
    faulty.signature[10] ^= 1;
    assert_eq!(verify(&faulty), mismatch);
    // Another parent, another promise: the root's key is not the issuer's.
    let root = authorities.root.certificate.public_key();
    assert_eq!(
        promise.verify(&certificate, root, log.public_key()),
        mismatch
    );
    let other = authorities.leaf(&list);
    assert_eq!(promise.verify(&other, &issuer, log.public_key()), mismatch);
}

#[test]
fn malformed_lists_are_refused_by_name() {
    let authorities = Authorities::new(Purpose::CodeSigning);
    assert_eq!(
        sct::embedded(&authorities.root.certificate),
        Err(SctError::Missing)
    );
    assert_eq!(sct::embedded(&authorities.leaf(&[0, 0])), Ok(vec![]));
    for list in [&[0, 1][..], &[0, 0, 0], &[0, 3, 0, 1, 0]] {
        assert!(
            matches!(
                sct::embedded(&authorities.leaf(list)),
                Err(SctError::Tls(_))
            ),
            "{list:?}"
        );
    }
    assert_eq!(
        sct::embedded(&authorities.leaf(&[0, 3, 0, 1, 1])),
        Err(SctError::Version { found: 1 })
    );
}

#[test]
fn the_pair_of_algorithms_must_go_with_the_logs_key_and_with_the_trusted_root() {
    let authorities = Authorities::new(Purpose::CodeSigning);
    let certificate = authorities.leaf(&[0, 0]);
    let issuer = authorities.issuing.certificate.public_key();
    let entry = Entry::new(&certificate).unwrap();
    let bytes = entry.bytes(issuer).unwrap();
    assert_eq!(
        sct::precertificate_entry(&certificate, issuer),
        Ok(bytes.clone())
    );
    let (p256, p384) = (key(KeyType::EcdsaP256), key(KeyType::EcdsaP384));
    let signed = sct::signed_bytes(1, &bytes, &[]).unwrap();
    // This crate's provider makes no keys of the last two kinds: there the algorithm is found, and
    // the signature, of another key, does not match.
    for (log, signer, pair, algorithm) in [
        (p256.public_key().clone(), &p256, [4, 3], EcdsaP256Sha256),
        (p384.public_key().clone(), &p384, [5, 3], EcdsaP384Sha384),
        (
            PublicKey::from_pem(P521_KEY).unwrap(),
            &p256,
            [6, 3],
            EcdsaP521Sha512,
        ),
        (
            PublicKey::from_pem(RSA_KEY).unwrap(),
            &p256,
            [4, 1],
            RsaPkcs1Sha256,
        ),
    ] {
        let mismatch = Err(SctError::Signature(SignatureError::Mismatch));
        let of_its_own_key = match *signer.public_key() == log {
            true => Ok(()),
            false => mismatch.clone(),
        };
        let promise = |pair| SignedCertificateTimestamp {
            log_id: log.sha256_of_spki(),
            timestamp: 1,
            extensions: vec![],
            algorithm: pair,
            signature: signer.sign(&signed).unwrap(),
        };
        let verify = |pair| promise(pair).verify_entry(&entry, issuer, &log, algorithm);
        let verify_as_it_says = |pair| promise(pair).verify(&certificate, issuer, &log);
        assert_eq!(verify(pair), of_its_own_key);
        assert_eq!(verify_as_it_says(pair), of_its_own_key);
        for found in [[4, 3], [4, 1], [5, 3], [6, 3]] {
            let key = log.key_type();
            match (found, key) {
                _ if found == pair => {}
                // P-384 and P-521 with SHA-256 are in the registry, deprecated.
                ([4, 3], KeyType::EcdsaP384 | KeyType::EcdsaP521) => {
                    let expected = algorithm;
                    assert!(matches!(
                        verify(found),
                        Err(SctError::OtherAlgorithm { expected: told, .. }) if told == expected
                    ));
                    assert_eq!(verify_as_it_says(found), mismatch);
                }
                _ => assert_eq!(verify(found), Err(SctError::KeyAlgorithm { found, key })),
            }
        }
        for found in [[2, 3], [4, 2], [8, 7], [0, 0]] {
            assert_eq!(verify(found), Err(SctError::UnknownAlgorithm { found }));
        }
    }
    let named = SctError::UnknownAlgorithm { found: [2, 3] }.to_string();
    assert!(named.contains("0x0203"), "{named}");
}

#[test]
fn an_entry_is_the_certificate_without_list_and_poison_and_every_other_byte_as_it_was() {
    let root = code_signing_root().root();
    let subject = key(KeyType::EcdsaP256);
    let issuer = root.key.public_key();
    let list = extension("1.3.6.1.4.1.11129.2.4.2", false, vec![4, 2, 0, 0]);
    let poison = extension("1.3.6.1.4.1.11129.2.4.3", true, vec![5, 0]);
    // One serial number for all: the entry holds it.
    let serial = serial();
    let entry_of = |extensions: &[Extension]| {
        let profile = CertificateProfile {
            subject: &[0x30, 0],
            public_key: subject.public_key(),
            serial,
            validity: years("2026", "2027"),
            extensions,
        };
        let certificate = root.certify(&profile).unwrap();
        (
            certificate.tbs_der().to_vec(),
            Entry::new(&certificate).unwrap().bytes(issuer).unwrap(),
        )
    };
    let plain = Draft::leaf().extensions;
    let (tbs, entry) = entry_of(&plain);
    let hash = issuer.sha256_of_spki();
    let length = (tbs.len() as u32).to_be_bytes();
    assert_eq!(entry, [&[0, 1], &hash[..], &length[1..], &tbs].concat());
    for place in 0..=plain.len() {
        for removed in [
            &[&list][..],
            &[&poison],
            &[&list, &poison],
            &[&poison, &list],
        ] {
            let mut extensions = plain.clone();
            for extension in removed {
                extensions.insert(place, (*extension).clone());
            }
            assert_eq!(entry_of(&extensions).1, entry);
        }
    }
    // With nothing left the field of the extensions goes too: no [3] after the key.
    let (_, bare) = entry_of(std::slice::from_ref(&list));
    assert!(bare.ends_with(subject.public_key().spki_der()));
    assert_eq!(bare, entry_of(&[poison, list]).1);
}

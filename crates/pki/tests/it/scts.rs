//! A log signs a precertificate; the promise holds for the certificate, and for no other.

use waxwing_crypto::{KeyType, SignatureError};
use waxwing_pki::issue::Purpose;
use waxwing_pki::sct::{self, SctError, SignedCertificateTimestamp};

use crate::authorities::{Authorities, identity, key, leaf_of, serial};

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

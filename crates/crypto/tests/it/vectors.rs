//! Signatures that others made.

use der::asn1::BitStringRef;
use der::{Decode, Header, Reader, SliceReader};
use waxwing_crypto::{KeyType, PrivateKey, PublicKey, SignatureAlgorithm, SignatureError};
use waxwing_encoding::hex;

/// RFC 8032 section 7.3, the test vector of Ed25519ph.
#[test]
fn the_ed25519ph_vector_of_rfc_8032() {
    let seed = "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42";
    let pkcs8 = format!("302e020100300506032b657004220420{seed}");
    let der = hex::decode(&pkcs8).unwrap();
    let key = PrivateKey::from_pkcs8_der(&der).unwrap();
    assert_eq!(
        hex::encode(&key.sign_ed25519ph(b"abc").unwrap()),
        "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41\
         31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406"
    );
}

/// RFC 9881 appendix C: the seeds 00 01 … 1f, and a certificate that each key signed for itself.
#[test]
fn the_ml_dsa_certificates_of_rfc_9881() {
    let examples: [(u8, KeyType, &[u8]); 3] = [
        (
            0x11,
            KeyType::MlDsa44,
            include_bytes!("../data/rfc9881-ml-dsa-44.der"),
        ),
        (
            0x12,
            KeyType::MlDsa65,
            include_bytes!("../data/rfc9881-ml-dsa-65.der"),
        ),
        (
            0x13,
            KeyType::MlDsa87,
            include_bytes!("../data/rfc9881-ml-dsa-87.der"),
        ),
    ];
    for (number, kind, certificate) in examples {
        let mut pkcs8 = hex::decode("3034020100300b060960864801650304030004228020").unwrap();
        pkcs8[17] = number;
        pkcs8.extend(0..32);
        let key = PrivateKey::from_pkcs8_der(&pkcs8).unwrap();
        let public = key.public_key();
        assert_eq!(public.key_type(), kind);

        let mut reader = SliceReader::new(certificate).unwrap();
        Header::decode(&mut reader).unwrap();
        let signed = reader.tlv_bytes().unwrap();
        reader.tlv_bytes().unwrap();
        let signature = BitStringRef::decode(&mut reader).unwrap();
        let signature = signature.as_bytes().unwrap();

        let spki = public.spki_der();
        assert!(signed.windows(spki.len()).any(|window| window == spki));
        assert_eq!(public.verify(key.algorithm(), signed, signature), Ok(()));
        let other = signed.split_last().unwrap().1;
        assert_eq!(
            public.verify(key.algorithm(), other, signature),
            Err(SignatureError::Mismatch)
        );
        let pem = key.to_pem().unwrap();
        let again = PrivateKey::from_pem(&pem).unwrap();
        assert_eq!(again.public_key(), public);
        assert_eq!(*pem, waxwing_encoding::pem::encode("PRIVATE KEY", &pkcs8));
    }
}

/// Made with `openssl dgst -sign` of OpenSSL 3.0, PSS with `-sigopt rsa_pss_saltlen:32`.
#[test]
fn signatures_of_openssl_hold() {
    use SignatureAlgorithm as A;
    let rsa = include_str!("../data/openssl-rsa-2048.pem");
    let p521 = include_str!("../data/openssl-p521.pem");
    let vectors: [(&str, A, &[u8]); 4] = [
        (
            rsa,
            A::RsaPkcs1Sha256,
            include_bytes!("../data/openssl-rsa-2048-pkcs1.sig"),
        ),
        (
            rsa,
            A::RsaPssSha256,
            include_bytes!("../data/openssl-rsa-2048-pss.sig"),
        ),
        (
            p521,
            A::EcdsaP521Sha512,
            include_bytes!("../data/openssl-p521-sha512.sig"),
        ),
        (
            p521,
            A::EcdsaP521Sha256,
            include_bytes!("../data/openssl-p521-sha256.sig"),
        ),
    ];
    for (key, algorithm, signature) in vectors {
        let key = PublicKey::from_pem(key).unwrap();
        let check = |message: &[u8]| key.verify(algorithm, message, signature);
        assert_eq!(check(b"message"), Ok(()), "{algorithm:?}");
        assert_eq!(check(b"messagf"), Err(SignatureError::Mismatch));
    }
}

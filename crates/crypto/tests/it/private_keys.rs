//! Private keys as PKCS#8.

use waxwing_crypto::{KeyError, KeyType, PrivateKey, PublicKeyError};
use waxwing_encoding::{hex, pem};

use crate::{KEYS, key};

#[test]
fn private_keys_survive_pem_and_are_never_printed() {
    for key in KEYS.iter() {
        let pem = key.to_pem().unwrap();
        let read = PrivateKey::from_pem(&pem).unwrap();
        assert_eq!(read.public_key(), key.public_key());
        let signature = read.sign(b"message").unwrap();
        let checked = key
            .public_key()
            .verify(key.algorithm(), b"message", &signature);
        assert_eq!(checked, Ok(()));
        let kind = key.public_key().key_type();
        assert_eq!(format!("{key:?}"), format!("PrivateKey({kind:?}, secret)"));
    }
}

#[test]
fn what_is_not_a_pkcs8_key_is_refused() {
    let read = PrivateKey::from_pkcs8_der;
    let refused = |result: Result<PrivateKey, KeyError>| result.map(|_| ()).unwrap_err();
    assert_eq!(refused(read(&[])), KeyError::Pkcs8);
    assert_eq!(refused(read(&[0x30, 0])), KeyError::Pkcs8);
    for key in KEYS.iter() {
        let good = pem::decode(&key.to_pem().unwrap()).unwrap().der;
        assert!(read(&good).is_ok());
        let short = good.split_last().unwrap().1;
        assert_eq!(refused(read(short)), KeyError::Pkcs8);
        let long = [good.as_slice(), &[0]].concat();
        assert_eq!(refused(read(&long)), KeyError::Pkcs8);
        let label = pem::encode("RSA PRIVATE KEY", &good);
        assert_eq!(refused(PrivateKey::from_pem(&label)), KeyError::Pkcs8);
    }
}

#[test]
fn kinds_outside_the_registry_are_refused_by_name() {
    let key = KeyType::Rsa(1024);
    let made = PrivateKey::generate(key).map(|_| ()).unwrap_err();
    assert_eq!(made, KeyError::Kind { key });
    // An X25519 key: well formed, and for something else.
    let other = format!("302e020100300506032b656e04220420{}", "11".repeat(32));
    let read = PrivateKey::from_pkcs8_der(&hex::decode(&other).unwrap());
    let found = "1.3.101.110".into();
    assert_eq!(
        read.map(|_| ()).unwrap_err(),
        KeyError::Public(PublicKeyError::Algorithm { found })
    );
}

/// One byte of the identifier, and the same numbers are announced for a curve of nobody's choice.
#[test]
fn a_curve_outside_the_registry_is_refused_by_name() {
    let good = pem::decode(&key(KeyType::EcdsaP256).to_pem().unwrap())
        .unwrap()
        .der;
    let p256 = hex::decode("06082a8648ce3d030107").unwrap();
    let place = good
        .windows(p256.len())
        .position(|window| window == p256)
        .unwrap();
    let mut changed = good;
    // prime239v3, the neighbour of P-256 in their arc.
    changed[place + 9] = 6;
    let read = PrivateKey::from_pkcs8_der(&changed)
        .map(|_| ())
        .unwrap_err();
    let found = "ECDSA on the curve 1.2.840.10045.3.1.6".into();
    assert_eq!(read, KeyError::Public(PublicKeyError::Algorithm { found }));
}

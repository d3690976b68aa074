//! A public key keeps its bytes, in either form, and what is read from them again is the same key.
//! Checking a signature with whatever was read does not panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_crypto::{PublicKey, SignatureAlgorithm};

fuzz_target!(|der: &[u8]| {
    if let Ok(key) = PublicKey::from_pkcs1_der(der) {
        assert_eq!(key.bits(), der);
        keeps_its_bytes(&key);
    }
    let Ok(key) = PublicKey::from_spki_der(der) else {
        return;
    };
    assert_eq!(key.spki_der(), der);
    keeps_its_bytes(&key);
});

fn keeps_its_bytes(key: &PublicKey) {
    assert!(key.spki_der().ends_with(key.bits()));
    assert_eq!(PublicKey::from_spki_der(key.spki_der()).as_ref(), Ok(key));
    assert_eq!(PublicKey::from_pem(&key.to_pem()).as_ref(), Ok(key));
    // What is read has a place in the registry, and so an algorithm.
    let algorithm = SignatureAlgorithm::default_for(key.key_type());
    let algorithm = algorithm.expect("an algorithm for every key that is read");
    assert!(algorithm.key_details(key.key_type()).is_some());
    let _ = key.verify(algorithm, key.spki_der(), key.bits());
}

//! A private key in whatever form is read or refused; one without a password stays itself. What would
//! stretch a password for a tenth of a second, as it should, is left out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_crypto::PrivateKey;
use waxwing_encoding::pem;

fuzz_target!(|text: &str| {
    let _ = PrivateKey::is_sigstore_pem(text);
    if let Ok(key) = PrivateKey::from_plain_pem(text) {
        let written = key.to_pem().expect("what was read can be written");
        let again = PrivateKey::from_plain_pem(&written).expect("what was written can be read");
        assert_eq!(again.public_key(), key.public_key());
    }
    let is_stretched = |der: &[u8]| der.windows(6).any(|word| word == b"scrypt");
    if !pem::decode(text).is_ok_and(|block| is_stretched(&block.der)) {
        let _ = PrivateKey::from_sigstore_pem(text, b"");
    }
});

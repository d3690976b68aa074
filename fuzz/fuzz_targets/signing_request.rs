//! A request that is taken holds the key that it gives, and a change to its last byte, which is the
//! signature's, breaks it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_pki::csr;

fuzz_target!(|der: &[u8]| {
    let Ok(key) = csr::verified_key(der) else {
        return;
    };
    assert!(waxwing_fuzz::contains(der, key.spki_der()));
    let mut changed = der.to_vec();
    if let Some(last) = changed.last_mut() {
        *last ^= 1;
    }
    assert!(csr::verified_key(&changed).is_err());
});

//! One timestamp has one encoding, and a list of them inside a certificate gives its bytes back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_pki::sct::{self, SignedCertificateTimestamp};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(timestamp) = SignedCertificateTimestamp::from_bytes(bytes) {
        assert_eq!(timestamp.to_bytes().as_deref(), Ok(bytes));
    }
    let Ok(timestamps) = sct::embedded(&waxwing_fuzz::certificate_with_scts(bytes)) else {
        return;
    };
    assert_eq!(sct::list(&timestamps).as_deref(), Ok(bytes));
});

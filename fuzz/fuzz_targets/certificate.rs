//! A certificate keeps its bytes: DER and PEM give them back, and what a CT log signs of one without
//! promises is its TBSCertificate, byte for byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use waxwing_pki::fulcio::Identity;
use waxwing_pki::{Certificate, ObjectIdentifier, sct};

const SCT_LIST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.4.2");
const POISON: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.4.3");

fuzz_target!(|der: &[u8]| {
    let Ok(certificate) = Certificate::from_der(der) else {
        return;
    };
    assert_eq!(certificate.der(), der);
    assert!(waxwing_fuzz::contains(der, certificate.tbs_der()));
    assert_eq!(
        Certificate::from_pem(&certificate.to_pem()).as_ref(),
        Ok(&certificate)
    );
    let _ = Identity::of(&certificate);
    let _ = certificate.verify_signature(certificate.public_key());
    let changed = [POISON, SCT_LIST]
        .iter()
        .any(|oid| certificate.extension(*oid).is_some());
    if let (Ok(entry), false) = (
        sct::precertificate_entry(&certificate, certificate.public_key()),
        changed,
    ) {
        // The field of the extensions goes with the last of them, and so does one that came empty.
        assert!(certificate.extensions().is_empty() || entry.ends_with(certificate.tbs_der()));
    }
});

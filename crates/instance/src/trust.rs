//! The trusted root and the signing config of an instance.

use waxwing_encoding::time::UnixTime;
use waxwing_model::Window;
use waxwing_model::signing_config::{Selector, Service, SigningConfig};
use waxwing_model::trusted_root::{CertificateAuthority, TransparencyLog, TrustedRoot, Version};
use waxwing_pki::{Certificate, DistinguishedName};

use crate::Address;
use crate::keys::Keys;

/// The keys of an instance that begins now. Whole seconds: timestamps have no fraction, and one made
/// in this very second must lie in the window.
pub(crate) fn trusted_root(address: &Address, keys: &Keys, now: UnixTime) -> TrustedRoot {
    let valid_for = Window {
        start: now.whole_second(),
        end: None,
    };
    let rekor_key = keys.rekor_log.public_key();
    let ct_key = keys.ct_log.public_key();
    let authority = |uri: String, certificates: Vec<Certificate>| {
        // The subject is the root's: what the originals show, and never empty.
        let subject = certificates
            .last()
            .map(Certificate::subject_der)
            .unwrap_or_default();
        let subject = DistinguishedName::from_der(subject).unwrap_or_default();
        CertificateAuthority {
            subject,
            uri,
            certificates,
            valid_for,
            operator: String::new(),
        }
    };
    TrustedRoot {
        version: Version::V0_1,
        passed_over: Vec::new(),
        transparency_logs: vec![TransparencyLog {
            base_url: address.base().to_owned(),
            public_key: rekor_key.clone(),
            algorithm: keys.rekor_log.algorithm(),
            valid_for,
            log_id: waxwing_rekor::log_id(address.host(), rekor_key).to_vec(),
            checkpoint_key_id: None,
            operator: String::new(),
        }],
        certificate_authorities: vec![authority(
            address.base().to_owned(),
            vec![
                keys.issuing.certificate.clone(),
                keys.authority_root.clone(),
            ],
        )],
        ct_logs: vec![TransparencyLog {
            base_url: address.ct_log(),
            public_key: ct_key.clone(),
            algorithm: keys.ct_log.algorithm(),
            valid_for,
            log_id: ct_key.sha256_of_spki().to_vec(),
            checkpoint_key_id: None,
            operator: String::new(),
        }],
        timestamp_authorities: vec![authority(
            address.timestamp_authority(),
            vec![
                keys.stamping.certificate.clone(),
                keys.stamping_root.clone(),
            ],
        )],
    }
}

/// The services of an instance that begins now.
pub(crate) fn signing_config(address: &Address, now: UnixTime) -> SigningConfig {
    let service = |url: String, major_api_version| {
        vec![Service {
            url,
            major_api_version,
            valid_for: Window {
                start: now.whole_second(),
                end: None,
            },
            operator: address.host().to_owned(),
        }]
    };
    SigningConfig {
        certificate_authorities: service(address.base().to_owned(), 1),
        oidc_issuers: service(address.issuer(), 1),
        transparency_logs: service(address.base().to_owned(), 2),
        transparency_log_selector: Selector::Any,
        timestamp_authorities: service(address.timestamp_authority(), 1),
        timestamp_authority_selector: Selector::Any,
    }
}

//! The trusted root and the signing config of an instance.

use waxwing_encoding::time::UnixTime;
use waxwing_model::Window;
use waxwing_model::signing_config::{Selector, Service, SigningConfig};
use waxwing_model::trusted_root::{CertificateAuthority, TransparencyLog, TrustedRoot, Version};
use waxwing_pki::{Certificate, DistinguishedName};

use crate::Address;
use crate::keyring::{Held, Keyring, Role};

/// Every key that the instance has had, each for its time.
pub(crate) fn trusted_root(address: &Address, keyring: &Keyring) -> TrustedRoot {
    let authorities = |role, uri: String| {
        let authority = |held: &Held| {
            // The subject is the root's: what the originals show, and never empty.
            let root = held.certificates.last();
            let subject = root.map(Certificate::subject_der).unwrap_or_default();
            let subject = DistinguishedName::from_der(subject).unwrap_or_default();
            CertificateAuthority {
                subject,
                uri: uri.clone(),
                certificates: held.certificates.clone(),
                valid_for: held.valid_for,
                operator: String::new(),
            }
        };
        keyring.of(role).map(authority).collect()
    };
    let log = |held: &Held, base_url: String, log_id: Vec<u8>| TransparencyLog {
        base_url,
        public_key: held.public_key.clone(),
        algorithm: waxwing_crypto::SignatureAlgorithm::default_for(held.public_key.key_type())
            .expect("invariant: the keys of logs are of kinds that have an algorithm"),
        valid_for: held.valid_for,
        log_id,
        checkpoint_key_id: None,
        operator: String::new(),
    };
    let rekor_logs = keyring.of(Role::RekorLog).map(|held| {
        let log_id = waxwing_rekor::log_id(address.host(), &held.public_key);
        log(held, address.base().to_owned(), log_id.to_vec())
    });
    let ct_logs = keyring.of(Role::CtLog).map(|held| {
        let log_id = held.public_key.sha256_of_spki().to_vec();
        log(held, address.ct_log(), log_id)
    });
    TrustedRoot {
        version: Version::V0_1,
        passed_over: Vec::new(),
        transparency_logs: rekor_logs.collect(),
        certificate_authorities: authorities(Role::CertificateAuthority, address.base().to_owned()),
        ct_logs: ct_logs.collect(),
        timestamp_authorities: authorities(Role::TimestampAuthority, address.timestamp_authority()),
    }
}

/// The services of an instance that began then.
pub(crate) fn signing_config(address: &Address, began: UnixTime) -> SigningConfig {
    let service = |url: String, major_api_version| {
        vec![Service {
            url,
            major_api_version,
            valid_for: Window {
                start: began,
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

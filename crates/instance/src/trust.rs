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
    let log = |held: &Held, log_id: Vec<u8>| TransparencyLog {
        base_url: held.log_url(address),
        public_key: held.public_key.clone(),
        algorithm: waxwing_crypto::SignatureAlgorithm::default_for(held.public_key.key_type())
            .expect("invariant: the keys of logs are of kinds that have an algorithm"),
        valid_for: held.valid_for,
        log_id,
        checkpoint_key_id: None,
        operator: String::new(),
    };
    let rekor_logs = keyring.of(Role::RekorLog).map(|held| {
        let log_id = waxwing_rekor::log_id(&held.origin(address), &held.public_key);
        log(held, log_id.to_vec())
    });
    let ct_logs = keyring.of(Role::CtLog).map(|held| {
        let log_id = held.public_key.sha256_of_spki().to_vec();
        log(held, log_id)
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

/// The services of an instance. Every Rekor log that it has had is there, each for its time, so that
/// what clients are told does not change when a log comes to its end.
pub(crate) fn signing_config(address: &Address, keyring: &Keyring) -> SigningConfig {
    let service = |url: String, major_api_version, valid_for| Service {
        url,
        major_api_version,
        valid_for,
        operator: address.host().to_owned(),
    };
    let began = keyring.held.iter().map(|held| held.valid_for.start).min();
    let always = Window {
        start: began.unwrap_or(UnixTime::EARLIEST),
        end: None,
    };
    let mut logs: Vec<_> = keyring
        .of(Role::RekorLog)
        .map(|held| service(held.log_url(address), 2, held.valid_for))
        .collect();
    // The newest first: some clients take the first that is good.
    logs.reverse();
    SigningConfig {
        certificate_authorities: vec![service(address.base().to_owned(), 1, always)],
        oidc_issuers: vec![service(address.issuer(), 1, always)],
        transparency_logs: logs,
        transparency_log_selector: Selector::Any,
        timestamp_authorities: vec![service(address.timestamp_authority(), 1, always)],
        timestamp_authority_selector: Selector::Any,
    }
}

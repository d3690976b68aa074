//! Steps 2 and 3: the certificate was issued by a trusted authority, was valid at every established
//! time, and a CT log promised to publish it.

use waxwing_crypto::PublicKey;
use waxwing_encoding::time::UnixTime;
use waxwing_model::trusted_root::{CertificateAuthority, TransparencyLog};
use waxwing_pki::Certificate;
use waxwing_pki::chain::{self, ChainError};
use waxwing_pki::issue::Purpose;
use waxwing_pki::sct::{self, SctError, SignedCertificateTimestamp};

use crate::time::{VerifiedTime, reasons};

/// Why the certificate is not trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the signing certificate is not trusted at {time}{}", reasons(.refused))]
pub struct CertificateRefused {
    /// The time at which it had to be.
    pub time: UnixTime,
    /// What each authority that is trusted at that time lacks; empty when there is none.
    pub refused: Vec<ChainError>,
}

/// Why there are not enough promises to publish the certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found} of {expected} signed certificate timestamps verified{}", reasons(.refused))]
pub struct SctRefused {
    /// Distinct logs whose promise verified.
    pub found: usize,
    /// How many were required.
    pub expected: usize,
    /// What was wrong with the others.
    pub refused: Vec<PromiseRefused>,
}

/// Why one promise does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PromiseRefused {
    /// The list or the signature.
    #[error(transparent)]
    Invalid(#[from] SctError),
    /// No such log in the trusted root.
    #[error("the trusted root has no CT log {}", waxwing_encoding::hex::encode(.log_id))]
    UnknownLog {
        /// The log's identifier.
        log_id: [u8; 32],
    },
    /// A time at which the trusted root does not trust the log.
    #[error("the trusted root does not trust the CT log {log} at {time}")]
    Window {
        /// The log's URL.
        log: String,
        /// The promise's time.
        time: UnixTime,
    },
}

/// Verifies the chain at every time (not the earliest alone: TOB-SIGSTORE-4). Gives the keys of the
/// leaf's direct parents on the paths that hold: an SCT is a promise about one parent.
pub(crate) fn verify_chain(
    certificate: &Certificate,
    authorities: &[CertificateAuthority],
    times: &[VerifiedTime],
) -> Result<Vec<PublicKey>, CertificateRefused> {
    let mut issuers: Vec<PublicKey> = Vec::new();
    for time in times.iter().map(|time| time.time) {
        let issuer = verify_at(certificate, authorities, time)?;
        if !issuers.contains(&issuer) {
            issuers.push(issuer);
        }
    }
    Ok(issuers)
}

fn verify_at(
    certificate: &Certificate,
    authorities: &[CertificateAuthority],
    time: UnixTime,
) -> Result<PublicKey, CertificateRefused> {
    let mut refused = Vec::new();
    for authority in authorities {
        if !authority.valid_for.contains(time) {
            continue;
        }
        let chain = &authority.certificates;
        match chain::verify(certificate, &[], chain, Purpose::CodeSigning, time) {
            Ok(path) => return Ok(path.issuer().clone()),
            Err(error) => refused.push(error),
        }
    }
    Err(CertificateRefused { time, refused })
}

/// Counts the distinct logs whose promise holds.
pub(crate) fn verify_scts(
    certificate: &Certificate,
    issuers: &[PublicKey],
    logs: &[TransparencyLog],
    required: usize,
) -> Result<(), SctRefused> {
    if required == 0 {
        return Ok(());
    }
    let mut found: Vec<[u8; 32]> = Vec::new();
    let mut refused = Vec::new();
    let scts = sct::embedded(certificate).unwrap_or_else(|error| {
        refused.push(error.into());
        Vec::new()
    });
    for promise in scts {
        match verify_sct(&promise, certificate, issuers, logs) {
            Ok(()) if found.contains(&promise.log_id) => {}
            Ok(()) => found.push(promise.log_id),
            Err(error) => refused.push(error),
        }
    }
    if found.len() < required {
        return Err(SctRefused {
            found: found.len(),
            expected: required,
            refused,
        });
    }
    Ok(())
}

fn verify_sct(
    promise: &SignedCertificateTimestamp,
    certificate: &Certificate,
    issuers: &[PublicKey],
    logs: &[TransparencyLog],
) -> Result<(), PromiseRefused> {
    let log = logs.iter().find(|log| log.log_id == promise.log_id);
    let log = log.ok_or(PromiseRefused::UnknownLog {
        log_id: promise.log_id,
    })?;
    let time = promise.time()?;
    if !log.valid_for.contains(time) {
        return Err(PromiseRefused::Window {
            log: log.base_url.clone(),
            time,
        });
    }
    let mut result = Err(SctError::Missing);
    for issuer in issuers {
        result = promise.verify(certificate, issuer, &log.public_key);
        if result.is_ok() {
            break;
        }
    }
    Ok(result?)
}

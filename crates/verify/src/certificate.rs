//! Steps 3 and 4: the certificate was issued by a trusted authority, was valid at every established
//! time, and CT logs promised to publish it.

use waxwing_crypto::PublicKey;
use waxwing_encoding::time::UnixTime;
use waxwing_model::trusted_root::TransparencyLog;
use waxwing_pki::Certificate;
use waxwing_pki::chain::{ChainError, VerifiedPath};
use waxwing_pki::issue::Purpose;
use waxwing_pki::sct::{self, Entry, SctError, SignedCertificateTimestamp};

use crate::counting::{distinct, reasons};
use crate::time::VerifiedTime;
use crate::trust::KnownAuthority;

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
    pub refused: Vec<SctInvalid>,
}

/// Why one promise does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SctInvalid {
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
    hints: &[Certificate],
    authorities: &[KnownAuthority],
    times: &[VerifiedTime],
) -> Result<Vec<PublicKey>, CertificateRefused> {
    let mut issuers: Vec<PublicKey> = Vec::new();
    let mut found: Option<(&KnownAuthority, VerifiedPath)> = None;
    for time in times.iter().map(|time| time.time) {
        // The path of another time serves this one too if all of it is valid then: no signature
        // needs to be checked twice.
        let serves = |(known, path): &(&KnownAuthority, VerifiedPath)| {
            known.authority.valid_for.contains(time) && path.check_time(time).is_ok()
        };
        if found.as_ref().is_some_and(serves) {
            continue;
        }
        let (known, path) = verify_at(certificate, hints, authorities, time)?;
        if !issuers.contains(path.issuer()) {
            issuers.push(path.issuer().clone());
        }
        found = Some((known, path));
    }
    Ok(issuers)
}

fn verify_at<'a>(
    certificate: &Certificate,
    hints: &[Certificate],
    authorities: &'a [KnownAuthority],
    time: UnixTime,
) -> Result<(&'a KnownAuthority, VerifiedPath), CertificateRefused> {
    let mut refused = Vec::new();
    for known in authorities {
        if !known.authority.valid_for.contains(time) {
            continue;
        }
        let purpose = Purpose::CodeSigning;
        match known.chain.verify(certificate, hints, purpose, time) {
            Ok(path) => return Ok((known, path)),
            Err(error) => refused.push(error),
        }
    }
    Err(CertificateRefused { time, refused })
}

/// What a promise is about.
#[derive(Clone, Copy)]
enum Promised<'a> {
    /// The certificate that it is embedded in, under one of these issuers.
    Embedding(&'a Entry, &'a [PublicKey]),
    /// The certificate that it lies beside.
    Beside(&'a Certificate),
}

/// Counts the distinct logs whose promise holds. Each log counts once, on whatever path
/// (GHSA-9vcr-p3rj-q5q6). Promises beside a certificate count where none are embedded, as in cosign.
pub(crate) fn verify_scts(
    certificate: &Certificate,
    beside: &[SignedCertificateTimestamp],
    issuers: &[PublicKey],
    logs: &[TransparencyLog],
    required: usize,
) -> Result<(), SctRefused> {
    if required == 0 {
        return Ok(());
    }
    let mut speakers: Vec<&[u8]> = Vec::new();
    let mut refused: Vec<SctInvalid> = Vec::new();
    let found = sct::embedded(certificate).and_then(|scts| Ok((scts, Entry::new(certificate)?)));
    match found {
        Ok((scts, entry)) => {
            for promise in scts {
                match verify_sct(&promise, Promised::Embedding(&entry, issuers), logs) {
                    Ok(log) => speakers.push(log.speaker()),
                    Err(error) => refused.push(error),
                }
            }
        }
        Err(SctError::Missing) if !beside.is_empty() => {
            for promise in beside {
                match verify_sct(promise, Promised::Beside(certificate), logs) {
                    Ok(log) => speakers.push(log.speaker()),
                    Err(error) => refused.push(error),
                }
            }
        }
        Err(error) => refused.push(error.into()),
    }
    let found = distinct(&mut speakers);
    if found < required {
        return Err(SctRefused {
            found,
            expected: required,
            refused,
        });
    }
    Ok(())
}

/// A root may name one log several times, for windows of different length or with another key.
fn verify_sct<'a>(
    promise: &SignedCertificateTimestamp,
    promised: Promised<'_>,
    logs: &'a [TransparencyLog],
) -> Result<&'a TransparencyLog, SctInvalid> {
    let mut result = Err(SctInvalid::UnknownLog {
        log_id: promise.log_id,
    });
    for log in logs.iter().filter(|log| log.log_id == promise.log_id) {
        result = verify_sct_of(promise, promised, log).map(|()| log);
        if result.is_ok() {
            break;
        }
    }
    result
}

fn verify_sct_of(
    promise: &SignedCertificateTimestamp,
    promised: Promised<'_>,
    log: &TransparencyLog,
) -> Result<(), SctInvalid> {
    let time = promise.time()?;
    if !log.valid_for.contains(time) {
        return Err(SctInvalid::Window {
            log: log.base_url.clone(),
            time,
        });
    }
    let (entry, issuers) = match promised {
        Promised::Embedding(entry, issuers) => (entry, issuers),
        Promised::Beside(certificate) => {
            return Ok(promise.verify_detached(certificate, &log.public_key)?);
        }
    };
    let mut result = Err(SctError::Missing);
    for issuer in issuers {
        result = promise.verify_entry(entry, issuer, &log.public_key, log.algorithm);
        if result.is_ok() {
            break;
        }
    }
    Ok(result?)
}

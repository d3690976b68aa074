//! Step 1: when the signature existed.
//!
//! The certificate is valid for ten minutes, so a time that somebody trusted attests decides
//! whether it was signed while its holder was known. The message under the timestamp is the
//! signature's bytes.

use waxwing_encoding::time::UnixTime;
use waxwing_model::trusted_root::CertificateAuthority;
use waxwing_pki::timestamp::{Timestamp, TimestampError};

/// A time that was verified, and whose word it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedTime {
    /// The time.
    pub time: UnixTime,
    /// The URI of the timestamp authority.
    pub authority: String,
}

/// Why there is not enough trusted time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found} of {expected} trusted timestamps verified{}", reasons(.refused))]
pub struct TimeRefused {
    /// Distinct authorities whose timestamp verified.
    pub found: usize,
    /// How many were required.
    pub expected: usize,
    /// What was wrong with the others.
    pub refused: Vec<TimestampRefused>,
}

/// Why one timestamp does not count with one authority.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimestampRefused {
    /// The timestamp is malformed or does not verify.
    #[error(transparent)]
    Invalid(#[from] TimestampError),
    /// It verifies, at a time at which the trusted root does not trust the authority.
    #[error("the trusted root does not trust the timestamp authority {authority} at {time}")]
    Window {
        /// The authority's URI.
        authority: String,
        /// The attested time.
        time: UnixTime,
    },
}

/// Verifies every timestamp with every authority, each authority alone. A timestamp that none of
/// them verifies is dropped; an authority counts once.
pub(crate) fn establish(
    timestamps: &[Vec<u8>],
    signature: &[u8],
    authorities: &[CertificateAuthority],
    required: usize,
) -> Result<Vec<VerifiedTime>, TimeRefused> {
    let mut times: Vec<VerifiedTime> = Vec::new();
    let mut refused = Vec::new();
    for response in timestamps {
        let timestamp = match Timestamp::from_der(response) {
            Ok(timestamp) => timestamp,
            Err(error) => {
                refused.push(error.into());
                continue;
            }
        };
        for authority in authorities {
            match verify(&timestamp, signature, authority) {
                Ok(time) => times.push(time),
                Err(error) => refused.push(error),
            }
        }
    }
    let mut speakers: Vec<&str> = times.iter().map(|time| time.authority.as_str()).collect();
    speakers.sort_unstable();
    speakers.dedup();
    let found = speakers.len();
    // A certificate without any time at all is never verified, whatever is required.
    if found < required.max(1) {
        return Err(TimeRefused {
            found,
            expected: required.max(1),
            refused,
        });
    }
    Ok(times)
}

fn verify(
    timestamp: &Timestamp,
    signature: &[u8],
    authority: &CertificateAuthority,
) -> Result<VerifiedTime, TimestampRefused> {
    let time = timestamp.verify(signature, &authority.certificates)?.time();
    if !authority.valid_for.contains(time) {
        return Err(TimestampRefused::Window {
            authority: authority.uri.clone(),
            time,
        });
    }
    Ok(VerifiedTime {
        time,
        authority: authority.uri.clone(),
    })
}

/// Reasons in brackets, for the end of a message.
pub(crate) fn reasons<E: std::fmt::Display>(refused: &[E]) -> String {
    if refused.is_empty() {
        return String::new();
    }
    let reasons: Vec<String> = refused.iter().map(ToString::to_string).collect();
    format!(" ({})", reasons.join("; "))
}

//! Step 2: when the signature existed.
//!
//! The certificate is valid for ten minutes, so a time that somebody trusted attests decides
//! whether it was signed while its holder was known. Two kinds of witnesses are heard: timestamp
//! authorities, whose message is the signature's bytes, and Rekor v1 logs, whose promise holds the
//! time and was verified in step 1.

use waxwing_encoding::time::UnixTime;
use waxwing_pki::timestamp::{Timestamp, TimestampError};

use crate::Requirements;
use crate::counting::{distinct, reasons};
use crate::log::ProvenEntry;
use crate::trust::KnownAuthority;

/// By how many seconds a clock of a witness may be ahead of the caller's. Clocks that follow NTP differ by less
/// than one, and what was signed a moment ago has to verify; whoever signs ahead of time gains nothing by it.
pub const CLOCK_LEEWAY: i64 = 30;

/// A time that was verified, and whose word it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedTime {
    /// The time.
    pub time: UnixTime,
    /// Whose word it is.
    pub source: TimeSource,
}

/// Whose word a time is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimeSource {
    /// A timestamp authority's, by its URI.
    TimestampAuthority(String),
    /// A transparency log's, by its URL.
    TransparencyLog(String),
    /// The caller's: the present time.
    Caller,
}

/// Why there is not enough trusted time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeRefused {
    /// Too few witnesses.
    #[error("{found} of {expected} {kind} verified{}", reasons(.refused))]
    TooFew {
        /// Of what.
        kind: &'static str,
        /// Distinct witnesses whose time verified.
        found: usize,
        /// How many were required.
        expected: usize,
        /// What was wrong with the timestamps that do not count.
        refused: Vec<TimestampRefused>,
    },
    /// A time that has not come.
    #[error("the time {time} lies in the future: it is {now}")]
    Future {
        /// The attested time.
        time: UnixTime,
        /// The present.
        now: UnixTime,
    },
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
    /// There is nobody to trust.
    #[error("the trusted root has no timestamp authority")]
    NoAuthority,
}

/// What the caller knows of time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Present {
    pub(crate) now: Option<UnixTime>,
    /// A key known beforehand needs no time; a certificate is never verified without one.
    pub(crate) certificate: bool,
}

/// Every time that is attested, once the required number of witnesses has spoken.
///
/// A timestamp may be over any of `stamped`, of which the signature is the first.
///
/// Each timestamp is tried with each authority, each authority alone: pooled anchors and windows let
/// one authority borrow another's (TOB-SIGSTORE-11). A timestamp that none of them verifies is
/// dropped; a witness counts once.
pub(crate) fn establish(
    timestamps: &[Vec<u8>],
    stamped: &[&[u8]],
    authorities: &[KnownAuthority],
    entries: &[ProvenEntry<'_>],
    required: &Requirements,
    present: Present,
) -> Result<Vec<VerifiedTime>, TimeRefused> {
    let mut times: Vec<VerifiedTime> = Vec::new();
    let mut speakers: Vec<&[u8]> = Vec::new();
    let mut refused = Vec::new();
    for response in timestamps {
        if authorities.is_empty() {
            refused.push(TimestampRefused::NoAuthority);
        }
        let timestamp = match Timestamp::from_der(response) {
            Ok(timestamp) => timestamp,
            Err(error) => {
                refused.push(error.into());
                continue;
            }
        };
        for known in authorities {
            // What was wrong is told of the first, which is the signature.
            let verified = stamped
                .iter()
                .map(|bytes| verify(&timestamp, bytes, known))
                .reduce(|first, other| first.or_else(|error| other.map_err(|_| error)));
            match verified {
                Some(Ok(time)) => {
                    times.push(time);
                    speakers.push(known.authority.speaker().as_bytes());
                }
                Some(Err(error)) => refused.push(error),
                None => {}
            }
        }
    }
    let by_authorities = distinct(&mut speakers);
    let mut logs: Vec<&[u8]> = Vec::new();
    for entry in entries {
        let Some(time) = entry.promised_time else {
            continue;
        };
        let source = TimeSource::TransparencyLog(entry.log.base_url.clone());
        times.push(VerifiedTime { time, source });
        logs.push(entry.log.speaker());
    }
    let by_logs = distinct(&mut logs);
    speakers.extend(logs);
    let found = distinct(&mut speakers);

    let now = present.now;
    if let Some(now) = now
        && let latest = now.plus_seconds(CLOCK_LEEWAY)
        && let Some(VerifiedTime { time, .. }) = times.iter().find(|time| time.time > latest)
    {
        return Err(TimeRefused::Future { time: *time, now });
    }
    let too_few = |kind, found, expected| match found < expected {
        true => Err((kind, found, expected)),
        false => Ok(()),
    };
    // A certificate without any time at all is never verified, whatever is required.
    let demanded = match present.certificate {
        true => required.times.max(1),
        false => required.times_of_keys,
    };
    let enough = too_few("trusted timestamps", by_authorities, required.timestamps)
        .and_then(|()| too_few("times of transparency logs", by_logs, required.log_times));
    let counted = match (times.is_empty() && required.current_time, now) {
        (true, Some(now)) if present.certificate && enough.is_ok() => {
            let source = TimeSource::Caller;
            return Ok(vec![VerifiedTime { time: now, source }]);
        }
        _ => enough.and_then(|()| too_few("trusted times", found, demanded)),
    };
    if let Err((kind, found, expected)) = counted {
        return Err(TimeRefused::TooFew {
            kind,
            found,
            expected,
            refused,
        });
    }
    Ok(times)
}

fn verify(
    timestamp: &Timestamp,
    signature: &[u8],
    known: &KnownAuthority,
) -> Result<VerifiedTime, TimestampRefused> {
    let authority = &known.authority;
    let time = timestamp.verify(signature, &known.chain)?.time();
    if !authority.valid_for.contains(time) {
        return Err(TimestampRefused::Window {
            authority: authority.uri.clone(),
            time,
        });
    }
    Ok(VerifiedTime {
        time,
        source: TimeSource::TimestampAuthority(authority.uri.clone()),
    })
}

//! Which certificates a log takes: the roots above them, and what may be asked of the leaf itself.
//!
//! ```text
//! roots                  a certificate of the chain, or the issuer of its last one
//! extended key usages    at least one of these in the leaf; none given: any leaf
//! expired, unexpired     one of the two refused, by the clock
//! notAfter               from the start (inclusive) to the limit (exclusive): a shard of a log
//! ```
//!
//! These are the settings of CTFE and TesseraCT. No other date and no other purpose is looked at: a log
//! shows what was issued, also where it should not have been.

use der::Decode;
use waxwing_encoding::time::UnixTime;
use waxwing_pki::{Certificate, ObjectIdentifier};

/// extKeyUsage (RFC 5280 section 4.2.1.12).
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");

/// Which certificates a log takes.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Admission {
    /// The roots that chains must end under.
    pub roots: Vec<Certificate>,
    /// Purposes of which a leaf must have one; any leaf will do when there are none.
    pub extended_key_usages: Vec<ObjectIdentifier>,
    /// Refuses leaves whose last second is over.
    pub reject_expired: bool,
    /// Refuses leaves whose last second is not over.
    pub reject_unexpired: bool,
    /// The earliest notAfter of a leaf.
    pub not_after_start: Option<UnixTime>,
    /// The first notAfter that is too late.
    pub not_after_limit: Option<UnixTime>,
}

/// Why a leaf is not admitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAdmitted {
    /// Its time is over.
    #[error("the certificate expired at {not_after}; this log refuses expired certificates")]
    Expired {
        /// Its last second.
        not_after: UnixTime,
    },
    /// Its time is not over.
    #[error("the certificate is valid until {not_after}; this log takes only expired certificates")]
    Unexpired {
        /// Its last second.
        not_after: UnixTime,
    },
    /// It belongs in an earlier shard.
    #[error("the certificate's notAfter {not_after} is before {start}, where this log begins")]
    BeforeStart {
        /// Its last second.
        not_after: UnixTime,
        /// The earliest that is taken.
        start: UnixTime,
    },
    /// It belongs in a later shard.
    #[error("the certificate's notAfter {not_after} is not before {limit}, where this log ends")]
    BehindLimit {
        /// Its last second.
        not_after: UnixTime,
        /// The first that is too late.
        limit: UnixTime,
    },
    /// Its purposes are others.
    #[error(
        "the certificate has none of the extended key usages {}",
        list(expected)
    )]
    ExtendedKeyUsage {
        /// Those of which it must have one.
        expected: Vec<ObjectIdentifier>,
    },
    /// Its purposes cannot be read.
    #[error("the extended key usage of a certificate of the chain is malformed: {reason}")]
    MalformedExtendedKeyUsage {
        /// What is wrong.
        reason: der::Error,
    },
}

impl Admission {
    /// Takes any leaf under these roots.
    pub fn under(roots: Vec<Certificate>) -> Self {
        Self {
            roots,
            ..Self::default()
        }
    }

    /// Checks the leaf of a chain whose links were checked.
    pub(crate) fn check(&self, leaf: &Certificate, now: UnixTime) -> Result<(), NotAdmitted> {
        let not_after = leaf.not_after();
        // Valid through the whole of its last second.
        let expired = now.whole_second() > not_after;
        if self.reject_expired && expired {
            return Err(NotAdmitted::Expired { not_after });
        }
        if self.reject_unexpired && !expired {
            return Err(NotAdmitted::Unexpired { not_after });
        }
        if let Some(start) = self.not_after_start.filter(|start| not_after < *start) {
            return Err(NotAdmitted::BeforeStart { not_after, start });
        }
        if let Some(limit) = self.not_after_limit.filter(|limit| not_after >= *limit) {
            return Err(NotAdmitted::BehindLimit { not_after, limit });
        }
        let wanted = &self.extended_key_usages;
        if wanted.is_empty() || purposes(leaf)?.iter().any(|own| wanted.contains(own)) {
            return Ok(());
        }
        Err(NotAdmitted::ExtendedKeyUsage {
            expected: wanted.clone(),
        })
    }
}

/// What a certificate says it is for; nothing without the extension.
pub(crate) fn purposes(certificate: &Certificate) -> Result<Vec<ObjectIdentifier>, NotAdmitted> {
    let value = certificate.extension(EXTENDED_KEY_USAGE);
    let purposes = value.map(Vec::<ObjectIdentifier>::from_der).transpose();
    let purposes = purposes.map_err(|reason| NotAdmitted::MalformedExtendedKeyUsage { reason })?;
    Ok(purposes.unwrap_or_default())
}

fn list(identifiers: &[ObjectIdentifier]) -> String {
    let names: Vec<String> = identifiers.iter().map(ToString::to_string).collect();
    names.join(", ")
}

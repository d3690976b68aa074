//! Whether a chain and a key can issue Fulcio's leaves, asked once at start and at each reload.
//!
//! ```text
//! [issuing certificate, …, root]   each signed by the next one; the key belongs to the first
//! ```
//!
//! Everything that a verifier would refuse in each leaf is refused here, before the first: another
//! order, a date, a path length without room, an extended key usage that does not cover code signing.

use waxwing_crypto::PublicKey;
use waxwing_encoding::time::UnixTime;

use crate::certificate::Certificate;
use crate::issue::Purpose;
use crate::oid;
use crate::read::MalformedDer;
use crate::rules::{KEY_CERT_SIGN, Rules};

/// Most certificates of a chain.
const LONGEST_CHAIN: usize = 8;

/// Why a chain cannot issue. Positions count from the issuing certificate, which is 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityRefused {
    /// No certificate at all.
    #[error("certificate chain must contain at least one certificate")]
    Empty,
    /// More certificates than verifiers follow.
    #[error("the certificate chain has {count} certificates; expected at most {LONGEST_CHAIN}")]
    TooLong {
        /// How many.
        count: usize,
    },
    /// The private key is another one's.
    #[error(
        "the private key does not belong to the first certificate of the chain: found {found:?}, expected {expected:?}; the issuing certificate must come first, the root last"
    )]
    OtherKey {
        /// The public half of the private key.
        found: PublicKey,
        /// The key in the issuing certificate.
        expected: PublicKey,
    },
    /// Basic constraints do not make it an authority.
    #[error("certificate is not a CA (certificate {position} of the chain)")]
    NotAnAuthority {
        /// Which one.
        position: usize,
    },
    /// Key usage without keyCertSign.
    #[error(
        "certificate {position} of the chain may not sign certificates: its key usage lacks keyCertSign"
    )]
    KeyUsage {
        /// Which one.
        position: usize,
    },
    /// An issuing certificate below a root that does not say that it is for code signing.
    #[error(
        "certificate must have extended key usage code signing set to sign code signing certificates"
    )]
    NoCodeSigning,
    /// An authority above whose extended key usage leaves code signing out.
    #[error(
        "certificate {position} of the chain has an extended key usage without code signing, so that verifiers refuse what is issued below it"
    )]
    ExtendedKeyUsage {
        /// Which one.
        position: usize,
    },
    /// No room for the authorities below.
    #[error(
        "certificate {position} of the chain allows {allowed} authorities below it; there are {found}"
    )]
    PathLength {
        /// Which one.
        position: usize,
        /// Its path length.
        allowed: u64,
        /// How many authorities stand below it.
        found: u64,
    },
    /// A critical extension that verifiers will not know.
    #[error(
        "certificate {position} of the chain has the critical extension {oid}, which is not known"
    )]
    UnknownCriticalExtension {
        /// Which one.
        position: usize,
        /// Which extension.
        oid: der::asn1::ObjectIdentifier,
    },
    /// Not valid now.
    #[error(
        "certificate {position} of the chain is valid from {not_before} to {not_after}; it is {now}"
    )]
    Time {
        /// Which one.
        position: usize,
        /// Its first second.
        not_before: UnixTime,
        /// Its last second.
        not_after: UnixTime,
        /// The present time.
        now: UnixTime,
    },
    /// The next certificate has another name than the issuer's.
    #[error(
        "certificate {position} of the chain is not issued by the one after it: the names differ; expected the issuing certificate first and the root last"
    )]
    Order {
        /// Which one.
        position: usize,
    },
    /// The next certificate has the issuer's name and did not sign.
    #[error("certificate {position} of the chain is not signed by the key of the one after it")]
    Signature {
        /// Which one.
        position: usize,
    },
    /// No subject key identifier: leaves could not name their issuer's key.
    #[error("the issuing certificate has no subject key identifier")]
    NoKeyIdentifier,
    /// Extensions that cannot be read.
    #[error("certificate {position} of the chain: {source}")]
    Der {
        /// Which one.
        position: usize,
        /// What is wrong.
        source: MalformedDer,
    },
}

/// Checks that `key` can issue code signing leaves below `chain` (the issuing certificate first, the
/// root last) at `now`: Fulcio's checks at start, and those of the verifiers after it.
///
/// As in the original the last certificate is taken as it is: it need not be self-signed.
pub fn check_authority(
    chain: &[Certificate],
    key: &PublicKey,
    now: UnixTime,
) -> Result<(), AuthorityRefused> {
    let first = chain.first().ok_or(AuthorityRefused::Empty)?;
    if chain.len() > LONGEST_CHAIN {
        return Err(AuthorityRefused::TooLong { count: chain.len() });
    }
    if first.public_key() != key {
        return Err(AuthorityRefused::OtherKey {
            found: key.clone(),
            expected: first.public_key().clone(),
        });
    }
    for (position, certificate) in chain.iter().enumerate() {
        check_one(position, certificate, now)?;
    }
    for (position, pair) in chain.windows(2).enumerate() {
        let [child, parent] = pair else { continue };
        if child.issuer_der() != parent.subject_der() {
            return Err(AuthorityRefused::Order { position });
        }
        child
            .verify_signature(parent.public_key())
            .map_err(|_| AuthorityRefused::Signature { position })?;
    }
    // A lone certificate is a root, and roots may be silent about what they are for.
    let stated = rules(0, first)?.is_for(Purpose::CodeSigning.oid());
    if chain.len() > 1 && !stated {
        return Err(AuthorityRefused::NoCodeSigning);
    }
    if first.subject_key_identifier().is_none_or(<[u8]>::is_empty) {
        return Err(AuthorityRefused::NoKeyIdentifier);
    }
    Ok(())
}

fn check_one(
    position: usize,
    certificate: &Certificate,
    now: UnixTime,
) -> Result<(), AuthorityRefused> {
    let rules = rules(position, certificate)?;
    if !rules.authority {
        return Err(AuthorityRefused::NotAnAuthority { position });
    }
    if rules.key_usage.unwrap_or(KEY_CERT_SIGN) & KEY_CERT_SIGN == 0 {
        return Err(AuthorityRefused::KeyUsage { position });
    }
    let any = oid::ANY_EXTENDED_KEY_USAGE;
    let covered = rules.is_for(Purpose::CodeSigning.oid()) || rules.is_for(any);
    if position > 0 && rules.purposes.is_some() && !covered {
        return Err(AuthorityRefused::ExtendedKeyUsage { position });
    }
    let found = position as u64;
    if let Some(allowed) = rules.path_length.filter(|allowed| *allowed < found) {
        return Err(AuthorityRefused::PathLength {
            position,
            allowed,
            found,
        });
    }
    if let Some(oid) = rules.unknown_critical {
        return Err(AuthorityRefused::UnknownCriticalExtension { position, oid });
    }
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    if now < not_before || not_after < now.whole_second() {
        return Err(AuthorityRefused::Time {
            position,
            not_before,
            not_after,
            now,
        });
    }
    Ok(())
}

fn rules(position: usize, certificate: &Certificate) -> Result<&Rules, AuthorityRefused> {
    let rules = certificate.rules().as_ref();
    rules.map_err(|source| AuthorityRefused::Der {
        position,
        source: source.clone(),
    })
}

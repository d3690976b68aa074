//! Certificate chains: from a leaf to the last certificate of one authority of the trusted root.
//!
//! `rustls-webpki` finds the path and checks signatures, names, dates, path lengths and critical
//! extensions. It leaves out, and this module adds: the dates of the anchor, key usage, and the
//! purpose, which webpki would demand of every intermediate although one without extended key usage
//! may issue for any purpose. One authority is tried at a time: pooling the anchors of several let
//! one authority's intermediate borrow another's window (TOB-SIGSTORE-11).

use rustls_pki_types::{CertificateDer, UnixTime as WebpkiTime};
use waxwing_crypto::PublicKey;
use waxwing_encoding::time::UnixTime;

use crate::certificate::Certificate;
use crate::issue::Purpose;
use crate::oid;
use crate::read::{self, MalformedDer, Reader};

/// Why there is no path from a leaf to an authority.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The authority has no certificates.
    #[error("the authority of the trusted root has no certificates")]
    NoAuthority,
    /// A certificate is not valid yet, or no more.
    #[error("the {role} certificate is valid from {not_before} to {not_after}, not at {time}")]
    Time {
        /// Which certificate of the path.
        role: &'static str,
        /// Its first second.
        not_before: UnixTime,
        /// Its last second.
        not_after: UnixTime,
        /// The time at which it was to be valid.
        time: UnixTime,
    },
    /// No path with valid signatures.
    #[error("no path from the certificate to this authority: {0}")]
    NoPath(webpki::Error),
    /// The leaf is itself an authority.
    #[error("the leaf certificate is a certificate authority")]
    LeafIsAuthority,
    /// Key usage does not allow this use.
    #[error("the {role} certificate's key usage lacks {expected}")]
    KeyUsage {
        /// Which certificate of the path.
        role: &'static str,
        /// The bit that is missing.
        expected: &'static str,
    },
    /// Extended key usage does not allow this purpose.
    #[error("the {role} certificate is not for {purpose:?}")]
    ExtendedKeyUsage {
        /// Which certificate of the path.
        role: &'static str,
        /// The purpose asked for.
        purpose: Purpose,
    },
    /// An extension's bytes.
    #[error("the {role} certificate: {source}")]
    Der {
        /// Which certificate of the path.
        role: &'static str,
        /// What is wrong.
        source: MalformedDer,
    },
}

/// A path that holds: made only by [`verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedPath {
    issuer: PublicKey,
}

impl VerifiedPath {
    /// The key of the leaf's direct parent on the path that was verified.
    pub fn issuer(&self) -> &PublicKey {
        &self.issuer
    }
}

/// Looks for a path from `leaf` to the last certificate of `authority`, with every certificate on
/// it valid at `time` and allowed to serve `purpose`.
///
/// `authority` is leaf-most first, its last certificate the anchor. `hints` are certificates from
/// elsewhere that may stand between; they are never anchors.
pub fn verify(
    leaf: &Certificate,
    hints: &[Certificate],
    authority: &[Certificate],
    purpose: Purpose,
    time: UnixTime,
) -> Result<VerifiedPath, ChainError> {
    let (anchor, own) = authority.split_last().ok_or(ChainError::NoAuthority)?;
    if leaf.is_authority() {
        return Err(ChainError::LeafIsAuthority);
    }
    check_dates("leaf", leaf, time)?;
    check_dates("root", anchor, time)?;
    require_leaf(leaf, purpose)?;
    require_issuer("root", anchor, purpose)?;

    let leaf_der = CertificateDer::from(leaf.der());
    let anchor_der = CertificateDer::from(anchor.der());
    let candidates: Vec<&Certificate> = own.iter().chain(hints).collect();
    let intermediates: Vec<CertificateDer<'_>> = candidates
        .iter()
        .map(|candidate| CertificateDer::from(candidate.der()))
        .collect();
    let end_entity = webpki::EndEntityCert::try_from(&leaf_der).map_err(ChainError::NoPath)?;
    let anchors = [webpki::anchor_from_trusted_cert(&anchor_der).map_err(ChainError::NoPath)?];
    let at = std::time::Duration::from_secs(u64::try_from(time.seconds()).unwrap_or_default());
    let path = end_entity
        .verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &anchors,
            &intermediates,
            WebpkiTime::since_unix_epoch(at),
            PurposeIsOurs,
            None,
            None,
        )
        .map_err(ChainError::NoPath)?;

    let mut issuer = anchor;
    for (depth, found) in path.intermediate_certificates().enumerate() {
        let candidate = candidates
            .iter()
            .find(|candidate| candidate.der() == found.der().as_ref());
        let Some(intermediate) = candidate else {
            continue;
        };
        require_issuer("intermediate", intermediate, purpose)?;
        if depth == 0 {
            issuer = intermediate;
        }
    }
    Ok(VerifiedPath {
        issuer: issuer.public_key().clone(),
    })
}

/// Leaves extended key usage to [`require_leaf`] and [`require_issuer`].
struct PurposeIsOurs;

impl webpki::ExtendedKeyUsageValidator for PurposeIsOurs {
    fn validate(&self, _: webpki::KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

fn check_dates(
    role: &'static str,
    certificate: &Certificate,
    time: UnixTime,
) -> Result<(), ChainError> {
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    if not_before <= time && time.whole_second() <= not_after {
        return Ok(());
    }
    Err(ChainError::Time {
        role,
        not_before,
        not_after,
        time,
    })
}

/// A leaf must say what it is for: the purpose itself, and digital signatures.
fn require_leaf(leaf: &Certificate, purpose: Purpose) -> Result<(), ChainError> {
    let role = "leaf";
    let malformed = |source| ChainError::Der { role, source };
    if !has_key_usage(leaf, 0x80)
        .map_err(malformed)?
        .unwrap_or(false)
    {
        return Err(ChainError::KeyUsage {
            role,
            expected: "digitalSignature",
        });
    }
    let purposes = purposes(leaf).map_err(malformed)?;
    if purposes.is_some_and(|purposes| purposes.contains(&purpose.oid())) {
        return Ok(());
    }
    Err(ChainError::ExtendedKeyUsage { role, purpose })
}

/// An issuer may be silent: without key usage it may sign certificates, without extended key usage
/// it may issue for any purpose, as Go's verifier has it.
fn require_issuer(
    role: &'static str,
    issuer: &Certificate,
    purpose: Purpose,
) -> Result<(), ChainError> {
    let malformed = |source| ChainError::Der { role, source };
    if !has_key_usage(issuer, 0x04)
        .map_err(malformed)?
        .unwrap_or(true)
    {
        return Err(ChainError::KeyUsage {
            role,
            expected: "keyCertSign",
        });
    }
    let allowed = |purposes: Vec<der::asn1::ObjectIdentifier>| {
        purposes.contains(&purpose.oid()) || purposes.contains(&oid::ANY_EXTENDED_KEY_USAGE)
    };
    if purposes(issuer).map_err(malformed)?.is_none_or(allowed) {
        return Ok(());
    }
    Err(ChainError::ExtendedKeyUsage { role, purpose })
}

/// Whether the first byte of the key usage bits has `bit`; `None` without the extension.
fn has_key_usage(certificate: &Certificate, bit: u8) -> Result<Option<bool>, MalformedDer> {
    let Some(value) = certificate.extension(oid::KEY_USAGE) else {
        return Ok(None);
    };
    let bits = Reader::only(value, read::BIT_STRING, "KeyUsage")?.value;
    Ok(Some(bits.get(1).is_some_and(|byte| byte & bit != 0)))
}

fn purposes(
    certificate: &Certificate,
) -> Result<Option<Vec<der::asn1::ObjectIdentifier>>, MalformedDer> {
    let Some(value) = certificate.extension(oid::EXTENDED_KEY_USAGE) else {
        return Ok(None);
    };
    let mut list = Reader::new(Reader::only(value, read::SEQUENCE, "ExtKeyUsageSyntax")?.value);
    let mut purposes = Vec::new();
    while !list.is_empty() {
        purposes.push(list.object_identifier("a key purpose")?);
    }
    Ok(Some(purposes))
}

/// Whether the leaf's extended key usage is critical and names `purpose` alone, as RFC 3161
/// section 2.3 demands of timestamp authorities.
pub(crate) fn is_for_this_purpose_alone(
    leaf: &Certificate,
    purpose: Purpose,
) -> Result<bool, MalformedDer> {
    let critical = leaf
        .extensions()
        .iter()
        .any(|extension| extension.oid == oid::EXTENDED_KEY_USAGE && extension.critical);
    Ok(critical && purposes(leaf)?.as_deref() == Some(&[purpose.oid()]))
}

/// A list of certificates that is not a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// Nothing there.
    #[error("an empty chain")]
    Empty,
    /// A certificate is not signed by the next one.
    #[error("certificate {position} of the chain is not issued by the next one")]
    NotIssuedByNext {
        /// Counted from the leaf, which is 0.
        position: usize,
    },
    /// The end of the chain is not under a root that is accepted.
    #[error("the chain does not end in an accepted root")]
    UnknownRoot,
}

/// Checks that each certificate of `chain` is issued by the next, and the last by one of `roots` or
/// one itself. Gives the key that issued the first.
///
/// This is the admission check of a CT log (RFC 6962 section 3.1): names and signatures, no dates,
/// no purposes, and precertificates pass although their poison is critical.
pub fn verify_links<'a>(
    chain: &'a [Certificate],
    roots: &'a [Certificate],
) -> Result<&'a PublicKey, LinkError> {
    let issued = |child: &Certificate, parent: &Certificate| {
        child.issuer_der() == parent.subject_der()
            && parent.is_authority()
            && child.verify_signature(parent.public_key()).is_ok()
    };
    let last = chain.last().ok_or(LinkError::Empty)?;
    for (position, pair) in chain.windows(2).enumerate() {
        let [child, parent] = pair else { continue };
        if !issued(child, parent) {
            return Err(LinkError::NotIssuedByNext { position });
        }
    }
    let root = roots
        .iter()
        .find(|root| *root == last || issued(last, root));
    let root = root.ok_or(LinkError::UnknownRoot)?;
    Ok(chain.get(1).unwrap_or(root).public_key())
}

//! Why there is no path.

use der::asn1::ObjectIdentifier;
use waxwing_crypto::SignatureError;
use waxwing_encoding::time::UnixTime;

use crate::issue::Purpose;
use crate::read::MalformedDer;

/// Most certificates of one authority.
pub(crate) const MOST_CERTIFICATES: usize = 32;

/// Most certificates of a path above the leaf, the anchor among them. Sigstore's have two.
pub(crate) const DEEPEST_PATH: usize = 8;

/// Most signatures that one search for a path asks for.
pub(crate) const MOST_SIGNATURES: usize = 64;

/// Why there is no path from a leaf to an authority.
///
/// Where several paths were tried, the error is that of the path that came closest to the anchor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The authority has no certificates.
    #[error("the authority of the trusted root has no certificates")]
    NoAuthority,
    /// The authority has more certificates than are looked at.
    #[error(
        "the authority of the trusted root has {count} certificates; expected at most {MOST_CERTIFICATES}"
    )]
    TooManyCertificates {
        /// How many.
        count: usize,
    },
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
    /// No certificate at hand has the name of the issuer.
    #[error(
        "the {role} certificate is issued by {issuer}, and no certificate of this authority has that name"
    )]
    NoIssuer {
        /// Which certificate of the path.
        role: &'static str,
        /// The issuer's name, to be read by people.
        issuer: String,
    },
    /// The certificate that has the issuer's name did not sign.
    #[error("the {role} certificate is not signed by the key of {issuer}: {source}")]
    Signature {
        /// Which certificate of the path.
        role: &'static str,
        /// The issuer's name, to be read by people.
        issuer: String,
        /// What is wrong.
        source: SignatureError,
    },
    /// The issuer's basic constraints do not make it an authority.
    #[error("the {role} certificate is not a certificate authority")]
    NotAnAuthority {
        /// Which certificate of the path.
        role: &'static str,
    },
    /// More authorities stand below this one than it allows.
    #[error("the {role} certificate allows {allowed} intermediates below it, found {found}")]
    PathLength {
        /// Which certificate of the path.
        role: &'static str,
        /// Its path length.
        allowed: u64,
        /// How many there are, those that issued themselves not counted.
        found: u64,
    },
    /// A critical extension that is not understood here.
    #[error("the {role} certificate has the critical extension {oid}, which is not known")]
    UnknownCriticalExtension {
        /// Which certificate of the path.
        role: &'static str,
        /// Which extension.
        oid: ObjectIdentifier,
    },
    /// A name outside what an authority above may certify.
    #[error(
        "the {role} certificate's name {name} is not one that an authority above it may certify"
    )]
    NameConstraint {
        /// Which certificate of the path has the name.
        role: &'static str,
        /// The name, its kind before it.
        name: String,
    },
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
    /// A path that did not end where paths must end.
    #[error("a path of more than {DEEPEST_PATH} certificates above the leaf")]
    TooDeep,
    /// So many certificates of one name that the search was given up.
    #[error("no path after {MOST_SIGNATURES} signatures between certificates")]
    TooManySignatures,
}

//! Certificate chains: from a leaf to the last certificate of one authority of the trusted root
//! (RFC 5280 section 6.1).
//!
//! | Module | Holds |
//! |---|---|
//! | `path` | the search upwards from the leaf |
//! | `rules` | what a path asks of each certificate |
//! | `links` | the other check, of a submission to a CT log |
//!
//! One authority is tried at a time: pooling the anchors of several let one authority's intermediate
//! borrow another's window (TOB-SIGSTORE-11). The anchor is judged like any other issuer, its dates
//! included; RFC 5280 would take only its name and its key. A leaf must be told its purpose, an
//! issuer may be silent about it, as Go has it.

mod error;
mod links;
mod path;
mod rules;

use waxwing_crypto::PublicKey;
use waxwing_encoding::time::UnixTime;

use crate::certificate::Certificate;
use crate::issue::Purpose;

pub use error::ChainError;
pub use links::{LinkError, verify_link, verify_links};
pub(crate) use rules::is_for_this_purpose_alone;

/// One authority of the trusted root: leaf-most first, its last certificate the anchor.
///
/// Which of its certificates signed which is found out once, and remembered for every leaf.
#[derive(Clone)]
pub struct TrustedChain {
    certificates: Vec<Certificate>,
    links: path::Links,
}

impl TrustedChain {
    /// Takes the certificates of one authority; checks nothing but that there are some, and not
    /// more than 32.
    pub fn new(certificates: Vec<Certificate>) -> Result<Self, ChainError> {
        check_count(&certificates)?;
        let links = path::Links::between(certificates.len());
        Ok(Self {
            certificates,
            links,
        })
    }

    /// The certificates, leaf-most first.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Looks for a path from `leaf` to the anchor, with every certificate on it valid at `time` and
    /// allowed to serve `purpose`.
    ///
    /// `hints` are certificates from elsewhere that may stand between; they are never anchors.
    pub fn verify(
        &self,
        leaf: &Certificate,
        hints: &[Certificate],
        purpose: Purpose,
        time: UnixTime,
    ) -> Result<VerifiedPath, ChainError> {
        path::find(&path::Question {
            leaf,
            hints,
            own: &self.certificates,
            links: Some(&self.links),
            purpose,
            time,
        })
    }
}

impl PartialEq for TrustedChain {
    fn eq(&self, other: &Self) -> bool {
        self.certificates == other.certificates
    }
}

impl Eq for TrustedChain {}

impl std::fmt::Debug for TrustedChain {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("TrustedChain")
            .field(&self.certificates)
            .finish()
    }
}

/// A path that holds: made only by [`TrustedChain::verify`] and [`verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedPath {
    issuer: PublicKey,
    /// Of every certificate of the path, the leaf's first.
    windows: Vec<Window>,
}

impl VerifiedPath {
    /// The key of the leaf's direct parent on the path that was verified.
    pub fn issuer(&self) -> &PublicKey {
        &self.issuer
    }

    /// Whether all certificates of this same path are valid at another time. No signature is
    /// checked again.
    pub fn check_time(&self, time: UnixTime) -> Result<(), ChainError> {
        self.windows
            .iter()
            .try_for_each(|window| check_dates(*window, time))
    }
}

/// Looks for a path from `leaf` to the last certificate of `authority`, as [`TrustedChain::verify`]
/// does, and remembers nothing.
pub fn verify(
    leaf: &Certificate,
    hints: &[Certificate],
    authority: &[Certificate],
    purpose: Purpose,
    time: UnixTime,
) -> Result<VerifiedPath, ChainError> {
    check_count(authority)?;
    path::find(&path::Question {
        leaf,
        hints,
        own: authority,
        links: None,
        purpose,
        time,
    })
}

fn check_count(certificates: &[Certificate]) -> Result<(), ChainError> {
    match certificates.len() {
        0 => Err(ChainError::NoAuthority),
        count if count > error::MOST_CERTIFICATES => Err(ChainError::TooManyCertificates { count }),
        _ => Ok(()),
    }
}

/// When one certificate of a path is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    role: &'static str,
    not_before: UnixTime,
    not_after: UnixTime,
}

impl Window {
    fn of(role: &'static str, certificate: &Certificate) -> Self {
        Self {
            role,
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
        }
    }
}

/// A certificate is valid through the whole of its last second.
fn check_dates(window: Window, time: UnixTime) -> Result<(), ChainError> {
    let Window {
        role,
        not_before,
        not_after,
    } = window;
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

#[cfg(test)]
mod tests {
    use waxwing_crypto::{KeyType, PrivateKey, SignatureError};

    use super::*;
    use crate::DistinguishedName;
    use crate::issue::{Authority, SerialNumber, Validity};

    /// A forged memory shows that it is asked: what it says stands, and nothing else is forged.
    #[test]
    fn a_link_between_the_authoritys_own_certificates_is_remembered() {
        let at = |text| UnixTime::parse(text).unwrap();
        let key = || PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let name = |common_name: &str| DistinguishedName {
            organization: "example.com".into(),
            common_name: common_name.into(),
        };
        let serial = SerialNumber::new([1; 20]);
        let validity = Validity {
            not_before: at("2026-01-01T00:00:00Z"),
            not_after: at("2027-01-01T00:00:00Z"),
        };
        let purpose = Purpose::TimeStamping;
        let root = Authority::root(key(), &name("root"), serial, validity).unwrap();
        let middle = root
            .intermediate(key(), &name("middle"), serial, validity, purpose)
            .unwrap();
        let leaf = middle
            .timestamp_leaf(key(), &name("leaf"), serial, validity)
            .unwrap();
        let certificates = vec![leaf.certificate, middle.certificate, root.certificate];
        let chain = TrustedChain::new(certificates.clone()).unwrap();
        let listed = &certificates[0];
        let verify = |chain: &TrustedChain| {
            let path = chain.verify(listed, &[], purpose, validity.not_before);
            path.map(|_| ())
        };
        for pair in [(0, 1), (1, 2)] {
            assert_eq!(chain.links.get(pair.0, pair.1).unwrap().get(), None);
        }
        assert_eq!(verify(&chain), Ok(()));
        for pair in [(0, 1), (1, 2)] {
            assert_eq!(
                chain.links.get(pair.0, pair.1).unwrap().get(),
                Some(&Ok(()))
            );
        }
        for (pair, role) in [((0, 1), "leaf"), ((1, 2), "intermediate")] {
            let forged = TrustedChain::new(certificates.clone()).unwrap();
            let link = forged.links.get(pair.0, pair.1).unwrap();
            link.set(Err(SignatureError::Mismatch)).unwrap();
            assert!(matches!(
                verify(&forged),
                Err(ChainError::Signature { role: found, .. }) if found == role
            ));
        }
        // A leaf that is not listed is not remembered.
        let above = TrustedChain::new(certificates[1..].to_vec()).unwrap();
        assert_eq!(verify(&above), Ok(()));
        assert_eq!(above.links.get(0, 1).unwrap().get(), Some(&Ok(())));
        assert_eq!(above.links.get(0, 0).unwrap().get(), None);
    }
}

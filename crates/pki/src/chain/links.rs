//! The chain of a submission to a CT log.

use waxwing_crypto::PublicKey;

use crate::certificate::Certificate;

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
    let last = chain.last().ok_or(LinkError::Empty)?;
    for (position, pair) in chain.windows(2).enumerate() {
        let [child, parent] = pair else { continue };
        verify_link(child, parent, position)?;
    }
    let root = roots
        .iter()
        .find(|root| *root == last || verify_link(last, root, 0).is_ok());
    let root = root.ok_or(LinkError::UnknownRoot)?;
    Ok(chain.get(1).unwrap_or(root).public_key())
}

/// Checks that `child` is issued by `parent`, as [`verify_links`] does for each pair; `position` is where
/// the child stands, for the error.
pub fn verify_link(
    child: &Certificate,
    parent: &Certificate,
    position: usize,
) -> Result<(), LinkError> {
    let issued = child.issuer_der() == parent.subject_der()
        && parent.is_authority()
        && child.verify_signature(parent.public_key()).is_ok();
    match issued {
        true => Ok(()),
        false => Err(LinkError::NotIssuedByNext { position }),
    }
}

//! What the certificates of a timestamp authority must be before it stamps anything (RFC 3161
//! section 2.3, and what Sigstore's authority checks at its start).
//!
//! ```text
//! leaf           its key signs; extended key usage critical, timeStamping alone; no authority
//! intermediates  timeStamping among their extended key usages, unless that is not asked for
//! root           the last; the chain leads to it, with every certificate valid now
//! ```

use waxwing_encoding::time::UnixTime;

use crate::certificate::Certificate;
use crate::chain::{self, ChainError};
use crate::issue::Purpose;
use crate::oid;
use crate::read::MalformedDer;
use crate::timestamp::TimestampAuthority;

/// Why an authority cannot stamp with its certificates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimestampAuthorityError {
    /// No certificate above the leaf.
    #[error(
        "the timestamp authority has {count} certificates; expected its own and at least a root"
    )]
    TooFew {
        /// How many there are.
        count: usize,
    },
    /// Timestamps would not verify under the leaf.
    #[error("the timestamp authority's key is not that of its certificate, the first of the chain")]
    OtherKey,
    /// The leaf's extended key usage.
    #[error(
        "the timestamp authority's certificate must have a critical extended key usage with \
         timeStamping alone"
    )]
    LeafPurpose,
    /// An intermediate's extended key usage.
    #[error("certificate {position} of the chain, an intermediate, is not for timeStamping")]
    IntermediatePurpose {
        /// Counted from the leaf, which is 0.
        position: usize,
    },
    /// An extension's bytes.
    #[error("the timestamp authority's certificates: {0}")]
    Der(#[from] MalformedDer),
    /// The chain does not lead to its last certificate.
    #[error("the timestamp authority's chain: {0}")]
    Chain(#[from] ChainError),
}

impl<K> TimestampAuthority<K> {
    /// Checks key and certificates at the time `time`. Intermediates need not say that they are for
    /// timestamps if `intermediates` is false: some authorities that others run have such (the switch
    /// `--enforce-intermediate-eku`).
    pub fn check(
        &self,
        time: UnixTime,
        intermediates: bool,
    ) -> Result<(), TimestampAuthorityError> {
        let certificates: Vec<&Certificate> = self.certificates().collect();
        let count = certificates.len();
        let [leaf, between @ .., _] = certificates.as_slice() else {
            return Err(TimestampAuthorityError::TooFew { count });
        };
        if leaf.public_key() != self.public_key() {
            return Err(TimestampAuthorityError::OtherKey);
        }
        if !chain::is_for_this_purpose_alone(leaf, Purpose::TimeStamping)? {
            return Err(TimestampAuthorityError::LeafPurpose);
        }
        for (position, certificate) in (1..).zip(between) {
            let rules = certificate.rules().as_ref().map_err(Clone::clone)?;
            if intermediates && !rules.is_for(oid::TIME_STAMPING) {
                return Err(TimestampAuthorityError::IntermediatePurpose { position });
            }
        }
        chain::verify(leaf, &[], self.above(), Purpose::TimeStamping, time)?;
        Ok(())
    }
}

//! The certificates above a leaf, up to an accepted root; and those chains of them that were checked before.
//!
//! A log is sent thousands of leaves under one and the same authority. Whether its certificates lead to a
//! root does not depend on the leaf, so it is found out once for each chain of exactly these bytes, and
//! remembered for as long as the roots stay the same. The link from the leaf is checked for every leaf.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use waxwing_crypto::sha256;
use waxwing_pki::Certificate;

use crate::Fingerprint;

/// Most chains that are remembered; a log has few authorities under its roots.
const MOST: usize = 64;

/// The certificates above a leaf, each issued by the next, and the last by an accepted root or one itself;
/// no two of them with one name and key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Above {
    /// As they were submitted.
    pub(crate) certificates: Vec<Certificate>,
    /// What the log keeps: with the root, also where the submission left it out.
    pub(crate) issuers: Vec<(Fingerprint, Bytes)>,
}

/// Chains that were checked, for the roots of one log.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    chains: Mutex<VecDeque<Arc<Above>>>,
}

impl Above {
    /// Of certificates whose links were checked; `root` is the one that was left out.
    pub(crate) fn new(certificates: &[Certificate], root: Option<&Certificate>) -> Self {
        let kept = |certificate: &Certificate| {
            let der = certificate.der();
            (sha256(der), Bytes::copy_from_slice(der))
        };
        Self {
            certificates: certificates.to_vec(),
            issuers: certificates.iter().chain(root).map(kept).collect(),
        }
    }

    fn is(&self, chain: &[Vec<u8>]) -> bool {
        let own = self.certificates.iter().map(Certificate::der);
        own.eq(chain.iter().map(Vec::as_slice))
    }
}

impl Remembered {
    /// The chain of exactly these certificates, if it was checked.
    pub(crate) fn find(&self, chain: &[Vec<u8>]) -> Option<Arc<Above>> {
        // Without certificates there is no link that could have been checked without the leaf.
        if chain.is_empty() {
            return None;
        }
        let chains = self.chains.lock().unwrap_or_else(PoisonError::into_inner);
        chains.iter().find(|known| known.is(chain)).map(Arc::clone)
    }

    /// Keeps a chain that was checked, in the place of the oldest if there are too many.
    pub(crate) fn keep(&self, above: &Arc<Above>) {
        if above.certificates.is_empty() {
            return;
        }
        let mut chains = self.chains.lock().unwrap_or_else(PoisonError::into_inner);
        if chains.contains(above) {
            return;
        }
        if chains.len() == MOST {
            chains.pop_front();
        }
        chains.push_back(Arc::clone(above));
    }
}

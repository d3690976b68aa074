//! What is submitted: a chain, read and checked (RFC 6962 section 3.1).
//!
//! ```text
//! {"chain":["<base64 of the leaf>","<of its issuer>",…]}     the root may be left out
//! ```
//!
//! Refused: chains that are empty, longer than ten, in another order than that of issuing, without an
//! accepted root above them, or with a certificate twice; a precertificate by the route for
//! certificates and the reverse; a malformed poison; a precertificate that a precertificate signing
//! certificate signed; and what [`Admission`] does not admit.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use waxwing_crypto::PublicKey;
use waxwing_encoding::base64;
use waxwing_encoding::time::UnixTime;
use waxwing_log::LeafBytes;
use waxwing_pki::chain::{self, LinkError};
use waxwing_pki::sct::{self, SctError};
use waxwing_pki::{Certificate, CertificateError, ObjectIdentifier};

use crate::above::{Above, Remembered};
use crate::admission::{self, Admission, NotAdmitted};
use crate::leaf;

/// Most certificates in one chain.
const LONGEST_CHAIN: usize = 10;

/// The extension that makes a precertificate (RFC 6962 section 3.1): critical, with NULL inside.
const POISON: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.4.3");

/// The purpose of a precertificate signing certificate (RFC 6962 section 3.1). What it signed would have
/// to be entered under the key of its own issuer, which static-ct-api lets a log refuse.
const PRECERTIFICATE_SIGNING: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.4.4");

/// Which route a chain came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// `add-chain`, for certificates.
    Chain,
    /// `add-pre-chain`, for precertificates.
    PreChain,
}

/// A chain that the log takes.
#[derive(Debug)]
pub struct Submission {
    /// Type and content of the entry, as they are signed and hashed; also what tells entries apart.
    pub(crate) entry: Vec<u8>,
    /// The precertificate as it was submitted.
    precertificate: Option<Vec<u8>>,
    /// The certificates above the leaf.
    pub(crate) above: Arc<Above>,
}

/// Why a chain is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmissionRefused {
    /// Not the JSON of a submission.
    #[error("not a submission: {0}")]
    Json(#[from] serde_json::Error),
    /// More certificates than are read.
    #[error("a chain of {length} certificates; at most {LONGEST_CHAIN} are read")]
    TooLong {
        /// How many.
        length: usize,
    },
    /// A certificate is not base64.
    #[error("a certificate of the chain is {0}")]
    Base64(#[from] base64::Base64Error),
    /// A certificate cannot be read.
    #[error("a certificate of the chain: {0}")]
    Certificate(#[from] CertificateError),
    /// The certificates do not lead to a root.
    #[error(transparent)]
    Links(#[from] LinkError),
    /// A certificate that says nothing about the leaf.
    #[error(
        "certificate {position} of the chain has the name and key of one before it; leave it out"
    )]
    Repeated {
        /// Counted from the leaf, which is 0.
        position: usize,
    },
    /// Signed on behalf of the authority that will sign the certificate.
    #[error(
        "the precertificate is signed by a precertificate signing certificate; this log takes only \
         those that the final issuer signed"
    )]
    PrecertificateSigning,
    /// The log does not take such certificates.
    #[error(transparent)]
    NotAdmitted(#[from] NotAdmitted),
    /// A precertificate by the route for certificates.
    #[error("add-chain takes certificates; this is a precertificate, which add-pre-chain takes")]
    Precertificate,
    /// A certificate by the route for precertificates.
    #[error("add-pre-chain takes precertificates; this certificate has no poison extension")]
    NotAPrecertificate,
    /// Neither a certificate nor a precertificate.
    #[error("the certificate's poison extension is malformed; expected critical, with NULL inside")]
    MalformedPoison,
    /// The entry cannot be made.
    #[error(transparent)]
    Entry(#[from] SctError),
}

#[derive(Deserialize)]
struct Chain<'a> {
    #[serde(borrow)]
    chain: Vec<Text<'a>>,
}

/// A text, not copied where nothing in it is escaped.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Submission {
    /// Reads the JSON of a submission, and checks what can be checked at the time `now`.
    pub fn read(
        endpoint: Endpoint,
        body: &[u8],
        admission: &Admission,
        now: UnixTime,
    ) -> Result<Self, SubmissionRefused> {
        Self::read_with(endpoint, body, admission, &Remembered::default(), now)
    }

    /// The same, with the chains that were checked before under the same roots.
    pub(crate) fn read_with(
        endpoint: Endpoint,
        body: &[u8],
        admission: &Admission,
        remembered: &Remembered,
        now: UnixTime,
    ) -> Result<Self, SubmissionRefused> {
        let submitted: Chain<'_> = serde_json::from_slice(body)?;
        let length = submitted.chain.len();
        if length > LONGEST_CHAIN {
            return Err(SubmissionRefused::TooLong { length });
        }
        let chain = submitted.chain.iter().map(|Text(one)| base64::decode(one));
        let chain = chain.collect::<Result<Vec<_>, _>>()?;
        let (leaf, issuer, above) = linked(&chain, &admission.roots, remembered)?;
        let (entry, precertificate) = match (endpoint, is_precertificate(&leaf)?) {
            (Endpoint::Chain, false) => (sct::certificate_entry(&leaf)?, None),
            (Endpoint::PreChain, true) => (
                sct::precertificate_entry(&leaf, &issuer)?,
                Some(leaf.der().to_vec()),
            ),
            (Endpoint::Chain, true) => return Err(SubmissionRefused::Precertificate),
            (Endpoint::PreChain, false) => return Err(SubmissionRefused::NotAPrecertificate),
        };
        if precertificate.is_some()
            && let Some(signer) = above.certificates.first()
            && admission::purposes(signer)?.contains(&PRECERTIFICATE_SIGNING)
        {
            return Err(SubmissionRefused::PrecertificateSigning);
        }
        admission.check(&leaf, now)?;
        Ok(Self {
            entry,
            precertificate,
            above,
        })
    }

    /// Type and content of the entry, as the log signs and hashes them.
    pub fn entry(&self) -> &[u8] {
        &self.entry
    }

    /// The leaf at its place, and the entry of the data tile.
    pub(crate) fn leaf(&self, index: u64, time: UnixTime) -> LeafBytes {
        let timestamped = leaf::timestamped_entry(&self.entry, index, time);
        let fingerprints: Vec<u8> = self
            .above
            .issuers
            .iter()
            .flat_map(|(fingerprint, _)| fingerprint)
            .copied()
            .collect();
        let precertificate = self.precertificate.as_deref();
        LeafBytes {
            merkle_leaf: leaf::merkle_tree_leaf(&timestamped).into(),
            stored: leaf::tile_leaf(timestamped, precertificate, &fingerprints).into(),
        }
    }
}

/// Reads a chain and checks its links: the leaf, the key that issued it, and what stands above it.
fn linked(
    chain: &[Vec<u8>],
    roots: &[Certificate],
    remembered: &Remembered,
) -> Result<(Certificate, PublicKey, Arc<Above>), SubmissionRefused> {
    let (leaf, above) = chain.split_first().ok_or(LinkError::Empty)?;
    if let Some(known) = remembered.find(above)
        && let Some(parent) = known.certificates.first()
    {
        let leaf = Certificate::from_der(leaf)?;
        chain::verify_link(&leaf, parent, 0)?;
        if let Some(place) = known
            .certificates
            .iter()
            .position(|one| is_same(one, &leaf))
        {
            return Err(SubmissionRefused::Repeated {
                position: place + 1,
            });
        }
        let issuer = parent.public_key().clone();
        return Ok((leaf, issuer, known));
    }
    let chain = chain.iter().map(|der| Certificate::from_der(der));
    let mut chain = chain.collect::<Result<Vec<_>, _>>()?;
    let issuer = chain::verify_links(&chain, roots)?.clone();
    check_repetition(&chain)?;
    let root = missing_root(&chain, roots);
    let leaf = chain.remove(0);
    let above = Arc::new(Above::new(&chain, root));
    remembered.keep(&above);
    Ok((leaf, issuer, above))
}

/// A root may follow itself as often as one likes, and the log would have to keep it all.
fn check_repetition(chain: &[Certificate]) -> Result<(), SubmissionRefused> {
    for (position, link) in chain.iter().enumerate() {
        let mut earlier = chain.iter().take(position);
        if earlier.any(|earlier| is_same(earlier, link)) {
            return Err(SubmissionRefused::Repeated { position });
        }
    }
    Ok(())
}

fn is_same(one: &Certificate, other: &Certificate) -> bool {
    one.subject_der() == other.subject_der() && one.public_key() == other.public_key()
}

fn is_precertificate(leaf: &Certificate) -> Result<bool, SubmissionRefused> {
    let mut extensions = leaf.extensions().iter();
    match extensions.find(|extension| extension.oid == POISON) {
        None => Ok(false),
        Some(poison) if poison.critical && sct::is_precertificate(leaf) => Ok(true),
        Some(_) => Err(SubmissionRefused::MalformedPoison),
    }
}

/// The root of a chain that was submitted without it: what is logged ends in a root that the log
/// accepts (RFC 6962 section 3.1).
fn missing_root<'a>(chain: &[Certificate], roots: &'a [Certificate]) -> Option<&'a Certificate> {
    let last = chain.last().filter(|last| !roots.contains(last))?;
    roots.iter().find(|root| {
        last.issuer_der() == root.subject_der() && last.verify_signature(root.public_key()).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAIN: &[u8] = include_bytes!("../../../fuzz/corpus/ct_submission/chain.json");
    const PRE_CHAIN: &[u8] = include_bytes!("../../../fuzz/corpus/ct_submission/pre_chain.json");

    /// The fuzzer starts from chains that get all the way, and knows the root by their last certificate.
    #[test]
    fn the_seeds_of_the_fuzz_target_are_taken_each_by_its_own_route() {
        let seed: Chain<'_> = serde_json::from_slice(PRE_CHAIN).unwrap();
        let root = base64::decode(&seed.chain.last().unwrap().0).unwrap();
        let admission = Admission::under(vec![Certificate::from_der(&root).unwrap()]);
        let now = UnixTime::parse("2026-06-01T12:00:00Z").unwrap();
        let read = |endpoint, seed| Submission::read(endpoint, seed, &admission, now);
        let certificate = read(Endpoint::Chain, CHAIN).unwrap();
        assert_eq!(certificate.entry()[..2], [0, 0]);
        let precertificate = read(Endpoint::PreChain, PRE_CHAIN).unwrap();
        assert_eq!(precertificate.entry()[..2], [0, 1]);
        assert!(matches!(
            read(Endpoint::PreChain, CHAIN),
            Err(SubmissionRefused::NotAPrecertificate)
        ));
        assert!(matches!(
            read(Endpoint::Chain, PRE_CHAIN),
            Err(SubmissionRefused::Precertificate)
        ));
    }

    /// What is remembered spares the links among the authorities, and no check of a leaf.
    #[test]
    fn a_chain_that_was_checked_before_vouches_for_no_other_leaf() {
        let seed: Chain<'_> = serde_json::from_slice(PRE_CHAIN).unwrap();
        let mut chain: Vec<Vec<u8>> = seed
            .chain
            .iter()
            .map(|one| base64::decode(&one.0).unwrap())
            .collect();
        let root = Certificate::from_der(chain.last().unwrap()).unwrap();
        let (roots, remembered) = (vec![root], Remembered::default());
        let (_, issuer, first) = linked(&chain, &roots, &remembered).unwrap();
        let known = remembered.find(&chain[1..]).unwrap();
        assert!(Arc::ptr_eq(&known, &first));
        let (_, again, second) = linked(&chain, &roots, &remembered).unwrap();
        assert!(Arc::ptr_eq(&known, &second));
        assert_eq!(issuer, again);
        // A signature of the leaf that does not hold, under the chain that is remembered.
        *chain[0].last_mut().unwrap() ^= 1;
        for remembered in [&remembered, &Remembered::default()] {
            assert!(matches!(
                linked(&chain, &roots, remembered),
                Err(SubmissionRefused::Links(LinkError::NotIssuedByNext {
                    position: 0
                }))
            ));
        }
        *chain[0].last_mut().unwrap() ^= 1;
        // One byte of an authority makes it another chain.
        let end = chain.len() - 1;
        *chain[end].last_mut().unwrap() ^= 1;
        assert!(remembered.find(&chain[1..]).is_none());
        assert!(linked(&chain, &roots, &remembered).is_err());
        // Nothing that failed is remembered; a leaf alone leaves nothing to remember.
        assert!(remembered.find(&chain[1..]).is_none());
        assert!(remembered.find(&[]).is_none());
    }

    #[test]
    fn an_authority_in_the_place_of_a_leaf_is_refused_where_the_chain_is_remembered_too() {
        let seed: Chain<'_> = serde_json::from_slice(PRE_CHAIN).unwrap();
        let chain = seed.chain.iter().map(|one| base64::decode(&one.0).unwrap());
        let chain: Vec<Vec<u8>> = chain.collect();
        let root = chain.last().unwrap();
        let (roots, remembered) = (
            vec![Certificate::from_der(root).unwrap()],
            Remembered::default(),
        );
        let own = [root.clone(), root.clone()];
        let repeated = |remembered: &Remembered| {
            matches!(
                linked(&own, &roots, remembered),
                Err(SubmissionRefused::Repeated { position: 1 })
            )
        };
        assert!(repeated(&remembered));
        let above = Above::new(&roots, None);
        remembered.keep(&Arc::new(above));
        assert!(remembered.find(&own[1..]).is_some());
        assert!(repeated(&remembered));
    }
}

//! Entries for the Rekor log: a hashedrekord each, with a certificate, as keyless signing makes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use bytes::Bytes;
use http::StatusCode;
use waxwing_crypto::{
    Digest, HashAlgorithm, KeyType, PrivateKey, Random, SignatureAlgorithm, SystemRandom,
};
use waxwing_encoding::time::Clock;
use waxwing_entries::hashedrekord::{Proposal, Verifier};
use waxwing_model::bundle::LogEntry;
use waxwing_pki::DistinguishedName;
use waxwing_pki::issue::{Authority, SerialNumber, Validity};
use waxwing_tlog::merkle::{leaf_hash, verify_inclusion};

use super::drive::{Drive, Leaf, Service};
use crate::hammer::heads::Heads;
use crate::hammer::violation::{AnswerFault, Violation};

/// How many keys sign the entries in turn.
const SIGNERS: usize = 64;

/// Makes entries, each over a digest of its own.
#[derive(Debug)]
pub(super) struct Rekor {
    signers: Vec<Authority>,
    next: AtomicUsize,
    heads: Arc<Heads>,
    log_id: Vec<u8>,
}

impl Rekor {
    /// For the log whose heads these are.
    pub(super) fn new(
        heads: Arc<Heads>,
        log_id: Vec<u8>,
        clock: &dyn Clock,
    ) -> anyhow::Result<Self> {
        let now = clock.now().whole_second();
        let validity = Validity {
            not_before: now,
            not_after: now.plus_seconds(600),
        };
        let signer = |number: usize| {
            let key = PrivateKey::generate(KeyType::EcdsaP256)?;
            let name = DistinguishedName {
                organization: "waxwing hammer".into(),
                common_name: format!("signer {number}"),
            };
            // A log looks at no chain; what it reads of a certificate is the same for any.
            anyhow::Ok(Authority::root(key, &name, random_serial(), validity)?)
        };
        Ok(Self {
            signers: (0..SIGNERS).map(signer).collect::<Result<_, _>>()?,
            next: AtomicUsize::new(0),
            heads,
            log_id,
        })
    }
}

impl Drive for Rekor {
    /// The leaf.
    type Expected = Vec<u8>;

    const SERVICE: Service = Service::Rekor;
    const SUCCESS: StatusCode = StatusCode::CREATED;

    fn path(&self) -> &str {
        "/api/v2/log/entries"
    }

    fn prepare(&self) -> anyhow::Result<(Bytes, Vec<u8>)> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let signer = self.signers.get(number % SIGNERS).context("no signer")?;
        let mut digest = [0; 32];
        SystemRandom.fill(&mut digest);
        let digest = Digest::new(HashAlgorithm::Sha256, &digest).context("32 bytes")?;
        let proposal = Proposal {
            digest,
            signature: signer.key.sign_digest(&digest)?,
            verifier: Verifier::Certificate(Box::new(signer.certificate.clone())),
            algorithm: SignatureAlgorithm::EcdsaP256Sha256,
        };
        Ok((proposal.to_json()?.into(), proposal.canonical_body()?))
    }

    fn judge(&self, body: &Vec<u8>, answer: &Bytes) -> Result<Option<Leaf>, Violation> {
        let form = |reason: AnswerFault| Violation::AnswerForm { reason };
        let entry = LogEntry::from_json(answer).map_err(|error| form(error.into()))?;
        let proof = entry.inclusion_proof.as_ref();
        let proof = proof.ok_or_else(|| form(AnswerFault::NoProof))?;
        let index = entry.log_index;
        if entry.canonicalized_body != *body || entry.log_id != self.log_id {
            return Err(Violation::OtherEntry { index });
        }
        let checkpoint = Arc::from(proof.checkpoint.as_str());
        let head = self.heads.take(&checkpoint)?;
        let hash = leaf_hash(body);
        let proven = verify_inclusion(index, head.size, &hash, &proof.hashes, &head.root);
        let stated = (proof.log_index, proof.tree_size, proof.root_hash);
        if stated != (index, head.size, head.root) {
            return Err(self.heads.blame(Violation::OtherEntry { index }));
        }
        match proven {
            Ok(()) => Ok(Some(Leaf { index, hash })),
            Err(reason) => Err(self
                .heads
                .blame(Violation::InclusionProof { index, reason })),
        }
    }
}

/// A serial number that nobody has.
pub(super) fn random_serial() -> SerialNumber {
    let mut bytes = [0; 20];
    SystemRandom.fill(&mut bytes);
    SerialNumber::new(bytes)
}

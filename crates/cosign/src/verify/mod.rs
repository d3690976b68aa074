//! Verifying a signature on a blob: the road that `verify-blob` and `verify-blob-attestation` share.
//!
//! ```text
//! flags ─▶ policy ─▶ evidence (a bundle) ─▶ trust ─▶ blob ─▶ waxwing_verify ─▶ verdict
//! ```

mod attestation;
mod blob;
mod verdict;

use anyhow::{bail, ensure};
use tokio::sync::OnceCell;
use waxwing_cli::Output;
use waxwing_crypto::Digest;
use waxwing_model::bundle::Content;
use waxwing_model::{Statement, TrustedRoot};
use waxwing_verify::artifact::needed;
use waxwing_verify::{Artifact, Policy, Verified, Verifier};

use crate::Means;
use crate::blob::Blob;
use crate::evidence::Evidence;
use crate::flags::{CommonVerify, Signer};
use crate::trust;

pub(crate) use attestation::VerifyBlobAttestation;
pub(crate) use blob::VerifyBlob;
pub(crate) use verdict::Verdict;

/// What verifying takes besides the evidence.
pub(crate) struct Asked<'a> {
    pub(crate) signer: &'a Signer,
    pub(crate) common: &'a CommonVerify,
    pub(crate) policy: Policy,
    pub(crate) means: &'a Means<'a>,
    /// Made with the first blob that needs them: whom to trust is found out once, however many there are.
    for_bundles: OnceCell<Verifier>,
    for_legacy: OnceCell<Verifier>,
}

impl<'a> Asked<'a> {
    pub(crate) async fn of(
        signer: &'a Signer,
        common: &'a CommonVerify,
        means: &'a Means<'a>,
        output: &mut Output,
    ) -> anyhow::Result<Self> {
        common.check()?;
        common.deprecated(output);
        signer.certificate.deprecated(output);
        let now = means.clock.now();
        Ok(Self {
            signer,
            common,
            policy: signer.policy(means).await?.at(now),
            means,
            for_bundles: OnceCell::new(),
            for_legacy: OnceCell::new(),
        })
    }

    /// Whose word counts.
    async fn trusted_root(
        &self,
        is_legacy: bool,
        output: &mut Output,
    ) -> anyhow::Result<TrustedRoot> {
        if let Some(root) = trust::from_files(&self.common.trusted_root)? {
            return Ok(root);
        }
        let certificate = &self.signer.certificate;
        if is_legacy
            && let Some(root) =
                trust::from_pieces(certificate, self.common, self.means.environment)?
        {
            return Ok(root);
        }
        let is_by_key = self.policy.trusted_key().is_some();
        if is_by_key && !self.common.wants_log() && !self.common.use_signed_timestamps {
            // Nobody's word is asked for but that of the key.
            return Ok(trust::nobody());
        }
        let offline = self.common.offline;
        trust::of_instance(self.means, offline, output).await
    }

    /// Verifies the signature over a blob, or over a statement about it.
    pub(crate) async fn verify(
        &self,
        evidence: &Evidence,
        blob: &Blob,
        output: &mut Output,
    ) -> anyhow::Result<Verified> {
        let verifier = self.verifier(evidence, output).await?;
        let needed = needed(&evidence.bundle, &self.policy)?;
        let whole = needed.whole.is_some();
        let content = blob.read(&needed.hashes, whole, self.means, output);
        let content = content.await?;
        Ok(verifier.verify(&evidence.bundle, content.as_artifact(), &self.policy)?)
    }

    /// Verifies a statement, about this blob or about whatever it is about.
    pub(crate) async fn verify_statement(
        &self,
        evidence: &Evidence,
        blob: Option<&Blob>,
        output: &mut Output,
    ) -> anyhow::Result<Verified> {
        if let Some(blob) = blob {
            return self.verify(evidence, blob, output).await;
        }
        let Content::Envelope(envelope) = &evidence.bundle.content else {
            bail!("the bundle signs an artifact, and no statement about one: use verify-blob");
        };
        let statement = Statement::from_payload(&envelope.payload_type, &envelope.payload)?;
        let subjects = statement.subjects.iter();
        let digests: Vec<Digest> = subjects
            .flat_map(|subject| subject.digests.clone())
            .collect();
        ensure!(
            !digests.is_empty(),
            "the statement is about nothing that has a digest by SHA-256, SHA-384 or SHA-512"
        );
        let verifier = self.verifier(evidence, output).await?;
        let own = Artifact::Digests(&digests);
        Ok(verifier.verify(&evidence.bundle, own, &self.policy)?)
    }

    async fn verifier(
        &self,
        evidence: &Evidence,
        output: &mut Output,
    ) -> anyhow::Result<&Verifier> {
        let is_legacy = evidence.is_legacy;
        let made = match is_legacy {
            true => &self.for_legacy,
            false => &self.for_bundles,
        };
        made.get_or_try_init(move || self.new_verifier(is_legacy, output))
            .await
    }

    async fn new_verifier(&self, is_legacy: bool, output: &mut Output) -> anyhow::Result<Verifier> {
        let trusted_root = self.trusted_root(is_legacy, output).await?;
        let ignore_sct = self.signer.certificate.insecure_ignore_sct;
        let mut requirements = self.common.requirements(ignore_sct);
        if is_legacy {
            requirements = requirements.dangerously_accept_promises();
        }
        Ok(Verifier::new(trusted_root, requirements)?)
    }
}

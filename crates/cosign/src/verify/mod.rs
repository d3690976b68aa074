//! Verifying a signature on a blob: the road that `verify-blob` and `verify-blob-attestation` share.
//!
//! ```text
//! flags ─▶ policy ─▶ evidence (a bundle) ─▶ trust ─▶ blob ─▶ waxwing_verify ─▶ verdict
//! ```

mod attestation;
mod blob;
mod verdict;

use anyhow::{Context, bail, ensure};
use tokio::sync::OnceCell;
use waxwing_cli::Output;
use waxwing_crypto::{Digest, PublicKey, SignatureAlgorithm};
use waxwing_model::bundle::{Content, MessageSignature};
use waxwing_model::{Bundle, Statement, TrustedRoot};
use waxwing_pki::Certificate;
use waxwing_verify::artifact::needed;
use waxwing_verify::{Artifact, Policy, Verified, Verifier};

use crate::Means;
use crate::blob::Blob;
use crate::evidence::{Evidence, EvidenceFlags};
use crate::flags::{CommonVerify, Signer};
use crate::{older_log, trust};

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
        evidence: &EvidenceFlags,
        means: &'a Means<'a>,
        output: &mut Output,
    ) -> anyhow::Result<Self> {
        common.warn(output);
        evidence.check(common)?;
        let mut policy = signer.policy(means).await?.at(means.clock.now());
        if let Some(hash) = evidence.hash()? {
            policy = policy.by_hash(hash);
        }
        Ok(Self {
            signer,
            common,
            policy,
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
        if is_by_key && !self.common.wants_log() && !self.common.wants_timestamp() {
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
        self.judge(verifier, evidence, content.as_artifact()).await
    }

    /// The decision; a signature that came without its log entry is judged with what the log has of it.
    async fn judge(
        &self,
        verifier: &Verifier,
        evidence: &Evidence,
        artifact: Artifact<'_>,
    ) -> anyhow::Result<Verified> {
        let bundle = &evidence.bundle;
        let is_complete = !evidence.is_legacy || !bundle.entries.is_empty();
        if is_complete || !self.common.wants_log() || self.common.offline {
            return self.decide(verifier, bundle, evidence, artifact);
        }
        let mut bundle = bundle.clone();
        let (certificate, key) = (bundle.certificate(), self.policy.trusted_key());
        if let Content::Message(message) = &bundle.content
            && message.digest.is_none()
        {
            let key = certificate.map(Certificate::public_key).or(key);
            let digest = key.and_then(|key| digest_for(key, artifact));
            bundle.content = Content::Message(MessageSignature {
                digest,
                ..message.clone()
            });
        }
        let url = &self.common.rekor_url;
        let certificate = bundle.certificate();
        let found = older_log::entries(self.means, url, &bundle.content, certificate, key);
        let found = found
            .await
            .context("looking for the signature's log entry")?;
        let mut refused = None;
        for entry in found {
            bundle.entries = vec![entry];
            match self.decide(verifier, &bundle, evidence, artifact) {
                Ok(verified) => return Ok(verified),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        match refused {
            Some(error) => Err(error),
            None => bail!(
                "the log {url} has no entry of this signature; --rekor-url names another log, and \
                 --insecure-ignore-tlog asks for none"
            ),
        }
    }

    fn decide(
        &self,
        verifier: &Verifier,
        bundle: &Bundle,
        evidence: &Evidence,
        artifact: Artifact<'_>,
    ) -> anyhow::Result<Verified> {
        let policy = &self.policy;
        Ok(match &evidence.envelope {
            Some(envelope) => verifier.verify_older_envelope(bundle, envelope, artifact, policy)?,
            None => verifier.verify(bundle, artifact, policy)?,
        })
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
        self.judge(verifier, evidence, own).await
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

/// The digest by which a key of this kind signs, of what is known of the artifact.
fn digest_for(key: &PublicKey, artifact: Artifact<'_>) -> Option<Digest> {
    let hash = SignatureAlgorithm::default_for(key.key_type())?.hash()?;
    match artifact {
        Artifact::Bytes(bytes) => Some(hash.digest(bytes)),
        Artifact::Digest(digest) => Some(digest).filter(|one| one.algorithm() == hash),
        Artifact::Digests(digests) => {
            let mut digests = digests.iter().copied();
            digests.find(|digest| digest.algorithm() == hash)
        }
    }
}

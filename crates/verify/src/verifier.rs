//! The steps in their order, and what comes out.

use waxwing_crypto::Digest;
use waxwing_model::{Bundle, TrustedRoot};
use waxwing_pki::fulcio::Identity;

use crate::artifact::{self, Artifact, SignatureMismatch};
use crate::certificate::{self, CertificateRefused, SctRefused};
use crate::log::{self, EntryRefused, KnownLog, VerifiedEntry};
use crate::policy::{IdentityRefused, Policy, Requirements};
use crate::time::{self, TimeRefused, VerifiedTime};

pub use crate::log::TrustError;

/// Verifies bundles against one trusted root.
#[derive(Debug, Clone)]
pub struct Verifier {
    trusted_root: TrustedRoot,
    logs: Vec<KnownLog>,
    requirements: Requirements,
}

/// A bundle that was verified: only [`Verifier::verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    identity: Identity,
    digest: Digest,
    times: Vec<VerifiedTime>,
    entries: Vec<VerifiedEntry>,
}

impl Verified {
    /// Who signed.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The digest of the artifact that was signed.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// When, by each authority that said so.
    pub fn times(&self) -> &[VerifiedTime] {
        &self.times
    }

    /// Where it is logged.
    pub fn entries(&self) -> &[VerifiedEntry] {
        &self.entries
    }
}

/// Why a bundle is refused, by the step that refused it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// No trusted time.
    #[error(transparent)]
    Time(#[from] TimeRefused),
    /// The certificate is not trusted at that time.
    #[error(transparent)]
    Certificate(#[from] CertificateRefused),
    /// No CT log promised to publish the certificate.
    #[error(transparent)]
    Sct(#[from] SctRefused),
    /// Another identity.
    #[error(transparent)]
    Identity(#[from] IdentityRefused),
    /// The signature does not match the artifact.
    #[error(transparent)]
    Artifact(#[from] SignatureMismatch),
    /// No log entry for this signature.
    #[error(transparent)]
    Entry(#[from] EntryRefused),
}

impl Verifier {
    /// Prepares a trusted root.
    pub fn new(trusted_root: TrustedRoot, requirements: Requirements) -> Result<Self, TrustError> {
        let logs = log::known_logs(&trusted_root.transparency_logs)?;
        Ok(Self {
            trusted_root,
            logs,
            requirements,
        })
    }

    /// Verifies one bundle. Every step must hold; the first that does not is the error.
    pub fn verify(
        &self,
        bundle: &Bundle,
        artifact: Artifact<'_>,
        policy: &Policy,
    ) -> Result<Verified, VerifyError> {
        let required = &self.requirements;
        let times = time::establish(
            &bundle.timestamps,
            &bundle.signature.signature,
            &self.trusted_root.timestamp_authorities,
            required.timestamps,
        )?;
        let issuers = certificate::verify_chain(
            &bundle.certificate,
            &self.trusted_root.certificate_authorities,
            &times,
        )?;
        certificate::verify_scts(
            &bundle.certificate,
            &issuers,
            &self.trusted_root.ct_logs,
            required.signed_certificate_timestamps,
        )?;
        let identity = policy.check(&bundle.certificate)?;
        let signed =
            artifact::verify(&bundle.signature, bundle.certificate.public_key(), artifact)?;
        let entries = log::verify(bundle, &signed, &self.logs, required.log_entries)?;
        Ok(Verified {
            identity,
            digest: signed.digest,
            times,
            entries,
        })
    }
}

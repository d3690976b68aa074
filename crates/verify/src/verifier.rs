//! The steps in their order, and what comes out.

use waxwing_crypto::Digest;
use waxwing_entries::binding::{BorrowedVerifier, Signed, VerifiedSignature};
use waxwing_model::bundle::KeyMaterial;
use waxwing_model::trusted_root::TransparencyLog;
use waxwing_model::{Bundle, Statement, TrustedRoot};
use waxwing_pki::Certificate;
use waxwing_pki::fulcio::Identity;
use waxwing_tlog::witness_policy::WitnessPolicy;

use crate::artifact::{self, Artifact, ArtifactRefused};
use crate::binding;
use crate::certificate::{self, CertificateRefused, SctRefused};
use crate::log::{self, EntryRefused, ProvenEntry, VerifiedEntry};
use crate::matched::MatchedIdentity;
use crate::policy::{Policy, Signer, SignerRefused};
use crate::requirements::Requirements;
use crate::time::{self, Present, TimeRefused, VerifiedTime};
use crate::trust::{KnownAuthority, KnownLog, TrustError, known_authorities};

/// Verifies bundles against one trusted root.
///
/// Preparing it checks no signature; what the certificates of the trusted root say of each other is
/// checked when it is first needed, and remembered. It can be shared between threads.
#[derive(Debug, Clone)]
pub struct Verifier {
    logs: Vec<KnownLog>,
    ct_logs: Vec<TransparencyLog>,
    certificate_authorities: Vec<KnownAuthority>,
    timestamp_authorities: Vec<KnownAuthority>,
    witnesses: Option<WitnessPolicy>,
    requirements: Requirements,
}

/// A bundle that was verified: only [`Verifier::verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub(crate) signer: VerifiedSigner,
    digest: Option<Digest>,
    statement: Option<Statement>,
    /// The bytes of which `statement` is the part that was checked. A copy, so that a verdict
    /// outlives its bundle and stands for it alone; beside decoding and hashing the same bytes it
    /// costs nothing that shows, and only envelopes have them.
    pub(crate) payload: Option<Vec<u8>>,
    /// The policy's identity that the certificate met.
    pub(crate) matched: Option<MatchedIdentity>,
    times: Vec<VerifiedTime>,
    entries: Vec<VerifiedEntry>,
}

/// A signer who is the one asked for, and the key with which the signature is still to be checked.
struct CheckedSigner<'a> {
    signer: VerifiedSigner,
    matched: Option<MatchedIdentity>,
    verifier: BorrowedVerifier<'a>,
}

/// Who signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifiedSigner {
    /// The holder of a certificate.
    Certificate {
        /// Who that is.
        identity: Identity,
        /// The certificate.
        certificate: Box<Certificate>,
    },
    /// The holder of the key that the policy trusts.
    Key {
        /// How the bundle calls it: its own word, which nothing signs.
        hint: String,
    },
}

impl Verified {
    /// Who signed.
    pub fn signer(&self) -> &VerifiedSigner {
        &self.signer
    }

    /// The identity in the signer's certificate; none for a key known beforehand.
    pub fn identity(&self) -> Option<&Identity> {
        match &self.signer {
            VerifiedSigner::Certificate { identity, .. } => Some(identity),
            VerifiedSigner::Key { .. } => None,
        }
    }

    /// The digest that was signed: the artifact's, or that of an envelope's PAE. None where the
    /// algorithm signs no digest.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// What was said about the artifact, where it was not signed itself.
    pub fn statement(&self) -> Option<&Statement> {
        self.statement.as_ref()
    }

    /// When, by each witness that said so; empty only for a key known beforehand.
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
    /// No log entry, or not for this signature.
    #[error(transparent)]
    Entry(#[from] EntryRefused),
    /// No trusted time.
    #[error(transparent)]
    Time(#[from] TimeRefused),
    /// The certificate is not trusted at that time.
    #[error(transparent)]
    Certificate(#[from] CertificateRefused),
    /// No CT log promised to publish the certificate.
    #[error(transparent)]
    Sct(#[from] SctRefused),
    /// Another signer.
    #[error(transparent)]
    Signer(#[from] SignerRefused),
    /// The signature does not match the artifact.
    #[error(transparent)]
    Artifact(#[from] ArtifactRefused),
}

impl Verifier {
    /// Prepares a trusted root.
    pub fn new(trusted_root: TrustedRoot, requirements: Requirements) -> Result<Self, TrustError> {
        let logs = trusted_root.transparency_logs.into_iter();
        Ok(Self {
            logs: logs.map(KnownLog::new).collect::<Result<_, _>>()?,
            ct_logs: trusted_root.ct_logs,
            certificate_authorities: known_authorities(trusted_root.certificate_authorities)?,
            timestamp_authorities: known_authorities(trusted_root.timestamp_authorities)?,
            witnesses: None,
            requirements,
        })
    }

    /// Demands that the checkpoint of every entry of Rekor v2 is cosigned as this policy says.
    pub fn with_witnesses(mut self, policy: WitnessPolicy) -> Self {
        self.witnesses = Some(policy);
        self
    }

    /// Verifies one bundle. Every step must hold; the first that does not is the error.
    pub fn verify(
        &self,
        bundle: &Bundle,
        artifact: Artifact<'_>,
        policy: &Policy,
    ) -> Result<Verified, VerifyError> {
        self.verify_any(bundle, artifact, policy, &[bundle.signature()])
    }

    /// The same for an envelope of before there were bundles, whose timestamp may be over the whole of it
    /// and not over the signature alone: `envelope` is its JSON, byte for byte.
    pub fn verify_older_envelope(
        &self,
        bundle: &Bundle,
        envelope: &[u8],
        artifact: Artifact<'_>,
        policy: &Policy,
    ) -> Result<Verified, VerifyError> {
        self.verify_any(bundle, artifact, policy, &[bundle.signature(), envelope])
    }

    fn verify_any(
        &self,
        bundle: &Bundle,
        artifact: Artifact<'_>,
        policy: &Policy,
        stamped: &[&[u8]],
    ) -> Result<Verified, VerifyError> {
        let required = &self.requirements;
        let proven = log::prove(bundle, &self.logs, self.witnesses.as_ref(), required)?;
        let times = time::establish(
            &bundle.timestamps,
            stamped,
            &self.timestamp_authorities,
            &proven,
            required,
            Present {
                now: policy.now,
                certificate: bundle.certificate().is_some(),
            },
        )?;
        if required.strict_log_windows {
            binding::check_windows(&proven, &times)?;
        }
        let CheckedSigner {
            signer,
            matched,
            verifier,
        } = self.verify_signer(bundle, policy, &times, &proven)?;
        let content = artifact::verify(
            &bundle.content,
            verifier.public_key(),
            policy.hash,
            artifact,
        )?;
        let signature = VerifiedSignature {
            signature: bundle.signature(),
            verifier,
            algorithm: content.algorithm,
            signed: content.signed,
        };
        let entries = binding::bind(&proven, &signature)?;
        let (digest, payload) = match content.signed {
            Signed::Message(digest) => (digest, None),
            Signed::Envelope(envelope, digest) => (digest, Some(envelope.payload.clone())),
        };
        Ok(Verified {
            signer,
            digest,
            statement: content.statement,
            payload,
            matched,
            times,
            entries,
        })
    }

    /// Steps 3 to 5: a certificate with its chain, its SCTs and the identity in it; or the key.
    fn verify_signer<'a>(
        &self,
        bundle: &'a Bundle,
        policy: &'a Policy,
        times: &[VerifiedTime],
        proven: &[ProvenEntry<'_>],
    ) -> Result<CheckedSigner<'a>, VerifyError> {
        let (leaf, chain) = match (&bundle.key_material, &policy.signer) {
            (KeyMaterial::Certificate { .. }, Signer::Key(_)) => {
                return Err(SignerRefused::CertificateForKey.into());
            }
            (KeyMaterial::Certificate { leaf, chain }, _) => (leaf, chain),
            (KeyMaterial::PublicKey { hint }, Signer::Key(trusted)) => {
                trusted.check_times(times)?;
                if self.requirements.certificates_only {
                    return Err(SctRefused {
                        found: 0,
                        expected: self.requirements.signed_certificate_timestamps,
                        refused: Vec::new(),
                    }
                    .into());
                }
                let hint = hint.clone();
                return Ok(CheckedSigner {
                    signer: VerifiedSigner::Key { hint },
                    matched: None,
                    verifier: BorrowedVerifier::PublicKey(&trusted.key),
                });
            }
            (KeyMaterial::PublicKey { hint }, _) => {
                let hint = hint.clone();
                return Err(SignerRefused::KeyForIdentity { hint }.into());
            }
        };
        let issuers = certificate::verify_chain(leaf, chain, &self.certificate_authorities, times)?;
        binding::check_unsigned_times(proven, leaf)?;
        let required = self.requirements.signed_certificate_timestamps;
        certificate::verify_scts(leaf, &policy.scts, &issuers, &self.ct_logs, required)?;
        let (identity, matched) = policy.check(leaf)?;
        let certificate = Box::new(leaf.clone());
        Ok(CheckedSigner {
            signer: VerifiedSigner::Certificate {
                identity,
                certificate,
            },
            matched: matched.map(MatchedIdentity::of),
            verifier: BorrowedVerifier::Certificate(leaf),
        })
    }
}

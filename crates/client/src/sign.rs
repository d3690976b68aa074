//! The signing flow: from an artifact's digest to a verified bundle, read from top to bottom.
//!
//! ```text
//! digest ─ fresh key ─ certificate ─ signature ─ timestamp ─ log entry ─ bundle ─ verified
//!                      (Fulcio)                  (TSA)       (Rekor)
//! ```
//!
//! Each step's result is what the next one needs. The bundle is verified before it is given out:
//! a signer that left a bundle which nobody accepts would be noticed too late.

use std::sync::Arc;

use waxwing_crypto::{Digest, KeyError, KeyType, PrivateKey, Random};
use waxwing_encoding::time::Clock;
use waxwing_entries::hashedrekord::{Proposal, Verifier as EntryVerifier};
use waxwing_model::bundle::{Bundle, Content, KeyMaterial, LogEntry, MessageSignature, Version};
use waxwing_model::signing_config::{self, SigningConfig, SigningConfigError};
use waxwing_net::Client;
use waxwing_pki::Certificate;
use waxwing_verify::{Artifact, Policy, Verified, Verifier, VerifyError};

use crate::fulcio::{self, FulcioError};
use crate::rekor::{self, RekorError};
use crate::timestamp::{self, TimestampingError};
use crate::token::IdentityToken;

/// Major versions of the APIs that are spoken.
const FULCIO_VERSION: u32 = 1;
const REKOR_VERSION: u32 = 2;
const TIMESTAMP_VERSION: u32 = 1;

/// Signs with the services of one signing config.
#[derive(Clone)]
pub struct Signer {
    /// How requests travel.
    pub client: Client,
    /// Which services are used.
    pub config: SigningConfig,
    /// Whom the result must convince.
    pub verifier: Verifier,
    /// Decides which services are in use now.
    pub clock: Arc<dyn Clock>,
    /// Nonces.
    pub random: Arc<dyn Random>,
}

/// What has just been done, for whoever watches.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step<'a> {
    /// A key that nobody has seen before.
    Key(KeyType),
    /// A certificate over it.
    Certificate {
        /// The certificate.
        certificate: &'a Certificate,
        /// Who issued it.
        authority: &'a str,
    },
    /// The artifact is signed; the key is not used again.
    Signature(&'a [u8]),
    /// A time is attested.
    Timestamp {
        /// The response's DER.
        response: &'a [u8],
        /// Who attested it.
        authority: &'a str,
    },
    /// The signature is logged.
    LogEntry {
        /// The entry with its proof.
        entry: &'a LogEntry,
        /// Where.
        log: &'a str,
    },
    /// All of it was verified.
    Verified(&'a Verified),
}

/// What signing leaves.
#[derive(Debug)]
pub struct Signed {
    /// The bundle.
    pub bundle: Bundle,
    /// What was verified of it.
    pub verified: Verified,
}

/// Why there is no bundle, by the step that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// No service for a step.
    #[error(transparent)]
    Service(#[from] SigningConfigError),
    /// The key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No certificate.
    #[error(transparent)]
    Fulcio(#[from] FulcioError),
    /// No timestamp.
    #[error(transparent)]
    Timestamp(#[from] TimestampingError),
    /// No log entry.
    #[error(transparent)]
    Rekor(#[from] RekorError),
    /// What the services gave does not verify.
    #[error("the services' answers do not make a bundle that verifies: {0}")]
    Verify(#[from] VerifyError),
}

impl Signer {
    /// Signs an artifact's SHA-256 digest in the name that `token` carries, with a P-256 key that is
    /// made for this signature and dropped after it.
    pub async fn sign(
        &self,
        digest: Digest,
        token: &IdentityToken,
        watch: &mut (dyn FnMut(Step<'_>) + Send),
    ) -> Result<Signed, SignError> {
        let now = self.clock.now();
        let select =
            |services, role, version| signing_config::select(services, role, &[version], now);
        let config = &self.config;
        // All services before the first request: a signature that cannot be finished is not begun.
        let authority = select(
            &config.certificate_authorities,
            "certificate authority",
            FULCIO_VERSION,
        )?;
        let stamper = select(
            &config.timestamp_authorities,
            "timestamp authority",
            TIMESTAMP_VERSION,
        )?;
        let log = select(&config.transparency_logs, "transparency log", REKOR_VERSION)?;

        let key = PrivateKey::generate(KeyType::EcdsaP256)?;
        watch(Step::Key(key.public_key().key_type()));

        let certificate =
            fulcio::request_certificate(&self.client, &authority.url, token, &key).await?;
        watch(Step::Certificate {
            certificate: &certificate,
            authority: &authority.url,
        });

        let signature = key.sign_digest(&digest)?;
        let algorithm = key.algorithm();
        drop(key);
        watch(Step::Signature(&signature));

        let random = self.random.as_ref();
        let response = timestamp::timestamp(&self.client, &stamper.url, &signature, random).await?;
        watch(Step::Timestamp {
            response: &response,
            authority: &stamper.url,
        });

        let proposal = Proposal {
            digest,
            signature: signature.clone(),
            verifier: EntryVerifier::Certificate(Box::new(certificate.clone())),
            algorithm,
        };
        let entry = rekor::add_entry(&self.client, &log.url, &proposal).await?;
        watch(Step::LogEntry {
            entry: &entry,
            log: &log.url,
        });

        let message = MessageSignature {
            digest: Some(digest),
            signature,
        };
        let bundle = Bundle {
            version: Version::V0_3,
            key_material: KeyMaterial::Certificate {
                leaf: certificate,
                chain: Vec::new(),
            },
            content: Content::Message(message),
            entries: vec![entry],
            timestamps: vec![response],
        };
        // Which name the certificate bears is the authority's rule for this kind of token; that it
        // is bound to our key was checked when it came.
        let policy = Policy::dangerously_any_identity();
        let verified = self
            .verifier
            .verify(&bundle, Artifact::Digest(digest), &policy)?;
        watch(Step::Verified(&verified));
        Ok(Signed { bundle, verified })
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Signer")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

//! The signing flow: from what is to be signed to a verified bundle, read from top to bottom.
//!
//! ```text
//! what ─ services ─ key ─ certificate ─ signature ─ timestamps ─ log entries ─ bundle ─ verified
//!                         (Fulcio)                  (TSA)        (Rekor)
//! ```
//!
//! Each step's result is what the next one needs. The bundle is verified before it is given out:
//! a signer that left a bundle which nobody accepts would be noticed too late.

use std::sync::Arc;

use waxwing_crypto::{
    Digest, HashAlgorithm, KeyError, KeyType, PrivateKey, PublicKey, Random, SignatureAlgorithm,
};
use waxwing_encoding::base64;
use waxwing_encoding::time::Clock;
use waxwing_entries::hashedrekord::Verifier as EntryVerifier;
use waxwing_model::Statement;
use waxwing_model::bundle::{
    Bundle, BundleError, Content, Envelope, KeyMaterial, LogEntry, MessageSignature, Version, pae,
};
use waxwing_model::signing_config::{self, SigningConfig, SigningConfigError};
use waxwing_model::statement::PAYLOAD_TYPE;
use waxwing_net::Client;
use waxwing_pki::Certificate;
use waxwing_verify::{Artifact, ArtifactRefused, Policy, Verified, Verifier, VerifyError};

use crate::fulcio::{self, FulcioError};
use crate::logging::{LoggingError, Record};
use crate::services::{Chosen, Failures, choose};
use crate::step::Step;
use crate::timestamp::{self, TimestampingError};
use crate::token::IdentityToken;

/// Major versions of the APIs that are spoken.
const FULCIO_VERSION: u32 = 1;
const REKOR_VERSIONS: [u32; 2] = [1, 2];
const TIMESTAMP_VERSION: u32 = 1;

/// Signs with the services of one signing config.
#[derive(Clone)]
pub struct Signer {
    /// How requests travel.
    pub client: Client,
    /// How those to timestamp authorities do, which may ask who their client is.
    pub timestamp_client: Client,
    /// Which services are used. One without logs or authorities for timestamps uses none.
    pub config: SigningConfig,
    /// Whom the result must convince; `None` where nobody is known who would judge it.
    pub verifier: Option<Verifier>,
    /// Decides which services are in use now.
    pub clock: Arc<dyn Clock>,
    /// Nonces, and which of several services is taken.
    pub random: Arc<dyn Random>,
}

/// Who signs.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// Whoever the token says, with a key of this kind that is made for this signature and dropped after it.
    Identity(&'a IdentityToken, KeyType),
    /// The holder of a key, whom the token names: the key gets a certificate.
    KeyAndIdentity(&'a PrivateKey, &'a IdentityToken),
    /// The holder of a key, with a certificate from elsewhere if there is one.
    Key(&'a PrivateKey, Option<&'a Certificate>),
}

/// What is signed.
#[derive(Debug, Clone, Copy)]
pub enum What<'a> {
    /// An artifact, by its digest under the hash of the key.
    Digest(Digest),
    /// An artifact, for keys that sign all of it.
    Bytes(&'a [u8]),
    /// The JSON of an in-toto statement, which is signed as it is, in an envelope.
    Statement(&'a [u8]),
    /// The same, for an envelope of before there were bundles: all of it is timestamped, and not its
    /// signature alone.
    OlderStatement(&'a [u8]),
}

/// What signing leaves.
#[derive(Debug)]
pub struct Signed {
    /// The bundle.
    pub bundle: Bundle,
    /// What was verified of it; `None` where there was nobody to verify it.
    pub verified: Option<Verified>,
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
    /// A key without an algorithm.
    #[error("keys of the kind {key:?} have no algorithm in the registry to sign by")]
    Kind {
        /// The kind.
        key: KeyType,
    },
    /// A certificate of another key.
    #[error("the certificate is of another key than the one that signs")]
    OtherCertificate,
    /// No certificate.
    #[error(transparent)]
    Fulcio(#[from] FulcioError),
    /// No timestamp.
    #[error("{0}")]
    Timestamp(Failures<TimestampingError>),
    /// No log entry.
    #[error("{0}")]
    Log(Failures<LoggingError>),
    /// A certificate that lives for minutes, and nobody who attests when it was used.
    #[error(
        "the signing config has a log of Rekor v2, which says no time, and no timestamp authority: nobody \
         could tell later that the certificate was used while it was valid. Add a timestamp authority"
    )]
    NoTime,
    /// The envelope cannot be written.
    #[error(transparent)]
    Envelope(#[from] BundleError),
    /// What the services gave does not verify.
    #[error("the services' answers do not make a bundle that verifies: {0}")]
    Verify(#[from] VerifyError),
}

impl By<'_> {
    /// The kind of key that signs: it decides by which hash an artifact is read.
    pub fn key_type(&self) -> KeyType {
        match self {
            Self::Identity(_, kind) => *kind,
            Self::KeyAndIdentity(key, _) | Self::Key(key, _) => key.public_key().key_type(),
        }
    }
}

impl Signer {
    /// By which algorithm a key of that kind signs here, and so by which hash an artifact is read; an
    /// algorithm without a hash signs all of it.
    ///
    /// Ed25519 signs a digest (Ed25519ph) where a log is to hold the signature, since logs hold digests;
    /// else it signs the artifact, as everybody expects of it.
    pub fn algorithm(&self, key: KeyType) -> Result<SignatureAlgorithm, SignError> {
        let logs = !self.config.transparency_logs.is_empty();
        match key {
            KeyType::Ed25519 if logs => Ok(SignatureAlgorithm::Ed25519ph),
            key => SignatureAlgorithm::default_for(key).ok_or(SignError::Kind { key }),
        }
    }

    /// Signs.
    pub async fn sign(
        &self,
        what: What<'_>,
        by: By<'_>,
        watch: &mut (dyn FnMut(Step<'_>) + Send),
    ) -> Result<Signed, SignError> {
        let now = self.clock.now();
        let config = &self.config;
        // All services before the first request: a signature that cannot be finished is not begun.
        let authority = match by {
            By::Identity(..) | By::KeyAndIdentity(..) => Some(signing_config::select(
                &config.certificate_authorities,
                "certificate authority",
                &[FULCIO_VERSION],
                now,
            )?),
            By::Key(..) => None,
        };
        let stampers = choose(
            &config.timestamp_authorities,
            "timestamp authority",
            config.timestamp_authority_selector,
            &[TIMESTAMP_VERSION],
            now,
            self.random.as_ref(),
        )?;
        let logs = choose(
            &config.transparency_logs,
            "transparency log",
            config.transparency_log_selector,
            &REKOR_VERSIONS,
            now,
            self.random.as_ref(),
        )?;
        if authority.is_some() && stampers.is_empty() && logs.are_all_of_version(2) {
            return Err(SignError::NoTime);
        }
        let algorithm = self.algorithm(by.key_type())?;

        let made;
        let (key, token) = match by {
            By::Identity(token, kind) => {
                made = PrivateKey::generate(kind)?;
                watch(Step::Key(kind));
                (&made, Some(token))
            }
            By::KeyAndIdentity(key, token) => (key, Some(token)),
            By::Key(key, _) => (key, None),
        };

        let certificate = match (by, authority, token) {
            (_, Some(authority), Some(token)) => {
                let (client, url) = (&self.client, &authority.url);
                let certificate = fulcio::request_certificate(client, url, token, key).await?;
                watch(Step::Certificate {
                    certificate: &certificate,
                    authority: url,
                });
                Some(certificate)
            }
            (By::Key(_, Some(leaf)), _, _) => {
                if leaf.public_key() != key.public_key() {
                    return Err(SignError::OtherCertificate);
                }
                Some(leaf.clone())
            }
            _ => None,
        };

        let content = sign_with(key, algorithm, what)?;
        let public_key = key.public_key().clone();
        let signature = signature_of(&content);
        watch(Step::Signature(signature));

        let envelope = older_envelope(&content, what)?;
        let stamped = envelope.as_deref().unwrap_or(signature);
        let timestamps = self.timestamp(&stampers, stamped, watch).await?;

        let record = Record {
            content: &content,
            algorithm,
            verifier: match &certificate {
                Some(certificate) => EntryVerifier::Certificate(Box::new(certificate.clone())),
                None => EntryVerifier::PublicKey(public_key.clone()),
            },
        };
        let entries = self.log(&logs, &record, watch).await?;

        let bundle = Bundle {
            version: Version::V0_3,
            key_material: match certificate {
                Some(leaf) => KeyMaterial::Certificate {
                    leaf,
                    chain: Vec::new(),
                },
                None => KeyMaterial::PublicKey {
                    hint: hint(&public_key),
                },
            },
            content,
            entries,
            timestamps,
        };
        let verified = match &self.verifier {
            Some(verifier) => {
                let policy = policy(&bundle, public_key).at(self.clock.now());
                Some(verify(
                    verifier,
                    &bundle,
                    what,
                    envelope.as_deref(),
                    &policy,
                )?)
            }
            None => None,
        };
        if let Some(verified) = &verified {
            watch(Step::Verified(verified));
        }
        Ok(Signed { bundle, verified })
    }

    async fn timestamp(
        &self,
        stampers: &Chosen<'_>,
        stamped: &[u8],
        watch: &mut (dyn FnMut(Step<'_>) + Send),
    ) -> Result<Vec<Vec<u8>>, SignError> {
        let random = self.random.as_ref();
        let ask = async |url: &str, _: u32| {
            timestamp::timestamp(&self.timestamp_client, url, stamped, random).await
        };
        let answers = stampers.ask(ask, &mut |failed| watch(failed)).await;
        let answers = answers.map_err(SignError::Timestamp)?;
        for (authority, response) in &answers {
            watch(Step::Timestamp {
                response,
                authority,
            });
        }
        Ok(answers.into_iter().map(|(_, response)| response).collect())
    }

    async fn log(
        &self,
        logs: &Chosen<'_>,
        record: &Record<'_>,
        watch: &mut (dyn FnMut(Step<'_>) + Send),
    ) -> Result<Vec<LogEntry>, SignError> {
        let ask = async |url: &str, version: u32| record.add(&self.client, url, version).await;
        let answers = logs.ask(ask, &mut |failed| watch(failed)).await;
        let answers = answers.map_err(SignError::Log)?;
        for (log, entry) in &answers {
            watch(Step::LogEntry { entry, log });
        }
        Ok(answers.into_iter().map(|(_, entry)| entry).collect())
    }
}

/// The signature's bytes in what was signed.
fn signature_of(content: &Content) -> &[u8] {
    match content {
        Content::Message(message) => &message.signature,
        Content::Envelope(envelope) => &envelope.signature,
    }
}

fn sign_with(
    key: &PrivateKey,
    algorithm: SignatureAlgorithm,
    what: What<'_>,
) -> Result<Content, SignError> {
    Ok(match what {
        What::Digest(digest) => Content::Message(MessageSignature {
            digest: Some(digest),
            signature: key.sign_digest_with(algorithm, &digest)?,
        }),
        What::Bytes(bytes) => {
            // What a verifier finds the artifact by, whatever the key signs.
            let hash = algorithm.hash().unwrap_or(HashAlgorithm::Sha256);
            Content::Message(MessageSignature {
                digest: Some(hash.digest(bytes)),
                signature: key.sign_with(algorithm, bytes)?,
            })
        }
        What::Statement(statement) | What::OlderStatement(statement) => {
            let signature = key.sign_with(algorithm, &pae(PAYLOAD_TYPE, statement))?;
            Content::Envelope(Envelope {
                payload_type: PAYLOAD_TYPE.to_owned(),
                payload: statement.to_vec(),
                signature,
                key_id: String::new(),
            })
        }
    })
}

/// How a bundle calls a key: base64 of the SHA-256 of its `SubjectPublicKeyInfo`.
pub fn hint(key: &PublicKey) -> String {
    base64::encode(&key.sha256_of_spki())
}

/// What the bundle must hold to: that the key that signed here is the one it speaks of.
fn policy(bundle: &Bundle, key: PublicKey) -> Policy {
    match bundle.certificate() {
        // Which name the certificate bears is the authority's rule for this kind of token; that it is
        // bound to our key was checked when it came.
        Some(_) => Policy::dangerously_any_identity(),
        None => Policy::key(key),
    }
}

fn verify(
    verifier: &Verifier,
    bundle: &Bundle,
    what: What<'_>,
    envelope: Option<&[u8]>,
    policy: &Policy,
) -> Result<Verified, VerifyError> {
    let subjects: Vec<Digest>;
    let artifact = match what {
        What::Digest(digest) => Artifact::Digest(digest),
        What::Bytes(bytes) => Artifact::Bytes(bytes),
        What::Statement(statement) | What::OlderStatement(statement) => {
            let statement = Statement::from_payload(PAYLOAD_TYPE, statement);
            let statement = statement.map_err(ArtifactRefused::from)?;
            let own = statement.subjects.into_iter();
            subjects = own.flat_map(|subject| subject.digests).collect();
            Artifact::Digests(&subjects)
        }
    };
    match envelope {
        Some(envelope) => verifier.verify_older_envelope(bundle, envelope, artifact, policy),
        None => verifier.verify(bundle, artifact, policy),
    }
}

/// The JSON of an envelope that is timestamped as a whole.
fn older_envelope(content: &Content, what: What<'_>) -> Result<Option<Vec<u8>>, BundleError> {
    match (content, what) {
        (Content::Envelope(envelope), What::OlderStatement(_)) => envelope.to_json().map(Some),
        _ => Ok(None),
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

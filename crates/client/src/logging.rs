//! A signature on its way into a log, of whichever version.

use waxwing_crypto::{Digest, SignatureAlgorithm};
use waxwing_entries::hashedrekord::{self, Verifier};
use waxwing_entries::v1_proposal;
use waxwing_model::BundleError;
use waxwing_model::bundle::{Content, LogEntry};
use waxwing_net::Client;

use crate::rekor::{self, RekorError};
use crate::rekor_v1::{self, RekorV1Error};

/// A signature, and what verifies it.
pub(crate) struct Record<'a> {
    pub(crate) content: &'a Content,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) verifier: Verifier,
}

/// Why a signature was not logged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoggingError {
    /// A log of Rekor v2.
    #[error(transparent)]
    Rekor(#[from] RekorError),
    /// A log of Rekor v1.
    #[error(transparent)]
    RekorV1(#[from] RekorV1Error),
    /// Logs hold digests, and this was signed without one.
    #[error(
        "{algorithm:?} signs no digest, and logs hold digests; sign without a log, or by another key"
    )]
    NoDigest {
        /// The algorithm.
        algorithm: SignatureAlgorithm,
    },
    /// The envelope cannot be written.
    #[error(transparent)]
    Envelope(#[from] BundleError),
}

impl Record<'_> {
    /// Adds it to a log; gives the entry as the log holds it.
    pub(crate) async fn add(
        &self,
        client: &Client,
        url: &str,
        version: u32,
    ) -> Result<LogEntry, LoggingError> {
        match version {
            1 => Ok(rekor_v1::add_entry(client, url, &self.v1_proposal()?).await?),
            _ => Ok(rekor::add_entry(client, url, &self.proposal()?).await?),
        }
    }

    /// What is signed, as logs hold it: the artifact's digest, or that of the envelope's PAE.
    fn digest(&self) -> Result<Digest, LoggingError> {
        let algorithm = self.algorithm;
        let hash = algorithm.hash();
        let hash = hash.ok_or(LoggingError::NoDigest { algorithm })?;
        match self.content {
            Content::Message(message) => message.digest.ok_or(LoggingError::NoDigest { algorithm }),
            Content::Envelope(envelope) => Ok(hash.digest(&envelope.pae())),
        }
    }

    fn signature(&self) -> Vec<u8> {
        match self.content {
            Content::Message(message) => message.signature.clone(),
            Content::Envelope(envelope) => envelope.signature.clone(),
        }
    }

    fn proposal(&self) -> Result<hashedrekord::Proposal, LoggingError> {
        Ok(hashedrekord::Proposal {
            digest: self.digest()?,
            signature: self.signature(),
            verifier: self.verifier.clone(),
            algorithm: self.algorithm,
        })
    }

    fn v1_proposal(&self) -> Result<v1_proposal::Proposal, LoggingError> {
        let verifier = self.verifier.clone();
        Ok(match self.content {
            Content::Message(_) => v1_proposal::Proposal::HashedRekord {
                digest: self.digest()?,
                signature: self.signature(),
                verifier,
            },
            Content::Envelope(envelope) => v1_proposal::Proposal::Dsse {
                envelope: envelope.to_json()?,
                verifier,
            },
        })
    }
}

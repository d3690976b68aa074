//! Timestamps over messages of 32 random bytes, with a nonce and the authority's certificate.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use waxwing_crypto::{HashAlgorithm, Random, SystemRandom};
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_pki::chain::TrustedChain;
use waxwing_pki::timestamp::{Timestamp, TimestampRequest};

use super::drive::{Drive, Leaf, Service};
use crate::hammer::violation::Violation;

/// By how many seconds a time may lie before the request or after the judgement: it has whole seconds.
const SECONDS: i64 = 1;

/// Makes requests for timestamps.
pub(super) struct Tsa {
    authority: TrustedChain,
    clock: Arc<dyn Clock>,
}

impl Tsa {
    /// For this authority.
    pub(super) fn new(authority: TrustedChain, clock: Arc<dyn Clock>) -> Self {
        Self { authority, clock }
    }
}

/// What a timestamp answers.
#[derive(Debug)]
pub(super) struct Asked {
    message: [u8; 32],
    nonce: [u8; 8],
    at: UnixTime,
}

#[cfg(test)]
impl Asked {
    pub(super) fn over(&self, message: [u8; 32]) -> Self {
        Self { message, ..*self }
    }

    pub(super) fn later(&self, seconds: i64) -> Self {
        let at = self.at.plus_seconds(seconds);
        Self { at, ..*self }
    }
}

impl Drive for Tsa {
    type Expected = Asked;

    const SERVICE: Service = Service::Tsa;
    const SUCCESS: StatusCode = StatusCode::OK;
    const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/timestamp-query");

    fn path(&self) -> &str {
        "/api/v1/timestamp"
    }

    fn prepare(&self) -> anyhow::Result<(Bytes, Asked)> {
        let mut message = [0; 32];
        SystemRandom.fill(&mut message);
        let nonce = waxwing_client::timestamp::nonce(&SystemRandom);
        let request = TimestampRequest {
            digest: HashAlgorithm::Sha256.digest(&message),
            policy: None,
            nonce: Some(nonce.to_vec()),
            certificate: true,
        };
        let at = self.clock.now();
        let asked = Asked { message, nonce, at };
        Ok((request.to_der().into(), asked))
    }

    fn judge(&self, asked: &Asked, answer: &Bytes) -> Result<Option<Leaf>, Violation> {
        let timestamp = Timestamp::from_der(answer)?;
        timestamp.check_nonce(&asked.nonce)?;
        let time = timestamp.verify(&asked.message, &self.authority)?.time();
        let now = self.clock.now();
        let between = asked.at.plus_seconds(-SECONDS) <= time && time <= now.plus_seconds(SECONDS);
        match between {
            true => Ok(None),
            false => Err(Violation::Time {
                found: time,
                earliest: asked.at,
                latest: now,
            }),
        }
    }
}

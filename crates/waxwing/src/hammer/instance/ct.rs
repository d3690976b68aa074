//! Precertificates for the CT log, signed with the instance's own issuing key: a log takes no others.
//!
//! The answer to one, and the promise inside a certificate of Fulcio, are judged by the same rules.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use bytes::Bytes;
use http::StatusCode;
use waxwing_crypto::{KeyType, PrivateKey, PublicKey};
use waxwing_encoding::base64;
use waxwing_encoding::time::Clock;
use waxwing_encoding::tls::Reader;
use waxwing_pki::Certificate;
use waxwing_pki::fulcio::{Claims, Identity, SubjectAlternativeName};
use waxwing_pki::issue::{Authority, CodeSigningLeaf, Validity};
use waxwing_pki::sct::{self, AddChainResponse, SignedCertificateTimestamp};
use waxwing_tlog::merkle::leaf_hash;

use super::drive::{Drive, Leaf, Service};
use super::rekor::random_serial;
use crate::hammer::violation::{AnswerFault, Violation};

/// How many keys the precertificates are about, in turn.
const KEYS: usize = 64;

/// Makes precertificates.
pub(super) struct Ct {
    authority: Authority,
    /// What follows on the precertificate in the JSON of a submission.
    above: String,
    keys: Vec<PublicKey>,
    next: AtomicUsize,
    identity: Identity,
    log: PublicKey,
    path: String,
    clock: Arc<dyn Clock>,
}

impl Ct {
    /// For the log with this key below this prefix; `authority` and those `above` it are the instance's.
    pub(super) fn new(
        authority: Authority,
        above: &[Certificate],
        (log, prefix): (PublicKey, &str),
        issuer: String,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let key = |_| {
            Ok(PrivateKey::generate(KeyType::EcdsaP256)?
                .public_key()
                .clone())
        };
        let all = std::iter::once(&authority.certificate).chain(above);
        let written = all.map(|one| format!(r#","{}""#, base64::encode(one.der())));
        Ok(Self {
            above: written.collect(),
            authority,
            keys: (0..KEYS).map(key).collect::<anyhow::Result<_>>()?,
            next: AtomicUsize::new(0),
            identity: Identity {
                name: SubjectAlternativeName::Email("hammer@waxwing.localhost".into()),
                issuer,
                subject: Some("hammer@waxwing.localhost".into()),
            },
            log,
            path: format!("{prefix}/ct/v1/add-pre-chain"),
            clock,
        })
    }
}

impl Drive for Ct {
    /// The precertificate.
    type Expected = Certificate;

    const SERVICE: Service = Service::Ct;
    const SUCCESS: StatusCode = StatusCode::OK;

    fn path(&self) -> &str {
        &self.path
    }

    fn prepare(&self) -> anyhow::Result<(Bytes, Certificate)> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let not_before = self.clock.now().whole_second();
        let leaf = CodeSigningLeaf {
            public_key: self.keys.get(number % KEYS).context("no key")?,
            identity: &self.identity,
            claims: Claims::NONE,
            serial: random_serial(),
            validity: Validity {
                not_before,
                not_after: not_before.plus_seconds(600),
            },
        };
        let certificate = self.authority.precertificate(&leaf)?;
        let (first, above) = (base64::encode(certificate.der()), &self.above);
        let json = format!(r#"{{"chain":["{first}"{above}]}}"#);
        Ok((json.into(), certificate))
    }

    fn judge(&self, expected: &Certificate, answer: &Bytes) -> Result<Option<Leaf>, Violation> {
        let form = |reason: AnswerFault| Violation::AnswerForm { reason };
        let answer: AddChainResponse =
            serde_json::from_slice(answer).map_err(|error| form(error.into()))?;
        let promise = SignedCertificateTimestamp::try_from(&answer);
        let promise = promise.map_err(|error| form(error.into()))?;
        let issuer = self.authority.certificate.public_key();
        promised(&promise, expected, issuer, &self.log).map(Some)
    }
}

/// Checks a promise about a certificate or precertificate under `issuer`; gives the leaf that it promises.
pub(super) fn promised(
    promise: &SignedCertificateTimestamp,
    certificate: &Certificate,
    issuer: &PublicKey,
    log: &PublicKey,
) -> Result<Leaf, Violation> {
    if promise.log_id != log.sha256_of_spki() {
        return Err(Violation::OtherLog);
    }
    promise.verify(certificate, issuer, log)?;
    let index = leaf_index(&promise.extensions).ok_or(Violation::NoIndex)?;
    let entry = sct::precertificate_entry(certificate, issuer)?;
    // What is signed of an entry is, byte for byte, its leaf (RFC 6962 sections 3.2 and 3.4).
    let leaf = sct::signed_bytes(promise.timestamp, &entry, &promise.extensions)?;
    let hash = leaf_hash(&leaf);
    Ok(Leaf { index, hash })
}

/// The extension `leaf_index` (static-ct-api), alone: `00 0005`, then 40 bits.
fn leaf_index(extensions: &[u8]) -> Option<u64> {
    let mut fields = Reader::new(extensions);
    let kind = fields.number(1).ok()?;
    let mut value = Reader::new(fields.vector(2).ok()?);
    let index = value.number(5).ok()?;
    fields.finish().ok()?;
    value.finish().ok()?;
    (kind == 0).then_some(index)
}

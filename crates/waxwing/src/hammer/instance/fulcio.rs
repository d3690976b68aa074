//! Certificates, asked for with tokens of the instance's own issuer.
//!
//! Keys, and their proofs over the names in the tokens, are made before the load and used in turn: a
//! service remembers nothing of a request, and each certificate has a serial number of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use waxwing_crypto::{KeyType, PrivateKey, PublicKey};
use waxwing_encoding::base64;
use waxwing_pki::Certificate;
use waxwing_pki::chain::TrustedChain;
use waxwing_pki::fulcio::{Identity, SubjectAlternativeName};
use waxwing_pki::issue::Purpose;
use waxwing_pki::sct;

use super::ct::promised;
use super::drive::{Drive, Leaf, Service};
use super::tokens::{NAMES, Tokens, email};
use crate::hammer::violation::{AnswerFault, CertificateFault, Violation};

/// How many keys ask in turn.
const KEYS: usize = 512;

/// Asks for certificates.
pub(super) struct Fulcio {
    tokens: Arc<Tokens>,
    applicants: Vec<Applicant>,
    next: AtomicUsize,
    authority: TrustedChain,
    ct_log: PublicKey,
}

/// A key, in whose name it asks, and the part of its request that stays.
struct Applicant {
    key: PublicKey,
    identity: Identity,
    /// `"publicKeyRequest":{…}`
    request: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    signed_certificate_embedded_sct: Embedded,
}

#[derive(Deserialize)]
struct Embedded {
    chain: Chain,
}

#[derive(Deserialize)]
struct Chain {
    certificates: Vec<String>,
}

impl Fulcio {
    /// For this authority and this CT log; `issuer` is who signs the tokens.
    pub(super) fn new(
        tokens: Arc<Tokens>,
        authority: TrustedChain,
        ct_log: PublicKey,
        issuer: &str,
    ) -> anyhow::Result<Self> {
        let applicant = |number: usize| {
            let key = PrivateKey::generate(KeyType::EcdsaP256)?;
            let email = email(number % NAMES);
            let content = serde_json::to_string(&key.public_key().to_pem())?;
            let proof = base64::encode(&key.sign(email.as_bytes())?);
            anyhow::Ok(Applicant {
                key: key.public_key().clone(),
                identity: Identity {
                    name: SubjectAlternativeName::Email(email.clone()),
                    issuer: issuer.to_owned(),
                    subject: Some(email),
                },
                request: format!(
                    concat!(
                        r#""publicKeyRequest":{{"publicKey":{{"algorithm":"ECDSA","content":{content}}},"#,
                        r#""proofOfPossession":"{proof}"}}"#
                    ),
                    content = content,
                    proof = proof,
                ),
            })
        };
        Ok(Self {
            tokens,
            applicants: (0..KEYS).map(applicant).collect::<Result<_, _>>()?,
            next: AtomicUsize::new(0),
            authority,
            ct_log,
        })
    }
}

impl Drive for Fulcio {
    /// Which applicant.
    type Expected = usize;

    const SERVICE: Service = Service::Fulcio;
    const SUCCESS: StatusCode = StatusCode::OK;

    fn path(&self) -> &str {
        "/api/v2/signingCert"
    }

    fn prepare(&self) -> anyhow::Result<(Bytes, usize)> {
        let number = self.next.fetch_add(1, Ordering::Relaxed) % KEYS;
        let applicant = self.applicants.get(number).context("no applicant")?;
        let (token, request) = (self.tokens.of(number % NAMES), &applicant.request);
        let json = format!(r#"{{"credentials":{{"oidcIdentityToken":"{token}"}},{request}}}"#);
        Ok((json.into(), number))
    }

    fn judge(&self, number: &usize, answer: &Bytes) -> Result<Option<Leaf>, Violation> {
        let form = |reason: AnswerFault| Violation::AnswerForm { reason };
        let answer: Answer = serde_json::from_slice(answer).map_err(|error| form(error.into()))?;
        let chain = answer.signed_certificate_embedded_sct.chain.certificates;
        let chain = chain.iter().map(|pem| Certificate::from_pem(pem));
        let chain = chain.collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(CertificateFault::from)?;
        let applicant = self.applicants.get(*number);
        let (Some((leaf, above)), Some(applicant)) = (chain.split_first(), applicant) else {
            return Err(CertificateFault::Chain.into());
        };
        if above != self.authority.certificates() {
            return Err(CertificateFault::Chain.into());
        }
        if *leaf.public_key() != applicant.key {
            return Err(CertificateFault::OtherKey.into());
        }
        if Identity::of(leaf).map_err(CertificateFault::from)? != applicant.identity {
            return Err(CertificateFault::OtherIdentity.into());
        }
        let promises = sct::embedded(leaf)?;
        let [promise] = promises.as_slice() else {
            let count = promises.len();
            return Err(CertificateFault::Promises { count }.into());
        };
        let path = self
            .authority
            .verify(leaf, &[], Purpose::CodeSigning, promise.time()?);
        let path = path.map_err(CertificateFault::from)?;
        promised(promise, leaf, path.issuer(), &self.ct_log).map(Some)
    }
}

//! dsse 0.0.2: the signatures of an envelope, and the keys that verify them.
//!
//! What a client proposes (`POST /api/v2/log/entries`), which logs of Rekor v2 took until 2026 and
//! clients of that time still send:
//! ```json
//! {"dsseRequestV002":{"envelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json",
//!   "signatures":[{"sig":"MEQC…"}]},"verifiers":[{"x509Certificate":{"rawBytes":"MIIC…"},
//!   "keyDetails":"PKIX_ECDSA_P256_SHA_256"}]}}
//! ```
//! What the log stores, RFC 8785 bytes; the payload itself is not kept:
//! ```json
//! {"apiVersion":"0.0.2","kind":"dsse","spec":{"dsseV002":{"payloadHash":{"algorithm":"SHA2_256","digest":"RBNv…"},"signatures":[{"content":"MEQC…","verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","x509Certificate":{"rawBytes":"MIIC…"}}}]}}}
//! ```
//!
//! The signatures stand in the order of their bytes, whatever the order in the envelope: an envelope
//! has one entry (the original's order was that of a map, another one each time).
//!
//! Refused: what hashedrekord refuses of a verifier; an envelope without payload, type or signature; a
//! signature that no verifier verifies, and a verifier that verifies none; the same signature twice;
//! more than eight of either. Pure Ed25519 is taken, since the message is at hand.

use std::borrow::Cow;

use waxwing_crypto::{Digest, HashAlgorithm, Hasher, SignatureAlgorithm};
use waxwing_encoding::base64;
use waxwing_model::bundle::dsse::pae;

use crate::fields::{self, filled};
use crate::hashedrekord::{self, ProposalError, Verifier, allowed, canonical_verifier, limit_body};
use crate::wire::{self, AtMost, DsseSpec, Envelope, EnvelopeSignature, WireVerifier};

/// The entry's kind.
pub const KIND: &str = "dsse";

/// The version of the kind.
pub const VERSION: &str = "0.0.2";

/// Largest proposal of this kind that is read, in bytes: the payload comes with it.
pub const LARGEST_PROPOSAL: usize = 4 << 20;

/// An envelope whose signatures were checked with their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dsse {
    body: Vec<u8>,
}

/// What is proposed to a log; not checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The payload's media type.
    pub payload_type: String,
    /// What was signed, byte for byte.
    pub payload: Vec<u8>,
    /// The signatures over the PAE of both.
    pub signatures: Vec<Vec<u8>>,
    /// What verifies them, in any order.
    pub verifiers: Vec<SignatureVerifier>,
}

/// A certificate or key, and the algorithm by which it verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureVerifier {
    /// The certificate or key.
    pub verifier: Verifier,
    /// How was signed.
    pub algorithm: SignatureAlgorithm,
}

impl Proposal {
    /// Reads the fields of a request, whatever carried them.
    pub fn from_fields(fields: fields::Dsse<'_>) -> Result<Self, ProposalError> {
        let missing = |field| ProposalError::Missing { field };
        if fields.payload_type.is_empty() {
            return Err(missing("payloadType"));
        }
        few("signatures", &fields.signatures)?;
        few("verifiers", &fields.verifiers)?;
        if fields.signatures.is_empty() {
            return Err(missing("signature"));
        }
        if fields.verifiers.is_empty() {
            return Err(missing("verifier"));
        }
        let verifiers = fields.verifiers.iter().map(|fields| {
            let (verifier, algorithm) = fields.read()?;
            match algorithm {
                SignatureAlgorithm::Ed25519 => {}
                other => {
                    allowed(other).ok_or_else(|| fields.refuse_key_details())?;
                }
            }
            Ok(SignatureVerifier {
                verifier,
                algorithm,
            })
        });
        let verifiers = verifiers.collect::<Result<_, ProposalError>>()?;
        filled("payload", &fields.payload)?;
        for signature in &fields.signatures {
            filled("sig", signature)?;
        }
        let signatures = fields.signatures.into_iter();
        Ok(Self {
            payload_type: fields.payload_type.into_owned(),
            payload: fields.payload.into_owned(),
            signatures: signatures.map(Cow::into_owned).collect(),
            verifiers,
        })
    }

    /// Writes the request of a client.
    pub fn to_json(&self) -> Result<Vec<u8>, ProposalError> {
        let signatures = self.signatures.iter();
        let signatures = signatures.map(|signature| EnvelopeSignature::new(signature));
        let verifiers = self.verifiers.iter();
        let verifiers = verifiers.map(|each| WireVerifier::write(&each.verifier, each.algorithm));
        let spec = DsseSpec {
            envelope: Envelope {
                payload: base64::encode(&self.payload).into(),
                payload_type: self.payload_type.as_str().into(),
                signatures: AtMost(signatures.collect()),
            },
            verifiers: AtMost(verifiers.collect::<Result<_, ProposalError>>()?),
        };
        let request = wire::Request {
            hashed_rekord: None,
            dsse: Some(spec),
        };
        Ok(serde_json::to_vec(&request)?)
    }

    /// The same as a hashedrekord over the digest of the PAE: how envelopes are logged since 2026, and
    /// what today's verifiers expect. For one signature by an algorithm that signs a digest.
    pub fn into_hashedrekord(self) -> Result<hashedrekord::Proposal, ProposalError> {
        let several = ProposalError::Several {
            signatures: self.signatures.len(),
            verifiers: self.verifiers.len(),
        };
        let ([signature], [by]) = (self.signatures.as_slice(), self.verifiers.as_slice()) else {
            return Err(several);
        };
        let hash = allowed(by.algorithm).ok_or_else(|| ProposalError::KeyDetails {
            found: format!("{:?}", by.algorithm),
        })?;
        Ok(hashedrekord::Proposal {
            digest: Signed::new(&self).digest(hash),
            signature: signature.clone(),
            verifier: by.verifier.clone(),
            algorithm: by.algorithm,
        })
    }

    /// Checks that each signature has a verifier and each verifier a signature.
    pub fn check(&self) -> Result<Dsse, ProposalError> {
        let mut signed = Signed::new(self);
        let mut order: Vec<(usize, &[u8], Option<&SignatureVerifier>)> = Vec::new();
        for (number, signature) in (1..).zip(&self.signatures) {
            if order.iter().any(|(_, other, _)| *other == signature) {
                return Err(ProposalError::RepeatedSignature { number });
            }
            order.push((number, signature, None));
        }
        let mut idle = None;
        for (number, verifier) in (1..).zip(&self.verifiers) {
            let mut claimed = false;
            for (_, signature, verified_by) in &mut order {
                if verified_by.is_none() && signed.holds(verifier, signature) {
                    *verified_by = Some(verifier);
                    claimed = true;
                }
            }
            if !claimed {
                idle = idle.or(Some(number));
            }
        }
        // A signature without verifier says more than the verifier that does not fit it.
        if let Some((number, ..)) = order.iter().find(|(.., verified_by)| verified_by.is_none()) {
            return Err(ProposalError::Unverified { number: *number });
        }
        if let Some(number) = idle {
            return Err(ProposalError::IdleVerifier { number });
        }
        order.sort_unstable_by_key(|(_, signature, _)| *signature);
        let mut signatures = Vec::with_capacity(order.len());
        for (number, signature, verified_by) in order {
            let by = verified_by.ok_or(ProposalError::Unverified { number })?;
            let verifier = canonical_verifier(by.verifier.as_borrowed(), by.algorithm);
            let verifier = verifier.ok_or_else(|| ProposalError::KeyDetails {
                found: format!("{:?}", by.algorithm),
            })?;
            signatures.push(canonical_signature(signature, &verifier));
        }
        let body = canonical_body(&self.payload, &signatures.join(","));
        let body = limit_body(body)?;
        Ok(Dsse { body })
    }
}

fn few<T>(field: &'static str, list: &[T]) -> Result<(), ProposalError> {
    let (found, most) = (list.len(), fields::MOST_SIGNATURES);
    match found > most {
        true => Err(ProposalError::TooMany { field, found, most }),
        false => Ok(()),
    }
}

impl Dsse {
    /// The leaf.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The leaf, taken out.
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }
}

/// The envelope's PAE, hashed once for each hash and not put together unless somebody needs it whole.
struct Signed<'a> {
    proposal: &'a Proposal,
    digests: Vec<Digest>,
    whole: Option<Vec<u8>>,
}

impl<'a> Signed<'a> {
    fn new(proposal: &'a Proposal) -> Self {
        Self {
            proposal,
            digests: Vec::new(),
            whole: None,
        }
    }

    fn holds(&mut self, by: &SignatureVerifier, signature: &[u8]) -> bool {
        let key = by.verifier.public_key();
        let held = match by.algorithm.hash() {
            Some(hash) => key.verify_digest(by.algorithm, &self.digest(hash), signature),
            None => key.verify(by.algorithm, self.whole(), signature),
        };
        held.is_ok()
    }

    fn digest(&mut self, hash: HashAlgorithm) -> Digest {
        let known = self.digests.iter().find(|known| known.algorithm() == hash);
        if let Some(known) = known {
            return *known;
        }
        let Proposal {
            payload_type,
            payload,
            ..
        } = self.proposal;
        let mut hasher = Hasher::new(hash);
        let (type_length, length) = (payload_type.len(), payload.len());
        let head = format!("DSSEv1 {type_length} {payload_type} {length} ");
        hasher.update(head.as_bytes());
        hasher.update(payload);
        let digest = hasher.finish();
        self.digests.push(digest);
        digest
    }

    fn whole(&mut self) -> &[u8] {
        let Proposal {
            payload_type,
            payload,
            ..
        } = self.proposal;
        self.whole.get_or_insert_with(|| pae(payload_type, payload))
    }
}

/// One signature of a leaf, in RFC 8785.
pub(crate) fn canonical_signature(signature: &[u8], verifier: &str) -> String {
    let content = base64::encode(signature);
    format!(r#"{{"content":"{content}","verifier":{verifier}}}"#)
}

/// The leaf for a payload and signatures, in RFC 8785.
pub(crate) fn canonical_body(payload: &[u8], signatures: &str) -> Vec<u8> {
    let digest = HashAlgorithm::Sha256.digest(payload);
    let body = format!(
        concat!(
            r#"{{"apiVersion":"0.0.2","kind":"dsse","spec":{{"dsseV002":{{"#,
            r#""payloadHash":{{"algorithm":"SHA2_256","digest":"{digest}"}},"#,
            r#""signatures":[{signatures}]}}}}}}"#
        ),
        digest = base64::encode(digest.as_bytes()),
        signatures = signatures,
    );
    body.into_bytes()
}

//! What is proposed to a log of Rekor v1.
//!
//! ```json
//! {"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{"hash":{"algorithm":"sha256","value":"a0cf…"}},
//!   "signature":{"content":"MEUC…","publicKey":{"content":"<base64 of PEM>"}}}}
//! {"apiVersion":"0.0.1","kind":"dsse","spec":{"proposedContent":{"envelope":"{…}","verifiers":["<base64 of PEM>"]}}}
//! ```

use serde_json::{Value, json};
use waxwing_crypto::{Digest, HashAlgorithm};
use waxwing_encoding::{base64, hex};

use crate::hashedrekord::Verifier;

/// A signature over an artifact's digest, or an envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proposal {
    /// `hashedrekord` 0.0.1.
    HashedRekord {
        /// The digest that was signed.
        digest: Digest,
        /// The signature.
        signature: Vec<u8>,
        /// What verifies it.
        verifier: Verifier,
    },
    /// `dsse` 0.0.1.
    Dsse {
        /// The envelope's JSON, as it was written once and stays.
        envelope: Vec<u8>,
        /// What verifies its signature.
        verifier: Verifier,
    },
}

impl Proposal {
    /// The request's body.
    pub fn to_value(&self) -> Value {
        match self {
            Self::HashedRekord {
                digest,
                signature,
                verifier,
            } => json!({"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {
                "data": {"hash": {
                    "algorithm": hash_name(digest.algorithm()),
                    "value": hex::encode(digest.as_bytes()),
                }},
                "signature": {
                    "content": base64::encode(signature),
                    "publicKey": {"content": pem(verifier)},
                },
            }}),
            Self::Dsse { envelope, verifier } => {
                let envelope = String::from_utf8_lossy(envelope);
                json!({"apiVersion": "0.0.1", "kind": "dsse", "spec": {
                    "proposedContent": {"envelope": envelope, "verifiers": [pem(verifier)]},
                }})
            }
        }
    }
}

/// The names that Rekor v1 has for hashes.
fn hash_name(algorithm: HashAlgorithm) -> &'static str {
    match algorithm {
        HashAlgorithm::Sha384 => "sha384",
        HashAlgorithm::Sha512 => "sha512",
        _ => "sha256",
    }
}

fn pem(verifier: &Verifier) -> String {
    let pem = match verifier {
        Verifier::Certificate(certificate) => certificate.to_pem(),
        Verifier::PublicKey(key) => key.to_pem(),
    };
    base64::encode(pem.as_bytes())
}

//! A good bundle with one fault in it, and the words with which each peer refuses that fault.
//!
//! The words are the peers' own, as short as they stay specific; where a peer's next version says it otherwise, this
//! table is the one place to change.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{Case, Peer};

/// Where a bundle keeps its log entries.
const ENTRIES: &str = "/verificationMaterial/tlogEntries";
/// Where a bundle keeps the hashes of its first inclusion proof.
const FIRST_HASH: &str = "/verificationMaterial/tlogEntries/0/inclusionProof/hashes/0";
/// Where a bundle keeps its first timestamp.
const FIRST_TIMESTAMP: &str =
    "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp";

/// One thing that is wrong; the rest stays as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The artifact has one more byte. For a bundle that signs the artifact itself, not a statement about it.
    Artifact,
    /// The verifier expects an identity that is longer by one character.
    Identity,
    /// The verifier expects an issuer that is longer by one character.
    Issuer,
    /// One bit of the first hash of the inclusion proof is flipped.
    InclusionProof,
    /// There is no log entry.
    NoLogEntry,
    /// One bit of the signature of the timestamp is flipped.
    TimestampSignature,
    /// There is no timestamp. For an entry of Rekor v2, since in one of v1 some peers take the log's own time.
    NoTimestamp,
    /// The trusted root knows no CT log, so that no SCT counts.
    NoCtLog,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 8] = [
        Self::Artifact,
        Self::Identity,
        Self::Issuer,
        Self::InclusionProof,
        Self::NoLogEntry,
        Self::TimestampSignature,
        Self::NoTimestamp,
        Self::NoCtLog,
    ];

    /// The words with which `peer` refuses this fault.
    pub fn words(self, peer: Peer) -> &'static str {
        match peer {
            // cosign verifies with sigstore-go, each in a version of its own: what is cut out here is what differs.
            Peer::Cosign | Peer::CosignTrixie | Peer::SigstoreGo => match self {
                Self::Artifact => "could not verify message: invalid signature",
                Self::Identity => "no matching CertificateIdentity found, last error: expected SAN",
                Self::Issuer => {
                    "no matching CertificateIdentity found, last error: expected issuer"
                }
                Self::InclusionProof => "calculated root:",
                Self::NoLogEntry => "not enough verified log entries from transparency log: 0 < 1",
                Self::TimestampSignature | Self::NoTimestamp => {
                    "failed to verify timestamps: threshold not met for verified signed"
                }
                Self::NoCtLog => "only able to verify 0 SCT entries; unable to meet threshold of 1",
            },
            Peer::SigstorePython => match self {
                Self::Artifact => "Bundle message digest mismatch",
                Self::Identity => "Certificate's SANs do not match",
                Self::Issuer => "Certificate's OIDCIssuer does not match",
                Self::InclusionProof => "inclusion proof contains invalid root hash",
                Self::NoLogEntry => "expected exactly one log entry in bundle",
                // It passes over each token that does not verify, without a word.
                Self::TimestampSignature => "not enough sources of verified time",
                Self::NoTimestamp => {
                    "bundle must contain an inclusion promise or signed timestamp(s)"
                }
                Self::NoCtLog => "CTFE keys not found in trusted root",
            },
            Peer::SigstoreJs => match self {
                Self::Artifact => "SIGNATURE_ERROR: signature verification failed",
                Self::Identity => "UNTRUSTED_SIGNER_ERROR: certificate identity error",
                Self::Issuer => {
                    "UNTRUSTED_SIGNER_ERROR: invalid certificate extension - expected issuer"
                }
                Self::InclusionProof => {
                    "TLOG_INCLUSION_PROOF_ERROR: calculated root hash does not match"
                }
                Self::NoLogEntry => "TLOG_ERROR: expected 1 tlog entries, got 0",
                Self::TimestampSignature => "TIMESTAMP_ERROR: timestamp could not be verified",
                Self::NoTimestamp => "TIMESTAMP_ERROR: no RFC 3161 timestamp",
                Self::NoCtLog => "CERTIFICATE_ERROR: SCT verification failed",
            },
        }
    }

    /// Writes `good` with this fault into `directory`.
    ///
    /// # Panics
    ///
    /// When a file cannot be read or written, or lacks the part that this fault is to be put in.
    pub fn put_into(self, good: &Case<'_>, directory: &Path) -> Faulty {
        let mut artifact = fs::read(good.artifact).expect("the artifact can be read");
        let mut bundle = read(good.bundle);
        let mut trusted_root = read(good.trusted_root);
        let mut identity = good.identity.to_owned();
        let mut issuer = good.issuer.to_owned();

        match self {
            Self::Artifact => artifact.push(b'.'),
            Self::Identity => identity.push('x'),
            Self::Issuer => issuer.push('x'),
            Self::InclusionProof => flip(&mut bundle, FIRST_HASH, 0),
            Self::NoLogEntry => *part(&mut bundle, ENTRIES) = Value::Array(Vec::new()),
            // A token ends with the signature's second number: behind the last four characters, which may be padded, a
            // changed bit leaves base64 and DER as strict as they were.
            Self::TimestampSignature => flip(&mut bundle, FIRST_TIMESTAMP, 12),
            Self::NoTimestamp => {
                part(&mut bundle, FIRST_TIMESTAMP);
                part(&mut bundle, "/verificationMaterial")
                    .as_object_mut()
                    .expect("the verification material is an object")
                    .remove("timestampVerificationData");
            }
            Self::NoCtLog => *part(&mut trusted_root, "/ctlogs") = Value::Array(Vec::new()),
        }

        let faulty = Faulty {
            artifact: directory.join("artifact"),
            bundle: directory.join("bundle.json"),
            trusted_root: directory.join("trusted_root.json"),
            identity,
            issuer,
        };
        write(&faulty.artifact, &artifact);
        write(&faulty.bundle, bundle.to_string().as_bytes());
        write(&faulty.trusted_root, trusted_root.to_string().as_bytes());
        faulty
    }
}

/// What [`Fault::put_into`] wrote.
#[derive(Clone, Debug)]
pub struct Faulty {
    artifact: PathBuf,
    bundle: PathBuf,
    trusted_root: PathBuf,
    identity: String,
    issuer: String,
}

impl Faulty {
    /// The question to ask a peer.
    pub fn case(&self) -> Case<'_> {
        Case {
            artifact: &self.artifact,
            bundle: &self.bundle,
            trusted_root: &self.trusted_root,
            identity: &self.identity,
            issuer: &self.issuer,
        }
    }
}

fn read(file: &Path) -> Value {
    let bytes = fs::read(file).expect("the file can be read");
    serde_json::from_slice(&bytes).expect("the file is JSON")
}

fn write(file: &Path, bytes: &[u8]) {
    fs::write(file, bytes).expect("the directory can be written");
}

fn part<'a>(document: &'a mut Value, pointer: &str) -> &'a mut Value {
    document
        .pointer_mut(pointer)
        .unwrap_or_else(|| panic!("the document has {pointer}"))
}

/// Flips one bit of the bytes that the string at `pointer` holds in base64: in its first character, or in the one
/// `from_end` before the end.
fn flip(document: &mut Value, pointer: &str, from_end: usize) {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    let text = part(document, pointer);
    let mut base64 = text
        .as_str()
        .expect("base64 is a string")
        .as_bytes()
        .to_vec();
    let at = if from_end == 0 {
        0
    } else {
        base64.len() - from_end
    };
    let value = ALPHABET
        .iter()
        .position(|one| *one == base64[at])
        .expect("the character is one of base64");
    base64[at] = ALPHABET[value ^ 1];
    *text = Value::String(String::from_utf8(base64).expect("base64 is ASCII"));
}

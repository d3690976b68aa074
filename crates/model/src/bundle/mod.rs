//! The bundle: everything that a verifier needs besides the artifact and the trusted root.
//!
//! ```json
//! {"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json",
//!  "verificationMaterial":{
//!   "certificate":{"rawBytes":"MIIC…"},
//!   "tlogEntries":[{"logIndex":"735","logId":{"keyId":"8w1a…"},
//!     "kindVersion":{"kind":"hashedrekord","version":"0.0.2"},
//!     "inclusionProof":{"logIndex":"735","rootHash":"rs1Y…","treeSize":"736","hashes":["…"],
//!       "checkpoint":{"envelope":"log2025-alpha1.rekor.sigstage.dev\n736\n…"}},
//!     "canonicalizedBody":"eyJh…"}],
//!   "timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"MIIE…"}]}},
//!  "messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"oM/H…"},"signature":"MEYC…"}}
//! ```
//!
//! Read and written: version 0.3 with a certificate and a message signature. Refused by name: other
//! versions, a certificate chain or a public key in the place of the certificate, a DSSE envelope,
//! entries without a proof or a checkpoint, an entry twice, the same timestamp twice, more than 32
//! of either.

mod wire;

use waxwing_crypto::{Digest, HashAlgorithm};
use waxwing_pki::{Certificate, CertificateError};
use waxwing_tlog::Hash;

/// The media type that is written.
pub const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// The older spelling of the same version, read only.
const MEDIA_TYPE_WITH_PARAMETER: &str = "application/vnd.dev.sigstore.bundle+json;version=0.3";

/// Largest bundle that is read, in bytes.
pub const LARGEST_BUNDLE: usize = 16 * 1024 * 1024;

/// Most log entries, and most timestamps, in one bundle.
const MOST_ENTRIES: usize = 32;

/// A bundle whose parts are present and consistent; nothing in it is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The signer's certificate.
    pub certificate: Certificate,
    /// What was signed.
    pub signature: MessageSignature,
    /// Entries of transparency logs that speak of this signature.
    pub entries: Vec<LogEntry>,
    /// RFC 3161 responses over the signature, in DER.
    pub timestamps: Vec<Vec<u8>>,
}

/// A signature over the bytes of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageSignature {
    /// The artifact's digest, a hint that is compared and never believed.
    pub digest: Option<Digest>,
    /// ASN.1 DER for ECDSA, raw for Ed25519.
    pub signature: Vec<u8>,
}

/// An entry of a transparency log with its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// The index by which the log knows the entry.
    pub log_index: u64,
    /// Which log.
    pub log_id: Vec<u8>,
    /// The body's kind, for example `hashedrekord`.
    pub kind: String,
    /// The kind's version, for example `0.0.2`.
    pub version: String,
    /// The proof that the log holds the body.
    pub inclusion_proof: InclusionProof,
    /// The leaf, byte for byte.
    pub canonicalized_body: Vec<u8>,
}

/// A proof of inclusion (RFC 6962 section 2.1.1) and the signed head that it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// The index in the tree.
    pub log_index: u64,
    /// The tree's root; the one in the checkpoint counts.
    pub root_hash: Hash,
    /// The tree's size; the one in the checkpoint counts.
    pub tree_size: u64,
    /// From the leaf's sibling upward.
    pub hashes: Vec<Hash>,
    /// The signed note.
    pub checkpoint: String,
}

/// Why a document is not a bundle that can be verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// More bytes than are read.
    #[error("a bundle of {length} bytes; at most {LARGEST_BUNDLE} are read")]
    TooLarge {
        /// How many bytes there are.
        length: usize,
    },
    /// Not JSON, or not of a bundle's shape.
    #[error("not a bundle: {0}")]
    Json(#[from] serde_json::Error),
    /// Another version or another document.
    #[error("the media type is {found:?}; expected {MEDIA_TYPE:?}")]
    MediaType {
        /// The media type found.
        found: String,
    },
    /// A part that must be there.
    #[error("the bundle has no {part}")]
    Missing {
        /// Which part.
        part: &'static str,
    },
    /// A part that this version must not have, or that cannot be verified yet.
    #[error("the bundle has {part}; expected {expected}")]
    Unsupported {
        /// Which part.
        part: &'static str,
        /// What should stand in its place.
        expected: &'static str,
    },
    /// Two members of which only one may be set.
    #[error("the bundle has both {first} and {second}; expected one of them")]
    Both {
        /// The one.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// More entries or timestamps than are read.
    #[error("the bundle has {count} {part}; at most {MOST_ENTRIES} are read")]
    TooMany {
        /// Of what.
        part: &'static str,
        /// How many.
        count: usize,
    },
    /// The same thing twice would count twice.
    #[error("the bundle has the same {part} twice")]
    Repeated {
        /// What.
        part: &'static str,
    },
    /// A hash of another length than 32 bytes.
    #[error("the {part} has {length} bytes; expected 32")]
    HashLength {
        /// Which hash.
        part: &'static str,
        /// How many bytes there are.
        length: usize,
    },
    /// A message digest that its hash cannot have made.
    #[error(
        "the message digest has {length} bytes, or its hash {algorithm:?} is not one of SHA2_256, SHA2_384, SHA2_512"
    )]
    MessageDigest {
        /// The hash's name.
        algorithm: String,
        /// How many bytes there are.
        length: usize,
    },
    /// The certificate.
    #[error("the bundle's certificate: {0}")]
    Certificate(#[from] CertificateError),
}

impl Bundle {
    /// Reads a bundle.
    pub fn from_json(json: &[u8]) -> Result<Self, BundleError> {
        if json.len() > LARGEST_BUNDLE {
            return Err(BundleError::TooLarge { length: json.len() });
        }
        let document: wire::Bundle = serde_json::from_slice(json)?;
        document.try_into()
    }

    /// Writes the bundle on one line, without a newline at its end.
    pub fn to_json(&self) -> Result<Vec<u8>, BundleError> {
        Ok(serde_json::to_vec(&wire::Bundle::from(self))?)
    }
}

impl LogEntry {
    /// Reads a `TransparencyLogEntry`, the answer of a Rekor v2 log.
    pub fn from_json(json: &[u8]) -> Result<Self, BundleError> {
        if json.len() > LARGEST_BUNDLE {
            return Err(BundleError::TooLarge { length: json.len() });
        }
        let entry: wire::WireEntry = serde_json::from_slice(json)?;
        entry.try_into()
    }

    /// Writes a `TransparencyLogEntry` with the fields that only Rekor v1 fills, empty: that is how
    /// Rekor v2 answers.
    pub fn to_json(&self) -> Result<Vec<u8>, BundleError> {
        let mut entry = serde_json::to_value(wire::WireEntry::from(self))?;
        if let Some(fields) = entry.as_object_mut() {
            fields.insert("integratedTime".into(), "0".into());
            fields.insert("inclusionPromise".into(), serde_json::Value::Null);
        }
        Ok(serde_json::to_vec(&entry)?)
    }
}

/// The name of a hash in `HashOutput`.
pub fn hash_name(algorithm: HashAlgorithm) -> &'static str {
    match algorithm {
        HashAlgorithm::Sha384 => "SHA2_384",
        HashAlgorithm::Sha512 => "SHA2_512",
        _ => "SHA2_256",
    }
}

/// The hash of this name.
pub(crate) fn hash_of_name(name: &str) -> Option<HashAlgorithm> {
    [
        HashAlgorithm::Sha256,
        HashAlgorithm::Sha384,
        HashAlgorithm::Sha512,
    ]
    .into_iter()
    .find(|algorithm| hash_name(*algorithm) == name)
}

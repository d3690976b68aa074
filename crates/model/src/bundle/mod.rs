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
//! Read: versions 0.1, 0.2 and 0.3, with a certificate, a chain or a key's hint, and with a message
//! signature or a DSSE envelope ([`dsse`]). What each version demands:
//!
//! | | 0.1 | 0.2 | 0.3 |
//! |---|---|---|---|
//! | certificate | chain | chain | `certificate` alone; a chain by [`Bundle::from_json_with_chain`] |
//! | inclusion promise | each entry | optional | optional |
//! | inclusion proof with checkpoint | optional (the verifier demands it) | each entry | each entry |
//!
//! Refused in every version: unknown fields, none or both of what only one may be, an envelope with
//! none or several signatures, an entry twice, the same timestamp twice, more than 32 of either, an
//! entry of Rekor v2 with a promise.

pub mod dsse;
mod read;
mod wire;
mod write;

use waxwing_crypto::{Digest, HashAlgorithm};
use waxwing_encoding::time::UnixTime;
use waxwing_pki::{Certificate, CertificateError};
use waxwing_tlog::Hash;

pub use dsse::{Envelope, pae};

/// The media type of version 0.3, the one to write.
pub const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// Largest bundle that is read, in bytes: what cosign reads, so that the statement about a large
/// bill of materials is.
pub const LARGEST_BUNDLE: usize = 128 * 1024 * 1024;

/// Most bundles in one file of JSON Lines.
const MOST_BUNDLES: usize = 1024;

/// Most log entries, and most timestamps, in one bundle.
pub const MOST_ENTRIES: usize = 32;

/// Most certificates in one bundle's chain.
pub const MOST_CERTIFICATES: usize = 16;

/// A bundle whose parts are present and consistent; nothing in it is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// Which rules it follows. Nothing signs it: a version must never make a bundle easier to verify.
    pub version: Version,
    /// What verifies the signature.
    pub key_material: KeyMaterial,
    /// What was signed.
    pub content: Content,
    /// Entries of transparency logs that speak of this signature.
    pub entries: Vec<LogEntry>,
    /// RFC 3161 responses over the signature, in DER.
    pub timestamps: Vec<Vec<u8>>,
}

/// The version of a bundle's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// Of 2022: promises, perhaps without proofs.
    V0_1,
    /// Of 2023: proofs; npm publishes it to this day.
    V0_2,
    /// Of 2024: one certificate instead of a chain.
    V0_3,
}

/// What verifies the signature.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a bundle has one, and nearly always the larger"
)]
pub enum KeyMaterial {
    /// The signer's certificate.
    Certificate {
        /// The signer's.
        leaf: Certificate,
        /// What came with it: hints for a path, never anchors.
        chain: Vec<Certificate>,
    },
    /// A key that the verifier knows beforehand.
    PublicKey {
        /// Which: usually base64 of the SHA-256 of its `SubjectPublicKeyInfo`.
        hint: String,
    },
}

/// What was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An artifact's bytes.
    Message(MessageSignature),
    /// A statement about artifacts.
    Envelope(Envelope),
}

/// A signature over the bytes of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageSignature {
    /// The artifact's digest, a hint that is compared and never believed.
    pub digest: Option<Digest>,
    /// ASN.1 DER for ECDSA, raw for the others.
    pub signature: Vec<u8>,
}

/// An entry of a transparency log with its proofs.
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
    /// When a Rekor v1 log took the entry; worth nothing but under its promise.
    pub integrated_time: Option<UnixTime>,
    /// A Rekor v1 log's signed entry timestamp.
    pub inclusion_promise: Option<Vec<u8>>,
    /// The proof that the log holds the body. Absent only in version 0.1, where one without a
    /// checkpoint, which proves nothing, is read as none.
    pub inclusion_proof: Option<InclusionProof>,
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
    #[error(
        "the media type is {found:?}; expected {MEDIA_TYPE:?}, or an older one down to version 0.1"
    )]
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
    /// A part that this version must not have.
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
    /// An envelope with another number of signatures than one.
    #[error("the envelope has {count} signatures; expected exactly one")]
    Signatures {
        /// How many.
        count: usize,
    },
    /// More than are read.
    #[error("the bundle has {count} {part}; at most {most} are read")]
    TooMany {
        /// Of what.
        part: &'static str,
        /// How many.
        count: usize,
        /// How many are read.
        most: usize,
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
    /// The time of an entry is no time.
    #[error("the entry's integratedTime {seconds} is beyond the year 9999")]
    IntegratedTime {
        /// Seconds since 1970.
        seconds: u64,
    },
    /// The certificate.
    #[error("the bundle's certificate: {0}")]
    Certificate(#[from] CertificateError),
}

impl Bundle {
    /// Reads a bundle.
    pub fn from_json(json: &[u8]) -> Result<Self, BundleError> {
        read::bundle(json, read::ChainInVersion3::Refused)
    }

    /// Reads a bundle, and takes a chain in version 0.3 too, which its specification forbids.
    ///
    /// For private authorities whose intermediates are not in the trusted root (sigstore-go:
    /// `AllowCertificateChain`). The chain is a hint all the same: no anchor comes from a bundle.
    pub fn from_json_with_chain(json: &[u8]) -> Result<Self, BundleError> {
        read::bundle(json, read::ChainInVersion3::Allowed)
    }

    /// Reads JSON Lines: a bundle a line, the form of `.sigstore.jsonl` files, at least one and at most
    /// 1024. One that cannot be read refuses all: whoever asks for every signature on a file must not
    /// be given fewer without knowing it.
    pub fn from_json_lines(lines: &[u8]) -> Result<Vec<Self>, BundleError> {
        if lines.len() > LARGEST_BUNDLE {
            return Err(BundleError::TooLarge {
                length: lines.len(),
            });
        }
        let lines = lines.split(|byte| *byte == b'\n');
        let lines = lines.filter(|line| !line.trim_ascii().is_empty());
        let count = lines.clone().count();
        match count {
            0 => Err(BundleError::Missing { part: "line" }),
            1..=MOST_BUNDLES => lines.map(Self::from_json).collect(),
            _ => Err(BundleError::TooMany {
                part: "lines",
                count,
                most: MOST_BUNDLES,
            }),
        }
    }

    /// Writes the bundle on one line, without a newline at its end.
    pub fn to_json(&self) -> Result<Vec<u8>, BundleError> {
        Ok(serde_json::to_vec(&wire::Bundle::from(self))?)
    }

    /// The signature's bytes: what a timestamp is made over.
    pub fn signature(&self) -> &[u8] {
        match &self.content {
            Content::Message(message) => &message.signature,
            Content::Envelope(envelope) => &envelope.signature,
        }
    }

    /// The signer's certificate, if it was not a key known beforehand.
    pub fn certificate(&self) -> Option<&Certificate> {
        match &self.key_material {
            KeyMaterial::Certificate { leaf, .. } => Some(leaf),
            KeyMaterial::PublicKey { .. } => None,
        }
    }
}

impl Version {
    /// The media type to write.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::V0_1 => "application/vnd.dev.sigstore.bundle+json;version=0.1",
            Self::V0_2 => "application/vnd.dev.sigstore.bundle+json;version=0.2",
            Self::V0_3 => MEDIA_TYPE,
        }
    }

    fn of_media_type(media_type: &str) -> Option<Self> {
        // The older spelling of 0.3 was written for some months of 2024.
        if media_type == "application/vnd.dev.sigstore.bundle+json;version=0.3" {
            return Some(Self::V0_3);
        }
        [Self::V0_1, Self::V0_2, Self::V0_3]
            .into_iter()
            .find(|version| version.media_type() == media_type)
    }
}

impl Envelope {
    /// Reads an envelope by itself (DSSE protocol 1.0), with exactly one signature.
    pub fn from_json(json: &[u8]) -> Result<Self, BundleError> {
        if json.len() > LARGEST_BUNDLE {
            return Err(BundleError::TooLarge { length: json.len() });
        }
        read::dsse_envelope(serde_json::from_slice(json)?)
    }

    /// Writes the envelope on one line.
    pub fn to_json(&self) -> Result<Vec<u8>, BundleError> {
        Ok(serde_json::to_vec(&wire::Envelope::from(self))?)
    }
}

impl LogEntry {
    /// Reads a `TransparencyLogEntry`, the answer of a Rekor v2 log: by the rules of version 0.3.
    pub fn from_json(json: &[u8]) -> Result<Self, BundleError> {
        if json.len() > LARGEST_BUNDLE {
            return Err(BundleError::TooLarge { length: json.len() });
        }
        let entry: wire::LogEntry = serde_json::from_slice(json)?;
        read::entry(entry, Version::V0_3)
    }

    /// Writes a `TransparencyLogEntry` with the fields that only Rekor v1 fills, empty: that is how
    /// Rekor v2 answers.
    pub fn to_json(&self) -> Result<Vec<u8>, BundleError> {
        let mut entry = serde_json::to_value(wire::LogEntry::from(self))?;
        if let Some(fields) = entry.as_object_mut() {
            fields.insert("integratedTime".into(), "0".into());
            fields.insert("inclusionPromise".into(), serde_json::Value::Null);
        }
        Ok(serde_json::to_vec(&entry)?)
    }

    /// Whether the kind is one that Rekor v2 writes: no promise, no time, and a proof always.
    pub fn is_of_rekor_v2(&self) -> bool {
        matches!(
            (self.kind.as_str(), self.version.as_str()),
            ("hashedrekord" | "dsse", "0.0.2")
        )
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

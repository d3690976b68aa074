//! The trusted root: the keys and certificates of every service whose word counts, and when.
//!
//! ```json
//! {"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1",
//!  "tlogs":[{"baseUrl":"https://log2025-1.rekor.sigstore.dev","hashAlgorithm":"SHA2_256",
//!    "publicKey":{"rawBytes":"MCow…","keyDetails":"PKIX_ED25519","validFor":{"start":"2025-09-23T00:00:00Z"}},
//!    "logId":{"keyId":"zxGZ…"}}],
//!  "certificateAuthorities":[{"subject":{"organization":"sigstore.dev","commonName":"sigstore"},
//!    "uri":"https://fulcio.sigstore.dev","certChain":{"certificates":[{"rawBytes":"MIIC…"}]},
//!    "validFor":{"start":"2022-04-13T20:06:15.000Z"}}],
//!  "ctlogs":[…],"timestampAuthorities":[…]}
//! ```
//!
//! Read: versions 0.1, in both spellings, and 0.2. Refused: other media types, a log without the start
//! of its window, without an identifier or key, keys and certificates that cannot be read, an
//! authority without certificates. A root in which one part cannot be read is refused whole: which
//! part an attacker would like to lose is not ours to guess. The one exception is a log whose
//! algorithm is not known at all: it is passed over and named in [`TrustedRoot::passed_over`], so
//! that a log with tomorrow's algorithm does not take away today's.

pub mod single_files;
mod wire;

use waxwing_crypto::{PublicKey, PublicKeyError, SignatureAlgorithm};
use waxwing_pki::{Certificate, CertificateError, DistinguishedName};

use crate::Window;

/// The media type that is written, and the only one that sigstore-go and sigstore-python read.
pub const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";

/// Largest trusted root that is read, in bytes.
pub const LARGEST_TRUSTED_ROOT: usize = 4 * 1024 * 1024;

/// Whose word counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedRoot {
    /// The version of its format.
    pub version: Version,
    /// Rekor logs.
    pub transparency_logs: Vec<TransparencyLog>,
    /// Fulcio instances.
    pub certificate_authorities: Vec<CertificateAuthority>,
    /// Certificate transparency logs.
    pub ct_logs: Vec<TransparencyLog>,
    /// Timestamp authorities.
    pub timestamp_authorities: Vec<CertificateAuthority>,
    /// What does not count all the same, such as logs whose algorithm is not known. It is not written again.
    pub passed_over: Vec<PassedOver>,
}

/// The version of a trusted root's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// The one that is published.
    V0_1,
    /// With checkpoint key identifiers and operators.
    V0_2,
}

/// What the trusted root names and what does not count all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {role} {name} does not count: {reason}")]
pub struct PassedOver {
    /// What kind of service.
    pub role: &'static str,
    /// Its URL, or its file.
    pub name: String,
    /// Why.
    pub reason: Reason,
}

/// Why a service does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// An algorithm that is not known.
    #[error("its algorithm {key_details:?} is not known")]
    Algorithm {
        /// The name of its algorithm.
        key_details: String,
    },
    /// A [single file](single_files) that is not active.
    #[error("its status is {found:?}, and nothing says until when it was \"Active\"")]
    Status {
        /// The status.
        found: String,
    },
    /// A certificate in a [single file](single_files) that leads to no root in another.
    #[error("its certificate leads to no root that is active")]
    NoRoot,
    /// [Single files](single_files) of issuers alone, for a timestamp authority.
    #[error("no certificate of a timestamp authority itself is active")]
    NoLeaf,
    /// A [single file](single_files) of which nobody knows what it is for.
    #[error("what its repository says of it is no custom metadata of Sigstore's")]
    Custom,
}

/// A log and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransparencyLog {
    /// Where the log is; its host name is the origin of a Rekor v2 log's checkpoints.
    pub base_url: String,
    /// The log's key.
    pub public_key: PublicKey,
    /// How the log signs.
    pub algorithm: SignatureAlgorithm,
    /// When what the log says counts.
    pub valid_for: Window,
    /// The identifier that entries and SCTs carry.
    pub log_id: Vec<u8>,
    /// The key's identifier in checkpoints, where it is not the start of [`log_id`](Self::log_id).
    pub checkpoint_key_id: Option<[u8; 4]>,
    /// Who runs it; empty if the root does not say. Two logs of one operator count as one.
    pub operator: String,
}

/// A chain of certificates under which leaves are trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateAuthority {
    /// The name of the authority.
    pub subject: DistinguishedName,
    /// Where the service is.
    pub uri: String,
    /// Leaf-most first; the last is the anchor.
    pub certificates: Vec<Certificate>,
    /// When what the authority says counts.
    pub valid_for: Window,
    /// Who runs it; empty if the root does not say. Two authorities of one operator count as one.
    pub operator: String,
}

/// Why a document is not a trusted root.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustedRootError {
    /// More bytes than are read.
    #[error("a trusted root of {length} bytes; at most {LARGEST_TRUSTED_ROOT} are read")]
    TooLarge {
        /// How many bytes there are.
        length: usize,
    },
    /// Not JSON, or not of a trusted root's shape.
    #[error("not a trusted root: {0}")]
    Json(#[from] serde_json::Error),
    /// Another version or another document.
    #[error("the media type is {found:?}; expected {MEDIA_TYPE:?}")]
    MediaType {
        /// The media type found.
        found: String,
    },
    /// A part that must be there.
    #[error("the {role} {name} has no {part}")]
    Missing {
        /// What kind of service.
        role: &'static str,
        /// Its URL.
        name: String,
        /// Which part.
        part: &'static str,
    },
    /// A key's algorithm.
    #[error("the {role} {name} has the key details {found:?}, which do not go with its key")]
    KeyDetails {
        /// What kind of service.
        role: &'static str,
        /// Its URL.
        name: String,
        /// The key details found.
        found: String,
    },
    /// A key.
    #[error("the key of the {role} {name}: {source}")]
    PublicKey {
        /// What kind of service.
        role: &'static str,
        /// Its URL.
        name: String,
        /// What is wrong with it.
        source: PublicKeyError,
    },
    /// A certificate.
    #[error("a certificate of the {role} {name}: {source}")]
    Certificate {
        /// What kind of service.
        role: &'static str,
        /// Its URL.
        name: String,
        /// What is wrong with it.
        source: CertificateError,
    },
    /// A checkpoint key identifier of another length than four bytes.
    #[error("the transparency log {name} has a checkpointKeyId of {length} bytes; expected 4")]
    CheckpointKeyId {
        /// Its URL.
        name: String,
        /// How many bytes there are.
        length: usize,
    },
    /// A hash algorithm that is none of SHA-2's.
    #[error("the {role} {name} hashes its tree with {found:?}; expected SHA2_256")]
    HashAlgorithm {
        /// What kind of service.
        role: &'static str,
        /// Its URL.
        name: String,
        /// The algorithm found.
        found: String,
    },
}

impl TrustedRoot {
    /// Reads a trusted root.
    pub fn from_json(json: &[u8]) -> Result<Self, TrustedRootError> {
        if json.len() > LARGEST_TRUSTED_ROOT {
            return Err(TrustedRootError::TooLarge { length: json.len() });
        }
        let document: wire::TrustedRoot = serde_json::from_slice(json)?;
        document.try_into()
    }

    /// Writes the trusted root for people to read: indented, with a newline at its end.
    ///
    /// `ctlogs` is written even when empty and every authority has its common name: sigstore-python
    /// refuses a root without them.
    pub fn to_json(&self) -> Result<Vec<u8>, TrustedRootError> {
        let mut json = serde_json::to_vec_pretty(&wire::TrustedRoot::from(self))?;
        json.push(b'\n');
        Ok(json)
    }
}

impl Version {
    /// The media type to write.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::V0_1 => MEDIA_TYPE,
            Self::V0_2 => "application/vnd.dev.sigstore.trustedroot.v0.2+json",
        }
    }

    fn of_media_type(media_type: &str) -> Option<Self> {
        match media_type {
            MEDIA_TYPE | "application/vnd.dev.sigstore.trustedroot.v0.1+json" => Some(Self::V0_1),
            "application/vnd.dev.sigstore.trustedroot.v0.2+json" => Some(Self::V0_2),
            _ => None,
        }
    }
}

impl TransparencyLog {
    /// Whose word it is: the operator where there is one, else the log itself.
    pub fn speaker(&self) -> &[u8] {
        match self.operator.as_str() {
            "" => &self.log_id,
            operator => operator.as_bytes(),
        }
    }
}

impl CertificateAuthority {
    /// Whose word it is: the operator where there is one, else the service's address.
    pub fn speaker(&self) -> &str {
        match self.operator.as_str() {
            "" => &self.uri,
            operator => operator,
        }
    }
}

//! TimeStampReq (RFC 3161 section 2.4.1).
//!
//! ```text
//! SEQUENCE { 1, SEQUENCE { SEQUENCE { sha256 }, OCTET STRING digest }, policy?, nonce?, TRUE? }
//! ```
//!
//! Refused: versions other than 1, SHA-1 and other hashes outside SHA-2, a digest of another length
//! than its hash, a policy of more than 128 components, extensions.

use der::asn1::ObjectIdentifier;
use waxwing_crypto::Digest;

use crate::read::{self, MalformedDer, Reader};
use crate::{algorithm, write};

/// Largest request that is read, in bytes.
const LARGEST_REQUEST: usize = 16 * 1024;

/// Most components of a policy: the original's limit since GHSA-4qg8-fj49-pxjh.
pub const MOST_POLICY_COMPONENTS: usize = 128;

/// A request to stamp a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimestampRequest {
    /// What is to be stamped.
    pub digest: Digest,
    /// The policy under which; the authority's own when absent.
    pub policy: Option<ObjectIdentifier>,
    /// The INTEGER's content, to be given back as it came.
    pub nonce: Option<Vec<u8>>,
    /// Whether the response shall hold the authority's certificate.
    pub certificate: bool,
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimestampRequestError {
    /// More bytes than are read.
    #[error("a timestamp request of {length} bytes; at most {LARGEST_REQUEST} are read")]
    TooLarge {
        /// How many bytes there are.
        length: usize,
    },
    /// Not the DER of a request.
    #[error("the timestamp request: {0}")]
    Der(#[from] MalformedDer),
    /// Another version than 1.
    #[error("a timestamp request of version {found}; expected 1")]
    Version {
        /// The version's number.
        found: u64,
    },
    /// SHA-1, or a hash that is not known.
    #[error("the hash {found} is weak or unknown; expected SHA-256, SHA-384 or SHA-512")]
    Hash {
        /// Its object identifier.
        found: ObjectIdentifier,
    },
    /// A digest that its hash cannot have made.
    #[error("a digest of {found} bytes; the hash gives {expected}")]
    DigestLength {
        /// Bytes there are.
        found: usize,
        /// Bytes that the hash gives.
        expected: usize,
    },
    /// A policy that is too long to be one.
    #[error("a policy of {count} components; at most {MOST_POLICY_COMPONENTS} are read")]
    PolicyTooLong {
        /// How many components there are.
        count: usize,
    },
    /// Extensions, of which none is supported.
    #[error("the timestamp request has extensions; none is supported")]
    Extensions,
}

impl TimestampRequest {
    /// Reads DER.
    pub fn from_der(der: &[u8]) -> Result<Self, TimestampRequestError> {
        if der.len() > LARGEST_REQUEST {
            return Err(TimestampRequestError::TooLarge { length: der.len() });
        }
        let mut fields = Reader::new(Reader::only(der, read::SEQUENCE, "TimeStampReq")?.value);
        let version = fields.number("the version")?;
        if version != 1 {
            return Err(TimestampRequestError::Version { found: version });
        }
        let digest = message_imprint(&mut fields)?;
        let policy = fields.optional(read::OBJECT_IDENTIFIER, "the policy")?;
        if let Some(policy) = &policy {
            // The last byte of each component has a clear top bit, and the first two share one.
            let ends = policy.value.iter().filter(|byte| **byte < 0x80).count();
            let count = ends + 1;
            if count > MOST_POLICY_COMPONENTS {
                return Err(TimestampRequestError::PolicyTooLong { count });
            }
        }
        let policy = policy.map(|policy| Reader::new(policy.raw).object_identifier("the policy"));
        let policy = policy.transpose()?;
        let nonce = fields.optional(read::INTEGER, "the nonce")?;
        let certificate = fields.optional(read::BOOLEAN, "certReq")?;
        if fields
            .optional(read::constructed(0), "extensions")?
            .is_some()
        {
            return Err(TimestampRequestError::Extensions);
        }
        fields.finish("TimeStampReq")?;
        Ok(Self {
            digest,
            policy,
            nonce: nonce.map(|nonce| nonce.value.to_vec()),
            certificate: certificate.is_some_and(|flag| flag.value != [0]),
        })
    }

    /// Writes DER.
    pub fn to_der(&self) -> Vec<u8> {
        let imprint = write_message_imprint(&self.digest);
        let policy = self
            .policy
            .map(write::object_identifier)
            .unwrap_or_default();
        let nonce = self
            .nonce
            .as_deref()
            .map(|nonce| write::element(read::INTEGER, &[nonce]));
        let certificate: &[u8] = if self.certificate {
            &[read::BOOLEAN, 1, 0xff]
        } else {
            &[]
        };
        let version = write::integer(&[1]);
        write::sequence(&[
            &version,
            &imprint,
            &policy,
            &nonce.unwrap_or_default(),
            certificate,
        ])
    }
}

/// MessageImprint: the hash's identifier and the digest.
pub(super) fn message_imprint(fields: &mut Reader<'_>) -> Result<Digest, TimestampRequestError> {
    let mut imprint = fields.enter(read::SEQUENCE, "MessageImprint")?;
    let identifier = algorithm::read(&mut imprint)?;
    let bytes = imprint.element(read::OCTET_STRING, "the digest")?.value;
    imprint.finish("MessageImprint")?;
    let hash =
        algorithm::hash(identifier).ok_or(TimestampRequestError::Hash { found: identifier })?;
    Digest::new(hash, bytes).ok_or(TimestampRequestError::DigestLength {
        found: bytes.len(),
        expected: hash.length(),
    })
}

/// The imprint carries the hash with NULL parameters, as every deployed authority writes it.
pub(super) fn write_message_imprint(digest: &Digest) -> Vec<u8> {
    let hash = write::object_identifier(algorithm::hash_identifier(digest.algorithm()));
    let hash = write::sequence(&[&hash, &[read::NULL, 0]]);
    write::sequence(&[&hash, &write::octet_string(digest.as_bytes())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use waxwing_crypto::HashAlgorithm;

    #[test]
    fn a_written_request_is_read_again() {
        for (nonce, certificate) in [(None, false), (Some(vec![0x7f, 1]), true)] {
            let digest = HashAlgorithm::Sha512.digest(b"message");
            let policy = nonce.as_ref().map(|_| crate::oid::SIGSTORE_TSA_POLICY);
            let request = TimestampRequest {
                digest,
                policy,
                nonce,
                certificate,
            };
            assert_eq!(TimestampRequest::from_der(&request.to_der()), Ok(request));
        }
    }

    #[test]
    fn a_policy_of_many_components_is_refused_by_its_count() {
        let request = |components: usize| {
            let imprint = write_message_imprint(&HashAlgorithm::Sha256.digest(b"message"));
            let policy = write::element(read::OBJECT_IDENTIFIER, &[&vec![1; components - 1]]);
            TimestampRequest::from_der(&write::sequence(&[
                &write::integer(&[1]),
                &imprint,
                &policy,
            ]))
        };
        let count = 129;
        let refused = Err(TimestampRequestError::PolicyTooLong { count });
        assert_eq!(request(count), refused);
        // Fewer are another matter: an identifier of ours has at most 39 bytes.
        assert!(matches!(request(128), Err(TimestampRequestError::Der(_))));
        assert!(request(39).is_ok());
    }

    #[test]
    fn weak_hashes_and_wrong_lengths_are_refused_by_name() {
        let request = |hash: &str, length: usize| {
            let hash = write::object_identifier(ObjectIdentifier::new_unwrap(hash));
            let hash = write::sequence(&[&hash, &[read::NULL, 0]]);
            let imprint = write::sequence(&[&hash, &write::octet_string(&vec![1; length])]);
            TimestampRequest::from_der(&write::sequence(&[&write::integer(&[1]), &imprint]))
        };
        assert!(request("2.16.840.1.101.3.4.2.1", 32).is_ok());
        assert_eq!(
            request("2.16.840.1.101.3.4.2.1", 31),
            Err(TimestampRequestError::DigestLength {
                found: 31,
                expected: 32
            })
        );
        assert!(matches!(
            request("1.3.14.3.2.26", 20),
            Err(TimestampRequestError::Hash { .. })
        ));
    }
}

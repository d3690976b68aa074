//! The two forms of a request.
//!
//! ```text
//! {"artifactHash":"<base64>","certificates":true,"hashAlgorithm":"sha256","nonce":7,"tsaPolicyOID":"1.2.3"}
//! ```
//!
//! Refused: JSON of more than 1024 bytes, other hashes than those of SHA-2 from 256 bits, a digest of
//! another length than its hash, a nonce that is no whole number, a policy that is no object identifier or
//! has more than 128 components.

use http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use waxwing_crypto::{Digest, HashAlgorithm};
use waxwing_encoding::base64;
use waxwing_encoding::integer::{self, IntegerError};
use waxwing_pki::ObjectIdentifier;
use waxwing_pki::timestamp::{MOST_POLICY_COMPONENTS, TimestampRequest, TimestampRequestError};
use waxwing_serve::HttpRejection;

/// Longest request in JSON, in bytes.
const LONGEST_JSON: usize = 1024;

const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");

const WEAK_HASH: &str = "Weak hash algorithm in timestamp request";

/// How a request is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Der,
    Json,
}

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// A request in DER.
    #[error(transparent)]
    Der(#[from] TimestampRequestError),
    /// More JSON than is read.
    #[error("a JSON request of {length} bytes; at most {LONGEST_JSON} are read")]
    TooLong {
        /// How many bytes there are.
        length: usize,
    },
    /// Not the JSON of a request.
    #[error("not a timestamp request in JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The digest is not base64.
    #[error("the artifactHash is {0}")]
    Base64(#[from] base64::Base64Error),
    /// A hash that is not taken.
    #[error("the hashAlgorithm {found:?} is weak or unknown; expected sha256, sha384 or sha512")]
    Hash {
        /// Its name.
        found: String,
    },
    /// A nonce that is no whole number.
    #[error("the nonce: {0}")]
    Nonce(#[from] IntegerError),
    /// A digest that its hash cannot have made.
    #[error("a digest of {found} bytes; the hash gives {expected}")]
    DigestLength {
        /// Bytes there are.
        found: usize,
        /// Bytes that the hash gives.
        expected: usize,
    },
    /// A policy that is no object identifier.
    #[error("the tsaPolicyOID {found:?} is no object identifier")]
    Policy {
        /// What is there.
        found: String,
    },
    /// A policy that is too long to be one.
    #[error("a policy of {count} components; at most {MOST_POLICY_COMPONENTS} are read")]
    PolicyTooLong {
        /// How many components there are.
        count: usize,
    },
    /// A policy that this authority does not stamp under.
    #[error("{found} is none of this authority's policies")]
    UnacceptedPolicy {
        /// Which one.
        found: ObjectIdentifier,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct JsonRequest {
    artifact_hash: String,
    hash_algorithm: String,
    #[serde(default)]
    certificates: bool,
    #[serde(default)]
    nonce: Option<Box<RawValue>>,
    #[serde(default, rename = "tsaPolicyOID")]
    policy: Option<String>,
}

impl Form {
    /// The form that a content type announces.
    pub(crate) fn of(content_type: Option<&str>) -> Result<Self, HttpRejection> {
        let media_type = content_type
            .and_then(|value| value.split(';').next())
            .map(str::trim);
        match media_type {
            Some("application/timestamp-query") => Ok(Self::Der),
            Some("application/json") => Ok(Self::Json),
            _ => Err(HttpRejection::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "expected the content type application/timestamp-query or application/json",
            )),
        }
    }

    pub(crate) fn read(self, body: &[u8]) -> Result<TimestampRequest, RequestError> {
        match self {
            Self::Der => Ok(TimestampRequest::from_der(body)?),
            Self::Json => request_from_json(body),
        }
    }
}

impl RequestError {
    /// What the caller is told: where the original has a sentence of its own, that one comes first,
    /// since clients and operators search for it.
    pub(crate) fn message(&self) -> String {
        let known = match self {
            // Of the weak ones the original knows this one alone.
            Self::Der(TimestampRequestError::Hash { found }) if *found == SHA_1 => WEAK_HASH,
            Self::Hash { found } if found.eq_ignore_ascii_case("sha1") => WEAK_HASH,
            Self::Der(TimestampRequestError::DigestLength { .. }) | Self::DigestLength { .. } => {
                "Message digest has incorrect length for specified algorithm"
            }
            Self::Der(TimestampRequestError::Extensions) => {
                "unaccepted extension: requested extensions are not supported by the TSA"
            }
            Self::Der(TimestampRequestError::TooLarge { .. }) | Self::TooLong { .. } => {
                "timestamp request is too large"
            }
            Self::Der(TimestampRequestError::PolicyTooLong { .. }) | Self::PolicyTooLong { .. } => {
                "OID should be comprised of at most 128 components"
            }
            Self::UnacceptedPolicy { .. } => {
                "unaccepted policy: requested TSA policy is not supported by the TSA"
            }
            _ => "Error generating timestamp response",
        };
        format!("{known}: {self}")
    }
}

/// Reads the JSON form of a request.
pub fn request_from_json(body: &[u8]) -> Result<TimestampRequest, RequestError> {
    if body.len() > LONGEST_JSON {
        return Err(RequestError::TooLong { length: body.len() });
    }
    let request: JsonRequest = serde_json::from_slice(body)?;
    let hash = match request.hash_algorithm.to_ascii_lowercase().as_str() {
        "sha256" => HashAlgorithm::Sha256,
        "sha384" => HashAlgorithm::Sha384,
        "sha512" => HashAlgorithm::Sha512,
        _ => {
            return Err(RequestError::Hash {
                found: request.hash_algorithm,
            });
        }
    };
    let digest = base64::decode(&request.artifact_hash)?;
    let found = digest.len();
    let digest = Digest::new(hash, &digest).ok_or(RequestError::DigestLength {
        found,
        expected: hash.length(),
    })?;
    let policy = request.policy.filter(|policy| !policy.is_empty());
    let count = policy.as_deref().unwrap_or_default();
    let count = count.split('.').count();
    if count > MOST_POLICY_COMPONENTS {
        return Err(RequestError::PolicyTooLong { count });
    }
    let policy = policy.map(|policy| {
        ObjectIdentifier::new(&policy).map_err(|_| RequestError::Policy { found: policy })
    });
    let nonce = request
        .nonce
        .map(|nonce| integer::from_decimal(nonce.get()));
    Ok(TimestampRequest {
        digest,
        policy: policy.transpose()?,
        nonce: nonce.transpose()?,
        certificate: request.certificates,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_form_means_what_the_der_form_means() {
        let digest = HashAlgorithm::Sha256.digest(b"signature");
        let json = format!(
            r#"{{"artifactHash":"{}","certificates":true,"hashAlgorithm":"sha256","nonce":255}}"#,
            base64::encode(digest.as_bytes())
        );
        let expected = TimestampRequest {
            digest,
            policy: None,
            nonce: Some(vec![0, 255]),
            certificate: true,
        };
        assert_eq!(Form::Json.read(json.as_bytes()).unwrap(), expected);
        assert_eq!(Form::Der.read(&expected.to_der()).unwrap(), expected);
        let refused = |from: &str, to: &str| {
            Form::Json
                .read(json.replace(from, to).as_bytes())
                .unwrap_err()
                .message()
        };
        assert!(refused("sha256", "sha1").starts_with("Weak hash algorithm"));
        assert!(refused("sha256", "sha512").starts_with("Message digest has incorrect length"));
    }

    #[test]
    fn what_is_not_said_or_said_otherwise_is_as_in_the_original() {
        let digest = base64::encode(HashAlgorithm::Sha256.digest(b"signature").as_bytes());
        let read = |rest: &str| {
            let json = format!(r#"{{"artifactHash":"{digest}",{rest}}}"#);
            Form::Json.read(json.as_bytes())
        };
        let request = read(r#""hashAlgorithm":"SHA256","tsaPolicyOID":"","nonce":null"#).unwrap();
        assert_eq!((request.policy, request.nonce), (None, None));
        for (nonce, content) in [
            (
                "1267650600228229401496703205376",
                [&[16][..], &[0; 12]].concat(),
            ),
            ("-5", vec![0xfb]),
        ] {
            let request = read(&format!(r#""hashAlgorithm":"sha256","nonce":{nonce}"#)).unwrap();
            assert_eq!(request.nonce, Some(content), "{nonce}");
        }
        for (rest, expected) in [
            (
                r#""hashAlgorithm":"sha256","nonce":1e3"#,
                "Error generating timestamp response: the nonce: ",
            ),
            (
                r#""hashAlgorithm":"sha256","nonce":"5""#,
                "Error generating timestamp response: the nonce: ",
            ),
            (
                r#""hashAlgorithm":"md5""#,
                "Error generating timestamp response: ",
            ),
            (
                r#""hashAlgorithm":"SHA1""#,
                "Weak hash algorithm in timestamp request: ",
            ),
        ] {
            let refused = read(rest).unwrap_err().message();
            assert!(refused.starts_with(expected), "{refused}");
        }
    }
}

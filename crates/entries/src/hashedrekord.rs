//! hashedrekord 0.0.2: a signature over a digest, and the key that verifies it.
//!
//! What a client proposes (`POST /api/v2/log/entries`):
//! ```json
//! {"hashedRekordRequestV002":{"digest":"oM/H…","signature":{"content":"MEYC…",
//!   "verifier":{"x509Certificate":{"rawBytes":"MIIC…"},"keyDetails":"PKIX_ECDSA_P256_SHA_256"}}}}
//! ```
//! What the log stores, RFC 8785 bytes:
//! ```json
//! {"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"SHA2_256","digest":"oM/H…"},"signature":{"content":"MEYC…","verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","x509Certificate":{"rawBytes":"MIIC…"}}}}}}
//! ```
//!
//! Refused: fields that are unknown or missing, both or neither of certificate and public key, key
//! details that do not name the key at hand (the reference server compares their hash only, so that
//! a P-256 key may call itself RSA), algorithms outside the allowed set, digests of another length,
//! signatures that do not hold.

use waxwing_crypto::{
    Digest, HashAlgorithm, PublicKey, PublicKeyError, SignatureAlgorithm, SignatureError,
};
use waxwing_encoding::base64;
use waxwing_pki::{Certificate, CertificateError};

use crate::fields::{self, filled};
use crate::signature::BorrowedVerifier;
use crate::wire::{self, HashedRekordSpec, WireVerifier};

/// The entry's kind.
pub const KIND: &str = "hashedrekord";

/// The version of the kind.
pub const VERSION: &str = "0.0.2";

/// Largest proposal of this kind that is read, in bytes.
pub const LARGEST_PROPOSAL: usize = 64 * 1024;

/// Largest body that can be a leaf: entry bundles hold lengths of 16 bits (C2SP tlog-tiles).
pub(crate) const LARGEST_BODY: usize = 65_535;

/// A signature over a digest that was checked with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedRekord {
    body: Vec<u8>,
}

/// What is proposed to a log; not checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The digest that was signed.
    pub digest: Digest,
    /// The signature's bytes.
    pub signature: Vec<u8>,
    /// What verifies it.
    pub verifier: Verifier,
    /// How it was signed.
    pub algorithm: SignatureAlgorithm,
}

/// A certificate or a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verifier {
    /// The signer's certificate.
    Certificate(Box<Certificate>),
    /// The signer's key.
    PublicKey(PublicKey),
}

/// Why a proposal is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProposalError {
    /// More bytes than are read.
    #[error("a proposal of {length} bytes; at most {most} are read")]
    TooLarge {
        /// How many bytes there are.
        length: usize,
        /// How many are read of this kind.
        most: usize,
    },
    /// Not JSON, or not of a proposal's shape.
    #[error("not a proposal for a Rekor v2 log: {0}")]
    Json(#[from] serde_json::Error),
    /// A DSSE proposal, which Rekor v2 took until 2026.
    #[error("invalid type, must be hashedrekord")]
    Dsse,
    /// A field that must be there.
    #[error("the proposal has no {field}")]
    Missing {
        /// Which field.
        field: &'static str,
    },
    /// Proposals of two kinds.
    #[error(
        "the request has both hashedRekordRequestV002 and dsseRequestV002; expected one of them"
    )]
    TwoKinds,
    /// A list that is longer than is read.
    #[error("the proposal has {found} {field}; at most {most} are read")]
    TooMany {
        /// Of what.
        field: &'static str,
        /// How many there are.
        found: usize,
        /// How many are read.
        most: usize,
    },
    /// An envelope that no single hashedrekord can be about.
    #[error(
        "the envelope has {signatures} signatures and {verifiers} verifiers; a hashedrekord is about one of each"
    )]
    Several {
        /// Signatures there are.
        signatures: usize,
        /// Verifiers there are.
        verifiers: usize,
    },
    /// The same signature twice in an envelope.
    #[error("the envelope has the same signature twice, the second time as number {number}")]
    RepeatedSignature {
        /// Which, counted from 1.
        number: usize,
    },
    /// A signature that no verifier of the proposal verifies.
    #[error(
        "signature {number} of the envelope does not match the payload and any of the verifiers; send one verifier for each signature"
    )]
    Unverified {
        /// Which, counted from 1.
        number: usize,
    },
    /// A verifier that verifies nothing, or nothing that those before it have not verified.
    #[error(
        "verifier {number} matches no signature of the envelope that is not another verifier's; leave it out"
    )]
    IdleVerifier {
        /// Which, counted from 1.
        number: usize,
    },
    /// Both a certificate and a key.
    #[error("the proposal has both x509Certificate and publicKey; expected one of them")]
    TwoVerifiers,
    /// The certificate.
    #[error("the proposal's certificate: {0}")]
    Certificate(#[from] CertificateError),
    /// The key.
    #[error("the proposal's public key: {0}")]
    PublicKey(#[from] PublicKeyError),
    /// Key details that are unknown, not allowed in this kind, or of another key.
    #[error(
        "the key details {found:?} do not name the algorithm of the proposal's key, or are not allowed"
    )]
    KeyDetails {
        /// The key details found.
        found: String,
    },
    /// A digest that the algorithm's hash cannot have made.
    #[error("a digest of {found} bytes; the algorithm's hash gives {expected}")]
    DigestLength {
        /// Bytes there are.
        found: usize,
        /// Bytes that the hash gives.
        expected: usize,
    },
    /// The signature does not hold.
    #[error("the proposal's signature: {0}")]
    Signature(#[from] SignatureError),
    /// A body that no entry bundle can hold.
    #[error("an entry of {length} bytes; a log's entry bundles hold at most {LARGEST_BODY}")]
    BodyTooLarge {
        /// How many bytes there are.
        length: usize,
    },
}

impl Proposal {
    /// Reads the request of a client; one for a DSSE entry is refused as such.
    pub fn from_json(json: &[u8]) -> Result<Self, ProposalError> {
        limit(json.len())?;
        let request: wire::Request<'_, serde::de::IgnoredAny> = serde_json::from_slice(json)?;
        match (request.hashed_rekord, request.dsse) {
            (_, Some(_)) => Err(ProposalError::Dsse),
            (Some(spec), None) => Self::from_fields(spec.decoded()?),
            (None, None) => Err(missing()),
        }
    }

    /// Reads the fields of a request, whatever carried them.
    pub fn from_fields(fields: fields::HashedRekord<'_>) -> Result<Self, ProposalError> {
        let digest = filled("digest", &fields.digest)?;
        filled("signature", &fields.signature)?;
        let (verifier, algorithm) = fields.verifier.read()?;
        let hash = allowed(algorithm).ok_or_else(|| fields.verifier.refuse_key_details())?;
        let digest = Digest::new(hash, digest).ok_or(ProposalError::DigestLength {
            found: digest.len(),
            expected: hash.length(),
        })?;
        Ok(Self {
            digest,
            signature: fields.signature.into_owned(),
            verifier,
            algorithm,
        })
    }

    /// Writes the request of a client.
    pub fn to_json(&self) -> Result<Vec<u8>, ProposalError> {
        let spec = HashedRekordSpec {
            digest: base64::encode(self.digest.as_bytes()).into(),
            signature: wire::Signature {
                content: base64::encode(&self.signature).into(),
                verifier: WireVerifier::write(&self.verifier, self.algorithm)?,
            },
        };
        let request: wire::Request<'_, ()> = wire::Request {
            hashed_rekord: Some(spec),
            dsse: None,
        };
        Ok(serde_json::to_vec(&request)?)
    }

    /// The leaf for this proposal, whether its signature holds or not.
    pub fn canonical_body(&self) -> Result<Vec<u8>, ProposalError> {
        let verifier = self.verifier.as_borrowed();
        canonical_body(&self.digest, &self.signature, verifier, self.algorithm)
            .ok_or_else(|| self.unfit_algorithm())
    }

    /// Checks the signature.
    pub fn check(&self) -> Result<HashedRekord, ProposalError> {
        let key = self.verifier.public_key();
        key.verify_digest(self.algorithm, &self.digest, &self.signature)?;
        let body = limit_body(self.canonical_body()?)?;
        Ok(HashedRekord { body })
    }

    fn unfit_algorithm(&self) -> ProposalError {
        ProposalError::KeyDetails {
            found: format!("{:?}", self.algorithm),
        }
    }
}

/// The leaf for a signature, in RFC 8785: written at once, since every byte but the values is known.
/// `None` for an algorithm that does not go with the key.
pub(crate) fn canonical_body(
    digest: &Digest,
    signature: &[u8],
    verifier: BorrowedVerifier<'_>,
    algorithm: SignatureAlgorithm,
) -> Option<Vec<u8>> {
    let body = format!(
        concat!(
            r#"{{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{{"hashedRekordV002":{{"#,
            r#""data":{{"algorithm":"{hash}","digest":"{digest}"}},"#,
            r#""signature":{{"content":"{signature}","verifier":{verifier}}}}}}}}}"#
        ),
        hash = waxwing_model::hash_name(digest.algorithm()),
        digest = base64::encode(digest.as_bytes()),
        signature = base64::encode(signature),
        verifier = canonical_verifier(verifier, algorithm)?,
    );
    Some(body.into_bytes())
}

/// What verifies a signature, as the kinds of Rekor v2 write it in RFC 8785. `None` for an algorithm
/// that does not go with the key.
pub(crate) fn canonical_verifier(
    verifier: BorrowedVerifier<'_>,
    algorithm: SignatureAlgorithm,
) -> Option<String> {
    let details = algorithm.key_details(verifier.public_key().key_type())?;
    let (field, der) = match verifier {
        BorrowedVerifier::Certificate(certificate) => ("x509Certificate", certificate.der()),
        BorrowedVerifier::PublicKey(key) => ("publicKey", key.spki_der()),
    };
    let der = base64::encode(der);
    // "keyDetails" < "publicKey" < "x509Certificate": the order of the keys is the same for both.
    Some(format!(
        r#"{{"keyDetails":"{details}","{field}":{{"rawBytes":"{der}"}}}}"#
    ))
}

impl HashedRekord {
    /// The leaf.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The leaf, taken out.
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }
}

impl Verifier {
    /// The key, the certificate's where there is one.
    pub fn public_key(&self) -> &PublicKey {
        self.as_borrowed().public_key()
    }

    pub(crate) fn as_borrowed(&self) -> BorrowedVerifier<'_> {
        match self {
            Self::Certificate(certificate) => BorrowedVerifier::Certificate(certificate),
            Self::PublicKey(key) => BorrowedVerifier::PublicKey(key),
        }
    }
}

/// The hash of an algorithm that a log of Rekor v2 allows. Ed25519 has none to offer, and the deprecated
/// pairs of a large curve with SHA-256, and RSA-PSS, are not taken for new entries: the reference server
/// does not by default.
pub(crate) fn allowed(algorithm: SignatureAlgorithm) -> Option<HashAlgorithm> {
    match algorithm {
        SignatureAlgorithm::EcdsaP384Sha256
        | SignatureAlgorithm::EcdsaP521Sha256
        | SignatureAlgorithm::RsaPssSha256 => None,
        other => other.hash(),
    }
}

/// Refuses what is too long for this kind before it is read.
pub(crate) fn limit(length: usize) -> Result<(), ProposalError> {
    let most = LARGEST_PROPOSAL;
    match length > most {
        true => Err(ProposalError::TooLarge { length, most }),
        false => Ok(()),
    }
}

/// Refuses a body that no entry bundle can hold.
pub(crate) fn limit_body(body: Vec<u8>) -> Result<Vec<u8>, ProposalError> {
    match body.len() > LARGEST_BODY {
        true => Err(ProposalError::BodyTooLarge { length: body.len() }),
        false => Ok(body),
    }
}

pub(crate) fn missing() -> ProposalError {
    let field = "hashedRekordRequestV002";
    ProposalError::Missing { field }
}

#[cfg(test)]
mod tests {
    use super::*;
    use waxwing_crypto::{KeyType, PrivateKey};
    use waxwing_encoding::canonical_json;

    fn proposal(kind: KeyType) -> Proposal {
        let key = PrivateKey::generate(kind).unwrap();
        let (algorithm, signature) = match kind {
            KeyType::Ed25519 => (
                SignatureAlgorithm::Ed25519ph,
                key.sign_ed25519ph(b"artifact").unwrap(),
            ),
            _ => (key.algorithm(), key.sign(b"artifact").unwrap()),
        };
        let digest = algorithm.hash().unwrap().digest(b"artifact");
        let verifier = Verifier::PublicKey(key.public_key().clone());
        Proposal {
            digest,
            signature,
            verifier,
            algorithm,
        }
    }

    #[test]
    fn every_allowed_key_can_propose_and_the_body_is_canonical() {
        for kind in [KeyType::EcdsaP256, KeyType::EcdsaP384, KeyType::Ed25519] {
            let proposal = proposal(kind);
            let json = proposal.to_json().unwrap();
            assert_eq!(Proposal::from_json(&json).unwrap(), proposal);
            let body = proposal.check().unwrap().into_body();
            let value: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(canonical_json::to_vec(&value).unwrap(), body);
            assert!(body.starts_with(br#"{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"#));
        }
    }

    #[test]
    fn algorithms_that_the_reference_server_does_not_take_are_refused() {
        for (kind, algorithm, taken) in [
            (
                KeyType::EcdsaP384,
                SignatureAlgorithm::EcdsaP384Sha384,
                true,
            ),
            (
                KeyType::EcdsaP384,
                SignatureAlgorithm::EcdsaP384Sha256,
                false,
            ),
            (
                KeyType::EcdsaP521,
                SignatureAlgorithm::EcdsaP521Sha512,
                true,
            ),
            (
                KeyType::EcdsaP521,
                SignatureAlgorithm::EcdsaP521Sha256,
                false,
            ),
            (KeyType::Rsa(2048), SignatureAlgorithm::RsaPkcs1Sha256, true),
            (KeyType::Rsa(2048), SignatureAlgorithm::RsaPssSha256, false),
        ] {
            let key = PrivateKey::generate(kind).unwrap();
            let proposal = Proposal {
                digest: algorithm.hash().unwrap().digest(b"artifact"),
                signature: key.sign_with(algorithm, b"artifact").unwrap(),
                verifier: Verifier::PublicKey(key.public_key().clone()),
                algorithm,
            };
            let read = Proposal::from_json(&proposal.to_json().unwrap());
            let refused = matches!(read, Err(ProposalError::KeyDetails { .. }));
            assert_eq!(refused, !taken, "{algorithm:?}");
        }
    }

    #[test]
    fn each_fault_is_refused_by_its_name_and_the_proposal_without_it_taken() {
        let good = proposal(KeyType::EcdsaP256);
        assert!(good.check().is_ok());
        let mut other = good.clone();
        other.digest = HashAlgorithm::Sha256.digest(b"another artifact");
        assert!(matches!(
            other.check(),
            Err(ProposalError::Signature(SignatureError::Mismatch))
        ));

        let json = String::from_utf8(good.to_json().unwrap()).unwrap();
        let refused = |from: &str, to: &str| {
            assert!(json.contains(from), "{from} is not in {json}");
            Proposal::from_json(json.replace(from, to).as_bytes())
                .unwrap_err()
                .to_string()
        };
        let snake = json
            .replace("hashedRekordRequestV002", "hashed_rekord_request_v002")
            .replace("keyDetails", "key_details");
        assert_eq!(Proposal::from_json(snake.as_bytes()).unwrap(), good);
        for (from, to, error) in [
            (
                "{\"digest\"",
                "{\"more\":1,\"digest\"",
                "unknown field `more`",
            ),
            (
                "PKIX_ECDSA_P256_SHA_256",
                "PKIX_RSA_PKCS1V15_2048_SHA256",
                "do not name the algorithm",
            ),
            (
                "PKIX_ECDSA_P256_SHA_256",
                "PKIX_ED25519",
                "do not name the algorithm",
            ),
            (
                "hashedRekordRequestV002",
                "dsseRequestV002",
                "must be hashedrekord",
            ),
            (
                "\"publicKey\":{\"rawBytes\":\"",
                "\"publicKey\":{\"rawBytes\":\"AAAA",
                "public key",
            ),
        ] {
            let found = refused(from, to);
            assert!(found.contains(error), "{found} does not say {error}");
        }
        let short = base64::encode(&[1; 31]);
        let digest = base64::encode(good.digest.as_bytes());
        assert!(refused(&digest, &short).contains("a digest of 31 bytes"));
        assert!(refused(&digest, "").contains("has no digest"));
    }
}

//! The signature that an entry has to be about, what the kinds ask of it, and why an entry is not about
//! it.

use waxwing_crypto::{Digest, PublicKey, SignatureAlgorithm};
use waxwing_encoding::pem;
use waxwing_model::bundle::Envelope;
use waxwing_pki::Certificate;

/// A signature that was verified: what an entry has to be about.
#[derive(Debug, Clone, Copy)]
pub struct VerifiedSignature<'a> {
    /// The signature's bytes.
    pub signature: &'a [u8],
    /// What verified it.
    pub verifier: BorrowedVerifier<'a>,
    /// The algorithm with which it verified.
    pub algorithm: SignatureAlgorithm,
    /// What is signed.
    pub signed: Signed<'a>,
}

/// What is signed.
#[derive(Debug, Clone, Copy)]
pub enum Signed<'a> {
    /// An artifact, by its digest with the algorithm's hash; `None` where the algorithm has none,
    /// and so no entry can be about it.
    Message(Option<Digest>),
    /// An envelope, and the digest of its PAE with the algorithm's hash, `None` as above.
    Envelope(&'a Envelope, Option<Digest>),
}

/// A certificate or a key, somebody else's.
#[derive(Debug, Clone, Copy)]
pub enum BorrowedVerifier<'a> {
    /// The signer's certificate.
    Certificate(&'a Certificate),
    /// The signer's key.
    PublicKey(&'a PublicKey),
}

impl<'a> BorrowedVerifier<'a> {
    /// The key, the certificate's where there is one.
    pub fn public_key(self) -> &'a PublicKey {
        match self {
            Self::Certificate(certificate) => certificate.public_key(),
            Self::PublicKey(key) => key,
        }
    }

    /// As Rekor v1 writes it into its entries: one PEM block.
    pub(crate) fn to_pem(self) -> String {
        let (label, der) = self.label_and_der();
        pem::encode(label, der)
    }

    /// The label of its PEM block, and what stands in it.
    pub(crate) fn label_and_der(self) -> (&'static str, &'a [u8]) {
        match self {
            Self::Certificate(certificate) => ("CERTIFICATE", certificate.der()),
            Self::PublicKey(key) => ("PUBLIC KEY", key.spki_der()),
        }
    }
}

/// Why an entry is not about the signature.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindingError {
    /// A kind that is not known.
    #[error(
        "the entry is a {kind} {version}; expected hashedrekord 0.0.1 or 0.0.2, dsse 0.0.1 or 0.0.2, intoto 0.0.1 or 0.0.2"
    )]
    Kind {
        /// The kind.
        kind: String,
        /// Its version.
        version: String,
    },
    /// Another kind than the bundle says.
    #[error("the entry's body is a {found}; the bundle calls it {expected}")]
    OtherKind {
        /// What the body says.
        found: String,
        /// What the bundle says.
        expected: String,
    },
    /// The body is not of its kind's shape.
    #[error("the entry's body is not that of a {kind}: {source}")]
    Json {
        /// Kind and version.
        kind: &'static str,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The kind cannot hold what was signed.
    #[error("a {kind} entry cannot be about {content}")]
    Content {
        /// Kind and version.
        kind: &'static str,
        /// What was signed.
        content: &'static str,
    },
    /// The algorithm has no digest that an entry could hold.
    #[error("a {kind} entry cannot hold a signature by {algorithm:?}, which signs no digest")]
    Algorithm {
        /// Kind and version.
        kind: &'static str,
        /// The algorithm.
        algorithm: SignatureAlgorithm,
    },
    /// A part of the entry is another's.
    #[error("the entry is not about this artifact, signature and certificate: its {part} differs")]
    Other {
        /// Which part.
        part: &'static str,
    },
}

/// Reads a body of which the shape is known, and makes sure that it says the same kind.
pub(crate) fn read<'a, T: serde::Deserialize<'a>>(
    kind: &'static str,
    body: &'a [u8],
) -> Result<T, BindingError> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Body<T> {
        api_version: String,
        kind: String,
        spec: T,
    }

    // Parts that are passed over are not looked at by the reader.
    let body = str::from_utf8(body).map_err(|error| BindingError::Json {
        kind,
        source: serde::de::Error::custom(error),
    })?;
    let found = |kind: &str, version: &str| format!("{kind} {version}");
    let (found, spec) = match serde_json::from_str::<Body<T>>(body) {
        Ok(body) => (found(&body.kind, &body.api_version), Ok(body.spec)),
        // The body of another kind has another shape too: then its name says more than its fields.
        Err(source) => match serde_json::from_str::<Header>(body) {
            Ok(header) => (found(&header.kind, &header.api_version), Err(source)),
            Err(_) => return Err(BindingError::Json { kind, source }),
        },
    };
    if found != kind {
        let expected = kind.into();
        return Err(BindingError::OtherKind { found, expected });
    }
    spec.map_err(|source| BindingError::Json { kind, source })
}

/// The two fields that every kind has.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    api_version: String,
    kind: String,
}

/// `Ok` if the part is the same.
pub(crate) fn same(part: &'static str, equal: bool) -> Result<(), BindingError> {
    match equal {
        true => Ok(()),
        false => Err(BindingError::Other { part }),
    }
}

impl<'a> VerifiedSignature<'a> {
    /// The digest of the artifact, for a kind that holds one.
    pub(crate) fn digest(&self, kind: &'static str) -> Result<Digest, BindingError> {
        match self.signed {
            Signed::Message(Some(digest)) => Ok(digest),
            Signed::Message(None) => Err(BindingError::Algorithm {
                kind,
                algorithm: self.algorithm,
            }),
            Signed::Envelope(..) => Err(BindingError::Content {
                kind,
                content: "an envelope",
            }),
        }
    }

    /// The envelope, for a kind that holds one.
    pub(crate) fn envelope(&self, kind: &'static str) -> Result<&'a Envelope, BindingError> {
        match self.signed {
            Signed::Envelope(envelope, _) => Ok(envelope),
            Signed::Message(_) => Err(BindingError::Content {
                kind,
                content: "an artifact",
            }),
        }
    }
}

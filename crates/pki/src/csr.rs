//! Certificate signing requests (PKCS#10, RFC 2986): a key and the proof that its holder asked.
//!
//! ```text
//! SEQUENCE { SEQUENCE { 0, subject, key, [0] attributes }, algorithm, BIT STRING signature }
//! ```
//!
//! Subject and attributes are passed over: Fulcio takes the identity from the token alone.

use waxwing_crypto::{PublicKey, PublicKeyError, SignatureAlgorithm, SignatureError};

use crate::algorithm;
use crate::read::{self, MalformedDer, Reader};

/// Largest request that is read, in bytes.
const LARGEST_REQUEST: usize = 64 * 1024;

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SigningRequestError {
    /// More bytes than are read.
    #[error("a certificate signing request of {length} bytes; at most {LARGEST_REQUEST} are read")]
    TooLarge {
        /// How many bytes there are.
        length: usize,
    },
    /// Not the DER of a request.
    #[error("the certificate signing request: {0}")]
    Der(#[from] MalformedDer),
    /// The key.
    #[error("the key of the certificate signing request: {0}")]
    PublicKey(#[from] PublicKeyError),
    /// The request is not signed by its own key.
    #[error("the signature of the certificate signing request: {0}")]
    Signature(#[from] SignatureError),
}

/// Reads a request and checks that its own key signed it; gives that key.
pub fn verified_key(der: &[u8]) -> Result<PublicKey, SigningRequestError> {
    verified_key_and_algorithm(der).map(|(key, _)| key)
}

/// As [`verified_key`], with the algorithm of the request's signature: Fulcio takes from it which
/// hash the key will sign with.
pub fn verified_key_and_algorithm(
    der: &[u8],
) -> Result<(PublicKey, SignatureAlgorithm), SigningRequestError> {
    if der.len() > LARGEST_REQUEST {
        return Err(SigningRequestError::TooLarge { length: der.len() });
    }
    let outer = Reader::only(der, read::SEQUENCE, "CertificationRequest")?;
    let mut outer = Reader::new(outer.value);
    let info = outer.element(read::SEQUENCE, "CertificationRequestInfo")?;
    let signature_algorithm = algorithm::read(&mut outer)?;
    let signature = outer.bits("the request's signature")?;
    outer.finish("CertificationRequest")?;

    let mut fields = Reader::new(info.value);
    fields.number("the version")?;
    fields.element(read::SEQUENCE, "the subject")?;
    let key = fields.element(read::SEQUENCE, "SubjectPublicKeyInfo")?;
    fields.optional(read::constructed(0), "the attributes")?;
    fields.finish("CertificationRequestInfo")?;

    let key = PublicKey::from_spki_der(key.raw)?;
    let algorithm = algorithm::signature(signature_algorithm, key.key_type(), None)
        .ok_or(SignatureError::Mismatch)?;
    key.verify(algorithm, info.raw, signature)?;
    Ok((key, algorithm))
}

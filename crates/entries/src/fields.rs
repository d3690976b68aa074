//! The fields of a proposal, whatever carried them: JSON, or protobuf over gRPC. Nothing is checked yet;
//! `Proposal::from_fields` of each kind does that, and is the only way to a proposal.

use std::borrow::Cow;

use waxwing_crypto::{PublicKey, SignatureAlgorithm};
use waxwing_pki::Certificate;

use crate::hashedrekord::{self, ProposalError};

/// Most signatures in an envelope, and most verifiers beside it: each verifier is tried with each
/// signature.
pub const MOST_SIGNATURES: usize = 8;

/// `HashedRekordRequestV002`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedRekord<'a> {
    /// The digest.
    pub digest: Cow<'a, [u8]>,
    /// The signature's bytes.
    pub signature: Cow<'a, [u8]>,
    /// What verifies it.
    pub verifier: Verifier<'a>,
}

/// `DSSERequestV002`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dsse<'a> {
    /// The payload's media type.
    pub payload_type: Cow<'a, str>,
    /// What was signed.
    pub payload: Cow<'a, [u8]>,
    /// The signatures' bytes.
    pub signatures: Vec<Cow<'a, [u8]>>,
    /// What verifies them.
    pub verifiers: Vec<Verifier<'a>>,
}

/// `Verifier`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verifier<'a> {
    /// A certificate in DER.
    pub x509_certificate: Option<Cow<'a, [u8]>>,
    /// Or a key in DER.
    pub public_key: Option<Cow<'a, [u8]>>,
    /// The name in `PublicKeyDetails`; of a number that has none, its digits.
    pub key_details: Cow<'a, str>,
}

impl Verifier<'_> {
    /// Reads the certificate or key, and by which algorithm it is to verify: exactly the one of the
    /// name, which must be of that kind of key, of that size and curve.
    pub(crate) fn read(
        &self,
    ) -> Result<(hashedrekord::Verifier, SignatureAlgorithm), ProposalError> {
        let verifier = match (&self.x509_certificate, &self.public_key) {
            (Some(der), None) => {
                let certificate = Certificate::from_der(filled("verifier", der)?)?;
                hashedrekord::Verifier::Certificate(Box::new(certificate))
            }
            (None, Some(der)) => {
                let key = PublicKey::from_spki_der(filled("verifier", der)?)?;
                hashedrekord::Verifier::PublicKey(key)
            }
            (Some(_), Some(_)) => return Err(ProposalError::TwoVerifiers),
            (None, None) => return Err(ProposalError::Missing { field: "verifier" }),
        };
        let key_type = verifier.public_key().key_type();
        let details: &str = &self.key_details;
        // The names of the registry that say no size are other spellings, which no entry has.
        SignatureAlgorithm::from_key_details(details, key_type)
            .filter(|algorithm| algorithm.key_details(key_type) == Some(details))
            .map(|algorithm| (verifier, algorithm))
            .ok_or_else(|| self.refuse_key_details())
    }

    pub(crate) fn refuse_key_details(&self) -> ProposalError {
        ProposalError::KeyDetails {
            found: self.key_details.clone().into_owned(),
        }
    }
}

/// Refuses a field without a byte, which in protobuf is one that is not there.
pub(crate) fn filled<'a>(field: &'static str, bytes: &'a [u8]) -> Result<&'a [u8], ProposalError> {
    match bytes.is_empty() {
        true => Err(ProposalError::Missing { field }),
        false => Ok(bytes),
    }
}

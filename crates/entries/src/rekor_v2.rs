//! The entries of Rekor v2: built anew from the signature and compared byte for byte.

use crate::dsse::{canonical_body as canonical_body_of_envelope, canonical_signature};
use crate::hashedrekord::{canonical_body, canonical_verifier};
use crate::signature::{BindingError, Signed, VerifiedSignature, read, same};

const HASHEDREKORD: &str = "hashedrekord 0.0.2";
const DSSE: &str = "dsse 0.0.2";

/// The digest is that of the artifact, or of an envelope's PAE.
pub(crate) fn hashedrekord(
    body: &[u8],
    signature: &VerifiedSignature<'_>,
) -> Result<(), BindingError> {
    let algorithm = signature.algorithm;
    let unfit = BindingError::Algorithm {
        kind: HASHEDREKORD,
        algorithm,
    };
    let (Signed::Message(digest) | Signed::Envelope(_, digest)) = signature.signed;
    let Some(digest) = digest else {
        return Err(unfit);
    };
    let expected = canonical_body(&digest, signature.signature, signature.verifier, algorithm);
    match expected {
        Some(expected) if expected == body => Ok(()),
        Some(_) => differing_part(HASHEDREKORD, body),
        None => Err(unfit),
    }
}

/// The kind that Rekor v2 took until 2026, and that no default configuration ever wrote:
/// `{"dsseV002":{"payloadHash":{…},"signatures":[{"content":…,"verifier":{…}}]}}`.
pub(crate) fn dsse(body: &[u8], signature: &VerifiedSignature<'_>) -> Result<(), BindingError> {
    let envelope = signature.envelope(DSSE)?;
    let verifier = canonical_verifier(signature.verifier, signature.algorithm);
    let verifier = verifier.ok_or(BindingError::Algorithm {
        kind: DSSE,
        algorithm: signature.algorithm,
    })?;
    let signatures = canonical_signature(signature.signature, &verifier);
    let expected = canonical_body_of_envelope(&envelope.payload, &signatures);
    match expected == body {
        true => Ok(()),
        false => differing_part(DSSE, body),
    }
}

/// A body that is not the expected one: of another kind, or about something else.
fn differing_part(kind: &'static str, body: &[u8]) -> Result<(), BindingError> {
    let _: serde::de::IgnoredAny = read(kind, body)?;
    same("body", false)
}

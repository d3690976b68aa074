//! The entries of Rekor v2: built anew from the signature and compared byte for byte.

use waxwing_crypto::{HashAlgorithm, SignatureAlgorithm};
use waxwing_encoding::base64;

use crate::hashedrekord::canonical_body;
use crate::signature::{BindingError, BorrowedVerifier, Signed, VerifiedSignature, read, same};

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
        Ok(expected) if expected == body => Ok(()),
        Ok(_) => differing_part(HASHEDREKORD, body),
        Err(_) => Err(unfit),
    }
}

/// The kind that Rekor v2 took until 2026, and that no default configuration ever wrote:
/// `{"dsseV002":{"payloadHash":{…},"signatures":[{"content":…,"verifier":{…}}]}}`.
pub(crate) fn dsse(body: &[u8], signature: &VerifiedSignature<'_>) -> Result<(), BindingError> {
    let envelope = signature.envelope(DSSE)?;
    let details = details(signature.algorithm, signature.verifier);
    let Some(details) = details else {
        return Err(BindingError::Algorithm {
            kind: DSSE,
            algorithm: signature.algorithm,
        });
    };
    let (field, der) = match signature.verifier {
        BorrowedVerifier::Certificate(certificate) => ("x509Certificate", certificate.der()),
        BorrowedVerifier::PublicKey(key) => ("publicKey", key.spki_der()),
    };
    let digest = HashAlgorithm::Sha256.digest(&envelope.payload);
    let expected = format!(
        concat!(
            r#"{{"apiVersion":"0.0.2","kind":"dsse","spec":{{"dsseV002":{{"#,
            r#""payloadHash":{{"algorithm":"SHA2_256","digest":"{digest}"}},"#,
            r#""signatures":[{{"content":"{signature}","verifier":{{"#,
            r#""keyDetails":"{details}","{field}":{{"rawBytes":"{der}"}}}}}}]}}}}}}"#
        ),
        digest = base64::encode(digest.as_bytes()),
        signature = base64::encode(signature.signature),
        details = details,
        field = field,
        der = base64::encode(der),
    );
    match expected.as_bytes() == body {
        true => Ok(()),
        false => differing_part(DSSE, body),
    }
}

fn details(algorithm: SignatureAlgorithm, verifier: BorrowedVerifier<'_>) -> Option<&'static str> {
    algorithm.key_details(verifier.public_key().key_type())
}

/// A body that is not the expected one: of another kind, or about something else.
fn differing_part(kind: &'static str, body: &[u8]) -> Result<(), BindingError> {
    let _: serde::de::IgnoredAny = read(kind, body)?;
    same("body", false)
}

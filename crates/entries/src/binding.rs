//! Whether the entry that a log proves is about the signature that was verified.
//!
//! Without this step the proof of any entry would do for any signature: the hole of CVE-2022-36056
//! and CVE-2026-22703. So every part of the entry that speaks of the signature is compared: the
//! digest or payload, the signature's bytes, the certificate or key. Where the whole body follows
//! from the signature (hashedrekord, and everything of Rekor v2), it is built anew and compared
//! byte for byte; where it does not, it is read strictly and each part compared.

use crate::{rekor_v1, rekor_v2};

pub use crate::signature::{BindingError, BorrowedVerifier, Signed, VerifiedSignature};

/// Checks that the body of an entry of this kind and version is about `signature`.
pub fn check(
    kind: &str,
    version: &str,
    body: &[u8],
    signature: &VerifiedSignature<'_>,
) -> Result<(), BindingError> {
    match (kind, version) {
        ("hashedrekord", "0.0.1") => rekor_v1::hashedrekord(body, signature),
        ("hashedrekord", "0.0.2") => rekor_v2::hashedrekord(body, signature),
        ("dsse", "0.0.1") => rekor_v1::dsse(body, signature),
        ("dsse", "0.0.2") => rekor_v2::dsse(body, signature),
        ("intoto", "0.0.1") => rekor_v1::intoto_0_0_1(body, signature),
        ("intoto", "0.0.2") => rekor_v1::intoto_0_0_2(body, signature),
        _ => Err(BindingError::Kind {
            kind: kind.into(),
            version: version.into(),
        }),
    }
}

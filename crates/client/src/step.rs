//! What a signer tells whoever watches it.

use waxwing_crypto::KeyType;
use waxwing_model::bundle::LogEntry;
use waxwing_pki::Certificate;
use waxwing_verify::Verified;

/// What has just been done, for whoever watches.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step<'a> {
    /// A key that nobody has seen before.
    Key(KeyType),
    /// A certificate over it.
    Certificate {
        /// The certificate.
        certificate: &'a Certificate,
        /// Who issued it.
        authority: &'a str,
    },
    /// It is signed; a key that was made for this is not used again.
    Signature(&'a [u8]),
    /// A time is attested.
    Timestamp {
        /// The response's DER.
        response: &'a [u8],
        /// Who attested it.
        authority: &'a str,
    },
    /// The signature is logged.
    LogEntry {
        /// The entry with its proof.
        entry: &'a LogEntry,
        /// Where.
        log: &'a str,
    },
    /// A service that was asked and failed; another one is asked in its place.
    Failed {
        /// Which.
        service: &'a str,
        /// Why.
        reason: &'a str,
    },
    /// All of it was verified.
    Verified(&'a Verified),
}

//! The trusted root as the steps need it: logs that can open their checkpoints, authorities with their
//! chains. Preparing it checks no signature.

use waxwing_model::bundle::LogEntry;
use waxwing_model::trusted_root::{CertificateAuthority, TransparencyLog};
use waxwing_pki::chain::{ChainError, TrustedChain};
use waxwing_tlog::note::{Note, NoteKeyError, NoteVerifier};

/// The trusted root names a service that nothing can be verified with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// A log whose key or name cannot sign checkpoints.
    #[error("the transparency log {log} of the trusted root: {source}")]
    Log {
        /// The log's URL.
        log: String,
        /// What is wrong.
        source: NoteKeyError,
    },
    /// An authority whose certificates are no chain.
    #[error("the authority {authority} of the trusted root: {source}")]
    Authority {
        /// The authority's URI.
        authority: String,
        /// What is wrong.
        source: ChainError,
    },
}

/// A log of the trusted root, ready to open its checkpoints.
#[derive(Debug, Clone)]
pub(crate) struct KnownLog {
    pub(crate) log: TransparencyLog,
    /// Rekor v1: any name, the key's hash as its ID. Rekor v2: the host's name, and an ID of both.
    pub(crate) rekor_v1: Option<NoteVerifier>,
    pub(crate) rekor_v2: Option<NoteVerifier>,
}

/// An authority of the trusted root with its chain, ready to verify under; its certificates stand in
/// the chain alone.
#[derive(Debug, Clone)]
pub(crate) struct KnownAuthority {
    pub(crate) authority: CertificateAuthority,
    pub(crate) chain: TrustedChain,
}

impl KnownLog {
    pub(crate) fn new(log: TransparencyLog) -> Result<Self, TrustError> {
        let with_id = |verifier: NoteVerifier| match log.checkpoint_key_id {
            Some(id) => verifier.with_key_id(id),
            None => verifier,
        };
        let rekor_v1 = NoteVerifier::rekor_v1(&log.public_key).map(with_id);
        let rekor_v2 = NoteVerifier::rekor_v2(host(&log.base_url), &log.public_key).map(with_id);
        match (rekor_v1, rekor_v2) {
            (Err(source), Err(_)) => Err(TrustError::Log {
                log: log.base_url,
                source,
            }),
            (rekor_v1, rekor_v2) => Ok(Self {
                rekor_v1: rekor_v1.ok(),
                rekor_v2: rekor_v2.ok(),
                log,
            }),
        }
    }

    /// Whether an entry is this log's: by its identifier, or by the key that a checkpoint of Rekor
    /// v2 names, since the identifiers of such logs were written in more than one way.
    pub(crate) fn wrote(&self, entry: &LogEntry, note: Option<&Note>) -> bool {
        let signed = |verifier: &NoteVerifier| {
            note.is_some_and(|note| {
                let mut lines = note.signatures().iter();
                lines.any(|line| verifier.made(line))
            })
        };
        self.log.log_id == entry.log_id
            || entry.is_of_rekor_v2() && self.rekor_v2.as_ref().is_some_and(signed)
    }
}

/// The authorities of the trusted root, each with its chain.
pub(crate) fn known_authorities(
    authorities: Vec<CertificateAuthority>,
) -> Result<Vec<KnownAuthority>, TrustError> {
    let known = authorities.into_iter().map(|mut authority| {
        match TrustedChain::new(std::mem::take(&mut authority.certificates)) {
            Ok(chain) => Ok(KnownAuthority { authority, chain }),
            Err(source) => Err(TrustError::Authority {
                authority: authority.uri,
                source,
            }),
        }
    });
    known.collect()
}

/// The host name of a URL that may lack its scheme: no port, no path.
pub(crate) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rsplit_once(':') {
        // An IPv6 address in brackets has colons of its own.
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_is_the_bare_host_name() {
        for (url, expected) in [
            (
                "https://log2025-1.rekor.sigstore.dev",
                "log2025-1.rekor.sigstore.dev",
            ),
            ("http://127.0.0.1:3003", "127.0.0.1"),
            ("https://example.com/rekor/", "example.com"),
            ("example.com", "example.com"),
            ("http://[::1]:8080/", "[::1]"),
        ] {
            assert_eq!(host(url), expected, "{url}");
        }
    }
}

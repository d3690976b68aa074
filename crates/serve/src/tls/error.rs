//! What can be wrong with chain and key, and what is not quite right.

use std::io;
use std::path::PathBuf;

use waxwing_encoding::pem::PemError;
use waxwing_encoding::time::UnixTime;

use super::LONGEST_TLS_FILE;

/// Why chain and key cannot be used. The text names the file and never what is in a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The system does not give the file.
    #[error("cannot read {}: {source}; name a PEM file that this process may read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Longer than what is read.
    #[error("{} is longer than {LONGEST_TLS_FILE} bytes; name a PEM file", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// Not text.
    #[error("{} is not text; convert it to PEM (openssl x509 -inform DER)", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// A block of the file is broken, or there are too many.
    #[error("{}: {source}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: PemError,
    },
    /// No certificate in the chain's file.
    #[error(
        "no certificate in {}: expected -----BEGIN CERTIFICATE-----, the server's own first",
        path.display()
    )]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// No private key in the key's file.
    #[error(
        "no private key in {}: expected -----BEGIN PRIVATE KEY-----, EC PRIVATE KEY or RSA PRIVATE KEY",
        path.display()
    )]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// More than one private key.
    #[error("{} private keys in {}; leave the one of the first certificate", found, path.display())]
    SeveralKeys {
        /// The file.
        path: PathBuf,
        /// How many there are.
        found: usize,
    },
    /// The key is behind a passphrase.
    #[error(
        "the private key in {} is encrypted; write it without a passphrase (openssl pkey)",
        path.display()
    )]
    EncryptedKey {
        /// The file.
        path: PathBuf,
    },
    /// The key cannot be used for TLS.
    #[error("the private key in {} cannot be used: {reason}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What the provider said.
        reason: String,
    },
    /// The first certificate is none.
    #[error("the first certificate in {} cannot be used: {reason}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What `rustls` said.
        reason: String,
    },
    /// Certificate and key do not belong together.
    #[error(
        "the private key in {} is not that of the first certificate in {}; \
         put the server's own certificate first, or name its key",
        key.display(),
        chain.display()
    )]
    KeyOfAnother {
        /// The chain's file.
        chain: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
}

/// What an operator should know about a chain that is served all the same. Places count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsWarning {
    /// No longer valid: clients will refuse it.
    #[error("certificate {place} of the chain expired on {not_after}; renew it and reload")]
    Expired {
        /// Its place in the chain.
        place: usize,
        /// Its last second.
        not_after: UnixTime,
    },
    /// Not valid yet: clients will refuse it.
    #[error("certificate {place} of the chain is valid from {not_before} only; look at the clock")]
    NotYetValid {
        /// Its place in the chain.
        place: usize,
        /// Its first second.
        not_before: UnixTime,
    },
    /// Its validity is unknown, because our own reader does not know its form.
    #[error("certificate {place} of the chain is not checked for its validity: {reason}")]
    Unchecked {
        /// Its place in the chain.
        place: usize,
        /// What the reader said.
        reason: String,
    },
}

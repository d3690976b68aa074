//! A private key in whatever form it lies in a file: found out by the first line that says so.
//!
//! ```text
//! -----BEGIN PRIVATE KEY-----                       PKCS #8; also EC PRIVATE KEY and RSA PRIVATE KEY
//! -----BEGIN ENCRYPTED PRIVATE KEY-----             PKCS #8 under a password
//! -----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----    cosign's form, and COSIGN in the older one
//! DEK-Info: AES-256-CBC,…                           OpenSSL's older encryption
//! ```

use crate::{KeyError, PrivateKey};

/// Reads an encrypted key with its password.
type Open = fn(&str, &[u8]) -> Result<PrivateKey, KeyError>;

impl PrivateKey {
    /// Whether a PEM text holds a key that takes a password.
    pub fn is_encrypted_pem(text: &str) -> bool {
        opener(text).is_some()
    }

    /// Reads a private key in PEM in any of these forms; a plain one has no use for the password.
    pub fn from_key_file(text: &str, password: Option<&[u8]>) -> Result<Self, KeyError> {
        match (opener(text), password) {
            (None, _) => Self::from_plain_pem(text),
            (Some(open), Some(password)) => open(text, password),
            (Some(_), None) => Err(KeyError::NoPassword),
        }
    }
}

fn opener(text: &str) -> Option<Open> {
    if text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") {
        Some(PrivateKey::from_encrypted_pem)
    } else if PrivateKey::is_sigstore_pem(text) {
        Some(PrivateKey::from_sigstore_pem)
    } else if PrivateKey::is_dek_info_pem(text) {
        Some(PrivateKey::from_dek_info_pem)
    } else {
        None
    }
}

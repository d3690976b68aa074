//! References to keys in key management services, as they stand in command lines.
//!
//! ```text
//! awskms://[HOST]/ID                ID: a UUID, mrk-…, alias/NAME, or the ARN of a key or an alias
//! gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K[/cryptoKeyVersions/V]
//! azurekms://VAULT_HOST/KEY[/VERSION]
//! hashivault://KEY
//! openbao://KEY
//! ```
//!
//! Refused: other schemes; names with characters that the services do not know, so that no name leads to another
//! path or host; more than [`LONGEST`] bytes. What is written back has one spelling: `versions` becomes
//! `cryptoKeyVersions`, a slash at the end goes.

mod aws;
mod azure;
mod google;
mod vault;

use std::fmt;
use std::str::FromStr;

pub use aws::AwsKey;
pub(crate) use aws::is_region;
pub use azure::AzureKey;
pub use google::GoogleKey;
pub use vault::{VaultKey, VaultKind};

/// The longest reference, in bytes.
pub const LONGEST: usize = 2048;

/// Which key, and in whose service.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyReference {
    /// In AWS KMS.
    Aws(AwsKey),
    /// In Google Cloud KMS.
    Google(GoogleKey),
    /// In Azure Key Vault, or in a managed HSM of Azure's.
    Azure(AzureKey),
    /// In the transit engine of Vault or OpenBao.
    Vault(VaultKey),
}

/// Why a text refers to no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// More bytes than are read.
    #[error("a reference to a key of {length} bytes; at most {LONGEST} are read")]
    TooLong {
        /// How many there are.
        length: usize,
    },
    /// A scheme that is not known here.
    #[error(
        "{found:?} is in no key management service that is known here; expected {}",
        schemes()
    )]
    Scheme {
        /// The reference.
        found: String,
    },
    /// Another form than the scheme has.
    #[error("{found:?}: {fault}; expected {expected}")]
    Form {
        /// The reference.
        found: String,
        /// What is wrong with it.
        fault: &'static str,
        /// The form of this scheme.
        expected: &'static str,
    },
}

/// How one scheme reads what follows it; an error is the fault in it.
type Read = fn(&str) -> Result<KeyReference, &'static str>;

const SCHEMES: [(&str, &str, Read); 5] = [
    ("awskms://", aws::FORM, |rest| {
        AwsKey::read(rest).map(KeyReference::Aws)
    }),
    ("gcpkms://", google::FORM, |rest| {
        GoogleKey::read(rest).map(KeyReference::Google)
    }),
    ("azurekms://", azure::FORM, |rest| {
        AzureKey::read(rest).map(KeyReference::Azure)
    }),
    ("hashivault://", vault::HASHICORP_FORM, |rest| {
        VaultKey::read(VaultKind::Hashicorp, rest).map(KeyReference::Vault)
    }),
    ("openbao://", vault::OPEN_BAO_FORM, |rest| {
        VaultKey::read(VaultKind::OpenBao, rest).map(KeyReference::Vault)
    }),
];

impl KeyReference {
    /// Whether `text` begins with a scheme of these services, so that it is no file and no other kind of key.
    pub fn has_scheme(text: &str) -> bool {
        SCHEMES.iter().any(|(scheme, ..)| text.starts_with(scheme))
    }

    /// Reads a reference.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        if text.len() > LONGEST {
            let length = text.len();
            return Err(ReferenceError::TooLong { length });
        }
        for (scheme, expected, read) in SCHEMES {
            let Some(rest) = text.strip_prefix(scheme) else {
                continue;
            };
            return read(rest).map_err(|fault| ReferenceError::Form {
                found: text.to_owned(),
                fault,
                expected,
            });
        }
        Err(ReferenceError::Scheme {
            found: text.to_owned(),
        })
    }
}

impl FromStr for KeyReference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        Self::parse(text)
    }
}

impl fmt::Display for KeyReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aws(key) => key.fmt(formatter),
            Self::Google(key) => key.fmt(formatter),
            Self::Azure(key) => key.fmt(formatter),
            Self::Vault(key) => key.fmt(formatter),
        }
    }
}

fn schemes() -> String {
    SCHEMES.map(|(scheme, ..)| scheme).join(", ")
}

/// A host with a port or without: names, IPv4, and IPv6 in brackets.
fn is_host(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    let begins = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'[';
    let url = waxwing_net::Url::parse(&format!("https://{text}/"));
    text.bytes().all(known)
        && text.as_bytes().first().is_some_and(begins)
        && !text.contains("..")
        && url.is_ok_and(|url| url.path() == "/")
}

/// A name of such characters that is no step through directories.
fn is_name(text: &str, others: &[u8], longest: usize) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || others.contains(&byte);
    !text.is_empty()
        && text.len() <= longest
        && text.bytes().all(known)
        && !matches!(text, "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_schemes_are_refused_by_name() {
        for text in [
            "",
            "cosign.key",
            "pkcs11:token=x",
            "AWSKMS:///alias/x",
            "k8s://a/b",
        ] {
            assert!(!KeyReference::has_scheme(text));
            let error = KeyReference::parse(text).unwrap_err();
            let shown = error.to_string();
            assert_eq!(
                error,
                ReferenceError::Scheme {
                    found: text.to_owned()
                }
            );
            assert!(
                shown.contains(
                    "expected awskms://, gcpkms://, azurekms://, hashivault://, openbao://"
                )
            );
        }
        let long = format!("awskms:///alias/{}", "x".repeat(LONGEST));
        assert!(KeyReference::has_scheme(&long));
        assert!(matches!(
            KeyReference::parse(&long),
            Err(ReferenceError::TooLong { length: 2064 })
        ));
    }

    /// What is read is written with one spelling, and reads as the same.
    #[test]
    fn references_have_one_spelling() {
        let ring = "gcpkms://projects/p-1/locations/global/keyRings/r_1/cryptoKeys/K";
        for (text, written) in [
            ("awskms:///alias/x", None),
            (
                "azurekms://v.vault.azure.net/k/",
                Some("azurekms://v.vault.azure.net/k"),
            ),
            ("azurekms://v.vault.azure.net/k/0a1", None),
            ("hashivault://key", None),
            ("openbao://key", None),
            (ring, None),
            (
                &format!("{ring}/versions/7"),
                Some(&format!("{ring}/cryptoKeyVersions/7")),
            ),
        ] {
            let read = KeyReference::parse(text).unwrap();
            assert_eq!(read.to_string(), written.unwrap_or(text));
            assert_eq!(KeyReference::parse(&read.to_string()), Ok(read));
        }
    }
}

//! The ring as a file: what an instance is, without its secrets.
//!
//! ```text
//! {"version":1,"publicUrl":"http://127.0.0.1:4747","begun":true,"keys":[
//!  {"role":"ct-log","name":"ct-log-1","start":"2026-11-22T10:00:00Z","publicKey":"-----BEGIN PUBLIC KEY-----…"},
//!  {"role":"certificate-authority","name":…,"certificates":["-----BEGIN CERTIFICATE-----…","…"]}]}
//! ```
//!
//! `end` is there once a key has been rotated, `url` for a log that is elsewhere than the public URL says,
//! `fresh` until a log that was added has its first entry.
//!
//! Refused: another version, unknown fields, two keys of one name, an authority without certificates or
//! whose certificate is of another key, a URL that no log can have, and a role without any key.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use waxwing_crypto::{PublicKey, PublicKeyError};
use waxwing_encoding::time::{TimeError, UnixTime};
use waxwing_model::Window;
use waxwing_pki::{Certificate, CertificateError};

use crate::keyring::{Held, Keyring, Role};
use crate::{Address, AddressError};

const VERSION: u32 = 1;

/// What the file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyringFile {
    pub(crate) address: Address,
    /// Whether every log has its first entry: from then on a log that is not there was lost.
    pub(crate) begun: bool,
    pub(crate) keyring: Keyring,
}

/// Why a file is no ring.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// Not the JSON of a ring.
    #[error("not a key ring: {0}")]
    Json(#[from] serde_json::Error),
    /// Another version.
    #[error("version {found}; this program reads version {VERSION}")]
    Version {
        /// The version in the file.
        found: u32,
    },
    /// The public URL.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A role that there is not.
    #[error("the key {name:?} has the role {found:?}, which this program does not know")]
    Role {
        /// The key.
        name: String,
        /// Its role.
        found: String,
    },
    /// A name that is no plain file name, or that two keys have.
    #[error("{name:?} is the name of two keys, or not one of letters, digits and hyphens")]
    Name {
        /// The name.
        name: String,
    },
    /// A time.
    #[error("the key {name:?}: {source}")]
    Time {
        /// The key.
        name: String,
        /// What is wrong with its times.
        source: TimeError,
    },
    /// A public key.
    #[error("the key {name:?}: {source}")]
    PublicKey {
        /// The key.
        name: String,
        /// What is wrong with it.
        source: PublicKeyError,
    },
    /// A certificate.
    #[error("a certificate of the key {name:?}: {source}")]
    Certificate {
        /// The key.
        name: String,
        /// What is wrong with it.
        source: CertificateError,
    },
    /// Certificates where there are none, none where there must be, or those of another key.
    #[error(
        "the key {name:?} has {found}; expected its own certificate and those above it for an authority, \
         none for others"
    )]
    Chain {
        /// The key.
        name: String,
        /// What it has.
        found: &'static str,
    },
    /// The URL of a log.
    #[error(
        "the key {name:?} has the URL {found:?}; expected http or https and a host for a Rekor log, a path \
         behind it for a CT log, and none for others"
    )]
    Url {
        /// The key.
        name: String,
        /// Its URL.
        found: String,
    },
    /// A role that has no key.
    #[error("there is no key for the role {role:?}")]
    NoKey {
        /// The role.
        role: &'static str,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    version: u32,
    public_url: String,
    begun: bool,
    keys: Vec<WrittenKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenKey {
    role: String,
    name: String,
    start: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    public_key: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    certificates: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    fresh: bool,
}

impl KeyringFile {
    pub(crate) fn to_json(&self) -> Result<Vec<u8>, KeyringError> {
        let keys = self.keyring.held.iter().map(|held| WrittenKey {
            role: held.role.name().to_owned(),
            name: held.name.clone(),
            start: held.valid_for.start.to_string(),
            end: held.valid_for.end.map(|end| end.to_string()),
            public_key: held.public_key.to_pem(),
            certificates: held.certificates.iter().map(Certificate::to_pem).collect(),
            url: held.url.clone(),
            fresh: held.fresh,
        });
        let mut json = serde_json::to_vec_pretty(&Written {
            version: VERSION,
            public_url: self.address.base().to_owned(),
            begun: self.begun,
            keys: keys.collect(),
        })?;
        json.push(b'\n');
        Ok(json)
    }

    pub(crate) fn from_json(json: &[u8]) -> Result<Self, KeyringError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        // Alone at first: a later version may have other fields, and the version is what to say.
        let Versioned { version } = serde_json::from_slice(json)?;
        if version != VERSION {
            return Err(KeyringError::Version { found: version });
        }
        let written: Written = serde_json::from_slice(json)?;
        let mut names = BTreeSet::new();
        let mut held = Vec::new();
        for key in written.keys {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            let is_plain = !key.name.is_empty() && key.name.bytes().all(plain);
            if !is_plain || !names.insert(key.name.clone()) {
                return Err(KeyringError::Name { name: key.name });
            }
            held.push(key.read()?);
        }
        let keyring = Keyring { held };
        for role in Role::ALL {
            if keyring.of(role).next().is_none() {
                return Err(KeyringError::NoKey { role: role.name() });
            }
        }
        Ok(Self {
            address: Address::new(&written.public_url)?,
            begun: written.begun,
            keyring,
        })
    }
}

impl WrittenKey {
    fn read(self) -> Result<Held, KeyringError> {
        let name = || self.name.clone();
        let role = Role::ALL.into_iter().find(|role| role.name() == self.role);
        let role = role.ok_or_else(|| KeyringError::Role {
            name: name(),
            found: self.role.clone(),
        })?;
        let time = |text: &str| {
            let time = UnixTime::parse(text);
            time.map_err(|source| KeyringError::Time {
                name: name(),
                source,
            })
        };
        let public_key = PublicKey::from_pem(&self.public_key);
        let public_key = public_key.map_err(|source| KeyringError::PublicKey {
            name: name(),
            source,
        })?;
        let certificates = self.certificates.iter().map(|pem| {
            let certificate = Certificate::from_pem(pem);
            certificate.map_err(|source| KeyringError::Certificate {
                name: name(),
                source,
            })
        });
        let certificates = certificates.collect::<Result<Vec<_>, _>>()?;
        let is_authority = matches!(role, Role::CertificateAuthority | Role::TimestampAuthority);
        let found = match certificates.first() {
            None if is_authority => Some("no certificates"),
            Some(_) if !is_authority => Some("certificates"),
            Some(own) if *own.public_key() != public_key => Some("the certificate of another key"),
            _ => None,
        };
        if let Some(found) = found {
            return Err(KeyringError::Chain {
                name: name(),
                found,
            });
        }
        if let Some(url) = &self.url
            && !is_log_url(role, url)
        {
            return Err(KeyringError::Url {
                name: name(),
                found: url.clone(),
            });
        }
        let valid_for = Window {
            start: time(&self.start)?,
            end: self.end.as_deref().map(time).transpose()?,
        };
        Ok(Held {
            role,
            name: self.name,
            valid_for,
            public_key,
            certificates,
            url: self.url,
            fresh: self.fresh,
        })
    }
}

/// Whether a log of that role can be at that URL.
pub(crate) fn is_log_url(role: Role, url: &str) -> bool {
    match role {
        Role::RekorLog => Address::new(url).is_ok_and(|address| address.base() == url),
        Role::CtLog => {
            // Below the address of an instance, in one plain segment.
            let Some((base, segment)) = url.rsplit_once('/') else {
                return false;
            };
            let plain =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            let is_plain = !segment.is_empty() && segment.bytes().all(plain);
            is_plain && Address::new(base).is_ok_and(|address| address.base() == base)
        }
        _ => false,
    }
}

//! What the transit engine answers, and the checks of it.

use std::collections::BTreeMap;

use serde::Deserialize;
use waxwing_crypto::{KeyType, PublicKey, SignatureAlgorithm};
use waxwing_encoding::base64;

use super::SERVICE;
use super::key::{key_type, of_ed25519};
use crate::error::{OpenError, ServiceError};
use crate::opening::Opening;

/// What the engine wraps its answers in.
#[derive(Deserialize)]
pub(crate) struct Answer<T> {
    pub(crate) data: T,
}

/// A key, as it is described.
#[derive(Deserialize)]
pub(crate) struct Described {
    #[serde(rename = "type")]
    kind: String,
    latest_version: u64,
    #[serde(default)]
    derived: bool,
    keys: BTreeMap<String, Version>,
}

/// One of its versions. Keys that encrypt have a time alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Version {
    Signs {
        public_key: String,
    },
    #[expect(dead_code, reason = "whatever it is, it does not sign")]
    Other(serde_json::Value),
}

#[derive(Deserialize)]
pub(crate) struct Signed {
    signature: String,
}

/// What is read of a key.
pub(crate) struct Read {
    pub(crate) public_key: PublicKey,
    pub(crate) version: u64,
    pub(crate) algorithm: SignatureAlgorithm,
}

impl Described {
    /// The public half of this version, or of the newest.
    pub(crate) fn read(
        &self,
        pinned: Option<u64>,
        opening: &Opening<'_>,
    ) -> Result<Read, OpenError> {
        let usage = |found: String| OpenError::Usage {
            key: opening.key(),
            found: waxwing_net::printable(&found),
            expected: "signatures: ecdsa-p256, ecdsa-p384, ecdsa-p521, ed25519, rsa-2048, rsa-3072 or rsa-4096",
        };
        let Some(expected) = key_type(&self.kind) else {
            return Err(usage(self.kind.clone()));
        };
        if self.derived {
            return Err(usage(format!(
                "{}, derived anew for each context",
                self.kind
            )));
        }
        let version = pinned.unwrap_or(self.latest_version);
        let Some(Version::Signs { public_key }) = self.keys.get(&version.to_string()) else {
            return Err(OpenError::State {
                key: opening.key(),
                found: format!("the engine has no version {version} of it"),
                expected: "one that is not archived; VAULT_KEY_PREFIX (vault:v1:) names another",
            });
        };
        let public_key = match expected {
            KeyType::Ed25519 => {
                opening.public_key(&of_ed25519(public_key).map_err(|error| opening.failed(error))?)
            }
            _ => opening.public_key_of_pem(public_key),
        }?;
        if public_key.key_type() != expected {
            return Err(OpenError::Kind {
                key: opening.key(),
                said: expected,
                found: public_key.key_type(),
            });
        }
        let algorithm = opening.by_hash(public_key.key_type())?;
        Ok(Read {
            public_key,
            version,
            algorithm,
        })
    }
}

impl Signed {
    /// The signature, if it is of this version.
    pub(crate) fn signature(&self, version: u64) -> Result<Vec<u8>, ServiceError> {
        let answer = |found, expected| ServiceError::Answer {
            service: SERVICE,
            found,
            expected,
        };
        match self.signature.strip_prefix(&format!("vault:v{version}:")) {
            Some(signature) => base64::decode(signature)
                .map_err(|error| answer(error.to_string(), "a signature in base64")),
            None => {
                let shown: String = self.signature.chars().take(16).collect();
                let shown = waxwing_net::printable(&shown);
                Err(answer(
                    format!("with the signature {shown:?}…"),
                    "one of the version that was asked for, vault:vN:…",
                ))
            }
        }
    }
}

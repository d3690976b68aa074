//! What Azure Key Vault answers, and the checks of it.

use serde::Deserialize;
use waxwing_crypto::{HashAlgorithm, KeyType, PublicKey, SignatureAlgorithm};
use waxwing_encoding::base64;
use waxwing_net::Url;

use super::SERVICE;
use super::jwk::{self, Jwk, Read};
use crate::AzureKey;
use crate::error::{OpenError, ServiceError};
use crate::opening::Opening;

/// A key and what is said of it.
#[derive(Deserialize)]
pub(crate) struct Bundle {
    key: Jwk,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Deserialize, Default)]
struct Attributes {
    enabled: Option<bool>,
}

/// A signature.
#[derive(Deserialize)]
pub(crate) struct Signed {
    kid: String,
    value: String,
}

impl Bundle {
    /// The key, and how it signs.
    pub(crate) fn read(
        &self,
        opening: &Opening<'_>,
    ) -> Result<(PublicKey, SignatureAlgorithm), OpenError> {
        if self.attributes.enabled == Some(false) {
            return Err(OpenError::State {
                key: opening.key(),
                found: "the key is disabled".to_owned(),
                expected: "one that is enabled",
            });
        }
        if let Some(operations) = &self.key.key_ops
            && !operations.iter().any(|operation| operation == "sign")
        {
            return Err(OpenError::Usage {
                key: opening.key(),
                found: waxwing_net::printable(&operations.join(", ")),
                expected: "sign",
            });
        }
        let public_key = match self.key.read() {
            Read::Spki(spki) => opening.public_key(&spki),
            Read::Pkcs1(key) => opening.public_key_of_pkcs1(&key),
            Read::Other(found) => Err(opening.unknown(found)),
            Read::Broken(found) => Err(opening.failed(answer(
                format!("with a key of which {found}"),
                "a whole one",
            ))),
        }?;
        let algorithm = choose(public_key.key_type(), opening)?;
        Ok((public_key, algorithm))
    }

    /// The address of the version that an answer is about, if it is one of the key that was asked for.
    pub(crate) fn version(&self, asked: &Url, key: &AzureKey) -> Result<Url, ServiceError> {
        let other = || {
            answer(
                format!("for the key {}", waxwing_net::printable(&self.key.kid)),
                "the key that was asked for, with its version",
            )
        };
        let url = Url::parse(&self.key.kid).map_err(|_| other())?;
        let words: Vec<&str> = url.path_segments().into_iter().flatten().collect();
        let known = |version: &str| {
            !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let bare = url.username().is_empty() && url.query().is_none() && url.fragment().is_none();
        let same_host = url.origin() == asked.origin();
        match words.as_slice() {
            ["keys", name, version]
                if same_host
                    && bare
                    && name.eq_ignore_ascii_case(key.name())
                    && known(version)
                    && key
                        .version()
                        .is_none_or(|asked| asked.eq_ignore_ascii_case(version)) =>
            {
                Ok(url)
            }
            _ => Err(other()),
        }
    }
}

impl Signed {
    /// The signature in the form that certificates have, if it is said to be of this version.
    pub(crate) fn signature(&self, key: &Url, kind: KeyType) -> Result<Vec<u8>, ServiceError> {
        if Url::parse(&self.kid).ok().as_ref() != Some(key) {
            return Err(answer(
                format!("for the key {}", waxwing_net::printable(&self.kid)),
                "the version that was asked for",
            ));
        }
        let value = base64::decode_proto_json(&self.value)
            .map_err(|error| answer(error.to_string(), "the signature in base64url"))?;
        match kind {
            KeyType::Rsa(_) => Ok(value),
            _ => jwk::signature(&value, kind).ok_or_else(|| {
                let found = format!("with a signature of {} bytes", value.len());
                answer(found, "r and s, each as long as the curve's order")
            }),
        }
    }
}

/// A curve has one algorithm; RSA follows the hash that is asked for, or its size.
fn choose(key: KeyType, opening: &Opening<'_>) -> Result<SignatureAlgorithm, OpenError> {
    let by_size = match key {
        KeyType::Rsa(3072) => HashAlgorithm::Sha384,
        KeyType::Rsa(4096) => HashAlgorithm::Sha512,
        _ => HashAlgorithm::Sha256,
    };
    let algorithm = match key {
        KeyType::Rsa(_) => SignatureAlgorithm::with_hash(key, opening.hash.unwrap_or(by_size)),
        _ => SignatureAlgorithm::default_for(key),
    };
    algorithm.ok_or_else(|| opening.unknown(format!("{key:?}")))
}

pub(super) fn answer(found: String, expected: &'static str) -> ServiceError {
    ServiceError::Answer {
        service: SERVICE,
        found,
        expected,
    }
}

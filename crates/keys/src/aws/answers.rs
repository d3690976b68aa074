//! What AWS KMS answers, and the checks of it.

use serde::Deserialize;
use waxwing_crypto::{PublicKey, SignatureAlgorithm};
use waxwing_encoding::base64;

use super::SERVICE;
use super::algorithm::choose;
use crate::error::{OpenError, ServiceError};
use crate::opening::Opening;

/// What `GetPublicKey` answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PublicHalf {
    key_id: String,
    key_usage: String,
    /// Keys that encrypt may have none.
    public_key: Option<String>,
    signing_algorithms: Option<Vec<String>>,
}

/// What `Sign` answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Signed {
    key_id: String,
    signature: String,
    signing_algorithm: String,
}

/// What is read of a public half.
pub(crate) struct Read {
    pub(crate) public_key: PublicKey,
    pub(crate) signs_by: &'static str,
    pub(crate) algorithm: SignatureAlgorithm,
}

impl PublicHalf {
    /// The key, and how it signs.
    pub(crate) fn read(&self, opening: &Opening<'_>) -> Result<Read, OpenError> {
        if self.key_usage != "SIGN_VERIFY" {
            return Err(OpenError::Usage {
                key: opening.key(),
                found: waxwing_net::printable(&self.key_usage),
                expected: "SIGN_VERIFY",
            });
        }
        let text = self.public_key.as_deref().unwrap_or_default();
        let spki = match base64::decode(text) {
            Ok(spki) if !spki.is_empty() => spki,
            _ => {
                let found = "without a PublicKey in base64";
                return Err(opening.failed(answer(found, "one")));
            }
        };
        let public_key = opening.public_key(&spki)?;
        let names = self.signing_algorithms.as_deref();
        let (signs_by, algorithm) = choose(names, public_key.key_type(), opening)?;
        let algorithm = opening.fitting(algorithm, &public_key)?;
        Ok(Read {
            public_key,
            signs_by,
            algorithm,
        })
    }

    /// The key's own ID, whatever alias was asked for.
    pub(crate) fn own_id(&self) -> &str {
        own_id(&self.key_id)
    }
}

impl Signed {
    /// The signature, if it is said to be of this key and by this algorithm.
    pub(crate) fn signature(&self, id: &str, signs_by: &str) -> Result<Vec<u8>, ServiceError> {
        if own_id(&self.key_id) != id {
            return Err(answer(
                &format!("with a signature of the key {}", self.key_id),
                "the key whose public half was asked for; if the alias was moved, start again",
            ));
        }
        if self.signing_algorithm != signs_by {
            let found = format!("with a signature by {}", self.signing_algorithm);
            return Err(answer(&found, "the algorithm that was asked for"));
        }
        base64::decode(&self.signature)
            .map_err(|error| answer(&error.to_string(), "the signature in base64"))
    }
}

/// The end of a key's ARN.
fn own_id(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or_default()
}

fn answer(found: &str, expected: &'static str) -> ServiceError {
    ServiceError::Answer {
        service: SERVICE,
        found: waxwing_net::printable(found),
        expected,
    }
}

//! What Google Cloud KMS answers, and the checks of it.

use serde::Deserialize;
use waxwing_crypto::{HashAlgorithm, PublicKey, SignatureAlgorithm};
use waxwing_encoding::base64;

use super::SERVICE;
use crate::error::{OpenError, ServiceError};
use crate::opening::Opening;

/// One page of versions.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Versions {
    #[serde(default)]
    crypto_key_versions: Vec<Version>,
    #[serde(default)]
    pub(super) next_page_token: String,
}

#[derive(Deserialize)]
pub(super) struct Version {
    name: String,
    state: String,
}

/// The public half of a version.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PublicHalf {
    name: String,
    algorithm: String,
    #[serde(default)]
    pem: String,
    pem_crc32c: Option<String>,
}

/// A signature.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Signed {
    name: String,
    signature: String,
    signature_crc32c: Option<String>,
    #[serde(default)]
    verified_digest_crc32c: bool,
    #[serde(default)]
    verified_data_crc32c: bool,
}

impl Versions {
    /// The newest of those that are enabled.
    pub(crate) fn newest(&self) -> Option<u64> {
        let versions = self.crypto_key_versions.iter();
        let enabled = versions.filter(|version| version.state == "ENABLED");
        let numbers = enabled.filter_map(|version| version.name.rsplit('/').next()?.parse().ok());
        numbers.max()
    }
}

impl PublicHalf {
    /// The key, and how this version of it signs.
    pub(crate) fn read(
        &self,
        version: &str,
        opening: &Opening<'_>,
    ) -> Result<(PublicKey, SignatureAlgorithm), OpenError> {
        let algorithm = match algorithm(&self.algorithm) {
            Some(algorithm) => algorithm,
            None if self.algorithm.contains("_SIGN_") => {
                return Err(opening.unknown(self.algorithm.as_str()));
            }
            None => {
                return Err(OpenError::Usage {
                    key: opening.key(),
                    found: waxwing_net::printable(&self.algorithm),
                    expected: "ASYMMETRIC_SIGN",
                });
            }
        };
        self.check(version).map_err(|error| opening.failed(error))?;
        let public_key = opening.public_key_of_pem(&self.pem)?;
        let algorithm = opening.fitting(algorithm, &public_key)?;
        Ok((public_key, algorithm))
    }

    fn check(&self, version: &str) -> Result<(), ServiceError> {
        same_name(&self.name, version)?;
        intact(self.pem.as_bytes(), self.pem_crc32c.as_deref())
    }
}

impl Signed {
    /// The signature, if the service signed what it was sent, and it came as it was sent.
    pub(crate) fn signature(self, version: &str, by_digest: bool) -> Result<Vec<u8>, ServiceError> {
        same_name(&self.name, version)?;
        let verified = match by_digest {
            true => self.verified_digest_crc32c,
            false => self.verified_data_crc32c,
        };
        if !verified {
            return Err(answer(
                "that it did not check what came by its checksum".to_owned(),
                "that it did: what came may not be what was sent; try again",
            ));
        }
        let signature = base64::decode(&self.signature)
            .map_err(|error| answer(error.to_string(), "the signature in base64"))?;
        intact(&signature, self.signature_crc32c.as_deref())?;
        Ok(signature)
    }
}

fn same_name(found: &str, version: &str) -> Result<(), ServiceError> {
    // The project may be named by its number where it was asked for by its name, and the other way round.
    let without_project = |name: &str| name.splitn(3, '/').nth(2).map(str::to_owned);
    match without_project(found) == without_project(version) {
        true => Ok(()),
        false => Err(answer(
            format!("for the version {}", waxwing_net::printable(found)),
            "the version that was asked for",
        )),
    }
}

fn intact(bytes: &[u8], found: Option<&str>) -> Result<(), ServiceError> {
    match found {
        Some(found) if found == checksum(bytes) => Ok(()),
        Some(_) => Err(answer(
            "something that its checksum does not match".to_owned(),
            "what was sent: it was changed on the way; try again",
        )),
        None => Err(answer("without a checksum".to_owned(), "one")),
    }
}

pub(super) fn answer(found: String, expected: &'static str) -> ServiceError {
    ServiceError::Answer {
        service: SERVICE,
        found,
        expected,
    }
}

/// CRC-32C as ProtoJSON has it: a number of 64 bits, which is a text.
pub(super) fn checksum(bytes: &[u8]) -> String {
    crc32c::crc32c(bytes).to_string()
}

pub(super) fn hash_name(hash: HashAlgorithm) -> &'static str {
    match hash {
        HashAlgorithm::Sha384 => "sha384",
        HashAlgorithm::Sha512 => "sha512",
        _ => "sha256",
    }
}

/// What the service's names mean.
fn algorithm(name: &str) -> Option<SignatureAlgorithm> {
    Some(match name {
        "EC_SIGN_P256_SHA256" => SignatureAlgorithm::EcdsaP256Sha256,
        "EC_SIGN_P384_SHA384" => SignatureAlgorithm::EcdsaP384Sha384,
        "EC_SIGN_ED25519" => SignatureAlgorithm::Ed25519,
        "RSA_SIGN_PKCS1_2048_SHA256"
        | "RSA_SIGN_PKCS1_3072_SHA256"
        | "RSA_SIGN_PKCS1_4096_SHA256" => SignatureAlgorithm::RsaPkcs1Sha256,
        "RSA_SIGN_PKCS1_4096_SHA512" => SignatureAlgorithm::RsaPkcs1Sha512,
        "RSA_SIGN_PSS_2048_SHA256" | "RSA_SIGN_PSS_3072_SHA256" | "RSA_SIGN_PSS_4096_SHA256" => {
            SignatureAlgorithm::RsaPssSha256
        }
        _ => return None,
    })
}

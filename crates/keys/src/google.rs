//! Google Cloud KMS: two requests, `publicKey` and `asymmetricSign`, and a list where no version is named.
//!
//! ```text
//! GET  https://cloudkms.googleapis.com/v1/projects/…/cryptoKeys/K/cryptoKeyVersions?filter=state%3DENABLED
//! GET  https://cloudkms.googleapis.com/v1/projects/…/cryptoKeyVersions/1/publicKey
//! {"name":"…","algorithm":"EC_SIGN_P256_SHA256","pem":"-----BEGIN PUBLIC KEY-----…","pemCrc32c":"2561089887"}
//!
//! POST https://cloudkms.googleapis.com/v1/projects/…/cryptoKeyVersions/1:asymmetricSign
//! {"digest":{"sha256":"…"},"digestCrc32c":"2423438530"}
//! {"name":"…","signature":"…","signatureCrc32c":"1093746511","verifiedDigestCrc32c":true}
//! ```
//!
//! The version decides the algorithm, whatever hash is asked for. Every checksum is checked, and its absence is an error:
//! the service always sends them. Refused: versions that encrypt, and PSS with another hash than SHA-256.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use waxwing_client::google::{AccessToken, Caller};
use waxwing_crypto::{HashAlgorithm, SignatureAlgorithm};
use waxwing_encoding::base64;
use waxwing_encoding::time::UnixTime;
use waxwing_net::{HeaderName, Request, Url};

use crate::ask::Question;
use crate::credentials::{Ends, Kept};
use crate::error::{OpenError, ServiceError};
use crate::open::Opening;
use crate::remote::{RemoteKey, Service};
use crate::{CredentialsError, GoogleKey, Signer, Surroundings};

const SERVICE: &str = "Google Cloud KMS";
const ADDRESS: &str = "https://cloudkms.googleapis.com/v1/";

/// The longest message that is signed without being hashed here first.
const LONGEST_RAW: usize = 65_536;

/// The most pages of versions, and how many are on one.
const MOST_PAGES: usize = 50;
const PAGE: &str = "500";

const LIST_ADVICE: &str = "check the reference, and that the credentials may cloudkms.cryptoKeyVersions.list, or name a \
    version (/cryptoKeyVersions/1)";
const KEY_ADVICE: &str = "check the reference, and that the credentials may cloudkms.cryptoKeyVersions.viewPublicKey \
    (roles/cloudkms.publicKeyViewer)";
const SIGN_ADVICE: &str = "check that the version is enabled, and that the credentials may \
    cloudkms.cryptoKeyVersions.useToSign (roles/cloudkms.signer)";

/// A version of a key.
#[derive(Debug)]
struct CloudKms {
    /// `projects/…/cryptoKeyVersions/1`, empty until it is known.
    version: String,
    surroundings: Surroundings,
    tokens: Kept<Token>,
}

/// A token with its end.
#[derive(Debug)]
struct Token {
    token: AccessToken,
    end: Option<UnixTime>,
}

impl Ends for Token {
    fn end(&self) -> Option<UnixTime> {
        self.end
    }
}

/// One page of versions.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Versions {
    #[serde(default)]
    crypto_key_versions: Vec<Version>,
    #[serde(default)]
    next_page_token: String,
}

#[derive(Deserialize)]
struct Version {
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

pub(crate) async fn open(
    key: &GoogleKey,
    opening: &Opening<'_>,
) -> Result<Arc<dyn Signer>, OpenError> {
    let failed = |error: ServiceError| opening.failed(error);
    let mut service = CloudKms {
        version: String::new(),
        surroundings: opening.surroundings.clone(),
        tokens: Kept::default(),
    };
    let number = match key.version() {
        Some(number) => number,
        None => match service.newest(key.path()).await.map_err(failed)? {
            Some(number) => number,
            None => {
                return Err(OpenError::State {
                    key: opening.key(),
                    found: "no version of the key is enabled".to_owned(),
                    expected: "one that is",
                });
            }
        },
    };
    service.version = format!("{}/cryptoKeyVersions/{number}", key.path());
    let half = service.public_half().await.map_err(failed)?;
    let algorithm = match algorithm(&half.algorithm) {
        Some(algorithm) => algorithm,
        None if half.algorithm.contains("_SIGN_") => return Err(opening.unknown(half.algorithm)),
        None => {
            return Err(OpenError::Usage {
                key: opening.key(),
                found: waxwing_net::printable(&half.algorithm),
                expected: "ASYMMETRIC_SIGN",
            });
        }
    };
    half.check(&service.version).map_err(failed)?;
    let public_key = opening.public_key_of_pem(&half.pem)?;
    let algorithm = opening.fitting(algorithm, &public_key)?;
    Ok(Arc::new(RemoteKey {
        reference: opening.reference.clone(),
        public_key,
        algorithm,
        service,
    }))
}

impl CloudKms {
    /// The newest version that is enabled. The original takes the first by name, backwards, where 9 is before 10.
    async fn newest(&self, key: &str) -> Result<Option<u64>, ServiceError> {
        let mut newest = None;
        let mut page = String::new();
        let expected = "cryptoKeyVersions in JSON";
        for _ in 0..MOST_PAGES {
            let mut url = place(&format!("{key}/cryptoKeyVersions"))?;
            url.query_pairs_mut()
                .append_pair("filter", "state=ENABLED")
                .append_pair("pageSize", PAGE);
            if !page.is_empty() {
                url.query_pairs_mut().append_pair("pageToken", &page);
            }
            let reason = ("list the versions of the key", LIST_ADVICE);
            let versions: Versions = self.ask(Request::get(&url), reason, expected).await?;
            let enabled = versions.crypto_key_versions.iter();
            let numbers = enabled
                .filter(|version| version.state == "ENABLED")
                .filter_map(|version| version.name.rsplit('/').next()?.parse().ok());
            newest = newest.max(numbers.max());
            if versions.next_page_token.is_empty() {
                return Ok(newest);
            }
            page = versions.next_page_token;
        }
        Err(ServiceError::Answer {
            service: SERVICE,
            found: format!("more than {MOST_PAGES} pages of versions"),
            expected: "fewer; name a version (/cryptoKeyVersions/1)",
        })
    }

    async fn public_half(&self) -> Result<PublicHalf, ServiceError> {
        let request = Request::get(place(&format!("{}/publicKey", self.version))?);
        let expected = "name, algorithm, pem and pemCrc32c in JSON";
        let reason = ("give the public key", KEY_ADVICE);
        self.ask(request, reason, expected).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        request: Request,
        (deed, advice): (&'static str, &'static str),
        expected: &'static str,
    ) -> Result<T, ServiceError> {
        let token = self.token().await?;
        let AccessToken {
            secret,
            quota_project,
            ..
        } = &token.token;
        let mut request = request.bearer(secret);
        if let Some(project) = quota_project {
            request = request.header(HeaderName::from_static("x-goog-user-project"), project);
        }
        let question = Question {
            service: SERVICE,
            deed,
            advice,
            secrets: &[secret],
        };
        question
            .json(&self.surroundings.client, request, expected)
            .await
    }

    async fn token(&self) -> Result<Arc<Token>, CredentialsError> {
        let clock = &*self.surroundings.clock;
        self.tokens.get(clock, find(&self.surroundings)).await
    }
}

async fn find(surroundings: &Surroundings) -> Result<Token, CredentialsError> {
    let caller = Caller {
        variable: &*surroundings.variable,
        client: &surroundings.client,
        clock: &*surroundings.clock,
    };
    let asked = surroundings.clock.now();
    let token = caller.access_token().await;
    let token = token.map_err(|source| CredentialsError::Google(Box::new(source)))?;
    let end = token
        .seconds
        .map(|seconds| asked.plus_seconds(i64::from(seconds)));
    Ok(Token { token, end })
}

impl Service for CloudKms {
    const NAME: &'static str = SERVICE;

    async fn sign(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, ServiceError> {
        let digest = algorithm.hash().map(|hash| hash.digest(message));
        let question: Value = match &digest {
            Some(digest) => json!({
                "digest": { hash_name(digest.algorithm()): base64::encode(digest.as_bytes()) },
                "digestCrc32c": checksum(digest.as_bytes()),
            }),
            None if message.len() > LONGEST_RAW => {
                return Err(ServiceError::TooLong {
                    service: SERVICE,
                    length: message.len(),
                    limit: LONGEST_RAW,
                });
            }
            None => json!({ "data": base64::encode(message), "dataCrc32c": checksum(message) }),
        };
        let url = place(&format!("{}:asymmetricSign", self.version))?;
        let request = Request::post_json(&url, &question).repeatable();
        let expected = "name, signature, signatureCrc32c and verifiedDigestCrc32c in JSON";
        let signed: Signed = self.ask(request, ("sign", SIGN_ADVICE), expected).await?;
        signed.signature(&self.version, digest.is_some())
    }
}

impl PublicHalf {
    fn check(&self, version: &str) -> Result<(), ServiceError> {
        same_name(&self.name, version)?;
        intact(self.pem.as_bytes(), self.pem_crc32c.as_deref())
    }
}

impl Signed {
    /// The signature, if the service signed what it was sent, and it came as it was sent.
    fn signature(self, version: &str, by_digest: bool) -> Result<Vec<u8>, ServiceError> {
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

fn answer(found: String, expected: &'static str) -> ServiceError {
    ServiceError::Answer {
        service: SERVICE,
        found,
        expected,
    }
}

/// CRC-32C as ProtoJSON has it: a number of 64 bits, which is a text.
fn checksum(bytes: &[u8]) -> String {
    crc32c::crc32c(bytes).to_string()
}

/// Names in references have no characters that mean something in a URL.
fn place(path: &str) -> Result<Url, ServiceError> {
    let url = format!("{ADDRESS}{path}");
    Url::parse(&url).map_err(|error| answer(error.to_string(), "a name that is a path"))
}

fn hash_name(hash: HashAlgorithm) -> &'static str {
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

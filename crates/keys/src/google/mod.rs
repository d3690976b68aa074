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

pub(crate) mod answers;

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use waxwing_client::google::{AccessToken, Caller};
use waxwing_crypto::SignatureAlgorithm;
use waxwing_encoding::base64;
use waxwing_encoding::time::UnixTime;
use waxwing_net::{HeaderName, Request, Url};

use self::answers::{PublicHalf, Signed, Versions, answer, checksum, hash_name};
use crate::ask::Question;
use crate::credentials::{Ends, Kept};
use crate::error::{OpenError, ServiceError};
use crate::opening::Opening;
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
    let (public_key, algorithm) = half.read(&service.version, opening)?;
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
            newest = newest.max(versions.newest());
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
        reason: (&'static str, &'static str),
        expected: &'static str,
    ) -> Result<T, ServiceError> {
        let token = self.token().await?;
        match self
            .ask_by(&token.token, request.clone(), reason, expected)
            .await
        {
            // It was taken back.
            Err(error) if error.is_of_credentials() && self.tokens.forget(&token).await => {
                let token = self.token().await?;
                self.ask_by(&token.token, request, reason, expected).await
            }
            answer => answer,
        }
    }

    async fn ask_by<T: DeserializeOwned>(
        &self,
        token: &AccessToken,
        request: Request,
        (deed, advice): (&'static str, &'static str),
        expected: &'static str,
    ) -> Result<T, ServiceError> {
        let secret = &token.secret;
        let mut request = request.bearer(secret);
        if let Some(project) = &token.quota_project {
            request = request.header(HeaderName::from_static("x-goog-user-project"), project);
        }
        let question = Question {
            service: SERVICE,
            deed,
            advice,
            secrets: &[secret],
        };
        let client = &self.surroundings.client;
        question.json(client, request, expected).await
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

/// Names in references have no characters that mean something in a URL.
fn place(path: &str) -> Result<Url, ServiceError> {
    let url = format!("{ADDRESS}{path}");
    Url::parse(&url).map_err(|error| answer(error.to_string(), "a name that is a path"))
}

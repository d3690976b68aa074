//! Azure Key Vault and managed HSMs: two requests, one for the key and `sign`.
//!
//! ```text
//! GET  https://v.vault.azure.net/keys/K/?api-version=7.4               authorization: Bearer …
//! {"key":{"kid":"https://v.vault.azure.net/keys/K/0a1b","kty":"EC","crv":"P-256",…},"attributes":{"enabled":true}}
//!
//! POST https://v.vault.azure.net/keys/K/0a1b/sign?api-version=7.4      {"alg":"ES256","value":"…"}
//! {"kid":"https://v.vault.azure.net/keys/K/0a1b","value":"…"}
//! ```
//!
//! The version whose public half was asked for is the one that signs. A curve decides the algorithm; an RSA key signs by
//! PKCS #1 v1.5 with the hash that is asked for, else as in the original: by its size (2048: SHA-256, 3072: SHA-384, 4096:
//! SHA-512). Refused: keys that are switched off or do not sign, P-256K, an answer for another key.

pub(crate) mod answers;
mod cloud;
pub(crate) mod credentials;
mod jwk;

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::json;
use waxwing_crypto::{HashAlgorithm, KeyType, SignatureAlgorithm};
use waxwing_encoding::base64;
use waxwing_net::{Client, Request, Url};

use self::answers::{Bundle, Signed, answer};
use self::cloud::Place;
use self::credentials::Token;
use crate::ask::Question;
use crate::credentials::Kept;
use crate::error::{OpenError, ServiceError};
use crate::opening::Opening;
use crate::remote::{RemoteKey, Service};
use crate::{AzureKey, CredentialsError, Signer, Surroundings};

pub(super) const SERVICE: &str = "Azure Key Vault";

/// The version of the interface: the oldest one that has all of this and that is still kept.
const API: &str = "7.4";

const KEY_ADVICE: &str =
    "check the reference, and that the identity may get keys (Key Vault Crypto User)";
const SIGN_ADVICE: &str = "check that the key is enabled and in its time, and that the identity may sign with keys (Key Vault \
    Crypto User)";

/// A version of a key.
#[derive(Debug)]
struct KeyVault {
    /// `https://v.vault.azure.net/keys/K/0a1b`, without the version until it is known.
    key: Url,
    kind: KeyType,
    place: Place,
    client: Client,
    surroundings: Surroundings,
    tokens: Kept<Token>,
}

pub(crate) async fn open(
    key: &AzureKey,
    opening: &Opening<'_>,
) -> Result<Arc<dyn Signer>, OpenError> {
    let vault = KeyVault::new(key, opening.surroundings);
    let mut vault = vault.map_err(|error| opening.failed(error))?;
    let bundle = vault.bundle().await;
    let bundle = bundle.map_err(|error| opening.failed(error))?;
    let (public_key, algorithm) = bundle.read(opening)?;
    vault.kind = public_key.key_type();
    let version = bundle.version(&vault.key, key);
    vault.key = version.map_err(|error| opening.failed(error))?;
    Ok(Arc::new(RemoteKey {
        reference: opening.reference.clone(),
        public_key,
        algorithm,
        service: vault,
    }))
}

impl KeyVault {
    fn new(key: &AzureKey, surroundings: &Surroundings) -> Result<Self, ServiceError> {
        let place = Place::new(key.host(), surroundings)?;
        let mut url = place.vault.clone();
        // One segment each: a name leads nowhere else.
        if let Ok(mut path) = url.path_segments_mut() {
            // A slash stands behind the name where no version does, as Azure's own clients have it.
            let version = key.version().unwrap_or_default();
            path.pop_if_empty().extend(["keys", key.name(), version]);
        }
        Ok(Self {
            client: surroundings.client_for(SERVICE, &url)?,
            key: url,
            kind: KeyType::EcdsaP256,
            place,
            surroundings: surroundings.clone(),
            tokens: Kept::default(),
        })
    }

    async fn bundle(&self) -> Result<Bundle, ServiceError> {
        let request = Request::get(with_version(&self.key));
        let expected = "key with kid and kty in JSON";
        self.ask(request, ("give the key", KEY_ADVICE), expected)
            .await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        request: Request,
        reason: (&'static str, &'static str),
        expected: &'static str,
    ) -> Result<T, ServiceError> {
        let token = self.token().await?;
        match self.ask_by(&token, request.clone(), reason, expected).await {
            // It was taken back.
            Err(error) if error.is_of_credentials() && self.tokens.forget(&token).await => {
                let token = self.token().await?;
                self.ask_by(&token, request, reason, expected).await
            }
            answer => answer,
        }
    }

    async fn ask_by<T: DeserializeOwned>(
        &self,
        token: &Token,
        request: Request,
        (deed, advice): (&'static str, &'static str),
        expected: &'static str,
    ) -> Result<T, ServiceError> {
        let question = Question {
            service: SERVICE,
            deed,
            advice,
            secrets: &[&token.secret],
        };
        let request = request.bearer(&token.secret);
        question.json(&self.client, request, expected).await
    }

    async fn token(&self) -> Result<Arc<Token>, CredentialsError> {
        let find = credentials::find(&self.place, &self.surroundings);
        self.tokens.get(&*self.surroundings.clock, find).await
    }
}

impl Service for KeyVault {
    const NAME: &'static str = SERVICE;

    async fn sign(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, ServiceError> {
        let (name, hash) = name(algorithm)?;
        let digest = hash.digest(message);
        let mut url = self.key.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.push("sign");
        }
        let question = json!({ "alg": name, "value": base64::encode_url(digest.as_bytes()) });
        let request = Request::post_json(with_version(&url), &question).repeatable();
        let expected = "kid and value in JSON";
        let signed: Signed = self.ask(request, ("sign", SIGN_ADVICE), expected).await?;
        signed.signature(&self.key, self.kind)
    }
}

/// The service's names.
fn name(algorithm: SignatureAlgorithm) -> Result<(&'static str, HashAlgorithm), ServiceError> {
    Ok(match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => ("ES256", HashAlgorithm::Sha256),
        SignatureAlgorithm::EcdsaP384Sha384 => ("ES384", HashAlgorithm::Sha384),
        SignatureAlgorithm::EcdsaP521Sha512 => ("ES512", HashAlgorithm::Sha512),
        SignatureAlgorithm::RsaPkcs1Sha256 => ("RS256", HashAlgorithm::Sha256),
        SignatureAlgorithm::RsaPkcs1Sha384 => ("RS384", HashAlgorithm::Sha384),
        SignatureAlgorithm::RsaPkcs1Sha512 => ("RS512", HashAlgorithm::Sha512),
        other => {
            let found = format!("a key that signs by {other:?}");
            return Err(answer(found, "ES256, ES384, ES512, RS256, RS384 or RS512"));
        }
    })
}

fn with_version(url: &Url) -> Url {
    let mut url = url.clone();
    url.query_pairs_mut().append_pair("api-version", API);
    url
}

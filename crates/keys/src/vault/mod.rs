//! The transit engine of Vault and OpenBao: two requests, `keys` and `sign`.
//!
//! ```text
//! GET  $VAULT_ADDR/v1/transit/keys/KEY               x-vault-token: …
//! {"data":{"type":"ecdsa-p256","latest_version":2,"keys":{"2":{"public_key":"-----BEGIN PUBLIC KEY-----…"}}}}
//!
//! POST $VAULT_ADDR/v1/transit/sign/KEY/sha2-256
//! {"input":"…","key_version":2,"marshaling_algorithm":"asn1","prehashed":true,"signature_algorithm":"pkcs1v15"}
//! {"data":{"signature":"vault:v2:MEUC…"}}
//! ```
//!
//! The version whose public half was asked for is the one that signs, though the key be rotated meanwhile: the newest
//! one, or that of `VAULT_KEY_PREFIX` (`vault:v1:`). Refused: keys that do not sign, derived keys, a signature of another
//! version.

pub(crate) mod answers;
mod key;
mod place;

use std::sync::Arc;

use serde_json::json;
use waxwing_crypto::SignatureAlgorithm;
use waxwing_encoding::base64;
use waxwing_net::{Client, HeaderName, Request, Url};
use zeroize::Zeroizing;

use self::answers::{Answer, Described, Read, Signed};
use self::key::hash_name;
use self::place::{base, pinned};
use crate::ask::Question;
use crate::credentials::{read_if_there, with_roots};
use crate::error::{OpenError, ServiceError};
use crate::opening::Opening;
use crate::remote::{RemoteKey, Service};
use crate::surroundings::refuse_blind_trust;
use crate::{CredentialsError, Signer, Surroundings, VaultKey, VaultKind};

const SERVICE: &str = "Vault";

const KEY_ADVICE: &str = "check the key's name, TRANSIT_SECRET_ENGINE_PATH, and that the token's policy may read …/keys/KEY";
const SIGN_ADVICE: &str =
    "check that the token's policy may update …/sign/KEY/*, and the key's min_encryption_version";

/// A key in the transit engine.
#[derive(Debug)]
struct Transit {
    name: String,
    version: u64,
    base: Url,
    client: Client,
    kind: VaultKind,
    namespace: Option<String>,
    surroundings: Surroundings,
}

pub(crate) async fn open(
    key: &VaultKey,
    opening: &Opening<'_>,
) -> Result<Arc<dyn Signer>, OpenError> {
    let transit = Transit::new(key, opening.surroundings);
    let mut transit = transit.map_err(|error| opening.failed(error))?;
    let described = transit.describe().await;
    let described = described.map_err(|error| opening.failed(error))?;
    let pinned = pinned(opening.surroundings).map_err(|error| opening.failed(error))?;
    let Read {
        public_key,
        version,
        algorithm,
    } = described.read(pinned, opening)?;
    transit.version = version;
    Ok(Arc::new(RemoteKey {
        reference: opening.reference.clone(),
        public_key,
        algorithm,
        service: transit,
    }))
}

impl Transit {
    fn new(key: &VaultKey, surroundings: &Surroundings) -> Result<Self, ServiceError> {
        refuse_blind_trust(
            surroundings,
            "VAULT_SKIP_VERIFY",
            "VAULT_CACERT or SSL_CERT_FILE",
        )?;
        let kind = key.kind();
        let (variable, address) = kind.setting("ADDR", surroundings);
        let address = address.ok_or(CredentialsError::Unset {
            service: SERVICE,
            variable,
            expected: "the server's URL, like https://vault.example:8200",
        })?;
        let base = base(variable, &address, surroundings)?;
        let client = surroundings.client_for(SERVICE, &base)?;
        let (variable, _) = kind.setting("CACERT", surroundings);
        Ok(Self {
            name: key.name().to_owned(),
            version: 0,
            client: with_roots(surroundings, variable, SERVICE, client)?,
            base,
            kind,
            namespace: kind.setting("NAMESPACE", surroundings).1,
            surroundings: surroundings.clone(),
        })
    }

    /// The token: it is looked for each time, since an agent may exchange the file.
    fn token(&self) -> Result<Zeroizing<String>, CredentialsError> {
        let (_, token) = self.kind.setting("TOKEN", &self.surroundings);
        if let Some(token) = token {
            return Ok(Zeroizing::new(token));
        }
        let file = self.surroundings.at_home(".vault-token");
        let token = file.map(|path| read_if_there(&path)).transpose()?.flatten();
        let token = token.map(|token| Zeroizing::new(token.trim().to_owned()));
        token
            .filter(|token| !token.is_empty())
            .ok_or(CredentialsError::None {
                service: SERVICE,
                looked: "there is no token in VAULT_TOKEN (BAO_TOKEN for OpenBao), nor in ~/.vault-token; `vault login` \
                         writes that file",
            })
    }

    fn request(&self, words: &[&str], body: Option<&serde_json::Value>, token: &str) -> Request {
        let mut url = self.base.clone();
        // One segment each: a key's name leads nowhere else.
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(words);
        }
        let request = match body {
            Some(body) => Request::post_json(&url, body).repeatable(),
            None => Request::get(&url),
        };
        let request = request
            .header(HeaderName::from_static("x-vault-token"), token)
            .header(HeaderName::from_static("x-vault-request"), "true");
        match &self.namespace {
            Some(namespace) => {
                request.header(HeaderName::from_static("x-vault-namespace"), namespace)
            }
            None => request,
        }
    }

    async fn describe(&self) -> Result<Described, ServiceError> {
        let token = self.token()?;
        let question = Question {
            service: SERVICE,
            deed: "describe the key",
            advice: KEY_ADVICE,
            secrets: &[&token],
        };
        let request = self.request(&["keys", &self.name], None, &token);
        let expected = "data with type, latest_version and keys in JSON";
        let answer: Answer<Described> = question.json(&self.client, request, expected).await?;
        Ok(answer.data)
    }
}

impl Service for Transit {
    const NAME: &'static str = SERVICE;

    async fn sign(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, ServiceError> {
        let token = self.token()?;
        let question = Question {
            service: SERVICE,
            deed: "sign",
            advice: SIGN_ADVICE,
            secrets: &[&token],
        };
        let digest = algorithm.hash().map(|hash| hash.digest(message));
        let input = base64::encode(digest.as_ref().map_or(message, |digest| digest.as_bytes()));
        let mut words = vec!["sign", &self.name];
        words.extend(algorithm.hash().map(hash_name));
        let mut body = json!({
            "input": input, "key_version": self.version, "prehashed": digest.is_some(),
        });
        if digest.is_some() {
            body["marshaling_algorithm"] = json!("asn1");
            body["signature_algorithm"] = json!("pkcs1v15");
        }
        let request = self.request(&words, Some(&body), &token);
        let expected = "data with signature in JSON";
        let answer: Answer<Signed> = question.json(&self.client, request, expected).await?;
        answer.data.signature(self.version)
    }
}

//! AWS KMS: two requests, `GetPublicKey` and `Sign`, in JSON.
//!
//! ```text
//! POST https://kms.us-east-1.amazonaws.com/      x-amz-target: TrentService.Sign
//! {"KeyId":"alias/x","Message":"…","MessageType":"DIGEST","SigningAlgorithm":"ECDSA_SHA_256"}
//! {"KeyId":"arn:aws:kms:…","Signature":"…","SigningAlgorithm":"ECDSA_SHA_256"}
//! ```
//!
//! A key signs by the first of its algorithms that has the hash asked for, else by the first that is known: most keys have
//! one.
//! Refused: keys that do not sign, algorithms outside the registry (among them PSS with another hash than SHA-256 and
//! secp256k1), and what is signed after an alias was moved to another key.

mod algorithm;
pub(crate) mod answers;
pub(crate) mod credentials;
mod metadata;
mod place;
pub(crate) mod profile;
pub mod sigv4;
pub(crate) mod sts;

use std::sync::Arc;

use serde_json::{Value, json};
use waxwing_crypto::SignatureAlgorithm;
use waxwing_encoding::base64;
use waxwing_net::{Client, HeaderName, Request, Response, Url, header};

use self::answers::{PublicHalf, Read, Signed};
use self::credentials::{Chain, Credentials};
use self::place::{endpoint, host, region};
use self::sigv4::Signing;
use crate::ask::{Question, amazon_kind};
use crate::credentials::with_roots;
use crate::error::{OpenError, ServiceError};
use crate::opening::Opening;
use crate::remote::{RemoteKey, Service};
use crate::surroundings::refuse_blind_trust;
use crate::{AwsKey, Signer, Surroundings};

pub(crate) const SERVICE: &str = "AWS KMS";

/// The longest message that is signed without being hashed here first.
const LONGEST_RAW: usize = 4096;

const PUBLIC_KEY_ADVICE: &str =
    "check the reference and the region, and that the credentials may kms:GetPublicKey";
const SIGN_ADVICE: &str = "check that the key is enabled, and that the credentials may kms:Sign";

/// The kinds of refusals that pass when one waits, which come with the status 400.
const PASSING: [&str; 4] = [
    "ThrottlingException",
    "Throttling",
    "RequestLimitExceeded",
    "TooManyRequestsException",
];

/// A key in AWS KMS.
#[derive(Debug)]
struct Kms {
    id: String,
    /// Which key the ID meant when the public half was asked for.
    own_id: String,
    signs_by: &'static str,
    region: String,
    url: Url,
    host: String,
    client: Client,
    chain: Chain,
}

/// An action, what goes with it, what it is in words with what to do when it fails, and what should be answered.
type Asked<'a> = (
    &'a str,
    &'a Value,
    (&'static str, &'static str),
    &'static str,
);

pub(crate) async fn open(
    key: &AwsKey,
    opening: &Opening<'_>,
) -> Result<Arc<dyn Signer>, OpenError> {
    let mut kms = Kms::new(key, opening.surroundings).map_err(|error| opening.failed(error))?;
    let found = kms.public_half().await;
    let found = found.map_err(|error| opening.failed(error))?;
    let Read {
        public_key,
        signs_by,
        algorithm,
    } = found.read(opening)?;
    kms.own_id = found.own_id().to_owned();
    kms.signs_by = signs_by;
    Ok(Arc::new(RemoteKey {
        reference: opening.reference.clone(),
        public_key,
        algorithm,
        service: kms,
    }))
}

impl Kms {
    fn new(key: &AwsKey, surroundings: &Surroundings) -> Result<Self, ServiceError> {
        let (blind, bundle) = ("AWS_TLS_INSECURE_SKIP_VERIFY", "AWS_CA_BUNDLE");
        refuse_blind_trust(surroundings, blind, "AWS_CA_BUNDLE or SSL_CERT_FILE")?;
        let region = region(key, surroundings)?;
        let url = endpoint(key, &region, surroundings)?;
        let client = surroundings.client_for(SERVICE, &url)?;
        let client = with_roots(surroundings, bundle, SERVICE, client)?;
        Ok(Self {
            id: key.id().to_owned(),
            own_id: String::new(),
            signs_by: "",
            chain: Chain::new(&region, surroundings),
            host: host(&url),
            region,
            url,
            client,
        })
    }

    async fn public_half(&self) -> Result<PublicHalf, ServiceError> {
        let expected = "KeyId, KeyUsage and PublicKey in JSON";
        let reason = ("give the public key", PUBLIC_KEY_ADVICE);
        let question = json!({ "KeyId": self.id });
        self.ask("GetPublicKey", &question, reason, expected).await
    }

    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        action: &str,
        question: &Value,
        reason: (&'static str, &'static str),
        expected: &'static str,
    ) -> Result<T, ServiceError> {
        let credentials = self.chain.credentials().await?;
        let asked = (action, question, reason, expected);
        match self.ask_by(&credentials, asked).await {
            // They were taken back, or one of the clocks is wrong.
            Err(error) if error.is_of_credentials() && self.chain.forget(&credentials).await => {
                self.ask_by(&*self.chain.credentials().await?, asked).await
            }
            answer => answer,
        }
    }

    async fn ask_by<T: serde::de::DeserializeOwned>(
        &self,
        credentials: &Credentials,
        (action, question, (deed, advice), expected): Asked<'_>,
    ) -> Result<T, ServiceError> {
        let signing = Signing {
            access_key_id: &credentials.access_key_id,
            secret_access_key: &credentials.secret_access_key,
            region: &self.region,
            service: "kms",
            time: self.chain.surroundings().clock.now(),
        };
        let (date, target) = (signing.date(), format!("TrentService.{action}"));
        let kind = "application/x-amz-json-1.1";
        let body = question.to_string();
        let mut headers = vec![
            ("content-type", kind),
            ("host", &self.host),
            ("x-amz-date", &date),
            ("x-amz-target", &target),
        ];
        let token = credentials.session_token.as_deref();
        if let Some(token) = token {
            headers.push(("x-amz-security-token", token));
        }
        let authorization = signing.authorization("POST", &headers, body.as_bytes());
        let mut request = Request::post(&self.url, kind, body.clone())
            .header(HeaderName::from_static("x-amz-date"), &date)
            .header(HeaderName::from_static("x-amz-target"), &target)
            .header(header::AUTHORIZATION, &authorization)
            .repeatable()
            .passing(passes);
        if let Some(token) = token {
            request = request.header(HeaderName::from_static("x-amz-security-token"), token);
        }
        // Whoever finds a signature wrong says what was signed, and with that the token.
        let question = Question {
            service: SERVICE,
            deed,
            advice,
            secrets: &[
                &credentials.secret_access_key,
                token.map_or("", String::as_str),
            ],
        };
        question.json(&self.client, request, expected).await
    }
}

impl Service for Kms {
    const NAME: &'static str = SERVICE;

    async fn sign(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, ServiceError> {
        let (kind, message) = match algorithm.hash() {
            Some(hash) => ("DIGEST", base64::encode(hash.digest(message).as_bytes())),
            None if message.len() > LONGEST_RAW => {
                return Err(ServiceError::TooLong {
                    service: SERVICE,
                    length: message.len(),
                    limit: LONGEST_RAW,
                });
            }
            None => ("RAW", base64::encode(message)),
        };
        let question = json!({
            "KeyId": self.id, "Message": message, "MessageType": kind, "SigningAlgorithm": self.signs_by,
        });
        let expected = "KeyId, Signature and SigningAlgorithm in JSON";
        let signed: Signed = self
            .ask("Sign", &question, ("sign", SIGN_ADVICE), expected)
            .await?;
        signed.signature(&self.own_id, self.signs_by)
    }
}

/// Whether a refusal is one that passes.
fn passes(answer: &Response) -> bool {
    amazon_kind(&answer.body).is_some_and(|kind| PASSING.contains(&kind.as_str()))
}

//! AWS KMS: two requests, `GetPublicKey` and `Sign`, in JSON.
//!
//! ```text
//! POST https://kms.us-east-1.amazonaws.com/      x-amz-target: TrentService.Sign
//! {"KeyId":"alias/x","Message":"…","MessageType":"DIGEST","SigningAlgorithm":"ECDSA_SHA_256"}
//! {"KeyId":"arn:aws:kms:…","Signature":"…","SigningAlgorithm":"ECDSA_SHA_256"}
//! ```
//!
//! A key signs by the first of its algorithms that has the hash asked for, else by the first of all: most keys have one.
//! Refused: keys that do not sign, algorithms outside the registry (among them PSS with another hash than SHA-256 and
//! secp256k1), and what is signed after an alias was moved to another key.

mod credentials;
mod metadata;
mod profile;
pub mod sigv4;
mod sts;

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use waxwing_crypto::{KeyType, SignatureAlgorithm};
use waxwing_encoding::base64;
use waxwing_net::{Client, HeaderName, Request, Response, Url, header, private_url};

use self::credentials::Chain;
use self::profile::Profile;
use self::sigv4::Signing;
pub(crate) use self::sts::refusal as refusal_in_xml;
use crate::ask::{Question, amazon_kind};
use crate::credentials::with_roots;
use crate::error::{OpenError, ServiceError};
use crate::open::Opening;
use crate::remote::{RemoteKey, Service};
use crate::surroundings::refuse_blind_trust;
use crate::{AwsKey, CredentialsError, Signer, Surroundings};

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

pub(crate) async fn open(
    key: &AwsKey,
    opening: &Opening<'_>,
) -> Result<Arc<dyn Signer>, OpenError> {
    let mut kms = Kms::new(key, opening.surroundings).map_err(|error| opening.failed(error))?;
    let found = kms.public_half().await;
    let found = found.map_err(|error| opening.failed(error))?;
    if found.key_usage != "SIGN_VERIFY" {
        return Err(OpenError::Usage {
            key: opening.key(),
            found: waxwing_net::printable(&found.key_usage),
            expected: "SIGN_VERIFY",
        });
    }
    let spki = found.spki().map_err(|error| opening.failed(error))?;
    let public_key = opening.public_key(&spki)?;
    let (name, algorithm) = choose(
        found.signing_algorithms.as_deref(),
        public_key.key_type(),
        opening,
    )?;
    let algorithm = opening.fitting(algorithm, &public_key)?;
    kms.own_id = own_id(&found.key_id).to_owned();
    kms.signs_by = name;
    Ok(Arc::new(RemoteKey {
        reference: opening.reference.clone(),
        public_key,
        algorithm,
        service: kms,
    }))
}

/// The algorithm among those of the key.
fn choose(
    names: Option<&[String]>,
    key: KeyType,
    opening: &Opening<'_>,
) -> Result<(&'static str, SignatureAlgorithm), OpenError> {
    let names = names.unwrap_or_default();
    let known: Vec<_> = names.iter().map(|name| algorithm(name, key)).collect();
    let wished = opening.hash.and_then(|hash| {
        let with_hash = known.iter().flatten();
        with_hash.copied().find(|(_, one)| one.hash() == Some(hash))
    });
    match (wished, known.first().copied().flatten()) {
        (Some(found), _) | (None, Some(found)) => Ok(found),
        (None, None) => Err(opening.unknown(match names.first() {
            Some(name) => name.as_str(),
            None => "no algorithm at all",
        })),
    }
}

/// What the service's names mean.
fn algorithm(name: &str, key: KeyType) -> Option<(&'static str, SignatureAlgorithm)> {
    use SignatureAlgorithm as Algorithm;
    Some(match (name, key) {
        ("ECDSA_SHA_256", _) => ("ECDSA_SHA_256", Algorithm::EcdsaP256Sha256),
        ("ECDSA_SHA_384", _) => ("ECDSA_SHA_384", Algorithm::EcdsaP384Sha384),
        ("ECDSA_SHA_512", _) => ("ECDSA_SHA_512", Algorithm::EcdsaP521Sha512),
        ("RSASSA_PKCS1_V1_5_SHA_256", _) => {
            ("RSASSA_PKCS1_V1_5_SHA_256", Algorithm::RsaPkcs1Sha256)
        }
        ("RSASSA_PKCS1_V1_5_SHA_384", _) => {
            ("RSASSA_PKCS1_V1_5_SHA_384", Algorithm::RsaPkcs1Sha384)
        }
        ("RSASSA_PKCS1_V1_5_SHA_512", _) => {
            ("RSASSA_PKCS1_V1_5_SHA_512", Algorithm::RsaPkcs1Sha512)
        }
        ("RSASSA_PSS_SHA_256", _) => ("RSASSA_PSS_SHA_256", Algorithm::RsaPssSha256),
        ("ED25519_SHA_512", _) => ("ED25519_SHA_512", Algorithm::Ed25519),
        ("ML_DSA_SHAKE_256", KeyType::MlDsa44) => ("ML_DSA_SHAKE_256", Algorithm::MlDsa44),
        ("ML_DSA_SHAKE_256", KeyType::MlDsa65) => ("ML_DSA_SHAKE_256", Algorithm::MlDsa65),
        ("ML_DSA_SHAKE_256", KeyType::MlDsa87) => ("ML_DSA_SHAKE_256", Algorithm::MlDsa87),
        _ => return None,
    })
}

impl PublicHalf {
    pub(crate) fn spki(&self) -> Result<Vec<u8>, ServiceError> {
        let text = self.public_key.as_deref().unwrap_or_default();
        match base64::decode(text) {
            Ok(spki) if !spki.is_empty() => Ok(spki),
            _ => Err(ServiceError::Answer {
                service: SERVICE,
                found: "without a PublicKey in base64".to_owned(),
                expected: "one",
            }),
        }
    }
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
        (deed, advice): (&'static str, &'static str),
        expected: &'static str,
    ) -> Result<T, ServiceError> {
        let credentials = self.chain.credentials().await?;
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
        let answer = |found: String, expected| ServiceError::Answer {
            service: SERVICE,
            found: waxwing_net::printable(&found),
            expected,
        };
        if own_id(&signed.key_id) != self.own_id {
            let found = format!("with a signature of the key {}", signed.key_id);
            return Err(answer(
                found,
                "the key whose public half was asked for; if the alias was moved, start again",
            ));
        }
        if signed.signing_algorithm != self.signs_by {
            let found = format!("with a signature by {}", signed.signing_algorithm);
            return Err(answer(found, "the algorithm that was asked for"));
        }
        base64::decode(&signed.signature)
            .map_err(|error| answer(error.to_string(), "the signature in base64"))
    }
}

/// The end of a key's ARN, which is the key's own, whatever alias was asked for.
fn own_id(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or_default()
}

/// Whether a refusal is one that passes.
fn passes(answer: &Response) -> bool {
    amazon_kind(&answer.body).is_some_and(|kind| PASSING.contains(&kind.as_str()))
}

/// The region: that of an ARN, because the key is nowhere else; that of a variable; that of the profile.
fn region(key: &AwsKey, surroundings: &Surroundings) -> Result<String, CredentialsError> {
    if let Some(region) = key.region() {
        return Ok(region.to_owned());
    }
    let mut found = ["AWS_REGION", "AWS_DEFAULT_REGION"]
        .into_iter()
        .find_map(|name| Some((name, surroundings.set(name)?)));
    if found.is_none() {
        let profile = Profile::read(surroundings)?;
        let region = profile.setting("region").map(|region| region.to_string());
        found = region.map(|region| ("region of the profile", region));
    }
    let expected = "a region, like us-east-1";
    match found {
        Some((_, region)) if crate::reference::is_region(&region) => Ok(region),
        Some((variable, region)) => Err(CredentialsError::Variable {
            variable: variable.to_owned(),
            reason: format!("{region:?} has other characters than a region"),
            expected,
        }),
        None => Err(CredentialsError::Unset {
            service: SERVICE,
            variable: "AWS_REGION",
            expected,
        }),
    }
}

/// Where the service is: as the reference says, as a variable says, or where the region has it.
fn endpoint(
    key: &AwsKey,
    region: &str,
    surroundings: &Surroundings,
) -> Result<Url, CredentialsError> {
    let (variable, text) = match key.host() {
        Some(host) => (
            "the host of the reference".to_owned(),
            format!("https://{host}"),
        ),
        None => service_url("kms", "KMS", region, surroundings),
    };
    bare_url(variable, &text)
}

/// A URL that a secret may be sent to, and that has no path: the path is what is signed.
pub(super) fn bare_url(variable: String, text: &str) -> Result<Url, CredentialsError> {
    let refused = |reason: String| CredentialsError::Variable {
        variable,
        reason,
        expected: "https://HOST without a path, or http:// for this machine itself",
    };
    match private_url(text) {
        Ok(url) if url.path() == "/" && url.query().is_none() && url.username().is_empty() => {
            Ok(url)
        }
        Ok(url) => Err(refused(format!(
            "{} has more than a host",
            url.host_str().unwrap_or_default()
        ))),
        Err(error) => Err(refused(error.to_string())),
    }
}

/// Where a service of AWS is, and which variable says so.
pub(super) fn service_url(
    name: &str,
    in_variables: &str,
    region: &str,
    surroundings: &Surroundings,
) -> (String, String) {
    for variable in [
        format!("AWS_ENDPOINT_URL_{in_variables}"),
        "AWS_ENDPOINT_URL".to_owned(),
    ] {
        if let Some(url) = surroundings.set(&variable) {
            return (variable, url);
        }
    }
    let fips = match surroundings.set("AWS_USE_FIPS_ENDPOINT") {
        Some(value) if value.eq_ignore_ascii_case("true") => "-fips",
        _ => "",
    };
    let domain = match region.starts_with("cn-") {
        true => "amazonaws.com.cn",
        false => "amazonaws.com",
    };
    let url = format!("https://{name}{fips}.{region}.{domain}");
    ("the region".to_owned(), url)
}

/// The header `Host`, as it is sent.
fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

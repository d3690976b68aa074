//! Who asks: OIDC identity tokens, verified by discovery (OpenID Connect Discovery 1.0) and the
//! issuer's published keys.
//!
//! ```text
//! GET <issuer>/.well-known/openid-configuration -> {"issuer":"<issuer>","jwks_uri":"…",…}
//! GET <jwks_uri>                                -> {"keys":[{"kty":"EC","kid":"…",…}]}
//! ```
//!
//! The issuer must be configured, and the document must name it byte for byte: a trailing slash is
//! another issuer. Algorithms are those that the issuer announces and that sign asymmetrically; the
//! key decides which of them fits. `exp` has no leeway, `nbf` five minutes, `aud` must hold the
//! client ID. Anything else (`iat`, `nonce`, `at_hash`) is not Fulcio's to check.

use std::collections::HashMap;
use std::sync::Arc;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use waxwing_encoding::time::UnixTime;
use waxwing_net::Client;
use waxwing_pki::fulcio::{Identity, SubjectAlternativeName};

/// Longest token that is read, in bytes.
const LONGEST_TOKEN: usize = 64 * 1024;

/// How long an issuer's keys are believed, in seconds. A key that its owner withdrew must not be
/// good for as long as this process lives.
const KEYS_SECONDS: i64 = 600;

/// Not valid before: seconds by which an issuer's clock may be ahead.
const NOT_BEFORE_LEEWAY: i64 = 300;

/// An issuer whose word Fulcio takes. Its tokens are for e-mail addresses, the one kind so far.
#[derive(Debug, Clone)]
pub struct IssuerConfig {
    /// The issuer's URL, byte for byte as in its tokens.
    pub url: String,
    /// The audience that tokens must be for.
    pub client_id: String,
}

/// Verifies tokens; keeps the issuers' keys.
#[derive(Debug)]
pub struct TokenVerifier {
    client: Client,
    issuers: Vec<IssuerConfig>,
    keys: Mutex<HashMap<String, Arc<IssuerKeys>>>,
}

/// What an issuer published.
#[derive(Debug)]
struct IssuerKeys {
    fetched: UnixTime,
    algorithms: Vec<Algorithm>,
    keys: JwkSet,
}

/// Who a verified token is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    identity: Identity,
    name: String,
}

impl Principal {
    /// What the certificate will say.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The bytes over which possession of the key is proved.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Why a token is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenRefused {
    /// No token in the request.
    #[error("the request has no token: expected credentials.oidcIdentityToken or a bearer token")]
    Missing,
    /// Not a token at all.
    #[error(
        "not an identity token: expected three parts in base64url, at most {LONGEST_TOKEN} bytes"
    )]
    Shape,
    /// An issuer that is not configured.
    #[error("the token's issuer {found:?} is not configured")]
    UnknownIssuer {
        /// The issuer in the token.
        found: String,
    },
    /// The issuer's documents could not be had.
    #[error("the issuer's keys: {0}")]
    Discovery(#[from] waxwing_net::Error),
    /// The discovery document is another issuer's.
    #[error("the discovery document names the issuer {found:?}; expected {expected:?}")]
    OtherIssuer {
        /// The issuer in the document.
        found: String,
        /// The issuer asked.
        expected: String,
    },
    /// An algorithm that the issuer does not announce, or that is not asymmetric.
    #[error("the token is signed with {found}; the issuer announces {expected}")]
    Algorithm {
        /// The token's algorithm.
        found: String,
        /// The issuer's.
        expected: String,
    },
    /// No key of the issuer verifies the signature.
    #[error("no key of the issuer verifies the token's signature")]
    Signature,
    /// For somebody else.
    #[error("the token's audience is {found}; expected {expected:?}")]
    Audience {
        /// The claim.
        found: String,
        /// The client ID.
        expected: String,
    },
    /// Too old.
    #[error("the token expired at {expired}; it is {now}")]
    Expired {
        /// The claim.
        expired: UnixTime,
        /// The present time.
        now: UnixTime,
    },
    /// Too young.
    #[error("the token is not valid before {not_before}; it is {now}")]
    NotYetValid {
        /// The claim.
        not_before: UnixTime,
        /// The present time.
        now: UnixTime,
    },
    /// A claim that is absent or of the wrong form.
    #[error("the token's claim {claim}: {problem}")]
    Claim {
        /// Which claim.
        claim: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
    #[serde(default)]
    id_token_signing_alg_values_supported: Vec<String>,
}

impl TokenVerifier {
    /// Takes the word of these issuers, whom it asks through `client`.
    pub fn new(client: Client, issuers: Vec<IssuerConfig>) -> Self {
        Self {
            client,
            issuers,
            keys: Mutex::default(),
        }
    }

    /// The issuers.
    pub fn issuers(&self) -> &[IssuerConfig] {
        &self.issuers
    }

    /// Verifies one token at one time.
    pub async fn verify(&self, token: &str, now: UnixTime) -> Result<Principal, TokenRefused> {
        // Before anything is parsed: a token of dots once made Go's library allocate without end.
        if token.len() > LONGEST_TOKEN || token.bytes().filter(|byte| *byte == b'.').count() != 2 {
            return Err(TokenRefused::Shape);
        }
        let claimed = jsonwebtoken::dangerous::insecure_decode::<Value>(token);
        let claimed = claimed.map_err(|_| TokenRefused::Shape)?.claims;
        let issuer = text(&claimed, "iss")?;
        let config = self.issuers.iter().find(|config| config.url == issuer);
        let config = config.ok_or(TokenRefused::UnknownIssuer { found: issuer })?;

        let claims = self.verify_signature(token, &config.url, now).await?;
        check_audience(&claims, &config.client_id)?;
        check_times(&claims, now)?;
        principal(&claims, &config.url)
    }

    /// The claims of a token that a key of the issuer signed. A signature that no key verifies has
    /// the keys fetched once more: the issuer may have rotated them.
    async fn verify_signature(
        &self,
        token: &str,
        issuer: &str,
        now: UnixTime,
    ) -> Result<Value, TokenRefused> {
        let known = self.keys.lock().await.get(issuer).cloned();
        let known = known.filter(|known| now <= known.fetched.plus_seconds(KEYS_SECONDS));
        if let Some(known) = known
            && let Ok(claims) = known.verify(token)
        {
            return Ok(claims);
        }
        let fresh = Arc::new(self.fetch(issuer, now).await?);
        self.keys
            .lock()
            .await
            .insert(issuer.to_owned(), Arc::clone(&fresh));
        fresh.verify(token)
    }

    async fn fetch(&self, issuer: &str, now: UnixTime) -> Result<IssuerKeys, TokenRefused> {
        let url = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let discovery: Discovery = self.client.get(url).await?.expect_success()?.json()?;
        if discovery.issuer != issuer {
            let expected = issuer.to_owned();
            return Err(TokenRefused::OtherIssuer {
                found: discovery.issuer,
                expected,
            });
        }
        let keys = self
            .client
            .get(&discovery.jwks_uri)
            .await?
            .expect_success()?
            .json()?;
        let mut algorithms: Vec<Algorithm> = discovery
            .id_token_signing_alg_values_supported
            .iter()
            .filter_map(|name| name.parse().ok())
            .filter(|algorithm| is_asymmetric(*algorithm))
            .collect();
        if algorithms.is_empty() {
            algorithms.push(Algorithm::RS256);
        }
        Ok(IssuerKeys {
            fetched: now,
            algorithms,
            keys,
        })
    }
}

impl IssuerKeys {
    fn verify(&self, token: &str) -> Result<Value, TokenRefused> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenRefused::Shape)?;
        if !self.algorithms.contains(&header.alg) {
            return Err(TokenRefused::Algorithm {
                found: format!("{:?}", header.alg),
                expected: format!("{:?}", self.algorithms),
            });
        }
        // Claims are checked below with the clock that was given; the library would read its own.
        let mut validation = Validation::new(header.alg);
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let mut keys = self.keys.keys.iter();
        let named = |kid: &Option<String>| header.kid.is_none() || *kid == header.kid;
        keys.find_map(|key| {
            if !named(&key.common.key_id) {
                return None;
            }
            let key = DecodingKey::from_jwk(key).ok()?;
            jsonwebtoken::decode::<Value>(token, &key, &validation).ok()
        })
        .map(|token| token.claims)
        .ok_or(TokenRefused::Signature)
    }
}

fn is_asymmetric(algorithm: Algorithm) -> bool {
    !matches!(
        algorithm,
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512
    )
}

fn check_audience(claims: &Value, client_id: &str) -> Result<(), TokenRefused> {
    let audience = &claims["aud"];
    let holds = match audience {
        Value::Array(list) => list.iter().any(|item| item == client_id),
        one => one == client_id,
    };
    if holds {
        return Ok(());
    }
    let (found, expected) = (audience.to_string(), client_id.to_owned());
    Err(TokenRefused::Audience { found, expected })
}

fn check_times(claims: &Value, now: UnixTime) -> Result<(), TokenRefused> {
    let time = |claim: &'static str| {
        let problem = "not a number of seconds since 1970";
        let seconds = match &claims[claim] {
            Value::Null => return Ok(None),
            // Some issuers write a fraction.
            number => number
                .as_i64()
                .or_else(|| number.as_f64().map(|seconds| seconds as i64)),
        };
        let time = seconds.and_then(|seconds| UnixTime::from_seconds(seconds).ok());
        time.map(Some).ok_or(TokenRefused::Claim { claim, problem })
    };
    let expired = time("exp")?.ok_or(TokenRefused::Claim {
        claim: "exp",
        problem: "missing",
    })?;
    if expired <= now {
        return Err(TokenRefused::Expired { expired, now });
    }
    match time("nbf")? {
        Some(not_before) if now.plus_seconds(NOT_BEFORE_LEEWAY) < not_before => {
            Err(TokenRefused::NotYetValid { not_before, now })
        }
        _ => Ok(()),
    }
}

/// The kind `email`: the verified address is the name, in the certificate and in the proof.
fn principal(claims: &Value, issuer: &str) -> Result<Principal, TokenRefused> {
    let email = text(claims, "email")?;
    let verified = match &claims["email_verified"] {
        Value::Bool(flag) => *flag,
        Value::String(text) => matches!(text.as_str(), "1" | "t" | "T" | "true" | "TRUE" | "True"),
        _ => false,
    };
    if !verified {
        let problem = "the issuer does not say that the address is verified";
        return Err(TokenRefused::Claim {
            claim: "email_verified",
            problem,
        });
    }
    let (local, domain) = email.rsplit_once('@').unwrap_or_default();
    let printable = email.bytes().all(|byte| byte.is_ascii_graphic());
    if local.is_empty() || domain.is_empty() || !printable {
        // Refused here, since the certificate's IA5String could not hold it.
        let problem = "not an e-mail address in ASCII";
        return Err(TokenRefused::Claim {
            claim: "email",
            problem,
        });
    }
    let identity = Identity {
        name: SubjectAlternativeName::Email(email.clone()),
        issuer: issuer.to_owned(),
        subject: Some(text(claims, "sub")?),
    };
    Ok(Principal {
        identity,
        name: email,
    })
}

fn text(claims: &Value, claim: &'static str) -> Result<String, TokenRefused> {
    match claims[claim].as_str() {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(TokenRefused::Claim {
            claim,
            problem: "missing, empty or not text",
        }),
    }
}

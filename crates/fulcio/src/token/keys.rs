//! What an issuer publishes: its discovery document and its keys, decoded once.
//!
//! ```text
//! GET <issuer>/.well-known/openid-configuration -> {"issuer":"<issuer>","jwks_uri":"…",…}
//! GET <jwks_uri>                                -> {"keys":[{"kty":"EC","kid":"…",…}]}
//! ```
//!
//! The document must name the issuer byte for byte: a trailing slash is another issuer. Both answers
//! together may take ten seconds and are capped in size; redirects stay on their host. An issuer
//! reached over `https` cannot send to keys over `http`, where anybody on the way could write them.

use std::time::Duration;

use http::header::CACHE_CONTROL;
use serde::Deserialize;
use serde_json::Value;
use waxwing_encoding::time::UnixTime;
use waxwing_net::{Response, Url};

use crate::token::algorithm::{TokenAlgorithm, VerifyingKey};
use crate::token::cluster::Access;
use crate::token::jws::Unverified;
use crate::token::{FetchError, TokenRefused};

/// How long discovery and keys may take together.
pub(crate) const DISCOVERY_TIME: Duration = Duration::from_secs(10);

/// Largest discovery document and largest key set, in bytes.
const LARGEST_DISCOVERY: usize = 64 * 1024;
const LARGEST_KEY_SET: usize = 512 * 1024;

/// Most keys that are kept of one issuer, and most that one token without key ID is tried with.
const MOST_KEYS: usize = 128;
const MOST_TRIED: usize = 16;

/// How long keys are believed when the issuer says nothing, and between what bounds its own word
/// counts, in seconds. A key that its owner withdrew must not be good for as long as this process
/// lives.
const KEYS_SECONDS: i64 = 600;
const LEAST_SECONDS: i64 = 60;
const MOST_SECONDS: i64 = 3600;

/// An issuer's keys and algorithms.
pub(super) struct IssuerKeys {
    /// The last moment at which they are believed without asking again.
    pub(super) fresh_until: UnixTime,
    algorithms: Vec<TokenAlgorithm>,
    keys: Vec<(Option<String>, VerifyingKey)>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
    #[serde(default)]
    id_token_signing_alg_values_supported: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

impl IssuerKeys {
    /// Asks the issuer.
    pub(super) async fn fetch(
        access: &Access,
        issuer: &str,
        now: UnixTime,
    ) -> Result<Self, FetchError> {
        let asking = Self::ask(access, issuer, now);
        let outcome = tokio::time::timeout(DISCOVERY_TIME, asking).await;
        outcome.unwrap_or(Err(FetchError::TooSlow))
    }

    async fn ask(access: &Access, issuer: &str, now: UnixTime) -> Result<Self, FetchError> {
        let url = issuer.strip_suffix('/').unwrap_or(issuer);
        let url = format!("{url}/.well-known/openid-configuration");
        let discovery: Discovery = access.get(&url, LARGEST_DISCOVERY).await?.json()?;
        if discovery.issuer != issuer {
            return Err(FetchError::OtherIssuer {
                found: discovery.issuer,
                expected: issuer.to_owned(),
            });
        }
        let is_secure = |url: &str| Url::parse(url).is_ok_and(|url| url.scheme() == "https");
        if is_secure(issuer) && !is_secure(&discovery.jwks_uri) {
            return Err(FetchError::Insecure);
        }
        let answer = access.get(&discovery.jwks_uri, LARGEST_KEY_SET).await?;
        let set: KeySet = answer.json()?;
        if set.keys.len() > MOST_KEYS {
            let count = set.keys.len();
            return Err(FetchError::TooManyKeys { count });
        }
        let announced = discovery.id_token_signing_alg_values_supported;
        let announced = announced.unwrap_or_default();
        let mut algorithms: Vec<_> = announced
            .iter()
            .filter_map(|name| TokenAlgorithm::named(name))
            .collect();
        // As go-oidc has it: who announces nothing that can be used signs with RS256.
        if algorithms.is_empty() {
            algorithms.extend(TokenAlgorithm::named("RS256"));
        }
        let keys = set.keys.iter().filter_map(|value| {
            let key_id = value.get("kid").and_then(Value::as_str).map(str::to_owned);
            Some((key_id, VerifyingKey::read(value)?))
        });
        Ok(Self {
            fresh_until: now.plus_seconds(lifetime(&answer)),
            algorithms,
            keys: keys.collect(),
        })
    }

    /// Whether a key of this issuer signed the token, by an algorithm that the issuer announces. The
    /// key decides which algorithm fits.
    pub(super) fn verify(&self, token: &Unverified<'_>) -> Result<(), TokenRefused> {
        if !self.algorithms.contains(&token.algorithm) {
            let announced: Vec<String> = self.algorithms.iter().map(|one| one.name()).collect();
            return Err(TokenRefused::Algorithm {
                found: token.algorithm.name(),
                expected: format!("one that the issuer announces: {}", announced.join(", ")),
            });
        }
        let named = |key_id: &Option<String>| token.key_id.is_none() || *key_id == token.key_id;
        let mut candidates = self
            .keys
            .iter()
            .filter(|(key_id, _)| named(key_id))
            .take(MOST_TRIED);
        let verified = candidates
            .any(|(_, key)| key.verifies(token.algorithm, token.message, token.signature));
        match verified {
            true => Ok(()),
            false => Err(TokenRefused::Signature {
                key_id: token
                    .key_id
                    .clone()
                    .map(|kid| kid.chars().take(64).collect()),
                known: self.keys.len(),
            }),
        }
    }
}

/// How long the answer may be kept, from its `Cache-Control: max-age=…`.
fn lifetime(answer: &Response) -> i64 {
    let directives = answer.header(CACHE_CONTROL).unwrap_or_default();
    let said = directives.split(',').find_map(|directive| {
        let (name, seconds) = directive.trim().split_once('=')?;
        let seconds = seconds.trim_matches('"').parse::<i64>().ok()?;
        name.eq_ignore_ascii_case("max-age").then_some(seconds)
    });
    said.map_or(KEYS_SECONDS, |seconds| {
        seconds.clamp(LEAST_SECONDS, MOST_SECONDS)
    })
}

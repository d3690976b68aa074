//! An issuer's identity token, as whoever logged in there must check it (OpenID Connect Core 1.0 section
//! 3.1.3.7).
//!
//! ```text
//! {"iss":"https://accounts.example","sub":"10769","aud":"sigstore","exp":1764000300,"iat":1764000000,
//!  "nonce":"…","at_hash":"…","email":"alice@example.com","email_verified":true}
//! ```
//!
//! Refused: what no published key signed by an algorithm that the issuer announces, another issuer, a token
//! that is not for us or was made for another party, one that is expired or not yet begun, another nonce
//! than the one of this login, and the access token of another.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;
use waxwing_crypto::{HashAlgorithm, is_same_secret};
use waxwing_encoding::base64;
use waxwing_encoding::time::UnixTime;

/// The longest token that is read, in bytes.
const LONGEST_TOKEN: usize = 32 * 1024;

/// By how much the other issuer's clock may be ahead, in seconds.
const LEEWAY: i64 = 60;

/// Why a token of another issuer is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdTokenRefused {
    /// Not a token.
    #[error("not three parts in base64url, at most {LONGEST_TOKEN} bytes")]
    Shape,
    /// An algorithm that is not announced, or not asymmetric.
    #[error("it is signed with {found}; the issuer announces {expected}")]
    Algorithm {
        /// The token's.
        found: String,
        /// The issuer's.
        expected: String,
    },
    /// No key verifies it.
    #[error("no key of the issuer verifies the signature")]
    Signature,
    /// A claim that is absent, wrong or another's.
    #[error("the claim {claim}: {problem}")]
    Claim {
        /// Which claim.
        claim: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
}

/// The keys of an issuer, and the algorithms that it announces.
#[derive(Debug)]
pub struct Keys {
    keys: JwkSet,
    algorithms: Vec<Algorithm>,
}

/// What a token must say.
#[derive(Debug)]
pub struct Expected<'a> {
    /// Who issued it.
    pub issuer: &'a str,
    /// For whom.
    pub client_id: &'a str,
    /// Of which login; `None` where none was asked for.
    pub nonce: Option<&'a str>,
    /// The time.
    pub now: UnixTime,
}

impl Keys {
    pub(super) fn new(keys: JwkSet, announced: &[String]) -> Self {
        let symmetric = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
        let known = announced.iter().filter_map(|name| name.parse().ok());
        let mut algorithms: Vec<Algorithm> = known
            .filter(|algorithm| !symmetric.contains(algorithm))
            .collect();
        if algorithms.is_empty() {
            // The one that every issuer must have.
            algorithms.push(Algorithm::RS256);
        }
        Self { keys, algorithms }
    }

    /// The claims of a token that one of the keys signed.
    pub fn verify(&self, token: &str) -> Result<Value, IdTokenRefused> {
        Ok(self.verify_by(token)?.0)
    }

    /// The same, if the access token is the one that it was issued with.
    pub(super) fn verify_with(
        &self,
        token: &str,
        access_token: &str,
    ) -> Result<Value, IdTokenRefused> {
        let (claims, algorithm) = self.verify_by(token)?;
        check_access_token(&claims, algorithm, access_token)?;
        Ok(claims)
    }

    fn verify_by(&self, token: &str) -> Result<(Value, Algorithm), IdTokenRefused> {
        if token.len() > LONGEST_TOKEN || token.bytes().filter(|byte| *byte == b'.').count() != 2 {
            return Err(IdTokenRefused::Shape);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| IdTokenRefused::Shape)?;
        if !self.algorithms.contains(&header.alg) {
            return Err(IdTokenRefused::Algorithm {
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
        let verified = keys.find_map(|key| {
            if header.kid.is_some() && key.common.key_id != header.kid {
                return None;
            }
            let key = DecodingKey::from_jwk(key).ok()?;
            jsonwebtoken::decode::<Value>(token, &key, &validation).ok()
        });
        verified
            .map(|token| (token.claims, header.alg))
            .ok_or(IdTokenRefused::Signature)
    }
}

/// Checks that claims, of which the signature holds, are what was asked for.
///
/// Whom they are about is for the caller to read: see [`crate::IdentityToken`].
pub fn check_claims(claims: &Value, expected: &Expected<'_>) -> Result<(), IdTokenRefused> {
    if claims["iss"].as_str() != Some(expected.issuer) {
        return Err(wrong("iss", "not the issuer that was asked"));
    }
    check_audience(claims, expected.client_id)?;
    check_times(claims, expected.now)?;
    if let Some(nonce) = expected.nonce {
        let found = claims["nonce"].as_str().unwrap_or_default();
        if !is_same_secret(found.as_bytes(), nonce.as_bytes()) {
            return Err(wrong("nonce", "not the one of this login"));
        }
    }
    Ok(())
}

/// Checks that an access token came with the identity token of these claims (OpenID Connect Core 1.0
/// section 3.1.3.6): `at_hash` is the left half of its hash, if it is there.
fn check_access_token(
    claims: &Value,
    algorithm: Algorithm,
    access_token: &str,
) -> Result<(), IdTokenRefused> {
    if claims["at_hash"].is_null() {
        return Ok(());
    }
    let digest = match algorithm {
        Algorithm::ES384 | Algorithm::RS384 | Algorithm::PS384 => HashAlgorithm::Sha384,
        Algorithm::RS512 | Algorithm::PS512 | Algorithm::EdDSA => HashAlgorithm::Sha512,
        _ => HashAlgorithm::Sha256,
    }
    .digest(access_token.as_bytes());
    let (left, _) = digest.as_bytes().split_at(digest.as_bytes().len() / 2);
    match claims["at_hash"].as_str() == Some(&base64::encode_url(left)) {
        true => Ok(()),
        false => Err(wrong(
            "at_hash",
            "not of the access token that came with it",
        )),
    }
}

fn check_audience(claims: &Value, client_id: &str) -> Result<(), IdTokenRefused> {
    let several = match &claims["aud"] {
        Value::Array(list) if list.iter().any(|item| item == client_id) => list.len() > 1,
        one if one == client_id => false,
        _ => return Err(wrong("aud", "not this issuer's client ID")),
    };
    match claims["azp"].as_str() {
        Some(party) if party != client_id => Err(wrong("azp", "made for another party")),
        None if several => Err(wrong(
            "azp",
            "missing, although the token has several audiences",
        )),
        _ => Ok(()),
    }
}

fn check_times(claims: &Value, now: UnixTime) -> Result<(), IdTokenRefused> {
    let time = |claim: &'static str| {
        let number = &claims[claim];
        // Some issuers write a fraction.
        let seconds = number
            .as_i64()
            .or_else(|| number.as_f64().map(|seconds| seconds as i64));
        let time = seconds.and_then(|seconds| UnixTime::from_seconds(seconds).ok());
        time.ok_or(wrong(
            claim,
            "missing, or not a number of seconds since 1970",
        ))
    };
    if time("exp")? <= now {
        return Err(wrong("exp", "expired"));
    }
    let ahead = now.plus_seconds(LEEWAY);
    if ahead < time("iat")? {
        return Err(wrong("iat", "in the future"));
    }
    if !claims["nbf"].is_null() && ahead < time("nbf")? {
        return Err(wrong("nbf", "not yet valid"));
    }
    Ok(())
}

fn wrong(claim: &'static str, problem: &'static str) -> IdTokenRefused {
    IdTokenRefused::Claim { claim, problem }
}

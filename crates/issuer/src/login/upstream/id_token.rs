//! Another issuer's identity token (OpenID Connect Core 1.0 sections 3.1.3.7 and 5.1).
//!
//! ```text
//! {"iss":"https://accounts.example","sub":"10769","aud":"waxwing","exp":1764000300,"iat":1764000000,
//!  "nonce":"…","email":"alice@example.com","email_verified":true}
//! ```
//!
//! Refused: what no published key signed by an algorithm that the issuer announces, another issuer, a token
//! that is not for us or was made for another party, one that is expired or not yet begun, another nonce
//! than the one of this login, and an address that the issuer does not vouch for.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;
use waxwing_encoding::time::UnixTime;

use crate::person::Person;
use crate::state::secret::same;
use crate::token::{LONGEST_SUBJECT, is_address};

/// The longest token that is read, in bytes.
const LONGEST_TOKEN: usize = 32 * 1024;

/// By how much the other issuer's clock may be ahead, in seconds.
const LEEWAY: i64 = 60;

/// The longest address or full name, in bytes.
const LONGEST_TEXT: usize = 254;

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

/// The keys of another issuer.
#[derive(Debug)]
pub(crate) struct Keys {
    keys: JwkSet,
    algorithms: Vec<Algorithm>,
}

/// What a token must say.
#[derive(Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) nonce: Option<&'a str>,
    pub(crate) now: UnixTime,
}

impl Keys {
    pub(crate) fn new(keys: JwkSet, announced: &[String]) -> Self {
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
    pub(crate) fn verify(&self, token: &str) -> Result<Value, IdTokenRefused> {
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
            .map(|token| token.claims)
            .ok_or(IdTokenRefused::Signature)
    }
}

/// The person whom claims are about, as `connector` knows them.
pub(crate) fn person(
    claims: &Value,
    expected: &Expected<'_>,
    connector: &str,
) -> Result<Person, IdTokenRefused> {
    if claims["iss"].as_str() != Some(expected.issuer) {
        return Err(wrong("iss", "not the issuer that was asked"));
    }
    check_audience(claims, expected.client_id)?;
    check_times(claims, expected.now)?;
    if let Some(nonce) = expected.nonce {
        let found = claims["nonce"].as_str().unwrap_or_default();
        if !same(found.as_bytes(), nonce.as_bytes()) {
            return Err(wrong("nonce", "not the one of this login"));
        }
    }
    let user_id = claims["sub"].as_str().unwrap_or_default();
    let printable = user_id.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if user_id.is_empty() || user_id.len() > LONGEST_SUBJECT || !printable {
        return Err(wrong("sub", "missing, too long or not printable ASCII"));
    }
    let person = Person {
        user_id: user_id.to_owned(),
        connector_id: connector.to_owned(),
        email: email(claims)?,
        name: name(claims),
    };
    match person.subject().len() <= LONGEST_SUBJECT {
        true => Ok(person),
        false => Err(wrong(
            "sub",
            "too long for a subject of ours, which names the connector as well",
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

/// An address that the issuer says is theirs; none if it says nothing about any.
fn email(claims: &Value) -> Result<Option<String>, IdTokenRefused> {
    let email = match &claims["email"] {
        Value::Null => return Ok(None),
        email => email.as_str().unwrap_or_default(),
    };
    let verified = match &claims["email_verified"] {
        Value::Bool(verified) => *verified,
        // Some issuers write it as text.
        text => text == "true",
    };
    if !verified {
        return Err(wrong(
            "email_verified",
            "the issuer does not vouch for the address",
        ));
    }
    if email.len() > LONGEST_TEXT || !is_address(email) {
        return Err(wrong("email", "not an address in ASCII"));
    }
    Ok(Some(email.to_owned()))
}

fn name(claims: &Value) -> Option<String> {
    let name = claims["name"].as_str()?;
    let sound = name.len() <= LONGEST_TEXT && !name.chars().any(char::is_control);
    sound.then(|| name.to_owned())
}

fn wrong(claim: &'static str, problem: &'static str) -> IdTokenRefused {
    IdTokenRefused::Claim { claim, problem }
}

//! A token before anything in it is believed: three parts, a header, claims.
//!
//! ```text
//! eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJpc3MiOiJodHRwczovL2EiLCAuLi59.c2lnbmF0dXJl
//! {"alg":"RS256","kid":"1"}          {"iss":"https://a", ...}
//! ```
//!
//! The compact form of RFC 7515 section 3.1. Refused before any of it is parsed: other than two dots,
//! and more than 64 KiB (GHSA-f83f-xpx7-ffpw). Refused then: names that stand twice, `crit` (no
//! extension is understood here), an algorithm that is not asymmetric. Keys in the header (`jwk`,
//! `jku`, `x5c`, `x5u`) are not looked at: a token does not choose who vouches for it.

use serde_json::Value;
use waxwing_encoding::base64;

use crate::identity::TokenClaims;
use crate::token::algorithm::TokenAlgorithm;
use crate::token::{TokenRefused, strict_object};

/// Longest token that is read, in bytes.
pub(crate) const LONGEST_TOKEN: usize = 64 * 1024;

/// Longest header that is read, in characters of base64.
const LONGEST_HEADER: usize = 16 * 1024;

/// A token, read and not believed.
#[derive(Debug)]
pub(super) struct Unverified<'a> {
    pub(super) algorithm: TokenAlgorithm,
    pub(super) key_id: Option<String>,
    /// Header and claims as they came: what is signed.
    pub(super) message: &'a str,
    pub(super) signature: &'a str,
    pub(super) claims: TokenClaims,
}

impl<'a> Unverified<'a> {
    pub(super) fn read(token: &'a str) -> Result<Self, TokenRefused> {
        if token.len() > LONGEST_TOKEN || token.bytes().filter(|byte| *byte == b'.').count() != 2 {
            return Err(TokenRefused::Shape);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenRefused::Shape)?;
        let (header, claims) = message.split_once('.').ok_or(TokenRefused::Shape)?;
        if header.len() > LONGEST_HEADER {
            return Err(TokenRefused::Shape);
        }
        let header = strict_object(&decode(header)?)?;
        let text = |name: &'static str| match header.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(TokenRefused::Header { name }),
        };
        if header.contains_key("crit") {
            return Err(TokenRefused::Header { name: "crit" });
        }
        let algorithm = text("alg")?.ok_or(TokenRefused::Header { name: "alg" })?;
        let key_id = text("kid")?.map(str::to_owned);
        Ok(Self {
            algorithm: TokenAlgorithm::named(algorithm).ok_or_else(|| TokenRefused::Algorithm {
                found: algorithm.chars().take(32).collect(),
                expected: "an asymmetric one such as RS256 or ES256".to_owned(),
            })?,
            key_id,
            message,
            signature,
            claims: TokenClaims::from_json(&decode(claims)?)?,
        })
    }
}

/// Base64url without padding (RFC 7515 section 2), and no other spelling of the same bytes.
pub(super) fn decode(part: &str) -> Result<Vec<u8>, TokenRefused> {
    let in_alphabet = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match part.bytes().all(in_alphabet) {
        true => base64::decode_proto_json(part).map_err(|_| TokenRefused::Shape),
        false => Err(TokenRefused::Shape),
    }
}

//! `email`: the address that the issuer verified.
//!
//! ```text
//! {"email":"a@example.com","email_verified":true,
//!  "federated_claims":{"connector_id":"https://github.com/login/oauth"}}
//! ```
//!
//! With `issuer-claim` the certificate names who vouched for the address behind a Dex, by a path
//! such as `$.federated_claims.connector_id`. Of JSONPath, members of objects are understood, nothing
//! else. Refused: an address that is not verified, unless the issuer is configured so; one outside
//! ASCII, which the certificate could not hold.

use serde_json::Value;
use waxwing_pki::fulcio::{Claims, Identity, SubjectAlternativeName};

use crate::identity::{IdentityRefused, Principal, TokenClaims};

/// Longest address that is taken (RFC 5321 section 4.5.3.1 has 64 + 1 + 255).
const LONGEST_ADDRESS: usize = 320;

/// A path to a claim: `$.federated_claims.connector_id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimPath {
    text: String,
    members: Vec<String>,
}

/// A path that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the path {found:?} is not understood; expected $.NAME.NAME or $['NAME']")]
pub struct ClaimPathError {
    /// The path.
    pub found: String,
}

impl ClaimPath {
    /// Reads a path.
    pub fn parse(text: &str) -> Result<Self, ClaimPathError> {
        let error = || ClaimPathError {
            found: text.to_owned(),
        };
        let mut members = Vec::new();
        let mut rest = text.strip_prefix('$').ok_or_else(error)?;
        while !rest.is_empty() {
            let (member, after) = if let Some(named) = rest.strip_prefix('.') {
                let end = named.find(['.', '[']).unwrap_or(named.len());
                named.split_at(end)
            } else {
                let inside = rest.strip_prefix("['");
                inside
                    .and_then(|inside| inside.split_once("']"))
                    .ok_or_else(error)?
            };
            let plain = !member.is_empty() && !member.contains(['*', '\'', '"', '?', '@', ']']);
            if !plain {
                return Err(error());
            }
            members.push(member.to_owned());
            rest = after;
        }
        if members.is_empty() {
            return Err(error());
        }
        Ok(Self {
            text: text.to_owned(),
            members,
        })
    }

    fn find<'a>(&self, claims: &'a TokenClaims) -> Option<&'a str> {
        let (first, others) = self.members.split_first()?;
        let first = claims.get(first)?;
        let found = others.iter().try_fold(first, |value, name| value.get(name));
        found?.as_str().filter(|text| !text.is_empty())
    }
}

pub(super) fn principal(
    issuer: &str,
    claims: &TokenClaims,
    issuer_claim: Option<&ClaimPath>,
    skip_verification: bool,
) -> Result<Principal, IdentityRefused> {
    let email = claims.text("email")?;
    if !skip_verification && !is_verified(claims) {
        let found = claims.get("email_verified").unwrap_or(&Value::Null);
        let found = found.to_string();
        return Err(IdentityRefused::EmailNotVerified { found });
    }
    if !is_address(email) {
        let found = email.to_owned();
        return Err(IdentityRefused::NotAnEmail { found });
    }
    let vouching = match issuer_claim {
        None => issuer,
        Some(path) => path
            .find(claims)
            .ok_or_else(|| IdentityRefused::IssuerClaim {
                path: path.text.clone(),
            })?,
    };
    Ok(Principal {
        identity: Identity {
            name: SubjectAlternativeName::Email(email.to_owned()),
            issuer: vouching.to_owned(),
            subject: Some(claims.text("sub")?.to_owned()),
        },
        claims: Claims::default(),
        name: email.to_owned(),
    })
}

/// `true`, or a text that Go's `ParseBool` reads as true: some issuers write it so.
pub(super) fn is_verified(claims: &TokenClaims) -> bool {
    match claims.get("email_verified") {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => {
            matches!(text.as_str(), "1" | "t" | "T" | "true" | "TRUE" | "True")
        }
        _ => false,
    }
}

/// Whether this is an address as most people have: a dot-atom (RFC 5322 section 3.2.3), an at sign,
/// a host name. Quoted local parts and addresses in brackets are not taken.
pub(super) fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let in_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let in_label = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let atoms = local
        .split('.')
        .all(|atom| !atom.is_empty() && atom.bytes().all(in_atom));
    let labels = domain
        .split('.')
        .all(|label| !label.is_empty() && label.bytes().all(in_label));
    text.len() <= LONGEST_ADDRESS && atoms && labels
}

//! Identity tokens: claims as JSON, signed as a compact JWS (RFC 7515).
//!
//! ```text
//! BASE64URL({"alg":"ES256","kid":"…","typ":"JWT"}) . BASE64URL(claims) . BASE64URL(signature)
//! ```
//!
//! Refused: an empty or overlong subject, an email that is none, lifetimes of nothing or above a day.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use waxwing_crypto::sha256;
use waxwing_encoding::base64;
use waxwing_encoding::time::UnixTime;
use zeroize::Zeroize;

use crate::person::Person;
use crate::signing_key::{SigningError, SigningKey};

/// The longest life of a token: a day, the default of Dex. Sigstore's public issuer gives a minute.
pub const LONGEST_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest subject (OpenID Connect Core 1.0 section 2).
pub(crate) const LONGEST_SUBJECT: usize = 255;

/// Who a token speaks of, to whom, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `sub`: who, in a form that is never given to somebody else.
    pub subject: String,
    /// `email`, of which the caller knows that it belongs to the subject: `email_verified` is true.
    pub email: Option<String>,
    /// `aud`: who may accept the token.
    pub audience: String,
    /// How long the token is good.
    pub lifetime: Duration,
}

/// A signed token. Whoever has it can act as the person it names, so it is not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityToken(String);

/// Why a token cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// No subject, or one that OpenID Connect does not allow.
    #[error(
        "a subject of {length} bytes; expected 1 to {LONGEST_SUBJECT} printable ASCII characters"
    )]
    Subject {
        /// How long it is.
        length: usize,
    },
    /// Not an address that a certificate can hold.
    #[error("the email {email:?} is not an ASCII address like alice@example.com")]
    Email {
        /// The text found.
        email: String,
    },
    /// Nobody to accept the token.
    #[error("an empty audience; Fulcio expects \"sigstore\" unless it is configured otherwise")]
    Audience,
    /// A token that is never good, or for too long.
    #[error("a lifetime of {} s; expected 1 to {} s", found.as_secs(), LONGEST_LIFETIME.as_secs())]
    Lifetime {
        /// The lifetime asked for.
        found: Duration,
    },
    /// The key could not sign.
    #[error(transparent)]
    Signing(#[from] SigningError),
}

impl Identity {
    /// Somebody known by an email address, for Fulcio, for a minute.
    pub fn email(address: impl Into<String>) -> Self {
        let address = address.into();
        Self {
            email: Some(address.clone()),
            ..Self::subject(address)
        }
    }

    /// Somebody or something known by a subject alone, for Fulcio, for a minute.
    pub fn subject(subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            email: None,
            audience: "sigstore".to_owned(),
            lifetime: Duration::from_secs(60),
        }
    }

    pub(crate) fn check(&self) -> Result<(), IdentityError> {
        let length = self.subject.len();
        let printable = self
            .subject
            .bytes()
            .all(|byte| (0x20..0x7f).contains(&byte));
        if !(1..=LONGEST_SUBJECT).contains(&length) || !printable {
            return Err(IdentityError::Subject { length });
        }
        if let Some(email) = &self.email
            && !is_address(email)
        {
            let email = email.clone();
            return Err(IdentityError::Email { email });
        }
        if self.audience.is_empty() {
            return Err(IdentityError::Audience);
        }
        if self.lifetime.as_secs() == 0 || self.lifetime > LONGEST_LIFETIME {
            let found = self.lifetime;
            return Err(IdentityError::Lifetime { found });
        }
        Ok(())
    }
}

impl IdentityToken {
    /// The compact JWS. It is a credential: it belongs in a request and nowhere else.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Signs `identity` for `issuer` at `now`.
    pub(crate) fn sign(
        identity: &Identity,
        more: &Claims<'_>,
        issuer: &str,
        now: UnixTime,
        key: &SigningKey,
    ) -> Result<Self, IdentityError> {
        identity.check()?;
        let lifetime = identity.lifetime.as_secs();
        let claims = Signed {
            iss: issuer,
            sub: &identity.subject,
            aud: &identity.audience,
            exp: now.seconds().saturating_add_unsigned(lifetime),
            iat: now.seconds(),
            email: identity.email.as_deref(),
            email_verified: identity.email.as_ref().map(|_| true),
            more,
        };
        Ok(Self(key.sign(&claims)?))
    }
}

impl fmt::Debug for IdentityToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("IdentityToken(secret)")
    }
}

impl Drop for IdentityToken {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// What a token says beside the identity when somebody logged in (OpenID Connect Core 1.0 sections 2
/// and 3.3.2.11).
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Claims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) c_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) jti: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<&'a str>,
    /// Dex's claim, which Fulcio reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) federated_claims: Option<FederatedClaims<'a>>,
}

/// Where somebody logged in, and who they are there.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct FederatedClaims<'a> {
    pub(crate) connector_id: &'a str,
    pub(crate) user_id: &'a str,
}

impl<'a> From<&'a Person> for FederatedClaims<'a> {
    fn from(person: &'a Person) -> Self {
        Self {
            connector_id: &person.connector_id,
            user_id: &person.user_id,
        }
    }
}

/// `at_hash` of an access token, `c_hash` of a code (OpenID Connect Core 1.0 section 3.1.3.6): the
/// left half of the digest, which is SHA-256 for ES256 and for RS256.
pub(crate) fn half_hash(text: &str) -> String {
    base64::encode_url(&sha256(text.as_bytes())[..16])
}

#[derive(Serialize)]
struct Signed<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
    #[serde(flatten)]
    more: &'a Claims<'a>,
}

/// Whether a certificate could name this address: Fulcio writes it as an IA5String.
pub(crate) fn is_address(text: &str) -> bool {
    let graphic = text.bytes().all(|byte| byte.is_ascii_graphic());
    match text.split_once('@') {
        Some((local, domain)) => {
            graphic && !local.is_empty() && !domain.is_empty() && !domain.contains('@')
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use waxwing_crypto::{KeyType, PrivateKey};

    use super::*;

    fn sign(identity: &Identity) -> Result<IdentityToken, IdentityError> {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let key = SigningKey::new(key).unwrap();
        let now = UnixTime::from_seconds(1_764_000_000).unwrap();
        let none = Claims::default();
        IdentityToken::sign(identity, &none, "https://issuer.example", now, &key)
    }

    #[test]
    fn what_no_certificate_could_hold_is_refused() {
        let refused = |identity: Identity| sign(&identity).unwrap_err();
        for subject in ["", "a\nb", "é", &"x".repeat(256)] {
            let length = subject.len();
            let found = refused(Identity::subject(subject));
            assert_eq!(found, IdentityError::Subject { length });
        }
        for email in [
            "alice",
            "@example.com",
            "alice@",
            "a@b@c",
            "a b@c",
            "álice@c",
        ] {
            let identity = Identity {
                email: Some(email.to_owned()),
                ..Identity::subject("x")
            };
            let email = email.to_owned();
            assert_eq!(refused(identity), IdentityError::Email { email });
        }
        for milliseconds in [0, 999, 86_400_001] {
            let found = Duration::from_millis(milliseconds);
            let identity = Identity {
                lifetime: found,
                ..Identity::subject("x")
            };
            assert_eq!(refused(identity), IdentityError::Lifetime { found });
        }
        let identity = Identity {
            audience: String::new(),
            ..Identity::subject("x")
        };
        assert_eq!(refused(identity), IdentityError::Audience);
    }

    /// OpenID Connect Core 1.0 appendix A.3 has this pair.
    #[test]
    fn the_sample_hash_of_openid_connect() {
        let access_token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(half_hash(access_token), "77QmUPtjPfzWtF2AnpK9RQ");
    }

    #[test]
    fn debug_output_does_not_show_the_token() {
        let token = sign(&Identity::email("alice@example.com")).unwrap();
        assert_eq!(format!("{token:?}"), "IdentityToken(secret)");
    }
}

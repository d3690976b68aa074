//! Identity tokens as a signer sees them: OIDC ID tokens in JWS compact form (RFC 7515).
//!
//! ```text
//! eyJhbGciOiJFUzI1NiIs….eyJpc3MiOiJodHRwczovL2V4….MEUCIQ…        header . claims . signature
//! ```
//!
//! The claims are read without checking the signature: that is Fulcio's to do, and the signer's own
//! final verification compares what the certificate says. They are needed for the proof of
//! possession, which is made over the name that Fulcio will put into the certificate.

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;

/// Longest token that is read, in bytes.
const LONGEST_TOKEN: usize = 64 * 1024;

/// A token and the claims that matter here. `Debug` does not show the token.
#[derive(Clone)]
pub struct IdentityToken {
    text: zeroize::Zeroizing<String>,
    issuer: String,
    name: String,
}

/// Why a text is no token that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// More bytes than are read.
    #[error("an identity token of {length} bytes; at most {LONGEST_TOKEN} are read")]
    TooLong {
        /// How many bytes there are.
        length: usize,
    },
    /// Not three parts, or the second is not base64.
    #[error("not an identity token: expected header.claims.signature in base64url")]
    Shape,
    /// The claims are not JSON of the right shape.
    #[error("the identity token's claims: {0}")]
    Claims(#[from] serde_json::Error),
    /// An e-mail address that nobody verified.
    #[error("the identity token's e-mail address is not verified by its issuer")]
    EmailNotVerified,
    /// No name at all.
    #[error("the identity token has neither an e-mail address nor a subject")]
    NoName,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    #[serde(default)]
    sub: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    email_verified: Flag,
}

/// Some issuers write `"true"`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Flag {
    Flag(bool),
    Text(String),
}

impl Default for Flag {
    fn default() -> Self {
        Self::Flag(false)
    }
}

impl Flag {
    fn is_set(&self) -> bool {
        match self {
            Self::Flag(flag) => *flag,
            Self::Text(text) => text == "true",
        }
    }
}

impl IdentityToken {
    /// Reads a token.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        if text.len() > LONGEST_TOKEN {
            return Err(TokenError::TooLong { length: text.len() });
        }
        let mut parts = text.split('.');
        let (Some(_), Some(claims), Some(_), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError::Shape);
        };
        let claims = BASE64URL_NOPAD
            .decode(claims.as_bytes())
            .map_err(|_| TokenError::Shape)?;
        let claims: Claims = serde_json::from_slice(&claims)?;
        let name = match (claims.email.is_empty(), claims.sub.is_empty()) {
            (false, _) if !claims.email_verified.is_set() => {
                return Err(TokenError::EmailNotVerified);
            }
            (false, _) => claims.email,
            (true, false) => claims.sub,
            (true, true) => return Err(TokenError::NoName),
        };
        Ok(Self {
            text: text.to_owned().into(),
            issuer: claims.iss,
            name,
        })
    }

    /// The token itself, for the `Authorization` header.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Who issued it.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The name that proves possession: the verified e-mail address, else the subject.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl std::fmt::Debug for IdentityToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "IdentityToken({} by {}, secret)",
            self.name, self.issuer
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> Result<IdentityToken, TokenError> {
        IdentityToken::new(&format!(
            "e30.{}.c2ln",
            BASE64URL_NOPAD.encode(claims.as_bytes())
        ))
    }

    #[test]
    fn the_verified_address_comes_before_the_subject() {
        for (claims, name) in [
            (
                r#"{"iss":"i","sub":"s","email":"a@b.c","email_verified":true}"#,
                "a@b.c",
            ),
            (
                r#"{"iss":"i","sub":"s","email":"a@b.c","email_verified":"true"}"#,
                "a@b.c",
            ),
            (r#"{"iss":"i","sub":"s"}"#, "s"),
        ] {
            let token = token(claims).unwrap();
            assert_eq!(token.name(), name);
            assert!(!format!("{token:?}").contains("e30"));
        }
    }

    #[test]
    fn other_texts_are_refused_by_name() {
        assert!(matches!(
            token(r#"{"iss":"i","sub":"s","email":"a@b.c"}"#),
            Err(TokenError::EmailNotVerified)
        ));
        assert!(matches!(token(r#"{"iss":"i"}"#), Err(TokenError::NoName)));
        assert!(matches!(token("not JSON"), Err(TokenError::Claims(_))));
        for text in ["", "a.b", "a.b.c.d", "a.?.c"] {
            assert!(
                matches!(IdentityToken::new(text), Err(TokenError::Shape)),
                "{text}"
            );
        }
    }
}

//! Proof Key for Code Exchange (RFC 7636): who redeems a code is who asked for it.
//!
//! ```text
//! code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256
//! code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk
//! ```
//!
//! Refused: methods other than `S256` and `plain` (which Dex takes too, and which is what no method
//! means), and challenges and verifiers that section 4 does not allow.

use waxwing_crypto::sha256;
use waxwing_encoding::base64;

use crate::state::secret::same;

/// What the client committed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Challenge {
    method: Method,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    S256,
    Plain,
}

/// Why a challenge cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChallengeError {
    #[error("Unsupported PKCE challenge method ({found:?}); expected S256.")]
    Method { found: String },
    #[error("The code_challenge is not what RFC 7636 section 4.2 makes: {expected}.")]
    Text { expected: &'static str },
    #[error("There is a code_challenge_method without a code_challenge.")]
    Missing,
}

impl Challenge {
    /// Reads the two parameters; `None` if there is neither.
    pub(crate) fn read(
        challenge: Option<&str>,
        method: Option<&str>,
    ) -> Result<Option<Self>, ChallengeError> {
        let Some(text) = challenge else {
            return match method {
                Some(_) => Err(ChallengeError::Missing),
                None => Ok(None),
            };
        };
        let method = match method {
            Some("S256") => Method::S256,
            Some("plain") | None => Method::Plain,
            Some(other) => {
                let found = other.chars().take(20).collect();
                return Err(ChallengeError::Method { found });
            }
        };
        let expected = match method {
            Method::S256 if text.len() != 43 || !is_verifier(text) => "43 characters of base64url",
            Method::Plain if !is_verifier(text) => "43 to 128 unreserved characters",
            _ => {
                let text = text.to_owned();
                return Ok(Some(Self { method, text }));
            }
        };
        Err(ChallengeError::Text { expected })
    }

    /// Whether the challenge was made from this verifier.
    pub(crate) fn admits(&self, verifier: &str) -> bool {
        let made = match self.method {
            Method::S256 => base64::encode_url(&sha256(verifier.as_bytes())),
            Method::Plain => verifier.to_owned(),
        };
        is_verifier(verifier) && same(made.as_bytes(), self.text.as_bytes())
    }
}

/// RFC 7636 section 4.1.
fn is_verifier(text: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn read(challenge: &str, method: Option<&str>) -> Result<Challenge, ChallengeError> {
        Challenge::read(Some(challenge), method).map(|read| read.unwrap())
    }

    /// RFC 7636 appendix B.
    #[test]
    fn the_sample_of_rfc_7636() {
        let challenge = read(CHALLENGE, Some("S256")).unwrap();
        assert!(challenge.admits(VERIFIER));
        assert!(!challenge.admits(CHALLENGE));
        assert!(!challenge.admits(&VERIFIER.replace('d', "e")));
        assert!(!challenge.admits(""));
    }

    #[test]
    fn plain_compares_the_verifier_itself() {
        for method in [Some("plain"), None] {
            let challenge = read(VERIFIER, method).unwrap();
            assert!(challenge.admits(VERIFIER));
            assert!(!challenge.admits(CHALLENGE));
        }
    }

    #[test]
    fn other_methods_and_forms_are_refused() {
        let found = "S512".to_owned();
        let refused = read(CHALLENGE, Some("S512"));
        assert_eq!(refused, Err(ChallengeError::Method { found }));
        for (text, method) in [
            (&CHALLENGE[1..], "S256"),
            (&format!("{CHALLENGE}x")[..], "S256"),
            (&CHALLENGE.replace('-', "+")[..], "S256"),
            (&CHALLENGE[1..], "plain"),
            (&"x".repeat(129)[..], "plain"),
        ] {
            let refused = read(text, Some(method));
            assert!(
                matches!(refused, Err(ChallengeError::Text { .. })),
                "{text}"
            );
        }
        assert_eq!(
            Challenge::read(None, Some("S256")),
            Err(ChallengeError::Missing)
        );
        assert_eq!(Challenge::read(None, None), Ok(None));
    }
}

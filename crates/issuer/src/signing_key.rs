//! The key that signs tokens: ES256 or RS256 (RFC 7518 section 3), by its kind.
//!
//! RS256 is what Dex signs with, and the one algorithm in which upstream's `cosign --identity-token`
//! recognises a token given on the command line; everything else in Sigstore takes ES256 as well, whose
//! keys are made in a thousandth of the time.

use serde::Serialize;
use waxwing_crypto::{KeyError, KeyType, PrivateKey, PublicKey};
use waxwing_encoding::base64;

use crate::es256;
use crate::jwk::Jwk;

/// A key with its name and algorithm.
pub(crate) struct SigningKey {
    key: PrivateKey,
    jwk: Jwk,
}

/// Why something could not be signed. The fault is ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SigningError {
    /// The key could not sign.
    #[error("the issuer's key cannot sign: {0}")]
    Key(#[from] KeyError),
    /// The signature is not what ECDSA on P-256 gives.
    #[error("the provider gave a signature that is not ECDSA on P-256; please report this")]
    Signature,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    kid: &'a str,
    typ: &'static str,
}

impl SigningKey {
    /// `None` unless tokens can be signed with such a key.
    pub(crate) fn new(key: PrivateKey) -> Option<Self> {
        let jwk = Jwk::new(key.public_key())?;
        Some(Self { key, jwk })
    }

    pub(crate) fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// A compact JWS over `claims`.
    pub(crate) fn sign(&self, claims: &impl Serialize) -> Result<String, SigningError> {
        let header = Header {
            alg: self.jwk.algorithm(),
            kid: self.jwk.name(),
            typ: "JWT",
        };
        let mut token = format!("{}.{}", encoded(&header), encoded(claims));
        let mut signature = self.key.sign(token.as_bytes())?;
        if self.key.public_key().key_type() == KeyType::EcdsaP256 {
            let fixed = es256::fixed_length(&signature).ok_or(SigningError::Signature)?;
            signature = fixed.to_vec();
        }
        token.push('.');
        token.push_str(&base64::encode_url(&signature));
        Ok(token)
    }
}

/// The public half of a key that signed before; `None` unless tokens can be signed with such a key.
pub(crate) fn published(key: &PublicKey) -> Option<Jwk> {
    Jwk::new(key)
}

fn encoded(part: &impl Serialize) -> String {
    let json = serde_json::to_vec(part);
    base64::encode_url(&json.expect("invariant: strings and numbers can be written as JSON"))
}

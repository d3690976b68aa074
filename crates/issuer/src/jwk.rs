//! Public P-256 keys as JSON Web Keys (RFC 7517, RFC 7518 section 6.2), named by their thumbprint
//! (RFC 7638).
//!
//! ```text
//! {"kty":"EC","crv":"P-256","x":"MKBC…7D4","y":"4Etl…FyM","kid":"cn-I…n-s","alg":"ES256","use":"sig"}
//! ```

use serde::Serialize;
use waxwing_crypto::{KeyType, PublicKey, sha256};
use waxwing_encoding::base64;

/// A public key for checking ES256 signatures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Jwk {
    kty: &'static str,
    crv: &'static str,
    x: String,
    y: String,
    pub(crate) kid: String,
    alg: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
}

/// The document at `/keys`.
#[derive(Debug, Serialize)]
pub(crate) struct JwkSet<'a> {
    pub(crate) keys: &'a [Jwk],
}

impl Jwk {
    /// The key as a JWK; `None` if it is not on P-256.
    pub(crate) fn new(key: &PublicKey) -> Option<Self> {
        if key.key_type() != KeyType::EcdsaP256 {
            return None;
        }
        // The point: 4, then 32 bytes of x and 32 bytes of y.
        let (x, y) = key.bits().get(1..65)?.split_at(32);
        let (x, y) = (base64::encode_url(x), base64::encode_url(y));
        Some(Self {
            kty: "EC",
            crv: "P-256",
            kid: thumbprint(&x, &y),
            x,
            y,
            alg: "ES256",
            usage: "sig",
        })
    }
}

/// RFC 7638 section 3: the digest over the required members in the order of their names.
fn thumbprint(x: &str, y: &str) -> String {
    let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    base64::encode_url(&sha256(members.as_bytes()))
}

#[cfg(test)]
mod tests {
    use waxwing_crypto::PrivateKey;
    use waxwing_encoding::hex;

    use super::*;

    /// The first key of RFC 7517 appendix A.1. The RFC gives no thumbprint for it; this one was
    /// computed from the members with another language's SHA-256 and base64.
    #[test]
    fn the_sample_key_of_rfc_7517() {
        let spki = "3059301306072a8648ce3d020106082a8648ce3d030107034200\
            0430a0424cd21c2944838a2d75c92b37e76ea20d9f00893a3b4eee8a3c0aafec3e\
            e04b65e92456d9888b52b379bdfbd51ee869ef1f0fc65b6659695b6cce081723";
        let key = PublicKey::from_spki_der(&hex::decode(spki).unwrap()).unwrap();
        assert_eq!(
            serde_json::to_string(&Jwk::new(&key).unwrap()).unwrap(),
            r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","kid":"cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s","alg":"ES256","use":"sig"}"#
        );
    }

    #[test]
    fn other_kinds_of_keys_are_none() {
        for kind in [KeyType::EcdsaP384, KeyType::Ed25519] {
            let key = PrivateKey::generate(kind).unwrap();
            assert_eq!(Jwk::new(key.public_key()), None);
        }
    }
}

//! Public keys as JSON Web Keys (RFC 7517, RFC 7518 section 6), named by their thumbprint (RFC 7638).
//!
//! ```text
//! {"kty":"EC","crv":"P-256","x":"MKBC…7D4","y":"4Etl…FyM","kid":"cn-I…n-s","alg":"ES256","use":"sig"}
//! {"kty":"RSA","n":"0vx7…Knw","e":"AQAB","kid":"NzbL…9Xs","alg":"RS256","use":"sig"}
//! ```

use der::asn1::UintRef;
use der::{Decode, Sequence};
use serde::Serialize;
use waxwing_crypto::{KeyType, PublicKey, sha256};
use waxwing_encoding::base64;

/// A public key for checking tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Jwk {
    #[serde(flatten)]
    members: Members,
    kid: String,
    alg: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kty")]
enum Members {
    #[serde(rename = "EC")]
    Ec {
        crv: &'static str,
        x: String,
        y: String,
    },
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
}

/// The document at `/keys`.
#[derive(Debug, Serialize)]
pub(crate) struct JwkSet<'a> {
    pub(crate) keys: &'a [Jwk],
}

impl Jwk {
    /// The key as a JWK; `None` unless it is on P-256 or RSA of a size that Sigstore knows.
    pub(crate) fn new(key: &PublicKey) -> Option<Self> {
        let (members, alg) = match key.key_type() {
            KeyType::EcdsaP256 => {
                // The point: 4, then 32 bytes of x and 32 bytes of y.
                let (x, y) = key.bits().get(1..65)?.split_at(32);
                let (x, y) = (base64::encode_url(x), base64::encode_url(y));
                let crv = "P-256";
                (Members::Ec { crv, x, y }, "ES256")
            }
            KeyType::Rsa(2048 | 3072 | 4096) => {
                let key = RsaPublicKey::from_der(key.bits()).ok()?;
                let n = base64::encode_url(key.modulus.as_bytes());
                let e = base64::encode_url(key.exponent.as_bytes());
                (Members::Rsa { n, e }, "RS256")
            }
            _ => return None,
        };
        Some(Self {
            kid: members.thumbprint(),
            members,
            alg,
            usage: "sig",
        })
    }

    /// `kid`.
    pub(crate) fn name(&self) -> &str {
        &self.kid
    }

    /// `alg`.
    pub(crate) fn algorithm(&self) -> &'static str {
        self.alg
    }
}

impl Members {
    /// RFC 7638 section 3: the digest over the required members in the order of their names.
    fn thumbprint(&self) -> String {
        let members = match self {
            Self::Ec { crv, x, y } => {
                format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            Self::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
        };
        base64::encode_url(&sha256(members.as_bytes()))
    }
}

/// RFC 8017 appendix A.1.1.
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
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

    /// RFC 7638 section 3.1: the modulus with the thumbprint that it has.
    #[test]
    fn the_sample_thumbprint_of_rfc_7638() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let modulus = base64::decode_proto_json(n).unwrap();
        // SEQUENCE { INTEGER n, INTEGER 65537 }, by hand.
        let integer = [&[0x02, 0x82, 0x01, 0x01, 0x00], &modulus[..]].concat();
        let pkcs1 = [&[0x30, 0x82, 0x01, 0x0a], &integer[..], &[0x02, 3, 1, 0, 1]].concat();
        let key = PublicKey::from_pkcs1_der(&pkcs1).unwrap();
        let jwk = Jwk::new(&key).unwrap();
        assert_eq!(jwk.name(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        let json = serde_json::to_value(&jwk).unwrap();
        assert_eq!((&json["n"], &json["e"]), (&n.into(), &"AQAB".into()));
        assert_eq!(
            (&json["kty"], &json["alg"]),
            (&"RSA".into(), &"RS256".into())
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

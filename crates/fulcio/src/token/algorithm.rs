//! The algorithms of tokens (RFC 7518 section 3.1, RFC 8037), and checking a signature with each.
//!
//! ```text
//! RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA
//! ```
//!
//! `none` and the HS algorithms are not among them, so that a public key can never be taken for a
//! shared secret. The library has no ES512; it is done here over our own P-521.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde_json::Value;
use waxwing_crypto::{PublicKey, SignatureAlgorithm};

use crate::token::jws;

/// Bytes of a number on P-521.
const P521_BYTES: usize = 66;

/// What stands before the point of a P-521 key in its SubjectPublicKeyInfo.
const P521_PREFIX: &[u8] =
    b"\x30\x81\x9b\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23\x03\x81\x86\x00\x04";

/// An algorithm that signs with a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenAlgorithm {
    Library(Algorithm),
    Es512,
}

/// A key that an issuer published, decoded.
pub(super) struct VerifyingKey {
    material: Material,
    /// What the issuer says it signs with, if it says so.
    stated: Option<String>,
}

enum Material {
    Library {
        key: DecodingKey,
        fits: &'static [Algorithm],
    },
    P521(PublicKey),
}

impl TokenAlgorithm {
    /// The algorithm of this name, if it is one of these.
    pub(super) fn named(name: &str) -> Option<Self> {
        if name == "ES512" {
            return Some(Self::Es512);
        }
        let algorithm: Algorithm = name.parse().ok()?;
        (algorithm.family() != AlgorithmFamily::Hmac).then_some(Self::Library(algorithm))
    }

    pub(super) fn name(self) -> String {
        match self {
            Self::Library(algorithm) => format!("{algorithm:?}"),
            Self::Es512 => "ES512".to_owned(),
        }
    }
}

impl VerifyingKey {
    /// Decodes one member of a key set; `None` for keys of other kinds and for other uses, and for
    /// malformed ones, which must not hide the others.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let text = |name| value.get(name).and_then(Value::as_str);
        if text("use").is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let stated = text("alg").map(str::to_owned);
        let material = match (text("kty")?, text("crv")) {
            ("EC", Some("P-521")) => p521(text("x")?, text("y")?)?,
            _ => library(value)?,
        };
        Some(Self { material, stated })
    }

    /// Whether this key made the signature, by an algorithm that goes with it.
    pub(super) fn verifies(
        &self,
        algorithm: TokenAlgorithm,
        message: &str,
        signature: &str,
    ) -> bool {
        if self
            .stated
            .as_ref()
            .is_some_and(|stated| *stated != algorithm.name())
        {
            return false;
        }
        match (&self.material, algorithm) {
            (Material::Library { key, fits }, TokenAlgorithm::Library(algorithm)) => {
                let verified =
                    || jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, algorithm);
                fits.contains(&algorithm) && verified().is_ok_and(|holds| holds)
            }
            (Material::P521(key), TokenAlgorithm::Es512) => {
                let signature = jws::decode(signature).ok();
                let signature = signature.and_then(|signature| der_signature(&signature));
                signature.is_some_and(|signature| {
                    let algorithm = SignatureAlgorithm::EcdsaP521Sha512;
                    key.verify(algorithm, message.as_bytes(), &signature)
                        .is_ok()
                })
            }
            _ => false,
        }
    }
}

fn library(value: &Value) -> Option<Material> {
    use serde::Deserialize;
    let key = Jwk::deserialize(value).ok()?;
    let fits: &[Algorithm] = match &key.algorithm {
        AlgorithmParameters::RSA(_) => &[
            Algorithm::RS256,
            Algorithm::RS384,
            Algorithm::RS512,
            Algorithm::PS256,
            Algorithm::PS384,
            Algorithm::PS512,
        ],
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            &[Algorithm::ES256]
        }
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => {
            &[Algorithm::ES384]
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            &[Algorithm::EdDSA]
        }
        _ => return None,
    };
    let key = DecodingKey::from_jwk(&key).ok()?;
    Some(Material::Library { key, fits })
}

fn p521(x: &str, y: &str) -> Option<Material> {
    let (x, y) = (jws::decode(x).ok()?, jws::decode(y).ok()?);
    if x.len() != P521_BYTES || y.len() != P521_BYTES {
        return None;
    }
    let spki = [P521_PREFIX, &x, &y].concat();
    Some(Material::P521(PublicKey::from_spki_der(&spki).ok()?))
}

/// The two numbers of a JWS signature as `SEQUENCE { INTEGER, INTEGER }`.
fn der_signature(signature: &[u8]) -> Option<Vec<u8>> {
    if signature.len() != 2 * P521_BYTES {
        return None;
    }
    let mut numbers = Vec::new();
    for half in signature.chunks(P521_BYTES) {
        let zeros = half.iter().take_while(|byte| **byte == 0).count();
        let (_, digits) = half.split_at(zeros.min(P521_BYTES - 1));
        let positive = digits.first().is_some_and(|first| *first >= 0x80);
        let length = digits.len() + usize::from(positive);
        numbers.extend([2, u8::try_from(length).ok()?]);
        numbers.extend(positive.then_some(0));
        numbers.extend(digits);
    }
    let length = u8::try_from(numbers.len()).ok()?;
    let header: &[u8] = match length {
        0x80.. => &[0x30, 0x81, length],
        _ => &[0x30, length],
    };
    Some([header, &numbers].concat())
}

//! A request to a Rekor v2 log as it stands in JSON, in ProtoJSON's wider reading: names of fields in
//! camelCase or snake_case, bytes in either base64 alphabet, the algorithm by name or by number.
//!
//! ```json
//! {"hashedRekordRequestV002":{…}}
//! {"dsseRequestV002":{"envelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json",
//!   "signatures":[{"sig":"MEQC…","keyid":""}]},"verifiers":[{"x509Certificate":{"rawBytes":"MIIC…"},
//!   "keyDetails":"PKIX_ECDSA_P256_SHA_256"}]}}
//! ```
//!
//! Refused: unknown and repeated fields, more signatures or verifiers than are read. Text is borrowed
//! from the request, since nearly all of it is base64 that is decoded once.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use waxwing_crypto::SignatureAlgorithm;
use waxwing_encoding::base64;
use waxwing_pki::Certificate;

use crate::hashedrekord::{ProposalError, Verifier};

/// Most signatures in an envelope, and most verifiers beside it: each verifier is tried with each
/// signature.
pub(crate) const MOST_SIGNATURES: usize = 8;

/// `CreateEntryRequest`; `D` is how a DSSE proposal is read, or passed over.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, bound(deserialize = "D: Deserialize<'de>"))]
pub(crate) struct Request<'a, D> {
    #[serde(
        borrow,
        rename = "hashedRekordRequestV002",
        alias = "hashed_rekord_request_v002",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) hashed_rekord: Option<HashedRekordSpec<'a>>,
    #[serde(
        rename = "dsseRequestV002",
        alias = "dsse_request_v002",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) dsse: Option<D>,
}

/// `HashedRekordRequestV002`.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HashedRekordSpec<'a> {
    #[serde(borrow)]
    pub(crate) digest: Cow<'a, str>,
    pub(crate) signature: Signature<'a>,
}

/// `Signature`.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signature<'a> {
    #[serde(borrow)]
    pub(crate) content: Cow<'a, str>,
    pub(crate) verifier: WireVerifier<'a>,
}

/// `Verifier`.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WireVerifier<'a> {
    #[serde(borrow, alias = "key_details")]
    pub(crate) key_details: KeyDetails<'a>,
    #[serde(
        borrow,
        alias = "x509_certificate",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) x509_certificate: Option<RawBytes<'a>>,
    #[serde(alias = "public_key", default, skip_serializing_if = "Option::is_none")]
    pub(crate) public_key: Option<RawBytes<'a>>,
}

/// `PublicKey` and `X509Certificate`.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawBytes<'a> {
    #[serde(borrow, alias = "raw_bytes")]
    pub(crate) raw_bytes: Cow<'a, str>,
}

/// `DSSERequestV002`.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DsseSpec<'a> {
    #[serde(borrow)]
    pub(crate) envelope: Envelope<'a>,
    pub(crate) verifiers: AtMost<WireVerifier<'a>, MOST_SIGNATURES>,
}

/// `io.intoto.Envelope`, which spells its fields literally: there is no `payload_type`.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Envelope<'a> {
    #[serde(borrow)]
    pub(crate) payload: Cow<'a, str>,
    pub(crate) payload_type: Cow<'a, str>,
    pub(crate) signatures: AtMost<EnvelopeSignature<'a>, MOST_SIGNATURES>,
}

/// `io.intoto.Signature`. The key's name is by the signer's word, and not looked at.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnvelopeSignature<'a> {
    #[serde(borrow)]
    pub(crate) sig: Cow<'a, str>,
    #[serde(default, rename = "keyid", skip_serializing)]
    _keyid: Option<serde::de::IgnoredAny>,
}

impl EnvelopeSignature<'_> {
    pub(crate) fn new(signature: &[u8]) -> Self {
        Self {
            sig: base64::encode(signature).into(),
            _keyid: None,
        }
    }
}

/// `PublicKeyDetails`.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct KeyDetails<'a>(pub(crate) Cow<'a, str>);

struct KeyDetailsVisitor;

impl<'de> Visitor<'de> for KeyDetailsVisitor {
    type Value = KeyDetails<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name or a number of PublicKeyDetails")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(KeyDetails(name.into()))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(KeyDetails(name.to_owned().into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        // Those that an entry can be made with; what is left over is refused under its number.
        Ok(KeyDetails(match number {
            5 => "PKIX_ECDSA_P256_SHA_256".into(),
            7 => "PKIX_ED25519".into(),
            8 => "PKIX_ED25519_PH".into(),
            9 => "PKIX_RSA_PKCS1V15_2048_SHA256".into(),
            10 => "PKIX_RSA_PKCS1V15_3072_SHA256".into(),
            11 => "PKIX_RSA_PKCS1V15_4096_SHA256".into(),
            12 => "PKIX_ECDSA_P384_SHA_384".into(),
            13 => "PKIX_ECDSA_P521_SHA_512".into(),
            other => other.to_string().into(),
        }))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for KeyDetails<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeyDetailsVisitor)
    }
}

/// A list of at most so many: a longer one is left at the first that is too many, so that a request of
/// small elements cannot take many times its size in memory.
pub(crate) struct AtMost<T, const MOST: usize>(pub(crate) Vec<T>);

struct AtMostVisitor<T, const MOST: usize>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for AtMostVisitor<T, MOST> {
    type Value = AtMost<T, MOST>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a list of at most {MOST}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            if items.len() == MOST {
                return Err(Error::custom(format_args!(
                    "a list of more than {MOST}, the most that is read here"
                )));
            }
            items.push(item);
        }
        Ok(AtMost(items))
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for AtMost<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(AtMostVisitor(std::marker::PhantomData))
    }
}

impl<T: Serialize, const MOST: usize> Serialize for AtMost<T, MOST> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl WireVerifier<'_> {
    /// Reads the certificate or key, and by which algorithm it is to verify: exactly the one of the
    /// name, which must be of that kind of key, of that size and curve.
    pub(crate) fn read(&self) -> Result<(Verifier, SignatureAlgorithm), ProposalError> {
        let raw = |bytes: &RawBytes<'_>| decode("verifier", &bytes.raw_bytes);
        let verifier = match (&self.x509_certificate, &self.public_key) {
            (Some(certificate), None) => {
                Verifier::Certificate(Box::new(Certificate::from_der(&raw(certificate)?)?))
            }
            (None, Some(key)) => {
                Verifier::PublicKey(waxwing_crypto::PublicKey::from_spki_der(&raw(key)?)?)
            }
            (Some(_), Some(_)) => return Err(ProposalError::TwoVerifiers),
            (None, None) => return Err(ProposalError::Missing { field: "verifier" }),
        };
        let key_type = verifier.public_key().key_type();
        let KeyDetails(details) = &self.key_details;
        // The names of the registry that say no size are other spellings, which no entry has.
        SignatureAlgorithm::from_key_details(details, key_type)
            .filter(|algorithm| algorithm.key_details(key_type) == Some(details))
            .map(|algorithm| (verifier, algorithm))
            .ok_or_else(|| ProposalError::KeyDetails {
                found: details.clone().into_owned(),
            })
    }

    pub(crate) fn write(
        verifier: &Verifier,
        algorithm: SignatureAlgorithm,
    ) -> Result<Self, ProposalError> {
        let key_type = verifier.public_key().key_type();
        let details = algorithm.key_details(key_type);
        let details = details.ok_or_else(|| ProposalError::KeyDetails {
            found: format!("{algorithm:?}"),
        })?;
        let raw = |bytes: &[u8]| {
            Some(RawBytes {
                raw_bytes: base64::encode(bytes).into(),
            })
        };
        let (x509_certificate, public_key) = match verifier {
            Verifier::Certificate(certificate) => (raw(certificate.der()), None),
            Verifier::PublicKey(key) => (None, raw(key.spki_der())),
        };
        Ok(Self {
            key_details: KeyDetails(details.into()),
            x509_certificate,
            public_key,
        })
    }
}

/// Reads a `bytes` field that must not be empty.
pub(crate) fn decode(field: &'static str, text: &str) -> Result<Vec<u8>, ProposalError> {
    let bytes = base64::decode_proto_json(text).map_err(|error| {
        let error = format_args!("{field}: {error}").to_string();
        ProposalError::Json(Error::custom(error))
    })?;
    if bytes.is_empty() {
        return Err(ProposalError::Missing { field });
    }
    Ok(bytes)
}

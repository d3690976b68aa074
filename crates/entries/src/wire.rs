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

use crate::fields::{self, MOST_SIGNATURES};
use crate::hashedrekord::{ProposalError, Verifier};

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

impl HashedRekordSpec<'_> {
    /// With its `bytes` decoded.
    pub(crate) fn decoded(&self) -> Result<fields::HashedRekord<'_>, ProposalError> {
        Ok(fields::HashedRekord {
            digest: decode("digest", &self.digest)?,
            signature: decode("signature", &self.signature.content)?,
            verifier: self.signature.verifier.decoded()?,
        })
    }
}

impl DsseSpec<'_> {
    /// With its `bytes` decoded.
    pub(crate) fn decoded(&self) -> Result<fields::Dsse<'_>, ProposalError> {
        let envelope = &self.envelope;
        let signatures = envelope.signatures.0.iter();
        let signatures = signatures.map(|signature| decode("sig", &signature.sig));
        let verifiers = self.verifiers.0.iter().map(WireVerifier::decoded);
        Ok(fields::Dsse {
            payload_type: Cow::Borrowed(&envelope.payload_type),
            payload: decode("payload", &envelope.payload)?,
            signatures: signatures.collect::<Result<_, _>>()?,
            verifiers: verifiers.collect::<Result<_, _>>()?,
        })
    }
}

impl WireVerifier<'_> {
    /// With its `bytes` decoded.
    pub(crate) fn decoded(&self) -> Result<fields::Verifier<'_>, ProposalError> {
        let raw = |bytes: &RawBytes<'_>| decode("verifier", &bytes.raw_bytes);
        Ok(fields::Verifier {
            x509_certificate: self.x509_certificate.as_ref().map(raw).transpose()?,
            public_key: self.public_key.as_ref().map(raw).transpose()?,
            key_details: Cow::Borrowed(&self.key_details.0),
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

/// Decodes a `bytes` field.
fn decode(field: &'static str, text: &str) -> Result<Cow<'static, [u8]>, ProposalError> {
    let decoded = base64::decode_proto_json(text).map_err(|error| {
        let error = format_args!("{field}: {error}").to_string();
        ProposalError::Json(Error::custom(error))
    })?;
    Ok(decoded.into())
}

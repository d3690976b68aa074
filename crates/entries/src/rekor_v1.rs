//! The entries of Rekor v1, as it wrote them.
//!
//! ```text
//! hashedrekord 0.0.1  {"data":{"hash":{"algorithm":"sha256","value":HEX}},
//!                      "signature":{"content":B64,"publicKey":{"content":B64 of PEM}}}
//! dsse 0.0.1          {"envelopeHash":…,"payloadHash":{"algorithm":"sha256","value":HEX},
//!                      "signatures":[{"signature":B64,"verifier":B64 of PEM}]}
//! intoto 0.0.2        {"content":{"envelope":{"payload"?,"payloadType","signatures":[{"keyid"?,
//!                      "sig":B64 of B64,"publicKey":B64 of PEM}]},"hash":…,"payloadHash":…}}
//! intoto 0.0.1        {"content":{"hash":{"algorithm":"sha256","value":HEX},"payloadHash"?:…},
//!                      "publicKey":B64 of PEM}
//! ```

use serde::Deserialize;
use serde::de::IgnoredAny;
use waxwing_crypto::{Digest, HashAlgorithm, sha256};
use waxwing_encoding::{base64, hex, pem};
use waxwing_model::bundle::Envelope;

use crate::signature::{BindingError, VerifiedSignature, read, same};

const HASHEDREKORD: &str = "hashedrekord 0.0.1";
const DSSE: &str = "dsse 0.0.1";
const INTOTO_0_0_1: &str = "intoto 0.0.1";
const INTOTO_0_0_2: &str = "intoto 0.0.2";

pub(crate) fn hashedrekord(
    body: &[u8],
    signature: &VerifiedSignature<'_>,
) -> Result<(), BindingError> {
    let digest = signature.digest(HASHEDREKORD)?;
    let spec: HashedRekord = read(HASHEDREKORD, body)?;
    same("digest", spec.data.hash.is(&digest))?;
    same(
        "signature",
        is_base64_of(&spec.signature.content, signature.signature),
    )?;
    let key = &spec.signature.public_key.content;
    same("certificate or key", is_verifier(key, signature))
}

pub(crate) fn dsse(body: &[u8], signature: &VerifiedSignature<'_>) -> Result<(), BindingError> {
    let envelope = signature.envelope(DSSE)?;
    let spec: Dsse = read(DSSE, body)?;
    same("payload", spec.payload_hash.is_of(&envelope.payload))?;
    let [logged] = spec.signatures.as_slice() else {
        return Err(BindingError::Other {
            part: "number of signatures",
        });
    };
    same(
        "signature",
        is_base64_of(&logged.signature, signature.signature),
    )?;
    same(
        "certificate or key",
        is_verifier(&logged.verifier, signature),
    )
}

pub(crate) fn intoto_0_0_2(
    body: &[u8],
    signature: &VerifiedSignature<'_>,
) -> Result<(), BindingError> {
    let envelope = signature.envelope(INTOTO_0_0_2)?;
    let spec: IntotoV2 = read(INTOTO_0_0_2, body)?;
    let content = spec.content;
    same("payload", content.payload_hash.is_of(&envelope.payload))?;
    if let Some(payload) = &content.envelope.payload {
        // Rekor leaves the payload out of what it hashes; where one stands all the same it counts.
        same("payload", is_twice_base64_of(payload, &envelope.payload))?;
    }
    let payload_type = content.envelope.payload_type;
    same("payload type", payload_type == envelope.payload_type)?;
    let [logged] = content.envelope.signatures.as_slice() else {
        return Err(BindingError::Other {
            part: "number of signatures",
        });
    };
    // The envelope's field is base64 already, and Rekor encodes it once more.
    same(
        "signature",
        is_twice_base64_of(&logged.sig, signature.signature),
    )?;
    same(
        "certificate or key",
        is_verifier(&logged.public_key, signature),
    )
}

/// The kind holds no signature, only the hash of the envelope as JSON. Whether that hash is this
/// envelope's can be told only where it was written the way in which Go's and JavaScript's
/// libraries write it; any other is refused, since nothing would tie the signature to the entry.
pub(crate) fn intoto_0_0_1(
    body: &[u8],
    signature: &VerifiedSignature<'_>,
) -> Result<(), BindingError> {
    let envelope = signature.envelope(INTOTO_0_0_1)?;
    let spec: IntotoV1 = read(INTOTO_0_0_1, body)?;
    if let Some(payload_hash) = &spec.content.payload_hash {
        same("payload", payload_hash.is_of(&envelope.payload))?;
    }
    let known = usual_json(envelope)
        .iter()
        .any(|json| spec.content.hash.is_of(json.as_bytes()));
    same("envelope", known)?;
    same(
        "certificate or key",
        is_verifier(&spec.public_key, signature),
    )
}

/// The envelope as the usual libraries write it: Go's with the key's identifier in front, always or
/// when it is not empty; JavaScript's with the payload first.
fn usual_json(envelope: &Envelope) -> [String; 3] {
    let payload = base64::encode(&envelope.payload);
    let signature = base64::encode(&envelope.signature);
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let (payload_type, key_id) = (quoted(&envelope.payload_type), quoted(&envelope.key_id));
    let with_key = format!(r#"{{"keyid":{key_id},"sig":"{signature}"}}"#);
    let without_key = format!(r#"{{"sig":"{signature}"}}"#);
    let go = |signature: &str| {
        format!(
            r#"{{"payloadType":{payload_type},"payload":"{payload}","signatures":[{signature}]}}"#
        )
    };
    let javascript = format!(
        r#"{{"payload":"{payload}","payloadType":{payload_type},"signatures":[{{"sig":"{signature}","keyid":{key_id}}}]}}"#
    );
    [go(&with_key), go(&without_key), javascript]
}

fn is_base64_of(text: &str, bytes: &[u8]) -> bool {
    base64::decode(text).is_ok_and(|decoded| decoded == bytes)
}

fn is_twice_base64_of(text: &str, bytes: &[u8]) -> bool {
    let inner = base64::decode(text).ok();
    let inner = inner.and_then(|inner| String::from_utf8(inner).ok());
    inner.is_some_and(|inner| is_base64_of(&inner, bytes))
}

/// Whether this is the signer's certificate or key: one PEM block, and nothing around it. A second
/// block or text beside the first would be something else than was verified.
fn is_verifier(text: &str, signature: &VerifiedSignature<'_>) -> bool {
    let Ok(pem) = base64::decode(text) else {
        return false;
    };
    // Rekor writes every certificate and key anew before it hashes the entry; other logs break lines
    // elsewhere.
    if pem == signature.verifier.to_pem().as_bytes() {
        return true;
    }
    let Ok(pem) = String::from_utf8(pem) else {
        return false;
    };
    let (label, der) = signature.verifier.label_and_der();
    let pem = pem.trim_ascii_end();
    pem.starts_with("-----BEGIN ")
        && pem.ends_with(&format!("\n-----END {label}-----"))
        && pem::decode_all(pem, 1).is_ok_and(|blocks| {
            blocks
                .iter()
                .all(|block| block.label == label && block.der == der)
        })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireHash {
    algorithm: String,
    value: String,
}

impl WireHash {
    fn algorithm(&self) -> Option<HashAlgorithm> {
        match self.algorithm.as_str() {
            "sha256" => Some(HashAlgorithm::Sha256),
            "sha384" => Some(HashAlgorithm::Sha384),
            "sha512" => Some(HashAlgorithm::Sha512),
            _ => None,
        }
    }

    /// Whether this is `digest`, by the same hash.
    fn is(&self, digest: &Digest) -> bool {
        self.algorithm() == Some(digest.algorithm())
            && hex::decode(&self.value).is_ok_and(|value| value == digest.as_bytes())
    }

    /// Whether this is the SHA-256 of `bytes`, the one hash with which these kinds name payloads.
    fn is_of(&self, bytes: &[u8]) -> bool {
        self.algorithm() == Some(HashAlgorithm::Sha256)
            && hex::decode(&self.value).is_ok_and(|value| value == sha256(bytes))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HashedRekord {
    data: Data,
    signature: HashedRekordSignature,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Data {
    hash: WireHash,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HashedRekordSignature {
    content: String,
    public_key: Content,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    content: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Dsse {
    /// Of the envelope as it was sent, which the bundle does not keep.
    #[serde(rename = "envelopeHash")]
    _envelope_hash: IgnoredAny,
    payload_hash: WireHash,
    signatures: Vec<DsseSignature>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DsseSignature {
    signature: String,
    verifier: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IntotoV2 {
    content: IntotoV2Content,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct IntotoV2Content {
    envelope: IntotoEnvelope,
    #[serde(rename = "hash")]
    _hash: IgnoredAny,
    payload_hash: WireHash,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct IntotoEnvelope {
    #[serde(default)]
    payload: Option<String>,
    payload_type: String,
    signatures: Vec<IntotoSignature>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct IntotoSignature {
    #[serde(default, rename = "keyid")]
    _keyid: IgnoredAny,
    sig: String,
    public_key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct IntotoV1 {
    content: IntotoV1Content,
    public_key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct IntotoV1Content {
    hash: WireHash,
    #[serde(default)]
    payload_hash: Option<WireHash>,
}

//! Cosign's bundle from before there were bundles: what `--bundle` wrote with `--new-bundle-format=false`.
//!
//! ```json
//! {"base64Signature":"MEUC…","cert":"LS0tLS1CRUdJTi…",
//!  "rekorBundle":{"SignedEntryTimestamp":"MEQC…",
//!    "Payload":{"body":"eyJh…","integratedTime":1689177396,"logIndex":27246492,"logID":"c0d2…801d"}}}
//! ```
//!
//! `base64Signature` is a signature, or of an attestation the envelope's JSON; `cert` is base64 of a
//! certificate in PEM (of images in DER). Read, it is a [`Bundle`] of version 0.1: the log's promise
//! without a proof, which a verifier takes only where it was told to.
//!
//! A public key in the place of the certificate is refused, which cosign wrote for a while: whoever wrote
//! the file would say by which key it is to be verified (GHSA-fx35-mq7g-6g98).

use serde::{Deserialize, Serialize};
use waxwing_encoding::time::UnixTime;
use waxwing_encoding::{base64, hex, pem};
use waxwing_pki::{Certificate, CertificateError};

use crate::bundle::{
    Content, Envelope, KeyMaterial, LARGEST_BUNDLE, LogEntry, MessageSignature, Version,
};
use crate::{Bundle, BundleError};

/// Why a file is no such bundle.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LegacyBundleError {
    /// More bytes than are read.
    #[error("{length} bytes; at most {LARGEST_BUNDLE} are read of a bundle")]
    TooLarge {
        /// How many.
        length: usize,
    },
    /// Not JSON, or not of this shape.
    #[error("neither a Sigstore bundle nor one of the old format: {0}")]
    Json(#[from] serde_json::Error),
    /// No signature.
    #[error("the bundle has no signature")]
    NoSignature,
    /// A field that is not base64.
    #[error("the bundle's {field} is {source}")]
    Base64 {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        source: base64::Base64Error,
    },
    /// A log identifier that is not hexadecimal.
    #[error("the bundle's logID {found:?} is not hexadecimal")]
    LogId {
        /// What it is.
        found: String,
    },
    /// A key where a certificate was expected.
    #[error(
        "the bundle's cert is a public key; expected a certificate. A file does not say by which key it is \
         verified: take the member cert out of it, and give the key by --key"
    )]
    PublicKey,
    /// The certificate.
    #[error("the bundle's cert: {0}")]
    Certificate(#[from] CertificateError),
    /// The signature is an envelope that cannot be read.
    #[error("the envelope in the bundle: {0}")]
    Envelope(#[from] BundleError),
    /// The log entry says no kind.
    #[error("the body of the log entry says no kind and version")]
    Kind,
    /// A time beyond the last one there is.
    #[error("the log entry's time {seconds} is beyond all times")]
    Time {
        /// The time.
        seconds: i64,
    },
    /// A bundle that this format cannot say.
    #[error("the old format has no place for {what}")]
    Unsaid {
        /// What.
        what: &'static str,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    #[serde(default)]
    base64_signature: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    cert: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rekor_bundle: Option<RekorBundle>,
}

#[derive(Serialize, Deserialize)]
struct RekorBundle {
    #[serde(rename = "SignedEntryTimestamp")]
    signed_entry_timestamp: String,
    #[serde(rename = "Payload")]
    payload: Payload,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    body: String,
    integrated_time: i64,
    log_index: u64,
    #[serde(rename = "logID")]
    log_id: String,
}

/// Where the kind of an entry stands, in all of them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kinded {
    kind: String,
    api_version: String,
}

/// What the signature of such a bundle is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signs {
    /// An artifact's bytes.
    Artifact,
    /// An envelope.
    Envelope,
}

/// Reads a bundle of the old format.
pub fn from_json(json: &[u8], signs: Signs) -> Result<Bundle, LegacyBundleError> {
    if json.len() > LARGEST_BUNDLE {
        let length = json.len();
        return Err(LegacyBundleError::TooLarge { length });
    }
    let written: Written = serde_json::from_slice(json)?;
    let signature = decode("base64Signature", &written.base64_signature)?;
    // Blanks are base64 of nothing, too.
    if signature.is_empty() {
        return Err(LegacyBundleError::NoSignature);
    }
    let certificate = match written.cert.as_str() {
        "" => None,
        text => Some(certificate(&decode("cert", text)?)?),
    };
    let entry = written.rekor_bundle.map(RekorBundle::read).transpose()?;
    bundle(signature, signs, certificate, entry)
}

/// A signature and what came with it, as a bundle of version 0.1.
pub fn bundle(
    signature: Vec<u8>,
    signs: Signs,
    certificate: Option<Certificate>,
    entry: Option<LogEntry>,
) -> Result<Bundle, LegacyBundleError> {
    let content = match signs {
        Signs::Artifact => Content::Message(MessageSignature {
            digest: None,
            signature,
        }),
        Signs::Envelope => Content::Envelope(Envelope::from_json(&signature)?),
    };
    let key_material = match certificate {
        Some(leaf) => KeyMaterial::Certificate {
            leaf,
            chain: Vec::new(),
        },
        None => KeyMaterial::PublicKey {
            hint: String::new(),
        },
    };
    Ok(Bundle {
        version: Version::V0_1,
        key_material,
        content,
        entries: entry.into_iter().collect(),
        timestamps: Vec::new(),
    })
}

/// A certificate in PEM or DER; never a public key.
pub fn certificate(bytes: &[u8]) -> Result<Certificate, LegacyBundleError> {
    let Some(text) = str::from_utf8(bytes)
        .ok()
        .filter(|text| text.contains("-----BEGIN"))
    else {
        return Ok(Certificate::from_der(bytes)?);
    };
    if pem::decode(text).is_ok_and(|block| block.label.ends_with("PUBLIC KEY")) {
        return Err(LegacyBundleError::PublicKey);
    }
    Ok(Certificate::from_pem(text)?)
}

/// Writes a bundle in the old format: its first entry, which must have the log's promise, and no timestamp.
pub fn to_json(bundle: &Bundle) -> Result<Vec<u8>, LegacyBundleError> {
    let signature = match &bundle.content {
        Content::Message(message) => message.signature.clone(),
        Content::Envelope(envelope) => envelope.to_json()?,
    };
    let rekor_bundle = bundle.entries.first().map(|entry| {
        let promise = entry.inclusion_promise.as_ref();
        let promise = promise.ok_or(LegacyBundleError::Unsaid {
            what: "a log entry without the log's promise, as Rekor v2 has none",
        })?;
        Ok::<_, LegacyBundleError>(RekorBundle {
            signed_entry_timestamp: base64::encode(promise),
            payload: Payload {
                body: base64::encode(&entry.canonicalized_body),
                integrated_time: entry.integrated_time.map_or(0, UnixTime::seconds),
                log_index: entry.log_index,
                log_id: hex::encode(&entry.log_id),
            },
        })
    });
    let cert = bundle
        .certificate()
        .map(|leaf| base64::encode(leaf.to_pem().as_bytes()));
    Ok(serde_json::to_vec(&Written {
        base64_signature: base64::encode(&signature),
        cert: cert.unwrap_or_default(),
        rekor_bundle: rekor_bundle.transpose()?,
    })?)
}

impl RekorBundle {
    fn read(self) -> Result<LogEntry, LegacyBundleError> {
        let Payload {
            body,
            integrated_time: seconds,
            log_index,
            log_id,
        } = self.payload;
        let canonicalized_body = decode("rekorBundle.Payload.body", &body)?;
        let kinded: Kinded =
            serde_json::from_slice(&canonicalized_body).map_err(|_| LegacyBundleError::Kind)?;
        let time = UnixTime::from_seconds(seconds);
        let promise = "rekorBundle.SignedEntryTimestamp";
        Ok(LogEntry {
            log_index,
            log_id: hex::decode(&log_id).map_err(|_| LegacyBundleError::LogId { found: log_id })?,
            kind: kinded.kind,
            version: kinded.api_version,
            integrated_time: Some(time.map_err(|_| LegacyBundleError::Time { seconds })?),
            inclusion_promise: Some(decode(promise, &self.signed_entry_timestamp)?),
            inclusion_proof: None,
            canonicalized_body,
        })
    }
}

fn decode(field: &'static str, text: &str) -> Result<Vec<u8>, LegacyBundleError> {
    base64::decode(text.trim_ascii()).map_err(|source| LegacyBundleError::Base64 { field, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_of_blanks_is_none() {
        let read = |signature: &str| {
            let json = format!(r#"{{"base64Signature":"{signature}"}}"#);
            from_json(json.as_bytes(), Signs::Artifact)
        };
        for nothing in ["", "   "] {
            let refused = read(nothing).unwrap_err();
            assert!(
                matches!(refused, LegacyBundleError::NoSignature),
                "{refused}"
            );
        }
        assert_eq!(read(" eA== ").unwrap().signature(), b"x");
    }
}

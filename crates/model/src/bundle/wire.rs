//! The bundle as it stands in JSON, and the way between that and [`Bundle`](super::Bundle).

use serde::{Deserialize, Serialize};
use waxwing_crypto::Digest;
use waxwing_pki::Certificate;
use waxwing_tlog::Hash;

use super::{
    BundleError, InclusionProof, LogEntry, MEDIA_TYPE, MEDIA_TYPE_WITH_PARAMETER, MOST_ENTRIES,
    MessageSignature, hash_name, hash_of_name,
};
use crate::wire::{Bytes, Integer, LogId, RawBytes, or_default};

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Bundle {
    #[serde(alias = "media_type", default, deserialize_with = "or_default")]
    media_type: String,
    #[serde(alias = "verification_material")]
    verification_material: Option<VerificationMaterial>,
    #[serde(
        alias = "message_signature",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    message_signature: Option<WireSignature>,
    #[serde(
        alias = "dsse_envelope",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    dsse_envelope: Option<serde_json::Value>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct VerificationMaterial {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate: Option<RawBytes>,
    #[serde(
        alias = "x509_certificate_chain",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    x509_certificate_chain: Option<serde_json::Value>,
    #[serde(alias = "public_key", default, skip_serializing_if = "Option::is_none")]
    public_key: Option<serde_json::Value>,
    #[serde(alias = "tlog_entries", default, deserialize_with = "or_default")]
    tlog_entries: Vec<WireEntry>,
    #[serde(
        alias = "timestamp_verification_data",
        default,
        deserialize_with = "or_default"
    )]
    timestamp_verification_data: TimestampVerificationData,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct TimestampVerificationData {
    #[serde(
        rename = "rfc3161Timestamps",
        alias = "rfc3161_timestamps",
        default,
        deserialize_with = "or_default"
    )]
    timestamps: Vec<SignedTimestamp>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SignedTimestamp {
    #[serde(alias = "signed_timestamp")]
    signed_timestamp: Bytes,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireSignature {
    #[serde(
        alias = "message_digest",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    message_digest: Option<HashOutput>,
    signature: Bytes,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct HashOutput {
    algorithm: String,
    digest: Bytes,
}

/// `TransparencyLogEntry`, which is also what a Rekor v2 log answers.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WireEntry {
    #[serde(alias = "log_index", default, deserialize_with = "or_default")]
    log_index: Integer,
    #[serde(alias = "log_id")]
    log_id: Option<LogId>,
    #[serde(alias = "kind_version")]
    kind_version: Option<KindVersion>,
    #[serde(
        alias = "integrated_time",
        default,
        deserialize_with = "or_default",
        skip_serializing
    )]
    integrated_time: Integer,
    #[serde(alias = "inclusion_promise", default, skip_serializing)]
    inclusion_promise: Option<serde_json::Value>,
    #[serde(alias = "inclusion_proof", default)]
    inclusion_proof: Option<WireProof>,
    #[serde(alias = "canonicalized_body", default, deserialize_with = "or_default")]
    canonicalized_body: Bytes,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct KindVersion {
    kind: String,
    version: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireProof {
    #[serde(alias = "log_index", default, deserialize_with = "or_default")]
    log_index: Integer,
    #[serde(alias = "root_hash")]
    root_hash: Bytes,
    #[serde(alias = "tree_size", default, deserialize_with = "or_default")]
    tree_size: Integer,
    #[serde(default, deserialize_with = "or_default")]
    hashes: Vec<Bytes>,
    checkpoint: Option<Checkpoint>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Checkpoint {
    envelope: String,
}

impl TryFrom<Bundle> for super::Bundle {
    type Error = BundleError;

    fn try_from(bundle: Bundle) -> Result<Self, BundleError> {
        if bundle.media_type != MEDIA_TYPE && bundle.media_type != MEDIA_TYPE_WITH_PARAMETER {
            return Err(BundleError::MediaType {
                found: bundle.media_type,
            });
        }
        let signature =
            message_signature(bundle.message_signature, bundle.dsse_envelope.is_some())?;
        let material = bundle.verification_material.ok_or(BundleError::Missing {
            part: "verificationMaterial",
        })?;
        let certificate = certificate(&material)?;

        limit("log entries", material.tlog_entries.len())?;
        let entries = material.tlog_entries.into_iter().map(LogEntry::try_from);
        let entries = entries.collect::<Result<Vec<LogEntry>, BundleError>>()?;
        let same = |one: &LogEntry, other: &LogEntry| {
            one.log_id == other.log_id && one.log_index == other.log_index
        };
        refuse_repeated("log entry", &entries, same)?;

        let timestamps = material.timestamp_verification_data.timestamps;
        limit("timestamps", timestamps.len())?;
        let timestamps: Vec<Vec<u8>> = timestamps
            .into_iter()
            .map(|timestamp| timestamp.signed_timestamp.0)
            .collect();
        refuse_repeated("timestamp", &timestamps, |one, other| one == other)?;
        Ok(Self {
            certificate,
            signature,
            entries,
            timestamps,
        })
    }
}

fn message_signature(
    signature: Option<WireSignature>,
    has_envelope: bool,
) -> Result<MessageSignature, BundleError> {
    let signature = match (signature, has_envelope) {
        (Some(_), true) => {
            return Err(BundleError::Both {
                first: "messageSignature",
                second: "dsseEnvelope",
            });
        }
        (None, true) => {
            let expected = "a message signature (DSSE envelopes are not verified yet)";
            return Err(BundleError::Unsupported {
                part: "a DSSE envelope",
                expected,
            });
        }
        (None, false) => {
            return Err(BundleError::Missing {
                part: "messageSignature",
            });
        }
        (Some(signature), false) => signature,
    };
    let digest = signature.message_digest.map(|output| {
        let algorithm = hash_of_name(&output.algorithm);
        let digest = algorithm.and_then(|algorithm| Digest::new(algorithm, &output.digest.0));
        digest.ok_or(BundleError::MessageDigest {
            length: output.digest.0.len(),
            algorithm: output.algorithm,
        })
    });
    if signature.signature.0.is_empty() {
        return Err(BundleError::Missing { part: "signature" });
    }
    Ok(MessageSignature {
        digest: digest.transpose()?,
        signature: signature.signature.0,
    })
}

fn certificate(material: &VerificationMaterial) -> Result<Certificate, BundleError> {
    let chain = material.x509_certificate_chain.is_some();
    let key = material.public_key.is_some();
    match (&material.certificate, chain, key) {
        (Some(certificate), false, false) => Ok(Certificate::from_der(&certificate.raw_bytes.0)?),
        (None, false, false) => Err(BundleError::Missing {
            part: "certificate",
        }),
        (Some(_), true, _) => Err(BundleError::Both {
            first: "certificate",
            second: "x509CertificateChain",
        }),
        (Some(_), _, true) => Err(BundleError::Both {
            first: "certificate",
            second: "publicKey",
        }),
        (None, true, _) => Err(BundleError::Unsupported {
            part: "x509CertificateChain",
            expected: "certificate, as version 0.3 has it",
        }),
        (None, _, true) => Err(BundleError::Unsupported {
            part: "publicKey",
            expected: "certificate (keys that are known beforehand are not verified yet)",
        }),
    }
}

fn limit(part: &'static str, count: usize) -> Result<(), BundleError> {
    if count > MOST_ENTRIES {
        return Err(BundleError::TooMany { part, count });
    }
    Ok(())
}

fn refuse_repeated<T>(
    part: &'static str,
    items: &[T],
    same: impl Fn(&T, &T) -> bool,
) -> Result<(), BundleError> {
    let mut rest = items;
    while let Some((first, others)) = rest.split_first() {
        if others.iter().any(|other| same(first, other)) {
            return Err(BundleError::Repeated { part });
        }
        rest = others;
    }
    Ok(())
}

impl TryFrom<WireEntry> for LogEntry {
    type Error = BundleError;

    fn try_from(entry: WireEntry) -> Result<Self, BundleError> {
        let missing = |part| BundleError::Missing { part };
        if entry.inclusion_promise.is_some() || entry.integrated_time.0 != 0 {
            return Err(BundleError::Unsupported {
                part: "an inclusionPromise or integratedTime",
                expected: "an entry of Rekor v2, which has neither",
            });
        }
        let log_id = entry.log_id.ok_or(missing("logId"))?.key_id.0;
        let kind = entry.kind_version.ok_or(missing("kindVersion"))?;
        if entry.canonicalized_body.0.is_empty() {
            return Err(missing("canonicalizedBody"));
        }
        let proof = entry.inclusion_proof.ok_or(missing("inclusionProof"))?;
        Ok(Self {
            log_index: entry.log_index.0,
            log_id,
            kind: kind.kind,
            version: kind.version,
            inclusion_proof: proof.try_into()?,
            canonicalized_body: entry.canonicalized_body.0,
        })
    }
}

impl TryFrom<WireProof> for InclusionProof {
    type Error = BundleError;

    fn try_from(proof: WireProof) -> Result<Self, BundleError> {
        let hash = |part, bytes: &Bytes| {
            let length = bytes.0.len();
            Hash::from_slice(&bytes.0).ok_or(BundleError::HashLength { part, length })
        };
        let hashes = proof
            .hashes
            .iter()
            .map(|bytes| hash("inclusion proof's hash", bytes));
        let checkpoint = proof
            .checkpoint
            .ok_or(BundleError::Missing { part: "checkpoint" })?;
        Ok(Self {
            log_index: proof.log_index.0,
            root_hash: hash("rootHash", &proof.root_hash)?,
            tree_size: proof.tree_size.0,
            hashes: hashes.collect::<Result<_, _>>()?,
            checkpoint: checkpoint.envelope,
        })
    }
}

impl From<&super::Bundle> for Bundle {
    fn from(bundle: &super::Bundle) -> Self {
        let raw = |bytes: &[u8]| Bytes(bytes.to_vec());
        let digest = bundle.signature.digest.map(|digest| HashOutput {
            algorithm: hash_name(digest.algorithm()).into(),
            digest: raw(digest.as_bytes()),
        });
        let timestamps = bundle.timestamps.iter();
        let timestamps = timestamps.map(|timestamp| SignedTimestamp {
            signed_timestamp: raw(timestamp),
        });
        Self {
            media_type: MEDIA_TYPE.into(),
            verification_material: Some(VerificationMaterial {
                certificate: Some(RawBytes {
                    raw_bytes: raw(bundle.certificate.der()),
                }),
                x509_certificate_chain: None,
                public_key: None,
                tlog_entries: bundle.entries.iter().map(WireEntry::from).collect(),
                timestamp_verification_data: TimestampVerificationData {
                    timestamps: timestamps.collect(),
                },
            }),
            message_signature: Some(WireSignature {
                message_digest: digest,
                signature: raw(&bundle.signature.signature),
            }),
            dsse_envelope: None,
        }
    }
}

impl From<&LogEntry> for WireEntry {
    /// Every number is written, also 0: sigstore-python refuses an entry without its index.
    fn from(entry: &LogEntry) -> Self {
        let proof = &entry.inclusion_proof;
        let hashes = proof
            .hashes
            .iter()
            .map(|hash| Bytes(hash.as_bytes().to_vec()));
        Self {
            log_index: Integer(entry.log_index),
            log_id: Some(LogId {
                key_id: Bytes(entry.log_id.clone()),
            }),
            kind_version: Some(KindVersion {
                kind: entry.kind.clone(),
                version: entry.version.clone(),
            }),
            integrated_time: Integer(0),
            inclusion_promise: None,
            inclusion_proof: Some(WireProof {
                log_index: Integer(proof.log_index),
                root_hash: Bytes(proof.root_hash.as_bytes().to_vec()),
                tree_size: Integer(proof.tree_size),
                hashes: hashes.collect(),
                checkpoint: Some(Checkpoint {
                    envelope: proof.checkpoint.clone(),
                }),
            }),
            canonicalized_body: Bytes(entry.canonicalized_body.clone()),
        }
    }
}

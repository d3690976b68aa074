//! The bundle as it stands in JSON.

use serde::{Deserialize, Serialize};

use crate::wire::{Bytes, Integer, LogId, RawBytes, or_default};

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Bundle {
    #[serde(alias = "media_type", default, deserialize_with = "or_default")]
    pub(super) media_type: String,
    #[serde(alias = "verification_material")]
    pub(super) verification_material: Option<VerificationMaterial>,
    #[serde(
        alias = "message_signature",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) message_signature: Option<MessageSignature>,
    #[serde(
        alias = "dsse_envelope",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) dsse_envelope: Option<Envelope>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct VerificationMaterial {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) certificate: Option<RawBytes>,
    #[serde(
        alias = "x509_certificate_chain",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) x509_certificate_chain: Option<Chain>,
    #[serde(alias = "public_key", default, skip_serializing_if = "Option::is_none")]
    pub(super) public_key: Option<PublicKeyIdentifier>,
    #[serde(alias = "tlog_entries", default, deserialize_with = "or_default")]
    pub(super) tlog_entries: Vec<LogEntry>,
    #[serde(
        alias = "timestamp_verification_data",
        default,
        deserialize_with = "or_default"
    )]
    pub(super) timestamp_verification_data: TimestampVerificationData,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Chain {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) certificates: Vec<RawBytes>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PublicKeyIdentifier {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) hint: String,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimestampVerificationData {
    #[serde(
        rename = "rfc3161Timestamps",
        alias = "rfc3161_timestamps",
        default,
        deserialize_with = "or_default"
    )]
    pub(super) timestamps: Vec<SignedTimestamp>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SignedTimestamp {
    #[serde(alias = "signed_timestamp")]
    pub(super) signed_timestamp: Bytes,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct MessageSignature {
    #[serde(
        alias = "message_digest",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) message_digest: Option<HashOutput>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) signature: Bytes,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HashOutput {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) algorithm: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) digest: Bytes,
}

/// The DSSE message spells its fields literally: `payloadType` and `keyid`.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Envelope {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) payload: Bytes,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) payload_type: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) signatures: Vec<EnvelopeSignature>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EnvelopeSignature {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) sig: Bytes,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) keyid: String,
}

/// `TransparencyLogEntry`, which is also what a Rekor v2 log answers.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct LogEntry {
    #[serde(alias = "log_index", default, deserialize_with = "or_default")]
    pub(super) log_index: Integer,
    #[serde(alias = "log_id")]
    pub(super) log_id: Option<LogId>,
    #[serde(alias = "kind_version")]
    pub(super) kind_version: Option<KindVersion>,
    #[serde(
        alias = "integrated_time",
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "Integer::is_zero"
    )]
    pub(super) integrated_time: Integer,
    #[serde(
        alias = "inclusion_promise",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) inclusion_promise: Option<InclusionPromise>,
    #[serde(
        alias = "inclusion_proof",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) inclusion_proof: Option<InclusionProof>,
    #[serde(alias = "canonicalized_body", default, deserialize_with = "or_default")]
    pub(super) canonicalized_body: Bytes,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KindVersion {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) kind: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) version: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct InclusionPromise {
    #[serde(
        alias = "signed_entry_timestamp",
        default,
        deserialize_with = "or_default"
    )]
    pub(super) signed_entry_timestamp: Bytes,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct InclusionProof {
    #[serde(alias = "log_index", default, deserialize_with = "or_default")]
    pub(super) log_index: Integer,
    #[serde(alias = "root_hash", default, deserialize_with = "or_default")]
    pub(super) root_hash: Bytes,
    #[serde(alias = "tree_size", default, deserialize_with = "or_default")]
    pub(super) tree_size: Integer,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) hashes: Vec<Bytes>,
    #[serde(default)]
    pub(super) checkpoint: Option<Checkpoint>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Checkpoint {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) envelope: String,
}

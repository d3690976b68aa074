//! From [`Bundle`](super::Bundle) to JSON.

use super::{Content, KeyMaterial, Version, hash_name, wire};
use crate::wire::{Bytes, Integer, LogId, RawBytes};

impl From<&super::Bundle> for wire::Bundle {
    fn from(bundle: &super::Bundle) -> Self {
        let timestamps = bundle.timestamps.iter();
        let timestamps = timestamps.map(|timestamp| wire::SignedTimestamp {
            signed_timestamp: Bytes(timestamp.clone()),
        });
        let mut material = wire::VerificationMaterial {
            certificate: None,
            x509_certificate_chain: None,
            public_key: None,
            tlog_entries: bundle.entries.iter().map(wire::LogEntry::from).collect(),
            timestamp_verification_data: wire::TimestampVerificationData {
                timestamps: timestamps.collect(),
            },
        };
        match &bundle.key_material {
            KeyMaterial::Certificate { leaf, chain } => {
                let raw = |der: &[u8]| RawBytes {
                    raw_bytes: Bytes(der.to_vec()),
                };
                if bundle.version == Version::V0_3 && chain.is_empty() {
                    material.certificate = Some(raw(leaf.der()));
                } else {
                    let certificates = std::iter::once(leaf).chain(chain);
                    let certificates = certificates.map(|certificate| raw(certificate.der()));
                    material.x509_certificate_chain = Some(wire::Chain {
                        certificates: certificates.collect(),
                    });
                }
            }
            KeyMaterial::PublicKey { hint } => {
                let hint = hint.clone();
                material.public_key = Some(wire::PublicKeyIdentifier { hint });
            }
        }
        let (message_signature, dsse_envelope) = match &bundle.content {
            Content::Message(message) => (Some(message.into()), None),
            Content::Envelope(envelope) => (None, Some(envelope.into())),
        };
        Self {
            media_type: bundle.version.media_type().into(),
            verification_material: Some(material),
            message_signature,
            dsse_envelope,
        }
    }
}

impl From<&super::MessageSignature> for wire::MessageSignature {
    fn from(message: &super::MessageSignature) -> Self {
        let digest = message.digest.map(|digest| wire::HashOutput {
            algorithm: hash_name(digest.algorithm()).into(),
            digest: Bytes(digest.as_bytes().to_vec()),
        });
        Self {
            message_digest: digest,
            signature: Bytes(message.signature.clone()),
        }
    }
}

impl From<&super::Envelope> for wire::Envelope {
    fn from(envelope: &super::Envelope) -> Self {
        let signature = wire::EnvelopeSignature {
            sig: Bytes(envelope.signature.clone()),
            keyid: envelope.key_id.clone(),
        };
        Self {
            payload: Bytes(envelope.payload.clone()),
            payload_type: envelope.payload_type.clone(),
            signatures: vec![signature],
        }
    }
}

impl From<&super::LogEntry> for wire::LogEntry {
    /// Every index and size is written, also 0: sigstore-python refuses an entry without them.
    fn from(entry: &super::LogEntry) -> Self {
        let seconds = entry.integrated_time.map(|time| time.seconds());
        let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
        let promise = entry.inclusion_promise.clone();
        Self {
            log_index: Integer(entry.log_index),
            log_id: Some(LogId {
                key_id: Bytes(entry.log_id.clone()),
            }),
            kind_version: Some(wire::KindVersion {
                kind: entry.kind.clone(),
                version: entry.version.clone(),
            }),
            integrated_time: Integer(seconds.unwrap_or(0)),
            inclusion_promise: promise.map(|promise| wire::InclusionPromise {
                signed_entry_timestamp: Bytes(promise),
            }),
            inclusion_proof: entry.inclusion_proof.as_ref().map(Into::into),
            canonicalized_body: Bytes(entry.canonicalized_body.clone()),
        }
    }
}

impl From<&super::InclusionProof> for wire::InclusionProof {
    fn from(proof: &super::InclusionProof) -> Self {
        let hashes = proof.hashes.iter();
        Self {
            log_index: Integer(proof.log_index),
            root_hash: Bytes(proof.root_hash.as_bytes().to_vec()),
            tree_size: Integer(proof.tree_size),
            hashes: hashes.map(|hash| Bytes(hash.as_bytes().to_vec())).collect(),
            checkpoint: Some(wire::Checkpoint {
                envelope: proof.checkpoint.clone(),
            }),
        }
    }
}

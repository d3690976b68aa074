//! From JSON to [`Bundle`]: the rules of each version.

use waxwing_crypto::Digest;
use waxwing_encoding::time::UnixTime;
use waxwing_pki::Certificate;
use waxwing_tlog::Hash;

use super::{
    Bundle, BundleError, Content, Envelope, InclusionProof, KeyMaterial, LARGEST_BUNDLE, LogEntry,
    MOST_CERTIFICATES, MOST_ENTRIES, MessageSignature, Version, hash_of_name, wire,
};
use crate::wire::RawBytes;

/// Whether a chain is read in version 0.3.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ChainInVersion3 {
    Allowed,
    Refused,
}

pub(super) fn bundle(json: &[u8], chain: ChainInVersion3) -> Result<Bundle, BundleError> {
    if json.len() > LARGEST_BUNDLE {
        return Err(BundleError::TooLarge { length: json.len() });
    }
    let bundle: wire::Bundle = serde_json::from_slice(json)?;
    let Some(version) = Version::of_media_type(&bundle.media_type) else {
        return Err(BundleError::MediaType {
            found: bundle.media_type,
        });
    };
    let content = content(bundle.message_signature, bundle.dsse_envelope)?;
    let material = bundle.verification_material;
    let material = material.ok_or(missing("verificationMaterial"))?;
    let chain_is_allowed = version != Version::V0_3 || chain == ChainInVersion3::Allowed;
    let key_material = key_material(
        material.certificate,
        material.x509_certificate_chain,
        material.public_key,
        (version, chain_is_allowed),
    )?;

    limit("log entries", material.tlog_entries.len(), MOST_ENTRIES)?;
    let entries = material.tlog_entries.into_iter();
    let entries = entries.map(|fields| entry(fields, version));
    let entries = entries.collect::<Result<Vec<LogEntry>, BundleError>>()?;
    refuse_repeated("log entry", &entries, |one, other| {
        one.log_id == other.log_id && one.log_index == other.log_index
    })?;

    let timestamps = material.timestamp_verification_data.timestamps;
    limit("timestamps", timestamps.len(), MOST_ENTRIES)?;
    let timestamps = timestamps.into_iter();
    let timestamps: Vec<Vec<u8>> = timestamps
        .map(|timestamp| timestamp.signed_timestamp.0)
        .collect();
    refuse_repeated("timestamp", &timestamps, |one, other| one == other)?;
    Ok(Bundle {
        version,
        key_material,
        content,
        entries,
        timestamps,
    })
}

fn content(
    message: Option<wire::MessageSignature>,
    envelope: Option<wire::Envelope>,
) -> Result<Content, BundleError> {
    match (message, envelope) {
        (Some(message), None) => message_signature(message).map(Content::Message),
        (None, Some(envelope)) => dsse_envelope(envelope).map(Content::Envelope),
        (Some(_), Some(_)) => Err(BundleError::Both {
            first: "messageSignature",
            second: "dsseEnvelope",
        }),
        (None, None) => Err(missing("messageSignature or dsseEnvelope")),
    }
}

fn message_signature(message: wire::MessageSignature) -> Result<MessageSignature, BundleError> {
    let digest = message.message_digest.map(|output| {
        let algorithm = hash_of_name(&output.algorithm);
        let digest = algorithm.and_then(|algorithm| Digest::new(algorithm, &output.digest.0));
        digest.ok_or(BundleError::MessageDigest {
            length: output.digest.0.len(),
            algorithm: output.algorithm,
        })
    });
    let digest = digest.transpose()?;
    let signature = present(message.signature.0, "signature")?;
    Ok(MessageSignature { digest, signature })
}

pub(super) fn dsse_envelope(envelope: wire::Envelope) -> Result<Envelope, BundleError> {
    let count = envelope.signatures.len();
    let signatures: Result<[wire::EnvelopeSignature; 1], _> = envelope.signatures.try_into();
    let [signature] = signatures.map_err(|_| BundleError::Signatures { count })?;
    Ok(Envelope {
        payload_type: envelope.payload_type,
        payload: present(envelope.payload.0, "payload")?,
        signature: present(signature.sig.0, "signature")?,
        key_id: signature.keyid,
    })
}

fn key_material(
    certificate: Option<RawBytes>,
    chain: Option<wire::Chain>,
    key: Option<wire::PublicKeyIdentifier>,
    (version, chain_is_allowed): (Version, bool),
) -> Result<KeyMaterial, BundleError> {
    let both = |first, second| Err(BundleError::Both { first, second });
    match (certificate, chain, key) {
        (Some(certificate), None, None) if version == Version::V0_3 => {
            Ok(KeyMaterial::Certificate {
                leaf: Certificate::from_der(&certificate.raw_bytes.0)?,
                chain: Vec::new(),
            })
        }
        (Some(_), None, None) => Err(BundleError::Unsupported {
            part: "certificate",
            expected: "x509CertificateChain, as versions before 0.3 have it",
        }),
        (None, Some(chain), None) if chain_is_allowed => {
            limit("certificates", chain.certificates.len(), MOST_CERTIFICATES)?;
            let certificates = chain.certificates.iter();
            let mut certificates =
                certificates.map(|certificate| Certificate::from_der(&certificate.raw_bytes.0));
            let leaf = certificates
                .next()
                .ok_or(missing("certificate in its chain"))??;
            let chain = certificates.collect::<Result<_, _>>()?;
            Ok(KeyMaterial::Certificate { leaf, chain })
        }
        (None, Some(_), None) => Err(BundleError::Unsupported {
            part: "x509CertificateChain",
            expected: "certificate, as version 0.3 has it",
        }),
        (None, None, Some(key)) => Ok(KeyMaterial::PublicKey { hint: key.hint }),
        (None, None, None) => Err(missing("certificate or publicKey")),
        (Some(_), Some(_), _) => both("certificate", "x509CertificateChain"),
        (Some(_), _, Some(_)) => both("certificate", "publicKey"),
        (_, Some(_), Some(_)) => both("x509CertificateChain", "publicKey"),
    }
}

pub(super) fn entry(entry: wire::LogEntry, version: Version) -> Result<LogEntry, BundleError> {
    let log_id = entry.log_id.ok_or(missing("logId"))?.key_id.0;
    let kind = entry.kind_version.ok_or(missing("kindVersion"))?;
    let promise = entry.inclusion_promise;
    let promise = promise.map(|promise| promise.signed_entry_timestamp.0);
    let seconds = entry.integrated_time.0;
    let integrated_time = match i64::try_from(seconds).map(UnixTime::from_seconds) {
        // Go writes no zero, Rekor v2 does: both mean that there is no time.
        _ if seconds == 0 => None,
        Ok(Ok(time)) => Some(time),
        _ => return Err(BundleError::IntegratedTime { seconds }),
    };
    let entry = LogEntry {
        log_index: entry.log_index.0,
        log_id: present(log_id, "logId")?,
        kind: kind.kind,
        version: kind.version,
        integrated_time,
        // A promise without a signature is none; Go's writers leave the message behind.
        inclusion_promise: promise.filter(|promise| !promise.is_empty()),
        inclusion_proof: match entry.inclusion_proof {
            Some(proof) => inclusion_proof(proof, version)?,
            None => None,
        },
        canonicalized_body: present(entry.canonicalized_body.0, "canonicalizedBody")?,
    };
    if entry.is_of_rekor_v2() && (entry.inclusion_promise.is_some() || integrated_time.is_some()) {
        return Err(BundleError::Unsupported {
            part: "an inclusionPromise or integratedTime",
            expected: "an entry of Rekor v2, which has neither",
        });
    }
    if version == Version::V0_1 && entry.inclusion_promise.is_none() && !entry.is_of_rekor_v2() {
        return Err(missing("inclusionPromise, which version 0.1 demands"));
    }
    let proof_is_optional = version == Version::V0_1 && !entry.is_of_rekor_v2();
    if entry.inclusion_proof.is_none() && !proof_is_optional {
        return Err(missing("inclusionProof"));
    }
    Ok(entry)
}

fn inclusion_proof(
    proof: wire::InclusionProof,
    version: Version,
) -> Result<Option<InclusionProof>, BundleError> {
    let checkpoint = proof.checkpoint.map(|checkpoint| checkpoint.envelope);
    let checkpoint = checkpoint.filter(|envelope| !envelope.is_empty());
    let Some(checkpoint) = checkpoint else {
        return match version {
            Version::V0_1 => Ok(None),
            _ => Err(missing("checkpoint")),
        };
    };
    let hash = |part, bytes: &[u8]| {
        let length = bytes.len();
        Hash::from_slice(bytes).ok_or(BundleError::HashLength { part, length })
    };
    let hashes = proof.hashes.iter();
    let hashes = hashes.map(|bytes| hash("inclusion proof's hash", &bytes.0));
    Ok(Some(InclusionProof {
        log_index: proof.log_index.0,
        root_hash: hash("rootHash", &proof.root_hash.0)?,
        tree_size: proof.tree_size.0,
        hashes: hashes.collect::<Result<_, _>>()?,
        checkpoint,
    }))
}

fn missing(part: &'static str) -> BundleError {
    BundleError::Missing { part }
}

fn present(bytes: Vec<u8>, part: &'static str) -> Result<Vec<u8>, BundleError> {
    if bytes.is_empty() {
        return Err(missing(part));
    }
    Ok(bytes)
}

fn limit(part: &'static str, count: usize, most: usize) -> Result<(), BundleError> {
    if count > most {
        return Err(BundleError::TooMany { part, count, most });
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

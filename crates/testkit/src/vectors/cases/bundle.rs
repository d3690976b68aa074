//! The document itself: what a reader has to refuse before it verifies anything.

use serde_json::{Value, json};
use waxwing_model::bundle::Version;

use super::{fields, items};
use crate::vectors::Cases;
use crate::vectors::draft::Draft;
use crate::vectors::kit::now;
use crate::vectors::record::Kind;

const BUNDLE: &str = "client specification, bundle checklist 1 and 2";
const COUNTS: &str = "client specification, bundle checklist 5";
const VERSIONS: &str = "client specification, bundle checklist 6";
const DSSE: &str = "sigstore-conformance #149, TOB-SIGSTORE-9";

/// The part of a bundle's JSON with certificate, entries and timestamps.
fn material(bundle: &mut Value) -> &mut Value {
    &mut bundle["verificationMaterial"]
}

pub(super) fn add(cases: &mut Cases<'_>) {
    oneofs(cases);
    counts(cases);
    versions(cases);
}

fn oneofs(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let message = Draft::message(kit);
    cases.refused(
        "oneof-certificate-and-key",
        BUNDLE,
        "the bundle has a certificate and a key's hint",
        "both certificate and publicKey",
        message.clone(),
        |bad| bad.json(|bundle| material(bundle)["publicKey"] = json!({"hint": "a2V5"})),
    );
    cases.refused(
        "oneof-certificate-and-chain",
        BUNDLE,
        "the bundle has a certificate and a chain",
        "both certificate and x509CertificateChain",
        message.clone(),
        |bad| {
            bad.json(|bundle| {
                let leaf = material(bundle)["certificate"].clone();
                material(bundle)["x509CertificateChain"] = json!({"certificates": [leaf]});
            })
        },
    );
    cases.refused(
        "oneof-message-and-envelope",
        BUNDLE,
        "the bundle has a message signature and an envelope",
        "both messageSignature and dsseEnvelope",
        message.clone(),
        |bad| {
            bad.json(|bundle| {
                let signature = bundle["messageSignature"]["signature"].clone();
                bundle["dsseEnvelope"] = json!({
                    "payload": "e30=",
                    "payloadType": "application/vnd.in-toto+json",
                    "signatures": [{"sig": signature}],
                });
            })
        },
    );
    cases.refused(
        "no-content",
        BUNDLE,
        "the bundle has neither a message signature nor an envelope",
        "no messageSignature or dsseEnvelope",
        message.clone(),
        |bad| {
            bad.json(|bundle| {
                fields(bundle).remove("messageSignature");
            })
        },
    );
    cases.refused(
        "no-key-material",
        BUNDLE,
        "the bundle has neither certificate nor key",
        "no certificate or publicKey",
        message.clone(),
        |bad| {
            bad.json(|bundle| {
                fields(material(bundle)).remove("certificate");
            })
        },
    );
    cases.refused(
        "signature-empty",
        "cosign #4649",
        "the signature is empty",
        "no signature",
        message.clone(),
        |bad| bad.json(|bundle| bundle["messageSignature"]["signature"] = "".into()),
    );
    cases.refused(
        "unknown-field",
        BUNDLE,
        "the bundle has a field that no version knows",
        "unknown field `surprise`",
        message.clone(),
        |bad| bad.json(|bundle| bundle["surprise"] = true.into()),
    );
    cases.refused(
        "media-type-of-the-future",
        BUNDLE,
        "the bundle is of version 0.4",
        "the media type is",
        message,
        |bad| {
            bad.json(|bundle| {
                bundle["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.4+json".into();
            })
        },
    );
    let envelope = Draft::envelope(kit);
    cases.refused(
        "envelope-two-signatures",
        DSSE,
        "the envelope has two signatures, the second one not by the signer",
        "the envelope has 2 signatures",
        envelope.clone(),
        |bad| {
            bad.json(|bundle| {
                let signatures = items(&mut bundle["dsseEnvelope"]["signatures"]);
                signatures.push(json!({"sig": "MAYCAQECAQE="}));
            })
        },
    );
    cases.refused(
        "envelope-same-signature-twice",
        DSSE,
        "the envelope has the same signature twice",
        "the envelope has 2 signatures",
        envelope.clone(),
        |bad| {
            bad.json(|bundle| {
                let signatures = items(&mut bundle["dsseEnvelope"]["signatures"]);
                signatures.push(signatures[0].clone());
            })
        },
    );
    cases.refused(
        "envelope-no-signature",
        DSSE,
        "the envelope has no signature",
        "the envelope has 0 signatures",
        envelope.clone(),
        |bad| bad.json(|bundle| bundle["dsseEnvelope"]["signatures"] = json!([])),
    );
    cases.refused(
        "envelope-no-payload",
        "cosign #4651",
        "the envelope has no payload",
        "no payload",
        envelope,
        |bad| bad.json(|bundle| bundle["dsseEnvelope"]["payload"] = "".into()),
    );
}

fn counts(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let message = Draft::message(kit);
    cases.refused(
        "entry-twice",
        COUNTS,
        "the same log entry stands in the bundle twice",
        "the same log entry twice",
        message.clone(),
        |bad| bad.edited(|bundle| bundle.entries.push(bundle.entries[0].clone())),
    );
    cases.refused(
        "timestamp-twice",
        COUNTS,
        "the same timestamp stands in the bundle twice",
        "the same timestamp twice",
        message.clone(),
        |bad| bad.edited(|bundle| bundle.timestamps.push(bundle.timestamps[0].clone())),
    );
    cases.refused(
        "entries-33",
        COUNTS,
        "the bundle has 33 log entries",
        "33 log entries; at most 32",
        message.clone(),
        |bad| {
            bad.edited(|bundle| {
                for index in 1..33 {
                    let mut entry = bundle.entries[0].clone();
                    entry.log_index += index;
                    bundle.entries.push(entry);
                }
            })
        },
    );
    cases.refused(
        "timestamps-33",
        COUNTS,
        "the bundle has 33 timestamps, each a good one",
        "33 timestamps; at most 32",
        message.clone(),
        |bad| bad.stamped(&[now(5); 33]),
    );
    cases.refused(
        "entry-negative-index",
        "client specification, bundle checklist 4",
        "the entry's index is negative",
        "expected a whole number",
        message.clone(),
        |bad| bad.json(|bundle| material(bundle)["tlogEntries"][0]["logIndex"] = "-1".into()),
    );
    cases.refused(
        "entry-without-body",
        "cosign #4652",
        "the entry has no body",
        "no canonicalizedBody",
        message.clone(),
        |bad| {
            bad.json(|bundle| material(bundle)["tlogEntries"][0]["canonicalizedBody"] = "".into())
        },
    );
    cases.refused(
        "entry-null",
        "cosign #4652",
        "the list of entries holds a null",
        "not a bundle",
        message,
        |bad| bad.json(|bundle| material(bundle)["tlogEntries"][0] = Value::Null),
    );
}

fn versions(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let old = Draft::message(kit).logged_as(Kind::HashedRekordV1);
    let new = Draft::message(kit);
    cases.refused(
        "downgrade-without-proof",
        "client specification, bundle checklist 6",
        "a bundle of version 0.3 is called 0.1, where a promise would do, and its proof is cut out",
        "no inclusion proof with a checkpoint",
        old.clone(),
        |bad| {
            bad.version(Version::V0_1)
                .entry(|entry| entry.inclusion_proof = None)
        },
    );
    cases.refused(
        "chain-empty",
        BUNDLE,
        "the chain of version 0.2 is empty",
        "no certificate in its chain",
        old.clone().version(Version::V0_2),
        |bad| {
            bad.json(|bundle| {
                material(bundle)["x509CertificateChain"]["certificates"] = json!([]);
            })
        },
    );
    cases.refused(
        "chain-in-0.3",
        VERSIONS,
        "version 0.3 has a chain in the place of its certificate",
        "the bundle has x509CertificateChain",
        old.clone(),
        |bad| {
            bad.json(|bundle| {
                let leaf = material(bundle)["certificate"].take();
                fields(material(bundle)).remove("certificate");
                material(bundle)["x509CertificateChain"] = json!({"certificates": [leaf]});
            })
        },
    );
    cases.refused(
        "certificate-in-0.2",
        VERSIONS,
        "version 0.2 has a certificate alone in the place of its chain",
        "the bundle has certificate",
        old.clone().version(Version::V0_2),
        |bad| {
            bad.json(|bundle| {
                let leaf = material(bundle)["x509CertificateChain"]["certificates"][0].take();
                fields(material(bundle)).remove("x509CertificateChain");
                material(bundle)["certificate"] = leaf;
            })
        },
    );
    cases.refused(
        "promise-missing-in-0.1",
        VERSIONS,
        "an entry of version 0.1 has no promise",
        "no inclusionPromise",
        old.clone().version(Version::V0_1),
        |bad| bad.entry(|entry| entry.inclusion_promise = None),
    );
    cases.refused(
        "proof-missing-in-0.2",
        VERSIONS,
        "an entry of version 0.2 has no proof",
        "no inclusionProof",
        old.clone().version(Version::V0_2),
        |bad| bad.entry(|entry| entry.inclusion_proof = None),
    );
    cases.refused(
        "proof-missing-in-0.3",
        VERSIONS,
        "an entry of Rekor v1 in version 0.3 has no proof",
        "no inclusionProof",
        old,
        |bad| bad.entry(|entry| entry.inclusion_proof = None),
    );
    cases.refused(
        "proof-missing-rekor-v2",
        VERSIONS,
        "an entry of Rekor v2 has no proof",
        "no inclusionProof",
        new.clone(),
        |bad| bad.entry(|entry| entry.inclusion_proof = None),
    );
    cases.refused(
        "promise-in-rekor-v2",
        VERSIONS,
        "an entry of Rekor v2 has a promise and a time, which the log's key signed",
        "an inclusionPromise or integratedTime",
        new,
        |bad| bad.integrated(now(1)),
    );
}

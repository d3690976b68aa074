//! The answer for an entry that is in the log: `TransparencyLogEntry` in ProtoJSON, with the fields
//! that only Rekor v1 fills, and 64-bit numbers as text.
//!
//! ```json
//! {"logIndex":"0","logId":{"keyId":"zxGZ…"},"kindVersion":{"kind":"hashedrekord","version":"0.0.2"},
//!  "integratedTime":"0","inclusionPromise":null,"inclusionProof":{"logIndex":"0","rootHash":"rs1Y…",
//!  "treeSize":"1","hashes":[],"checkpoint":{"envelope":"log.example\n1\n…"}},"canonicalizedBody":"eyJh…"}
//! ```
//!
//! Written at once, since nothing in it but the checkpoint needs escapes.

use waxwing_encoding::base64;
use waxwing_entries::proposal::Kind;
use waxwing_log::Added;
use waxwing_protos::common::v1::LogId;
use waxwing_protos::rekor::v1::{Checkpoint, InclusionProof, KindVersion, TransparencyLogEntry};

/// The answer's JSON.
pub(crate) fn write(log_id: &str, kind: Kind, added: &Added) -> Result<Vec<u8>, serde_json::Error> {
    let Added {
        index, published, ..
    } = added;
    let (name, version) = (kind.name(), kind.version());
    let root = base64::encode(published.root.as_bytes());
    let size = published.size;
    let mut json = String::with_capacity(1024 + added.entry.len() * 4 / 3 + added.proof.len() * 47);
    json.push_str(&format!(
        concat!(
            r#"{{"logIndex":"{index}","logId":{{"keyId":"{log_id}"}},"#,
            r#""kindVersion":{{"kind":"{name}","version":"{version}"}},"#,
            r#""integratedTime":"0","inclusionPromise":null,"inclusionProof":{{"#,
            r#""logIndex":"{index}","rootHash":"{root}","treeSize":"{size}","hashes":["#
        ),
        index = index,
        log_id = log_id,
        name = name,
        version = version,
        root = root,
        size = size,
    ));
    for (number, hash) in added.proof.iter().enumerate() {
        json.push_str(if number == 0 { "\"" } else { ",\"" });
        json.push_str(&base64::encode(hash.as_bytes()));
        json.push('"');
    }
    json.push_str(r#"],"checkpoint":{"envelope":"#);
    json.push_str(&serde_json::to_string(&*published.checkpoint)?);
    json.push_str(r#"}},"canonicalizedBody":""#);
    json.push_str(&base64::encode(&added.entry));
    json.push_str("\"}");
    Ok(json.into_bytes())
}

/// The same as a message.
pub(crate) fn message(log_id: [u8; 32], kind: Kind, added: &Added) -> TransparencyLogEntry {
    let Added {
        index, published, ..
    } = added;
    // Indexes stay below 2^63, as long as anybody lives.
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let hashes = added.proof.iter().map(|hash| hash.as_bytes().to_vec());
    TransparencyLogEntry {
        log_index: number(*index),
        log_id: Some(LogId {
            key_id: log_id.to_vec(),
        }),
        kind_version: Some(KindVersion {
            kind: kind.name().to_owned(),
            version: kind.version().to_owned(),
        }),
        integrated_time: 0,
        inclusion_promise: None,
        inclusion_proof: Some(InclusionProof {
            log_index: number(*index),
            root_hash: published.root.as_bytes().to_vec(),
            tree_size: number(published.size),
            hashes: hashes.collect(),
            checkpoint: Some(Checkpoint {
                envelope: published.checkpoint.to_string(),
            }),
        }),
        canonicalized_body: added.entry.to_vec(),
    }
}

//! The entries of both generations of Rekor: their bodies, their trees, their checkpoints and
//! promises.

use std::sync::Arc;

use serde_json::{Value, json};
use waxwing_crypto::{Digest, HashAlgorithm, PrivateKey, sha256};
use waxwing_encoding::time::UnixTime;
use waxwing_encoding::{base64, canonical_json, hex};
use waxwing_model::bundle::{Envelope, InclusionProof, LogEntry};
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::note::{Note, NoteSignature, NoteSigner};
use waxwing_tlog::{Hash, merkle};

use super::kit::{Log, now};
use super::profile::flip;

/// The kinds of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// hashedrekord 0.0.1.
    HashedRekordV1,
    /// hashedrekord 0.0.2.
    HashedRekordV2,
    /// dsse 0.0.1.
    DsseV1,
    /// dsse 0.0.2.
    DsseV2,
    /// intoto 0.0.1.
    IntotoV1,
    /// intoto 0.0.2 as Rekor hashes it: without the payload.
    IntotoV2,
    /// intoto 0.0.2 with the payload.
    IntotoV2WithPayload,
}

impl Kind {
    /// As the bundle names it.
    pub(crate) fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::HashedRekordV1 => ("hashedrekord", "0.0.1"),
            Self::HashedRekordV2 => ("hashedrekord", "0.0.2"),
            Self::DsseV1 => ("dsse", "0.0.1"),
            Self::DsseV2 => ("dsse", "0.0.2"),
            Self::IntotoV1 => ("intoto", "0.0.1"),
            Self::IntotoV2 | Self::IntotoV2WithPayload => ("intoto", "0.0.2"),
        }
    }

    /// Whether a log of Rekor v2 writes it.
    pub(crate) fn is_of_rekor_v2(self) -> bool {
        matches!(self, Self::HashedRekordV2 | Self::DsseV2)
    }
}

/// What an entry says.
#[derive(Debug, Clone)]
pub(crate) struct Claims {
    /// Of the artifact, or of an envelope's PAE.
    pub(crate) digest: Option<Digest>,
    /// The signature.
    pub(crate) signature: Vec<u8>,
    /// The certificate or key: in PEM for Rekor v1.
    pub(crate) pem: String,
    /// The same in DER.
    pub(crate) der: Vec<u8>,
    /// Whether it is a certificate.
    pub(crate) is_certificate: bool,
    /// The algorithm's name in the registry.
    pub(crate) key_details: String,
    /// The envelope, for the kinds that hold one.
    pub(crate) envelope: Option<Envelope>,
}

impl Claims {
    fn envelope(&self) -> &Envelope {
        let envelope = self.envelope.as_ref();
        envelope.expect("an entry of this kind is about an envelope")
    }

    fn verifier(&self) -> Value {
        let field = match self.is_certificate {
            true => "x509Certificate",
            false => "publicKey",
        };
        json!({"keyDetails": self.key_details, field: {"rawBytes": base64::encode(&self.der)}})
    }

    /// The leaf of this kind.
    pub(crate) fn body(&self, kind: Kind) -> Vec<u8> {
        let (name, version) = kind.name();
        let signature = base64::encode(&self.signature);
        let pem = base64::encode(self.pem.as_bytes());
        let hash =
            |bytes: &[u8]| json!({"algorithm": "sha256", "value": hex::encode(&sha256(bytes))});
        let spec = match kind {
            Kind::HashedRekordV1 => json!({
                "data": {"hash": {
                    "algorithm": self.hash_name_of_old(),
                    "value": hex::encode(self.digest().as_bytes()),
                }},
                "signature": {"content": signature, "publicKey": {"content": pem}},
            }),
            Kind::HashedRekordV2 => json!({"hashedRekordV002": {
                "data": {
                    "algorithm": waxwing_model::bundle::hash_name(self.digest().algorithm()),
                    "digest": base64::encode(self.digest().as_bytes()),
                },
                "signature": {"content": signature, "verifier": self.verifier()},
            }}),
            Kind::DsseV1 => json!({
                "envelopeHash": hash(go_json(self.envelope()).as_bytes()),
                "payloadHash": hash(&self.envelope().payload),
                "signatures": [{"signature": signature, "verifier": pem}],
            }),
            Kind::DsseV2 => json!({"dsseV002": {
                "payloadHash": {
                    "algorithm": "SHA2_256",
                    "digest": base64::encode(&sha256(&self.envelope().payload)),
                },
                "signatures": [{"content": signature, "verifier": self.verifier()}],
            }}),
            Kind::IntotoV1 => json!({
                "content": {"hash": hash(go_json(self.envelope()).as_bytes())},
                "publicKey": pem,
            }),
            Kind::IntotoV2 | Kind::IntotoV2WithPayload => {
                let twice = |text: &str| base64::encode(text.as_bytes());
                let mut envelope = json!({
                    "payloadType": self.envelope().payload_type,
                    "signatures": [{"sig": twice(&signature), "publicKey": pem}],
                });
                if kind == Kind::IntotoV2WithPayload {
                    let payload = base64::encode(&self.envelope().payload);
                    envelope["payload"] = twice(&payload).into();
                }
                json!({"content": {
                    "envelope": envelope,
                    "hash": hash(go_json(self.envelope()).as_bytes()),
                    "payloadHash": hash(&self.envelope().payload),
                }})
            }
        };
        let body = json!({"apiVersion": version, "kind": name, "spec": spec});
        canonical_json::to_vec(&body).expect("a body can be written")
    }

    fn digest(&self) -> &Digest {
        let digest = self.digest.as_ref();
        digest.expect("an entry of this kind is about a digest")
    }

    fn hash_name_of_old(&self) -> &'static str {
        match self.digest().algorithm() {
            HashAlgorithm::Sha384 => "sha384",
            HashAlgorithm::Sha512 => "sha512",
            _ => "sha256",
        }
    }
}

/// The envelope as Go writes it.
fn go_json(envelope: &Envelope) -> String {
    format!(
        r#"{{"payloadType":{},"payload":"{}","signatures":[{{"sig":"{}"}}]}}"#,
        Value::from(envelope.payload_type.as_str()),
        base64::encode(&envelope.payload),
        base64::encode(&envelope.signature),
    )
}

/// The checkpoint before it is signed, and who signs it.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    /// The origin.
    pub(crate) origin: String,
    /// The tree's size.
    pub(crate) size: u64,
    /// The tree's root.
    pub(crate) root: Hash,
    /// The key that signs.
    pub(crate) key: Arc<PrivateKey>,
    /// The name on the signature line.
    pub(crate) signer: String,
    /// The key's identifier on the signature line, if it is not the key's own.
    pub(crate) key_id: Option<[u8; 4]>,
    /// Flips one bit of the signature.
    pub(crate) flipped: bool,
}

impl Head {
    fn sign(&self, is_of_rekor_v2: bool) -> String {
        let checkpoint = Checkpoint::new(&self.origin, self.size, self.root);
        let checkpoint = checkpoint.expect("the origin is one line");
        let note = Note::new(&checkpoint.to_string()).expect("a checkpoint is a text");
        let key = Arc::clone(&self.key);
        let signer = match is_of_rekor_v2 {
            true => NoteSigner::ed25519(&self.signer, key),
            false => NoteSigner::rekor_v1(&self.signer, key),
        };
        let made = signer.and_then(|signer| signer.sign(&note, now(0)));
        let made = made.expect("the log signs");
        let mut bytes = made.bytes().to_vec();
        if self.flipped {
            flip(&mut bytes);
        }
        let key_id = self.key_id.unwrap_or(made.key_id());
        let line = NoteSignature::new(&self.signer, key_id, bytes);
        note.with_signature(line.expect("the name is good"))
            .to_string()
    }
}

/// The index by which a log of Rekor v1 knows its entries lies far from their place in its tree.
const GLOBAL_INDEX: u64 = 123_456_789;

/// Writes `body` into `log`, where other entries stand before and after it.
pub(crate) fn enter(
    log: &Log,
    kind: Kind,
    body: Vec<u8>,
    edit: impl FnOnce(&mut Head),
) -> LogEntry {
    enter_at(2, log, kind, body, edit)
}

/// The same at another place: less than 6.
pub(crate) fn enter_at(
    place: usize,
    log: &Log,
    kind: Kind,
    body: Vec<u8>,
    edit: impl FnOnce(&mut Head),
) -> LogEntry {
    let (name, version) = kind.name();
    let index = place as u64;
    let leaves: Vec<Hash> = (0..6)
        .map(|leaf| match leaf == index {
            true => merkle::leaf_hash(&body),
            false => merkle::leaf_hash(format!("entry {leaf}").as_bytes()),
        })
        .collect();
    let root = root(&leaves);
    let size = leaves.len() as u64;
    let new = kind.is_of_rekor_v2();
    let mut head = Head {
        origin: match new {
            true => log.host().into(),
            false => format!("{} - 2605736670972794746", log.host()),
        },
        size,
        root,
        key: Arc::clone(&log.key),
        signer: log.host().into(),
        key_id: None,
        flipped: false,
    };
    edit(&mut head);
    let mut entry = LogEntry {
        log_index: match new {
            true => index,
            false => GLOBAL_INDEX,
        },
        log_id: log.id.clone(),
        kind: name.into(),
        version: version.into(),
        integrated_time: None,
        inclusion_promise: None,
        inclusion_proof: Some(InclusionProof {
            log_index: index,
            root_hash: root,
            tree_size: size,
            hashes: path(&leaves, place),
            checkpoint: head.sign(new),
        }),
        canonicalized_body: body,
    };
    if !new {
        promise(log, &mut entry, now(1));
    }
    entry
}

/// Gives an entry of Rekor v1 this time, and the promise that carries it.
pub(crate) fn promise(log: &Log, entry: &mut LogEntry, time: UnixTime) {
    let payload = json!({
        "body": base64::encode(&entry.canonicalized_body),
        "integratedTime": time.seconds(),
        "logID": hex::encode(&log.id),
        "logIndex": entry.log_index,
    });
    let payload = canonical_json::to_vec(&payload).expect("a payload can be written");
    entry.integrated_time = Some(time);
    entry.inclusion_promise = Some(log.key.sign(&payload).expect("the log signs"));
}

/// The root of the tree over these leaves (RFC 6962 section 2.1).
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(half(leaves.len()));
            merkle::node_hash(&root(left), &root(right))
        }
    }
}

/// The path from the leaf at `index` (RFC 6962 section 2.1.1).
fn path(leaves: &[Hash], index: usize) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(half(leaves.len()));
    let (mut below, sibling) = match index.checked_sub(left.len()) {
        None => (path(left, index), root(right)),
        Some(index) => (path(right, index), root(left)),
    };
    below.push(sibling);
    below
}

/// The largest power of two below `size`.
fn half(size: usize) -> usize {
    size.next_power_of_two() / 2
}

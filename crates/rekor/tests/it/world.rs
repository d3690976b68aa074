//! A log, what is proposed to it, and its answers as they stand in JSON.

use std::sync::Arc;

use axum::Router;
use serde_json::{Value, json};
use waxwing_crypto::{HashAlgorithm, KeyType, PrivateKey, PublicKey, sha256_of_parts};
use waxwing_encoding::base64;
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_log::{HeadSigner, Log, MemoryDriver};
use waxwing_net::{Client, Response, Retry, Routes};
use waxwing_rekor::{Service, Settings};
use waxwing_serve::{health, refuse_unknown_paths};
use waxwing_tlog::Hash;
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::merkle::{leaf_hash, verify_inclusion};
use waxwing_tlog::note::{Note, NoteSigner, NoteVerifier};

pub(crate) const LOG: &str = "http://log.test";
pub(crate) const ORIGIN: &str = "log.test";
pub(crate) const ENTRIES: &str = "http://log.test/api/v2/log/entries";

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> UnixTime {
        UnixTime::from_seconds(1_764_000_000).unwrap()
    }
}

pub(crate) struct World {
    pub(crate) client: Client,
    pub(crate) router: Router,
    pub(crate) log: Log,
    pub(crate) log_key: PublicKey,
    /// Signs what is proposed.
    pub(crate) key: PrivateKey,
}

/// An answer whose proof and checkpoint were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) index: u64,
    pub(crate) tree_size: u64,
    pub(crate) proof: Vec<Hash>,
    pub(crate) body: Vec<u8>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        Self::on(waxwing_log::Settings::of_entries(), settings).await
    }

    pub(crate) async fn on(log: waxwing_log::Settings, settings: Settings) -> Self {
        let key = Arc::new(PrivateKey::generate(KeyType::Ed25519).unwrap());
        let log_key = key.public_key().clone();
        let signer = NoteSigner::ed25519(ORIGIN, key).unwrap();
        let log = Log::open(
            Arc::new(MemoryDriver::new()),
            HeadSigner::new(ORIGIN, signer).unwrap(),
            Arc::new(Fixed),
            log,
        );
        let log = log.await.unwrap();
        let log_id = waxwing_rekor::log_id(ORIGIN, &log_key);
        let service = Service::new(log.clone(), log_id).with_settings(settings);
        let router = refuse_unknown_paths(service.router().merge(health()));
        let routes = Routes::new().with(LOG, router.clone()).unwrap();
        Self {
            client: Client::in_process(routes).with_retry(Retry::never()),
            router,
            log,
            log_key,
            key: PrivateKey::generate(KeyType::EcdsaP256).unwrap(),
        }
    }

    /// A good proposal by the world's key over this artifact.
    pub(crate) fn proposal(&self, artifact: &str) -> Value {
        let signature = self.key.sign(artifact.as_bytes()).unwrap();
        let digest = HashAlgorithm::Sha256.digest(artifact.as_bytes());
        let key = self.key.public_key();
        proposal(
            digest.as_bytes(),
            &signature,
            key,
            "PKIX_ECDSA_P256_SHA_256",
        )
    }

    pub(crate) async fn post(&self, body: &Value) -> Response {
        self.client.post_json(ENTRIES, body).await.unwrap()
    }

    /// Adds what must be taken, and checks the whole answer.
    pub(crate) async fn add(&self, body: &Value) -> Entry {
        let answer = self.post(body).await;
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let dsse = body.get("dsseRequestV002").is_some();
        let kind = if dsse { "dsse" } else { "hashedrekord" };
        self.check(&answer.json().unwrap(), kind)
    }

    /// The head in a checkpoint that the log's key signed.
    pub(crate) fn open(&self, note: &str) -> Checkpoint {
        let note = Note::parse(note).unwrap();
        let verifier = NoteVerifier::ed25519(ORIGIN, &self.log_key).unwrap();
        let checkpoint = Checkpoint::parse(note.open(&[verifier]).unwrap().text()).unwrap();
        assert_eq!(checkpoint.origin(), ORIGIN);
        assert!(checkpoint.extensions().is_empty());
        checkpoint
    }

    /// The published head.
    pub(crate) async fn head(&self) -> Checkpoint {
        self.open(&self.read("checkpoint").await.text())
    }

    pub(crate) async fn read(&self, path: &str) -> Response {
        let answer = self.client.get(format!("{LOG}/{path}")).await.unwrap();
        assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text());
        answer
    }

    fn check(&self, answer: &Value, kind: &str) -> Entry {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let hash = |value: &Value| Hash::from_base64(value.as_str().unwrap()).unwrap();
        let proof = &answer["inclusionProof"];
        let hashes = proof["hashes"].as_array().unwrap();
        let entry = Entry {
            index: text(&answer["logIndex"]).parse().unwrap(),
            tree_size: text(&proof["treeSize"]).parse().unwrap(),
            proof: hashes.iter().map(hash).collect(),
            body: base64::decode(&text(&answer["canonicalizedBody"])).unwrap(),
        };
        let log_id = sha256_of_parts(&[b"log.test\n\x01", self.log_key.bits()]);
        let envelope = text(&proof["checkpoint"]["envelope"]);
        let head = self.open(&envelope);
        // Every field, those without a value too, and 64-bit numbers as text.
        let expected = json!({
            "logIndex": entry.index.to_string(),
            "logId": {"keyId": base64::encode(&log_id)},
            "kindVersion": {"kind": kind, "version": "0.0.2"},
            "integratedTime": "0",
            "inclusionPromise": null,
            "inclusionProof": {
                "logIndex": entry.index.to_string(),
                "rootHash": base64::encode(head.root().as_bytes()),
                "treeSize": head.size().to_string(),
                "hashes": proof["hashes"],
                "checkpoint": {"envelope": envelope},
            },
            "canonicalizedBody": answer["canonicalizedBody"],
        });
        assert_eq!(*answer, expected);
        let leaf = leaf_hash(&entry.body);
        let verified =
            verify_inclusion(entry.index, head.size(), &leaf, &entry.proof, &head.root());
        assert_eq!(verified, Ok(()));
        entry
    }
}

/// A proposal with a public key, whether it holds or not.
pub(crate) fn proposal(
    digest: &[u8],
    signature: &[u8],
    key: &PublicKey,
    key_details: &str,
) -> Value {
    json!({"hashedRekordRequestV002": {
        "digest": base64::encode(digest),
        "signature": {
            "content": base64::encode(signature),
            "verifier": {
                "publicKey": {"rawBytes": base64::encode(key.spki_der())},
                "keyDetails": key_details,
            },
        },
    }})
}

/// What the log stores for a proposal, by RFC 8785.
pub(crate) fn canonical_body(proposal: &Value, hash: &str) -> String {
    let request = &proposal["hashedRekordRequestV002"];
    let verifier = &request["signature"]["verifier"];
    let (kind, raw) = match verifier.get("publicKey") {
        Some(key) => ("publicKey", &key["rawBytes"]),
        None => ("x509Certificate", &verifier["x509Certificate"]["rawBytes"]),
    };
    format!(
        r#"{{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{{"hashedRekordV002":{{"data":{{"algorithm":"{hash}","digest":{}}},"signature":{{"content":{},"verifier":{{"keyDetails":{},"{kind}":{{"rawBytes":{raw}}}}}}}}}}}}}"#,
        request["digest"], request["signature"]["content"], verifier["keyDetails"],
    )
}

//! Signing into a log of Rekor v1: ours and the real cosign at the same log, each verifying what the other
//! has signed there. The log is a small one of this test; that cosign takes its promises and proofs says that
//! it is one.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey, sha256};
use waxwing_encoding::time::UnixTime;
use waxwing_encoding::{base64, hex};
use waxwing_tlog::Hash;
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::merkle::{CompactRange, leaf_hash};
use waxwing_tlog::note::{Note, NoteSigner};

use waxwing_testkit::peers::{self, Case, Peer};

use super::older_log::serve;
use super::{AT_INSTANCE, Bench, chain_of, key_of};

/// What stands before the index of an entry in its identifier, and behind the host in checkpoints.
const TREE: &str = "2605736670972794746";

pub(super) struct Log {
    key: Arc<PrivateKey>,
    signer: NoteSigner,
    bodies: Mutex<Vec<Vec<u8>>>,
    /// Takes the next entry, and answers as if it had broken.
    breaks: AtomicBool,
    fetched: AtomicU64,
}

impl Log {
    pub(super) fn new() -> Arc<Self> {
        let key = Arc::new(PrivateKey::generate(KeyType::EcdsaP256).unwrap());
        Arc::new(Self {
            signer: NoteSigner::rekor_v1("127.0.0.1", Arc::clone(&key)).unwrap(),
            key,
            // As a real log, it does not begin with what a client brings.
            bodies: Mutex::new(vec![b"first".to_vec(), b"second".to_vec()]),
            breaks: AtomicBool::new(false),
            fetched: AtomicU64::new(0),
        })
    }

    pub(super) fn serve(self: &Arc<Self>) -> String {
        serve(
            Router::new()
                .route("/api/v1/log/entries", post(add))
                .route("/api/v1/log/entries/{uuid}", get(fetch))
                .route("/api/v1/log/publicKey", get(public_key))
                .with_state(Arc::clone(self)),
        )
    }

    /// The key that it signs with.
    pub(super) fn key_pem(&self) -> String {
        self.key.public_key().to_pem()
    }

    /// The entry at an index, with the promise and a proof.
    fn entry(&self, index: usize) -> Value {
        let bodies = self.bodies.lock().unwrap();
        let leaves: Vec<Hash> = bodies.iter().map(|body| leaf_hash(body)).collect();
        let mut tree = CompactRange::new();
        leaves.iter().for_each(|leaf| tree.append(*leaf));
        let origin = format!("127.0.0.1 - {TREE}");
        let checkpoint = Checkpoint::new(&origin, tree.size(), tree.root()).unwrap();
        let note = Note::new(&checkpoint.to_string()).unwrap();
        #[expect(clippy::disallowed_methods, reason = "what is logged now is of now")]
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now = now.unwrap().as_secs();
        let time = UnixTime::from_seconds(i64::try_from(now).unwrap()).unwrap();
        let signature = self.signer.sign(&note, time).unwrap();
        let body = base64::encode(&bodies[index]);
        let log_id = hex::encode(&self.key.public_key().sha256_of_spki());
        let promised =
            json!({"body": body, "integratedTime": now, "logID": log_id, "logIndex": index});
        let promise = self.key.sign(promised.to_string().as_bytes()).unwrap();
        let path = path(&leaves, index);
        let hashes: Vec<String> = path
            .iter()
            .map(|hash| hex::encode(hash.as_bytes()))
            .collect();
        json!({
            "body": body,
            "integratedTime": now,
            "logID": log_id,
            "logIndex": index,
            "verification": {
                "signedEntryTimestamp": base64::encode(&promise),
                "inclusionProof": {
                    "checkpoint": note.with_signature(signature).to_string(),
                    "hashes": hashes,
                    "logIndex": index,
                    "rootHash": hex::encode(tree.root().as_bytes()),
                    "treeSize": tree.size(),
                },
            },
        })
    }

    fn index_of(&self, body: &[u8]) -> Option<usize> {
        self.bodies
            .lock()
            .unwrap()
            .iter()
            .position(|known| known == body)
    }
}

/// The audit path of a leaf (RFC 6962 section 2.1.1), by its definition.
fn path(leaves: &[Hash], index: usize) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let split = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(split);
    let root = |leaves: &[Hash]| {
        let mut tree = CompactRange::new();
        leaves.iter().for_each(|leaf| tree.append(*leaf));
        tree.root()
    };
    match index < split {
        true => [path(left, index), vec![root(right)]].concat(),
        false => [path(right, index - split), vec![root(left)]].concat(),
    }
}

fn uuid(body: &[u8]) -> String {
    let tree: u64 = TREE.parse().unwrap();
    format!("{tree:016x}{}", hex::encode(leaf_hash(body).as_bytes()))
}

/// The body of what is proposed: for an envelope its hashes, for all else what was proposed.
fn body(proposed: &Value) -> Vec<u8> {
    if proposed["kind"] != "dsse" {
        return proposed.to_string().into_bytes();
    }
    let content = &proposed["spec"]["proposedContent"];
    let text = content["envelope"].as_str().unwrap();
    let envelope: Value = serde_json::from_str(text).unwrap();
    let payload = base64::decode(envelope["payload"].as_str().unwrap()).unwrap();
    let hash = |bytes: &[u8]| json!({"algorithm": "sha256", "value": hex::encode(&sha256(bytes))});
    json!({"apiVersion": "0.0.1", "kind": "dsse", "spec": {
        "envelopeHash": hash(text.as_bytes()),
        "payloadHash": hash(&payload),
        "signatures": [{
            "signature": envelope["signatures"][0]["sig"],
            "verifier": content["verifiers"][0],
        }],
    }})
    .to_string()
    .into_bytes()
}

async fn add(State(log): State<Arc<Log>>, Json(proposed): Json<Value>) -> Response {
    let body = body(&proposed);
    let place = format!("/api/v1/log/entries/{}", uuid(&body));
    // cosign looks for the entry in the answer by the tag.
    let headers = HeaderMap::from_iter([
        (header::LOCATION, place.parse().unwrap()),
        (header::ETAG, uuid(&body).parse().unwrap()),
    ]);
    if log.index_of(&body).is_some() {
        let refused = json!({"code": 409, "message": "an equivalent entry already exists"});
        return (StatusCode::CONFLICT, headers, Json(refused)).into_response();
    }
    log.bodies.lock().unwrap().push(body.clone());
    if log.breaks.swap(false, Ordering::Relaxed) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    let index = log.index_of(&body).unwrap();
    let answer = BTreeMap::from([(uuid(&body), log.entry(index))]);
    (StatusCode::CREATED, headers, Json(answer)).into_response()
}

async fn public_key(State(log): State<Arc<Log>>) -> Response {
    let content_type = [(header::CONTENT_TYPE, "application/x-pem-file")];
    (content_type, log.key_pem()).into_response()
}

async fn fetch(State(log): State<Arc<Log>>, Path(asked): Path<String>) -> Response {
    log.fetched.fetch_add(1, Ordering::Relaxed);
    let bodies = log.bodies.lock().unwrap().clone();
    let found = bodies.iter().position(|body| uuid(body).ends_with(&asked));
    match found {
        Some(index) => {
            let answer = BTreeMap::from([(uuid(&bodies[index]), log.entry(index))]);
            Json(answer).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Adds the log to the instance's trusted root, and puts it into its signing config for the one of v2.
fn follow(bench: &Bench, log: &Log, url: &str) {
    let read = |name: &str| -> Value {
        serde_json::from_slice(&bench.read(&format!("data/client/{name}"))).unwrap()
    };
    let key = log.key.public_key();
    let id = base64::encode(&key.sha256_of_spki());
    let since = "2026-01-01T00:00:00Z";
    let mut root = read("trusted_root.json");
    root["tlogs"].as_array_mut().unwrap().push(json!({
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": base64::encode(key.spki_der()),
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "validFor": {"start": since},
        },
        "logId": {"keyId": id},
    }));
    let mut config = read("signing_config.json");
    config["rekorTlogUrls"] = json!([{
        "url": url, "majorApiVersion": 1, "validFor": {"start": since}, "operator": "test",
    }]);
    fs::write(
        bench.path("data/client/trusted_root.json"),
        root.to_string(),
    )
    .unwrap();
    fs::write(
        bench.path("data/client/signing_config.json"),
        config.to_string(),
    )
    .unwrap();
    fs::write(bench.path("rekor.pub"), key.to_pem()).unwrap();
}

fn entry_of(bench: &Bench, bundle: &str) -> Value {
    let bundle: Value = serde_json::from_slice(&bench.read(bundle)).unwrap();
    bundle["verificationMaterial"]["tlogEntries"][0].clone()
}

#[test]
fn what_is_signed_into_a_log_of_rekor_v1_both_verify() {
    let Some(bench) = Bench::new() else { return };
    let running = bench.instance();
    let log = Log::new();
    follow(&bench, &log, &log.serve());
    bench.ours("generate-key-pair");
    fs::write(bench.path("predicate.json"), r#"{"a":1}"#).unwrap();
    let at_key = AT_INSTANCE.replace("--identity-token token", "--key cosign.key");
    for (signer, command, kind) in [
        (AT_INSTANCE, "sign-blob", "hashedrekord"),
        (&at_key, "sign-blob", "hashedrekord"),
        (
            AT_INSTANCE,
            "attest-blob --predicate predicate.json",
            "dsse",
        ),
        (&at_key, "attest-blob --predicate predicate.json", "dsse"),
    ] {
        bench.ours(&format!("{command} {signer} --bundle ours.json blob"));
        bench.theirs(
            &bench.sid,
            &format!("{command} {signer} --bundle theirs.json blob"),
        );
        let whom = match signer.contains("--key") {
            true => "--key cosign.pub --trusted-root data/client/trusted_root.json".to_owned(),
            false => super::expected(&running),
        };
        let verify = match kind {
            "dsse" => format!("verify-blob-attestation {whom}"),
            _ => format!("verify-blob {whom}"),
        };
        for bundle in ["ours.json", "theirs.json"] {
            let entry = entry_of(&bench, bundle);
            assert_eq!(entry["kindVersion"]["kind"], kind, "{bundle}");
            assert!(entry["inclusionPromise"].is_object(), "{entry}");
            bench.ours(&format!("{verify} --bundle {bundle} blob"));
            bench.theirs(&bench.sid, &format!("{verify} --bundle {bundle} blob"));
            bench.ours_refuses(&format!("{verify} --bundle {bundle} other"), "artifact");
        }
    }
    running.stop();
}

#[test]
fn what_is_signed_into_a_log_of_rekor_v1_every_peer_verifies() {
    let Some(bench) = Bench::new() else { return };
    let running = bench.instance();
    let log = Log::new();
    follow(&bench, &log, &log.serve());
    bench.ours(&format!("sign-blob {AT_INSTANCE} --bundle b.json blob"));
    let (artifact, bundle) = (bench.path("blob"), bench.path("b.json"));
    let trusted_root = bench.path("data/client/trusted_root.json");
    let issuer = format!("{}/oidc", running.url);
    let case = Case {
        artifact: &artifact,
        bundle: &bundle,
        trusted_root: &trusted_root,
        identity: "me@example.com",
        issuer: &issuer,
    };
    let verifiers = [Peer::SigstoreGo, Peer::SigstorePython, Peer::SigstoreJs];
    for peer in verifiers.into_iter().filter_map(peers::require) {
        peer.verify(&case).assert_accepted();
    }
    let other = bench.path("other");
    let case = Case {
        artifact: &other,
        ..case
    };
    for peer in verifiers.into_iter().filter_map(peers::require) {
        let verdict = peer.verify(&case);
        assert!(!verdict.accepted, "{}", verdict.output);
    }
    running.stop();
}

#[test]
fn an_entry_whose_answer_was_lost_is_fetched() {
    let Some(bench) = Bench::new() else { return };
    let running = bench.instance();
    let log = Log::new();
    follow(&bench, &log, &log.serve());
    bench.ours("generate-key-pair");
    let at_key = AT_INSTANCE.replace("--identity-token token", "--key cosign.key");
    log.breaks.store(true, Ordering::Relaxed);
    bench.ours(&format!("sign-blob {at_key} --bundle b.json blob"));
    assert!(!log.breaks.load(Ordering::Relaxed));
    assert_eq!(log.fetched.load(Ordering::Relaxed), 1);
    assert_eq!(log.bodies.lock().unwrap().len(), 3);
    let verify = "verify-blob --key cosign.pub --trusted-root data/client/trusted_root.json --bundle b.json blob";
    bench.ours(verify);
    bench.theirs(&bench.sid, verify);
    // The original asks again too, and once more for the entry.
    log.breaks.store(true, Ordering::Relaxed);
    bench.theirs(
        &bench.sid,
        &format!("sign-blob {at_key} --bundle b.json blob"),
    );
    assert_eq!(log.fetched.load(Ordering::Relaxed), 2);
    assert_eq!(log.bodies.lock().unwrap().len(), 4);
    running.stop();
}

#[test]
fn what_is_in_the_log_already_is_signed_all_the_same() {
    let Some(bench) = Bench::new() else { return };
    let running = bench.instance();
    let log = Log::new();
    let url = log.serve();
    follow(&bench, &log, &url);
    // RSA signs the same twice, and so proposes the same entry.
    let rsa = PrivateKey::generate(KeyType::Rsa(2048)).unwrap();
    fs::write(bench.path("rsa.pem"), rsa.to_pem().unwrap().as_bytes()).unwrap();
    bench.ours("import-key-pair --key rsa.pem --output-key-prefix rsa");
    let at_key = AT_INSTANCE.replace("--identity-token token", "--key rsa.key");
    let sign = |bundle: &str| format!("sign-blob {at_key} --bundle {bundle} blob");
    bench.ours(&sign("first.json"));
    bench.ours(&sign("ours.json"));
    bench.theirs(&bench.sid, &sign("theirs.json"));
    let older = format!("sign-blob --yes --key rsa.key --rekor-url {url} --bundle older.json blob");
    let said = crate::program::printed(&bench.theirs(&bench.trixie, &older));
    assert!(said.contains("Signature already exists."), "{said}");
    assert_eq!(log.bodies.lock().unwrap().len(), 3);
    assert_eq!(log.fetched.load(Ordering::Relaxed), 3);
    let verify = "verify-blob --key rsa.pub --trusted-root data/client/trusted_root.json --bundle";
    for bundle in ["first.json", "ours.json", "theirs.json"] {
        assert_eq!(entry_of(&bench, bundle)["logIndex"], "2", "{bundle}");
        bench.ours(&format!("{verify} {bundle} blob"));
        bench.theirs(&bench.sid, &format!("{verify} {bundle} blob"));
    }
    running.stop();
}

#[test]
fn bundles_of_the_old_format_hold_the_logs_promise() {
    let Some(bench) = Bench::new() else { return };
    let log = Log::new();
    let url = log.serve();
    bench.ours("generate-key-pair");
    fs::write(bench.path("rekor.pub"), log.key.public_key().to_pem()).unwrap();
    let sign = format!("sign-blob --yes --key cosign.key --rekor-url {url}");
    bench.ours(&format!(
        "{sign} --use-signing-config=false --new-bundle-format=false --bundle ours.json blob"
    ));
    bench.theirs(&bench.trixie, &format!("{sign} --bundle theirs.json blob"));
    let trust = [("SIGSTORE_REKOR_PUBLIC_KEY", "rekor.pub")];
    let verify = "verify-blob --key cosign.pub --new-bundle-format=false --bundle";
    for bundle in ["ours.json", "theirs.json"] {
        let line = format!("{verify} {bundle} blob");
        bench.ours_with(&line, &trust);
        for peer in [&bench.sid, &bench.trixie] {
            let output = bench.run(
                &peer.program("usr/bin/cosign"),
                &[],
                &format!("{line} --offline"),
                &trust,
            );
            let said = crate::program::printed(&output);
            assert!(output.status.success(), "{bundle}: {said}");
        }
        bench.ours_refuses_with(&format!("{verify} {bundle} other"), &trust, "artifact");
        // The promise of a log that nobody trusts is none.
        let stranger = [("SIGSTORE_REKOR_PUBLIC_KEY", "cosign.pub")];
        bench.ours_refuses_with(&line, &stranger, "transparency log");
    }
}

#[test]
fn bundles_of_the_old_format_hold_the_certificate_of_who_has_no_key() {
    let Some(bench) = Bench::new() else { return };
    let running = bench.instance();
    let log = Log::new();
    let url = log.serve();
    let root: Value = serde_json::from_slice(&bench.read("data/client/trusted_root.json")).unwrap();
    let write = |name: &str, text: &str| fs::write(bench.path(name), text).unwrap();
    write("ca.pem", &chain_of(&root["certificateAuthorities"][0]));
    write("ct.pub", &key_of(&root["ctlogs"][0]));
    write("rekor.pub", &log.key.public_key().to_pem());
    let trust = super::older_log::trust_in_pieces();
    let sign = format!(
        "sign-blob --yes --identity-token token --fulcio-url {} --rekor-url {url}",
        running.url
    );
    let ours = format!(
        "{sign} --use-signing-config=false --new-bundle-format=false --bundle ours.json blob"
    );
    bench.ours_with(&ours, &trust);
    let theirs = format!("{sign} --bundle theirs.json blob");
    let trixie = bench.trixie.program("usr/bin/cosign");
    let signed = bench.run(&trixie, &[], &theirs, &trust);
    assert!(
        signed.status.success(),
        "{}",
        crate::program::printed(&signed)
    );
    let verify = |who: &str, bundle: &str, blob: &str| {
        format!(
            "verify-blob --new-bundle-format=false --certificate-identity {who} \
             --certificate-oidc-issuer {}/oidc --bundle {bundle} {blob}",
            running.url
        )
    };
    for bundle in ["ours.json", "theirs.json"] {
        let line = verify("me@example.com", bundle, "blob");
        bench.ours_with(&line, &trust);
        for peer in [&bench.sid, &bench.trixie] {
            let output = bench.run(&peer.program("usr/bin/cosign"), &[], &line, &trust);
            let said = crate::program::printed(&output);
            assert!(output.status.success(), "{bundle}: {said}");
        }
        let other = verify("me@example.com", bundle, "other");
        bench.ours_refuses_with(&other, &trust, "artifact");
        let nobody = verify("nobody@example.com", bundle, "blob");
        bench.ours_refuses_with(&nobody, &trust, "nobody@example.com");
    }
    running.stop();
}

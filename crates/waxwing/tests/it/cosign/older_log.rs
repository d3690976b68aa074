//! Signatures of before there were bundles, whose log entry is at the log and nowhere else.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use waxwing_encoding::{base64, hex};
use waxwing_tlog::merkle::leaf_hash;

use super::{Bench, chain_of, key_of, pem_of};
use crate::program::{printed, waxwing};

/// A log of Rekor v1 that has one entry.
struct Log {
    body: Value,
    answer: Value,
    index: String,
}

impl Log {
    /// The log of a bundle's only entry.
    fn of(bundle: &Value) -> Self {
        let entry = &bundle["verificationMaterial"]["tlogEntries"][0];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let bytes = |value: &Value| base64::decode(value.as_str().unwrap()).unwrap();
        let number = |value: &Value| -> u64 { value.as_str().unwrap().parse().unwrap() };
        let body = bytes(&entry["canonicalizedBody"]);
        let proof = &entry["inclusionProof"];
        let hashes = proof["hashes"].as_array().unwrap();
        let answer = json!({(hex::encode(leaf_hash(&body).as_bytes())): {
            "body": base64::encode(&body),
            "integratedTime": number(&entry["integratedTime"]),
            "logID": hex::encode(&bytes(&entry["logId"]["keyId"])),
            "logIndex": number(&entry["logIndex"]),
            "verification": {
                "signedEntryTimestamp": text(&entry["inclusionPromise"]["signedEntryTimestamp"]),
                "inclusionProof": {
                    "checkpoint": text(&proof["checkpoint"]["envelope"]),
                    "hashes": hashes.iter().map(|hash| hex::encode(&bytes(hash))).collect::<Vec<_>>(),
                    "logIndex": number(&proof["logIndex"]),
                    "rootHash": hex::encode(&bytes(&proof["rootHash"])),
                    "treeSize": number(&proof["treeSize"]),
                },
            },
        }});
        Self {
            body: serde_json::from_slice(&body).unwrap(),
            answer,
            index: text(&entry["logIndex"]),
        }
    }

    /// Serves it, until the test ends.
    fn serve(self) -> String {
        serve(
            Router::new()
                .route("/api/v1/log/entries/retrieve", post(retrieve))
                .route("/api/v1/log/entries", get(at))
                .with_state(Arc::new(self)),
        )
    }
}

/// Serves these routes on this machine, until the test ends.
pub(super) fn serve(router: Router) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
    });
    url
}

/// The entry, to whoever proposes its signature over its digest.
async fn retrieve(State(log): State<Arc<Log>>, Json(asked): Json<Value>) -> Json<Value> {
    let proposed = asked["entries"].as_array().into_iter().flatten();
    let spec = |value: &Value| {
        let spec = &value["spec"];
        (spec["data"]["hash"].clone(), spec["signature"].clone())
    };
    let mut proposed = proposed.filter(|one| one["kind"] == "hashedrekord");
    let is_known = proposed.any(|one| spec(one) == spec(&log.body));
    Json(match is_known {
        true => json!([log.answer]),
        false => json!([]),
    })
}

async fn at(State(log): State<Arc<Log>>, RawQuery(asked): RawQuery) -> Json<Value> {
    let is_it = asked == Some(format!("logIndex={}", log.index));
    Json(match is_it {
        true => log.answer.clone(),
        false => json!({}),
    })
}

/// The vector whose entry is one of Rekor v1, and its trusted root.
fn vector() -> (Value, Value) {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    let read = |name: &str| serde_json::from_slice(&fs::read(vectors.join(name)).unwrap()).unwrap();
    (
        read("version-0.1/bundle.sigstore.json"),
        read("trusted_root.json"),
    )
}

/// The variables that name the files of [`write_trust`].
pub(super) fn trust_in_pieces() -> [(&'static str, &'static str); 3] {
    [
        ("SIGSTORE_ROOT_FILE", "ca.pem"),
        ("SIGSTORE_REKOR_PUBLIC_KEY", "rekor.pub"),
        ("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE", "ct.pub"),
    ]
}

/// Whom the vector's trusted root trusts, each in a file.
pub(super) fn write_trust(bench: &Bench) {
    let (bundle, root) = vector();
    let write = |name: &str, text: &str| fs::write(bench.path(name), text).unwrap();
    write("ca.pem", &chain_of(&root["certificateAuthorities"][0]));
    let key = |logs: &str, id: &Value| {
        let mut logs = root[logs].as_array().unwrap().iter();
        let log = logs.find(|log| log["logId"]["keyId"] == *id || *id == Value::Null);
        key_of(log.unwrap())
    };
    let entry = &bundle["verificationMaterial"]["tlogEntries"][0];
    write("rekor.pub", &key("tlogs", &entry["logId"]["keyId"]));
    write("ct.pub", &key("ctlogs", &Value::Null));
}

#[test]
fn an_entry_that_did_not_come_along_is_looked_up_by_both() {
    let Some(bench) = Bench::new() else { return };
    let (bundle, _) = vector();
    let write = |name: &str, text: &str| fs::write(bench.path(name), text).unwrap();
    let chain = &bundle["verificationMaterial"]["x509CertificateChain"]["certificates"];
    write("leaf.pem", &pem_of("CERTIFICATE", &chain[0]["rawBytes"]));
    write(
        "blob.sig",
        bundle["messageSignature"]["signature"].as_str().unwrap(),
    );
    write_trust(&bench);
    let url = Log::of(&bundle).serve();
    let trust = trust_in_pieces();
    let verify = |log: &str, blob: &str| {
        format!(
            "verify-blob --new-bundle-format=false --signature blob.sig --certificate leaf.pem \
             --certificate-identity-regexp .* --certificate-oidc-issuer-regexp .* --rekor-url {log} {blob}"
        )
    };
    let (ours, theirs) = (waxwing(), bench.sid.program("usr/bin/cosign"));
    for (program, first) in [(&ours, &["cosign"][..]), (&theirs, &[])] {
        for (line, verifies) in [
            (verify(&url, "blob"), true),
            (verify("http://127.0.0.1:9", "blob"), false),
            (verify(&url, "other"), false),
        ] {
            let output = bench.run(program, first, &line, &trust);
            let said = printed(&output);
            assert_eq!(output.status.success(), verifies, "{line}: {said}");
        }
    }
    bench.ours_refuses_with(
        &verify(&url, "other"),
        &trust,
        "has no entry of this signature",
    );
    let offline = format!("{} --offline", verify(&url, "blob"));
    bench.ours_refuses_with(&offline, &trust, "0 of 1 transparency log entries verified");
}

#[test]
fn a_proof_that_is_missing_is_asked_of_the_log_by_both() {
    let Some(bench) = Bench::new() else { return };
    let (mut bundle, _) = vector();
    let log = Log::of(&bundle);
    let index = log.index.clone();
    let url = log.serve();
    let entry = &mut bundle["verificationMaterial"]["tlogEntries"][0];
    entry.as_object_mut().unwrap().remove("inclusionProof");
    fs::write(bench.path("old.json"), bundle.to_string()).unwrap();
    let line = "bundle upgrade old.json --rekor-url";
    bench.ours(&format!("{line} {url} --out ours.json"));
    bench.theirs(&bench.sid, &format!("{line} {url} --out theirs.json"));
    let proof = |name: &str| -> Value {
        let bundle: Value = serde_json::from_slice(&bench.read(name)).unwrap();
        bundle["verificationMaterial"]["tlogEntries"][0]["inclusionProof"].clone()
    };
    assert_eq!(proof("ours.json"), proof("theirs.json"));
    assert!(proof("ours.json").is_object());
    let dead = format!("{line} http://127.0.0.1:9 --out none.json");
    bench.ours_refuses(&dead, "127.0.0.1:9");
    bundle["verificationMaterial"]["tlogEntries"][0]["logIndex"] = "7".into();
    fs::write(bench.path("old.json"), bundle.to_string()).unwrap();
    assert_ne!(index, "7");
    bench.ours_refuses(
        &format!("{line} {url} --out none.json"),
        "answered 0 entries",
    );
    assert!(!bench.path("none.json").exists());
}

//! `waxwing up` over gRPC, by a client that is not ours, which knows the originals' `.proto` files alone.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use waxwing_crypto::{HashAlgorithm, KeyType, PrivateKey};
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_encoding::{base64, pem};
use waxwing_log::{HeadSigner, LocalDriver, LocalSettings, Log, Settings};
use waxwing_pki::Certificate;
use waxwing_pki::fulcio::names;
use waxwing_testkit::peers::grpc::{Answered, Call, require};
use waxwing_tlog::Hash;
use waxwing_tlog::bundle;
use waxwing_tlog::checkpoint::Checkpoint;
use waxwing_tlog::merkle::{leaf_hash, verify_inclusion};
use waxwing_tlog::note::NoteSigner;
use waxwing_tlog::tile::Tile;

use crate::log_serve::ask;
use crate::up::{Running, certify_this_machine, token};

const ISSUE: &str = "dev.sigstore.fulcio.v2.CA/CreateSigningCertificate";
const ISSUE_V1: &str = "dev.sigstore.fulcio.v1beta.CA/CreateSigningCertificate";
const TRUST: &str = "dev.sigstore.fulcio.v2.CA/GetTrustBundle";
const CREATE: &str = "dev.sigstore.rekor.v2.Rekor/CreateEntry";
const TOKEN: &str = "oidcidentitytoken";
const NAME: &str = "me@example.com";

/// Host and port of a URL.
fn target(running: &Running) -> &str {
    running.url.split_once("://").unwrap().1
}

fn decoded(value: &Value) -> Vec<u8> {
    base64::decode(value.as_str().unwrap()).unwrap()
}

/// A key for which there is a certificate to ask.
struct Asked {
    key: PrivateKey,
    proof: String,
}

impl Asked {
    fn new() -> Self {
        let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let proof = base64::encode(&key.sign(NAME.as_bytes()).unwrap());
        Self { key, proof }
    }

    fn v2(&self, token: Option<&str>) -> Value {
        json!({
            "credentials": {"oidcIdentityToken": token},
            "publicKeyRequest": {
                "publicKey": {"algorithm": "ECDSA", "content": self.key.public_key().to_pem()},
                "proofOfPossession": self.proof,
            },
        })
    }

    fn v1(&self) -> Value {
        let key = base64::encode(self.key.public_key().to_pem().as_bytes());
        json!({
            "publicKey": {"content": key, "algorithm": "ecdsa"},
            "signedEmailAddress": self.proof,
        })
    }

    /// The certificate of `chain` is one for this key and for who asks.
    fn assert_certified(&self, leaf: &str) -> Certificate {
        let leaf = Certificate::from_der(&pem::decode(leaf).unwrap().der).unwrap();
        assert_eq!(leaf.public_key(), self.key.public_key());
        let names = names(&leaf).unwrap();
        assert_eq!(names.len(), 1);
        assert_eq!(names[0].value(), NAME);
        leaf
    }

    /// A proposal of a signature over `artifact`.
    fn entry(&self, artifact: &[u8], leaf: &Certificate) -> Value {
        json!({"hashedRekordRequestV002": {
            "digest": base64::encode(HashAlgorithm::Sha256.digest(artifact).as_bytes()),
            "signature": {
                "content": base64::encode(&self.key.sign(artifact).unwrap()),
                "verifier": {
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "x509Certificate": {"rawBytes": base64::encode(leaf.der())},
                },
            },
        }})
    }
}

#[track_caller]
fn assert_refused(answered: &Answered, code: &str, message: &str, reason: Option<&str>) {
    assert_eq!(
        (answered.code.as_str(), answered.message.as_str()),
        (code, message)
    );
    let found = answered
        .reasons
        .iter()
        .map(|found| found["reason"].as_str().unwrap());
    assert_eq!(
        found.collect::<Vec<_>>(),
        Vec::from_iter(reason),
        "{answered:?}"
    );
}

#[test]
fn it_tells_of_the_services_that_the_originals_have() {
    let Some(client) = require() else { return };
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path());
    let reflected = client.reflect(target(&running));
    assert_eq!(
        reflected.services,
        [
            "dev.sigstore.fulcio.v1beta.CA",
            "dev.sigstore.fulcio.v2.CA",
            "dev.sigstore.rekor.v2.Rekor",
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection",
        ]
    );
    assert_eq!(reflected.differences, [""; 0]);
    // Field by field, down from the services: no comparison of nothing.
    assert!(reflected.compared > 700, "{}", reflected.compared);
    let none = json!({});
    let calls = [
        Call::new("grpc.health.v1.Health/Check", &none),
        Call::new(
            "grpc.health.v1.Health/Check",
            &json!({"service": "dev.sigstore.rekor.v2.Rekor"}),
        ),
        Call::new("grpc.health.v1.Health/List", &none),
    ];
    let answers = client.call(target(&running), None, &calls);
    for answered in &answers[..2] {
        assert_eq!(answered.code, "OK");
        assert_eq!(answered.answer, json!({"status": "SERVING"}));
    }
    assert_refused(&answers[2], "UNIMPLEMENTED", "unimplemented", None);
}

#[test]
fn a_certificate_and_an_entry_by_grpc_are_those_of_http() {
    let Some(client) = require() else { return };
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path());
    let token = token(folder.path());
    let asked = Asked::new();
    let none = json!({});
    let calls = [
        Call::new(ISSUE, &asked.v2(Some(&token))),
        Call::new(ISSUE, &asked.v2(None)).with(&[(TOKEN, &token)]),
        Call::new(ISSUE_V1, &asked.v1()).with(&[(TOKEN, &token)]),
        Call::new(TRUST, &none),
        Call::new("dev.sigstore.fulcio.v1beta.CA/GetRootCertificate", &none),
        Call::new("dev.sigstore.fulcio.v2.CA/GetConfiguration", &none),
    ];
    let answers = client.call(target(&running), None, &calls);
    let [v2, metadata, v1, trust, root, configuration] = answers.as_slice() else {
        panic!("{answers:?}");
    };
    for answered in &answers {
        assert_eq!(answered.code, "OK", "{answered:?}");
    }
    let chain = |answered: &Answered| {
        let chain = &answered.answer["signedCertificateEmbeddedSct"]["chain"]["certificates"];
        let chain = chain.as_array().unwrap().iter();
        chain
            .map(|one| one.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let leaf = asked.assert_certified(&chain(v2)[0]);
    asked.assert_certified(&chain(metadata)[0]);
    assert_eq!(chain(v2).len(), 3);
    assert!(chain(v2).iter().all(|pem| pem.ends_with("-----")));
    assert_eq!(
        v1.answer["contentType"],
        "application/pem-certificate-chain"
    );
    let body = String::from_utf8(decoded(&v1.answer["data"])).unwrap();
    let blocks = pem::decode_all(&body, 8).unwrap();
    asked.assert_certified(&pem::encode("CERTIFICATE", &blocks[0].der));
    assert_eq!(blocks.len(), 3);

    // The same documents over HTTP, in its ProtoJSON, which writes empty fields too.
    let over_http = |path: &str| {
        let (status, answer) = ask(&running.url, &format!("GET {path}"), b"");
        assert_eq!(status, 200);
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    };
    let json = |text: String| -> Value { serde_json::from_str(&text).unwrap() };
    assert_eq!(trust.answer, json(over_http("/api/v2/trustBundle")));
    assert_eq!(
        String::from_utf8(decoded(&root.answer["data"])).unwrap(),
        over_http("/api/v1/rootCert")
    );
    let issuer = &json(over_http("/api/v2/configuration"))["issuers"][0];
    for (name, value) in configuration.answer["issuers"][0].as_object().unwrap() {
        assert_eq!(value, &issuer[name], "{name}");
    }

    let proposal = asked.entry(b"an artifact\n", &leaf);
    let calls = [
        Call::new(CREATE, &proposal),
        Call::new("dev.sigstore.rekor.v2.Rekor/GetCheckpoint", &none),
        Call::new(
            "dev.sigstore.rekor.v2.Rekor/GetEntryBundle",
            &json!({"N": "000.p/2"}),
        ),
        Call::new(
            "dev.sigstore.rekor.v2.Rekor/GetTile",
            &json!({"L": 0, "N": "000.p/2"}),
        ),
    ];
    let answers = client.call(target(&running), None, &calls);
    let [entry, head, entries, tile] = answers.as_slice() else {
        panic!("{answers:?}");
    };
    assert_eq!(entry.code, "OK", "{entry:?}");
    // The original's tells its own gateway so.
    assert_eq!(entry.metadata["x-http-code"], Value::Null);
    let entry = &entry.answer;
    // The first entry is the instance's own.
    assert_eq!(entry["logIndex"], "1");
    let body = decoded(&entry["canonicalizedBody"]);
    // What the log serves to everybody proves it.
    let note = over_http("/checkpoint");
    assert_eq!(
        entry["inclusionProof"]["checkpoint"]["envelope"],
        note.as_str()
    );
    assert_eq!(decoded(&head.answer["data"]), note.as_bytes());
    let checkpoint =
        Checkpoint::parse(&format!("{}\n", note.split_once("\n\n").unwrap().0)).unwrap();
    let hashes = entry["inclusionProof"]["hashes"].as_array().unwrap().iter();
    let proof: Vec<Hash> = hashes
        .map(|hash| Hash::from_slice(&decoded(hash)).unwrap())
        .collect();
    let leaf = leaf_hash(&body);
    verify_inclusion(1, 2, &leaf, &proof, &checkpoint.root()).unwrap();
    let width = "tile/entries/000.p/2".parse::<Tile>().unwrap().width;
    let entries = decoded(&entries.answer["data"]);
    assert_eq!(bundle::parse(&entries, width).unwrap()[1], body);
    assert_eq!(decoded(&tile.answer["data"])[32..], *leaf.as_bytes());
    // Over HTTP it is the same entry, and known already.
    let proposal = proposal.to_string();
    let (status, again) = ask(
        &running.url,
        "POST /api/v2/log/entries",
        proposal.as_bytes(),
    );
    assert_eq!(status, 201, "{again}");
    let again = json(again.split_once("\r\n\r\n").unwrap().1.to_owned());
    for name in ["logIndex", "logId", "kindVersion", "canonicalizedBody"] {
        assert_eq!(again[name], entry[name], "{name}");
    }
}

#[test]
fn refusals_by_grpc_have_the_codes_and_words_of_the_originals() {
    let Some(client) = require() else { return };
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(folder.path());
    let token = token(folder.path());
    let asked = Asked::new();
    let (none, without) = (json!({}), asked.v2(None));
    let mut unproved = asked.v2(Some(&token));
    unproved["publicKeyRequest"]["proofOfPossession"] = base64::encode(b"no signature").into();
    // One byte more than is read, with the fields before it.
    let long =
        |length: usize| json!({"certificateSigningRequest": base64::encode(&vec![b'x'; length])});
    let verifiers = |count: usize| {
        json!({"dsseRequestV002": {
            "envelope": {"payload": "e30=", "payloadType": "t", "signatures": [{"sig": "eA=="}]},
            "verifiers": vec![json!({}); count],
        }})
    };
    let bad_token = "There was an error processing the identity token";
    let too_long = "the request body is longer than 4194304 bytes, the most that is read here";
    let invalid = ("INVALID_ARGUMENT", "INTERNAL", "UNIMPLEMENTED");
    let cases = [
        (
            Call::new(ISSUE, &without),
            invalid.0,
            bad_token,
            Some("TOKEN_MISSING"),
        ),
        (
            Call::new(ISSUE, &asked.v2(Some("a.b"))),
            invalid.0,
            bad_token,
            Some("TOKEN_MALFORMED"),
        ),
        // Of two tokens nobody says which one counts.
        (
            Call::new(ISSUE, &without).with(&[(TOKEN, &token), (TOKEN, &token)]),
            invalid.0,
            bad_token,
            Some("TOKEN_MISSING"),
        ),
        // What is in the message goes before what is beside it.
        (
            Call::new(ISSUE, &asked.v2(Some("a.b"))).with(&[(TOKEN, &token)]),
            invalid.0,
            bad_token,
            Some("TOKEN_MALFORMED"),
        ),
        (
            Call::new(ISSUE_V1, &asked.v1()),
            invalid.0,
            bad_token,
            Some("TOKEN_MISSING"),
        ),
        (
            Call::new(ISSUE, &unproved),
            invalid.0,
            "The signature supplied in the request could not be verified",
            Some("PROOF_INVALID"),
        ),
        (
            Call::new(ISSUE_V1, &none).with(&[(TOKEN, &token)]),
            invalid.0,
            "The public key supplied in the request could not be parsed",
            Some("KEY_INVALID"),
        ),
        // The frame of a field of 4 MiB takes five bytes.
        (
            Call::new(ISSUE, &long((4 << 20) - 4)),
            "RESOURCE_EXHAUSTED",
            too_long,
            None,
        ),
        (
            Call::new(ISSUE, &long((4 << 20) - 5)),
            invalid.0,
            bad_token,
            Some("TOKEN_MISSING"),
        ),
        (
            Call::raw(ISSUE, "/////w=="),
            invalid.1,
            "grpc: error unmarshalling request",
            Some("REQUEST_INVALID"),
        ),
        (
            Call::new(ISSUE, &long(100)).compressed(),
            invalid.2,
            "grpc: Decompressor is not installed for grpc-encoding \"gzip\"",
            None,
        ),
        (
            Call::raw("dev.sigstore.fulcio.v2.CA/Sign", ""),
            invalid.2,
            "unknown method Sign for service dev.sigstore.fulcio.v2.CA",
            None,
        ),
        (
            Call::raw("dev.sigstore.fulcio.v3.CA/Sign", ""),
            invalid.2,
            "unknown service dev.sigstore.fulcio.v3.CA",
            None,
        ),
        (
            Call::new(CREATE, &none),
            invalid.0,
            "invalid hashedrekord request",
            Some("PROPOSAL_INVALID"),
        ),
        (
            Call::new(CREATE, &verifiers(9)),
            invalid.0,
            "invalid dsse request",
            Some("PROPOSAL_INVALID"),
        ),
        (
            Call::new(
                "dev.sigstore.rekor.v2.Rekor/GetTile",
                &json!({"L": 0, "N": "001"}),
            ),
            "NOT_FOUND",
            "the published tree does not have this tile",
            None,
        ),
        (
            Call::new(
                "dev.sigstore.rekor.v2.Rekor/GetTile",
                &json!({"L": 64, "N": "000"}),
            ),
            invalid.0,
            "the tile's level is \"64\"; expected 0 to 63 without leading zeros",
            None,
        ),
    ];
    let calls: Vec<Call> = cases.iter().map(|(call, ..)| call.clone()).collect();
    let answers = client.call(target(&running), None, &calls);
    for (answered, (_, code, message, reason)) in answers.iter().zip(&cases) {
        assert_refused(answered, code, message, *reason);
    }
    let explained = |number: usize| answers[number].reasons[0]["metadata"]["explanation"].clone();
    assert_eq!(
        explained(14),
        "the proposal has 9 verifiers; at most 8 are read"
    );
    // The token and the key were good ones.
    let good = client.call(
        target(&running),
        None,
        &[Call::new(ISSUE, &asked.v2(Some(&token)))],
    );
    assert_eq!(good[0].code, "OK");
}

#[test]
fn it_speaks_grpc_over_tls_and_counts_and_logs_it() {
    let Some(client) = require() else { return };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    certify_this_machine(folder);
    let arguments = [
        ["--listen", "127.0.0.1:0"],
        ["--tls-certificate", "chain.pem"],
        ["--tls-key", "key.pem"],
        ["--metrics", "127.0.0.1:0"],
        ["--log", "json"],
    ];
    let running = Running::with(folder, &arguments.concat());
    let token = token(folder);
    let asked = Asked::new();
    let calls = [
        Call::new(ISSUE, &asked.v2(Some(&token))),
        Call::new(ISSUE, &asked.v2(None)),
    ];
    let answers = client.call(target(&running), Some(&folder.join("chain.pem")), &calls);
    assert_eq!(answers[0].code, "OK");
    assert_eq!(answers[1].code, "INVALID_ARGUMENT");
    let metrics = running
        .said("Metrics: ")
        .strip_suffix("/metrics")
        .unwrap()
        .to_owned();
    let (status, page) = ask(&metrics, "GET /metrics", b"");
    assert_eq!(status, 200);
    let called = "grpc_type=\"unary\",grpc_service=\"dev.sigstore.fulcio.v2.CA\",grpc_method=\"CreateSigningCertificate\"";
    for line in [
        format!("grpc_server_started_total{{{called}}} 2\n"),
        format!("grpc_server_handled_total{{{called},grpc_code=\"OK\"}} 1\n"),
        format!("grpc_server_handled_total{{{called},grpc_code=\"InvalidArgument\"}} 1\n"),
        format!("grpc_server_handling_seconds_count{{{called}}} 2\n"),
        // Each call brought a message; one was answered with one.
        format!("grpc_server_msg_received_total{{{called}}} 2\n"),
        format!("grpc_server_msg_sent_total{{{called}}} 1\n"),
        // Nobody called it; it shows all the same.
        "grpc_server_started_total{grpc_type=\"unary\",grpc_service=\"dev.sigstore.rekor.v2.Rekor\",grpc_method=\"CreateEntry\"} 0\n".to_owned(),
    ] {
        assert!(page.contains(&line), "{line} is not in {page}");
    }
    let said = running.stop();
    let lines = said.lines().filter(|line| line.contains(ISSUE));
    let codes = lines.map(|line| serde_json::from_str::<Value>(line).unwrap()["grpc"].clone());
    assert_eq!(codes.collect::<Vec<_>>(), ["OK", "InvalidArgument"]);
    assert!(!said.contains(&token));
}

#[test]
fn a_frozen_log_refuses_by_grpc_and_goes_on_reading() {
    let Some(client) = require() else { return };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let running = Running::start(folder);
    let token = token(folder);
    let asked = Asked::new();
    let calls = [Call::new(ISSUE_V1, &asked.v1()).with(&[(TOKEN, &token)])];
    let answers = client.call(target(&running), None, &calls);
    let chain = String::from_utf8(decoded(&answers[0].answer["data"])).unwrap();
    let leaf = &pem::decode_all(&chain, 8).unwrap()[0].der;
    let leaf = Certificate::from_der(leaf).unwrap();
    running.stop();
    freeze(&folder.join("data"));
    let running = Running::start(folder);
    let calls = [
        Call::new(CREATE, &asked.entry(b"an artifact\n", &leaf)),
        Call::new("dev.sigstore.rekor.v2.Rekor/GetCheckpoint", &json!({})),
    ];
    let answers = client.call(target(&running), None, &calls);
    assert_refused(
        &answers[0],
        "UNIMPLEMENTED",
        "log frozen",
        Some("LOG_FROZEN"),
    );
    let note = String::from_utf8(decoded(&answers[1].answer["data"])).unwrap();
    assert!(note.contains("Log frozen — "), "{note}");
}

/// Ends the instance's log, as nobody's command does yet.
fn freeze(data: &Path) {
    let key = fs::read_to_string(data.join("private/rekor-log-1.pem")).unwrap();
    let key = Arc::new(PrivateKey::from_pem(&key).unwrap());
    let origin = "127.0.0.1";
    let signer = HeadSigner::new(origin, NoteSigner::ed25519(origin, key).unwrap()).unwrap();
    let settings = Settings::of_entries();
    let place = LocalSettings::new(data.join("logs/rekor-log-1"), settings.format);
    let driver = Arc::new(LocalDriver::new(place));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let log = Log::open(driver, signer, Arc::new(Now), settings)
            .await
            .unwrap();
        log.freeze().await.unwrap();
        log.close().await;
    });
}

struct Now;

impl Clock for Now {
    fn now(&self) -> UnixTime {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        UnixTime::from_duration(now).unwrap()
    }
}

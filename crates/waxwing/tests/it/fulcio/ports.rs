//! Which port answers what, over which protocol, and how a port ends.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::base64;
use waxwing_testkit::peers::grpc::{Call, require};

use super::{World, chain, openssl, request};
use crate::configured::server::{Ask, until};
use crate::program::printed;
use crate::up::certify;

const ISSUE: &str = "dev.sigstore.fulcio.v2.CA/CreateSigningCertificate";
const TRUST: &str = "dev.sigstore.fulcio.v2.CA/GetTrustBundle";
const ISSUE_V1: &str = "dev.sigstore.fulcio.v1beta.CA/CreateSigningCertificate";
const HEALTH: &str = "grpc.health.v1.Health/Check";

/// A call of each kind: of version 2, for health, of version 1.
fn calls(world: &World) -> [Call; 4] {
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let (asked, token) = (request(&key, None), world.token());
    let v1 = json!({
        "publicKey": {"content": base64::encode(key.public_key().to_pem().as_bytes())},
        "signedEmailAddress": asked["publicKeyRequest"]["proofOfPossession"],
    });
    let token = [("oidcidentitytoken", token.as_str())];
    [
        Call::new(ISSUE, &asked).with(&token),
        Call::new(TRUST, &json!({})),
        Call::new(HEALTH, &json!({})),
        Call::new(ISSUE_V1, &v1).with(&token),
    ]
}

/// Whether openssl gets through the handshake with this version of TLS; what it said.
fn handshake(world: &World, address: &str, version: &str) -> (bool, String) {
    let output = Command::new("openssl")
        .args([
            "s_client",
            "-connect",
            address,
            version,
            "-CAfile",
            "chain.pem",
        ])
        .args(["-alpn", "h2", "-verify_return_error"])
        .current_dir(world.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (output.status.success(), printed(&output))
}

#[test]
fn grpc_has_a_port_of_its_own_and_http_the_other() {
    let Some(client) = require() else { return };
    let world = World::new();
    let fulcio = world.fulcio(&[]);
    let (grpc, http) = (fulcio.address("grpc"), fulcio.address("http"));
    assert_ne!(grpc, http);
    let calls = calls(&world);
    let answers = client.call(&grpc, None, &calls);
    let codes: Vec<&str> = answers.iter().map(|answer| answer.code.as_str()).collect();
    assert_eq!(codes, ["OK", "OK", "OK", "UNIMPLEMENTED"], "{answers:?}");
    assert_eq!(super::issuing(&answers[0].answer), "ca");
    assert_eq!(answers[2].answer["status"], "SERVING");
    // HTTP is not there, and no method is where HTTP is.
    let there = Ask::new("GET /api/v2/trustBundle").of(grpc.parse().unwrap());
    there.is(415);
    let answers = client.call(&http, None, &calls);
    assert!(answers.iter().all(|answer| answer.code == "UNIMPLEMENTED"));
    fulcio.get("/api/v2/trustBundle").is(200);
    let health = fulcio.get("/healthz").is(200);
    assert_eq!(health.json(), json!({"status": "SERVING"}));
    fulcio.certificate(&world.token()).is(200);
    fulcio.certificate("no token").is(400);
    // As in the original, whose HTTP is a gateway, both ways are counted as calls: each brought a message, and
    // those that went well were answered with one.
    let page = fulcio.metrics();
    let called = "grpc_type=\"unary\",grpc_service=\"dev.sigstore.fulcio.v2.CA\",grpc_method=\"CreateSigningCertificate\"";
    let health = "grpc_type=\"unary\",grpc_service=\"grpc.health.v1.Health\",grpc_method=\"Check\"";
    for line in [
        format!("grpc_server_msg_received_total{{{called}}} 3\n"),
        format!("grpc_server_msg_sent_total{{{called}}} 2\n"),
        format!("grpc_server_handled_total{{{called},grpc_code=\"OK\"}} 2\n"),
        format!("grpc_server_handled_total{{{called},grpc_code=\"InvalidArgument\"}} 1\n"),
        format!("grpc_server_started_total{{{health}}} 2\n"),
        "fulcio_new_certs 2\n".to_owned(),
        // The trust bundle and health, over HTTP alone.
        "http_requests_total{code=\"200\",method=\"get\"} 2\n".to_owned(),
        "http_requests_total{code=\"200\",method=\"post\"} 1\n".to_owned(),
        "http_requests_total{code=\"400\",method=\"post\"} 1\n".to_owned(),
    ] {
        assert!(page.contains(&line), "{line} is not in {page}");
    }
    // What this program does not offer is not counted either.
    assert!(!page.contains("rekor"), "{page}");
    let said = fulcio.stop();
    assert!(said.contains("POST /api/v2/signingCert 200"), "{said}");
    assert!(said.trim_end().ends_with("stopped"), "{said}");
}

#[test]
fn grpc_over_tls_is_for_version_1_3_and_takes_a_new_certificate() {
    let Some(client) = require() else { return };
    let world = World::new();
    let tls = [
        "--grpc-tls-certificate",
        "chain.pem",
        "--grpc-tls-key",
        "key.pem",
    ];
    let arguments = [
        &tls[..],
        &["--grpc-host", "127.0.0.1", "--host", "localhost"],
    ]
    .concat();
    let fulcio = world.fulcio(&arguments);
    let grpc = fulcio.address("grpc");
    let roots = world.file("chain.pem");
    let calls = calls(&world);
    let answers = client.call(&grpc, Some(&roots), &calls[..3]);
    assert!(
        answers.iter().all(|answer| answer.code == "OK"),
        "{answers:?}"
    );
    // In the clear nobody answers.
    let answers = client.call(&grpc, None, &calls[1..2]);
    assert_eq!(answers[0].code, "UNAVAILABLE");
    let (good, said) = handshake(&world, &grpc, "-tls1_3");
    assert!(good && said.contains("TLSv1.3"), "{said}");
    let (good, said) = handshake(&world, &grpc, "-tls1_2");
    assert!(!good && said.contains("alert protocol version"), "{said}");
    // HTTP stays without TLS, as in the original.
    fulcio.certificate(&world.token()).is(200);
    let name = [
        "subjectAltName=IP:127.0.0.1",
        "basicConstraints=critical,CA:FALSE",
    ];
    certify(world.path(), "renewed", &name);
    until("the new certificate", || {
        let (good, said) = handshake(&world, &grpc, "-tls1_3");
        good && said.contains("CN = renewed")
    });
    let answers = client.call(&grpc, Some(&roots), &calls[1..2]);
    assert_eq!(answers[0].code, "OK");
    // One half of a certificate is a mistake, not a wish for gRPC in the clear.
    let refused = world.refused(&tls[..2]);
    assert!(refused.contains("grpc-tls-key is not"), "{refused}");
    let refused = world.refused(&tls[2..]);
    assert!(refused.contains("grpc-tls-certificate is not"), "{refused}");
    fs::write(world.file("key.pem"), "no key").unwrap();
    let refused = world.refused(&tls);
    assert!(
        refused.contains("loading GRPC tls certificate and key file: no private key in key.pem"),
        "{refused}"
    );
}

#[test]
fn one_port_is_for_both_when_host_and_port_are_the_same() {
    let Some(client) = require() else { return };
    let world = World::new();
    let fulcio = world.fulcio(&["--grpc-host", "127.0.0.1"]);
    let both = fulcio.address("http and grpc");
    let answers = client.call(&both, None, &calls(&world));
    // Version 1 too, which the original serves there as well.
    assert!(
        answers.iter().all(|answer| answer.code == "OK"),
        "{answers:?}"
    );
    Ask::new("GET /api/v1/rootCert")
        .of(both.parse().unwrap())
        .is(200);
    let token = world.token();
    super::certificate(&both, &token, KeyType::EcdsaP256).is(200);
    fulcio.stop();
}

#[test]
fn version_1_of_grpc_is_at_a_unix_socket() {
    let Some(client) = require() else { return };
    let world = World::new();
    let name = format!("waxwing-fulcio-{}", std::process::id());
    let (abstracted, path) = (format!("@{name}"), world.file("socket"));
    let path = path.to_str().unwrap();
    for (flag, target) in [
        (abstracted.as_str(), format!("unix-abstract:{name}")),
        (path, format!("unix:{path}")),
    ] {
        let fulcio = world.fulcio(&["--legacy-unix-domain-socket", flag]);
        let answers = client.call(&target, None, &calls(&world));
        let codes: Vec<&str> = answers.iter().map(|answer| answer.code.as_str()).collect();
        let expected = ["UNIMPLEMENTED", "UNIMPLEMENTED", "UNIMPLEMENTED", "OK"];
        assert_eq!(codes, expected, "{answers:?}");
        let pem = base64::decode(answers[3].answer["data"].as_str().unwrap()).unwrap();
        let pem = String::from_utf8(pem).unwrap();
        assert_eq!(pem.matches("BEGIN CERTIFICATE").count(), 3);
        // The name is taken: whoever asked for it is told.
        let refused = world.refused(&["--legacy-unix-domain-socket", flag]);
        let expected = format!("cannot listen on the Unix socket {flag}: ");
        assert!(refused.contains(&expected), "{refused}");
        fulcio.stop();
    }
    // Who did not ask for it goes on without it, or has it if it is free.
    world.write(
        "base.yaml",
        &world.base_without(&["legacy-unix-domain-socket"]),
    );
    let (first, second) = (world.fulcio(&[]), world.fulcio(&[]));
    second.certificate(&world.token()).is(200);
    let said = second.stop();
    assert!(said.contains("going on without it"), "{said}");
    first.stop();
}

#[test]
fn requests_that_run_are_answered_before_it_ends() {
    let world = World::new();
    let fulcio = world.fulcio(&[]);
    let address = fulcio.address("http");
    // A request whose last byte has not come yet.
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let body = request(&key, Some(&world.token())).to_string();
    let head = format!(
        "POST /api/v2/signingCert HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(&address).unwrap();
    let (early, late) = body.split_at(body.len() / 2);
    stream
        .write_all(format!("{head}{early}").as_bytes())
        .unwrap();
    thread::sleep(Duration::from_millis(200));
    fulcio.signal("TERM");
    until("the closed port", || TcpStream::connect(&address).is_err());
    stream.write_all(late.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(chain(&serde_json::from_str(body).unwrap()).len(), 3);
    let said = fulcio.stop();
    assert!(
        said.contains("stopping: requests that run are answered"),
        "{said}"
    );
}

/// How long a connection lives on which nothing but this comes.
fn lives(address: &str, sent: &[u8]) -> Duration {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(sent).unwrap();
    let timeout = Some(Duration::from_secs(3));
    stream.set_read_timeout(timeout).unwrap();
    let began = Instant::now();
    // An end or a refusal; or nothing in time.
    let _ = stream.read_to_end(&mut Vec::new());
    began.elapsed()
}

#[test]
fn slow_heads_and_idle_connections_end_by_their_flags() {
    let world = World::new();
    let (short, long) = (Duration::from_millis(300), Duration::from_secs(2));
    let head = b"GET /healthz HTTP/1.1\r\nhost:".as_slice();
    // The beginning of HTTP/2, its settings, and silence.
    let silent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".as_slice();
    for (flags, of_head, of_silence) in [
        (
            [
                "--read-header-timeout=300ms",
                "--idle-connection-timeout=30s",
            ],
            short,
            long,
        ),
        (
            [
                "--read-header-timeout=30s",
                "--idle-connection-timeout=300ms",
            ],
            short,
            short,
        ),
        // Zero is not "at once".
        (
            ["--read-header-timeout=0", "--idle-connection-timeout=0"],
            long,
            long,
        ),
    ] {
        let fulcio = world.fulcio(&flags);
        let (http, grpc) = (fulcio.address("http"), fulcio.address("grpc"));
        for (lived, expected) in [
            (lives(&http, head), of_head),
            (lives(&grpc, silent), of_silence),
        ] {
            let within = match expected == short {
                true => lived >= short && lived < long,
                false => lived >= long,
            };
            assert!(
                within,
                "{flags:?}: {lived:?} where {expected:?} was expected"
            );
        }
    }
}

#[test]
fn openssl_sees_what_is_served_where() {
    let world = World::new();
    let fulcio = world.fulcio(&[]);
    let answer = fulcio.certificate(&world.token()).is(200);
    let certificates = chain(&answer.json());
    let pem: String = certificates[1..].iter().map(|one| one.to_pem()).collect();
    fs::write(world.file("leaf.pem"), certificates[0].to_pem()).unwrap();
    fs::write(world.file("above.pem"), pem).unwrap();
    openssl(
        world.path(),
        "verify -purpose any -CAfile root.pem -untrusted above.pem leaf.pem",
    );
}

//! The section `limits`.

use std::io::Read;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use waxwing_crypto::KeyType;

use super::server::{Answer, Ask, Server, key, proposal, query};

/// This machine is limited too, and all but one service are not.
fn limits(more: &str) -> String {
    format!("limits: {{exempt: [], {more}}}")
}

/// The answers to three requests; the first two are of this status.
fn third(status: u16, ask: impl Fn() -> Answer) -> Answer {
    ask().is(status);
    ask().is(status);
    let refused = ask().is(429);
    let seconds = refused.retry_after();
    assert!((1..=1800).contains(&seconds), "{seconds}");
    refused
}

#[test]
fn each_service_has_its_own_share_and_its_own_words() {
    let rate = "2 per 1h";
    let services = ["fulcio", "rekor", "tsa", "ct", "issuer"].map(|name| format!("{name}: {rate}"));
    let server = Server::start(&limits(&format!(
        "per-address: {{{}}}",
        services.join(", ")
    )));
    let from = "too many requests from 127.0.0.1/32; come again in ";
    let refused = third(400, || server.post("/api/v2/signingCert", &json!({}))).json();
    assert_eq!(
        (&refused["code"], &refused["details"]),
        (&json!(8), &json!([]))
    );
    assert!(
        refused["message"].as_str().unwrap().starts_with(from),
        "{refused}"
    );
    let refused = third(400, || server.post("/api/v2/log/entries", &json!({}))).json();
    assert_eq!(refused["code"], 8);
    let refused = third(200, || server.post("/api/v1/timestamp", &query("a"))).json();
    assert_eq!(refused["code"], 429);
    assert!(
        refused["message"].as_str().unwrap().starts_with(from),
        "{refused}"
    );
    let refused = third(400, || server.post("/ct/ct/v1/add-chain", &json!({}))).text();
    assert!(
        refused.starts_with(&format!("Too Many Requests\n{from}")),
        "{refused}"
    );
    let refused = third(400, || {
        Ask::new("POST /oidc/token").form("").of(server.address())
    })
    .json();
    assert_eq!(refused["error"], "temporarily_unavailable");
    assert!(
        refused["error_description"]
            .as_str()
            .unwrap()
            .starts_with(from),
        "{refused}"
    );
    // Who is refused everywhere still reads, and sees that all of them live.
    for path in [
        "/healthz",
        "/ping",
        "/oidc/healthz",
        "/tuf/timestamp.json",
        "/checkpoint",
        "/oidc/keys",
    ] {
        for _ in 0..5 {
            server.get(path).is(200);
        }
    }
    // What is in the file alone decides.
    let server = server.again(&limits("per-address: {fulcio: none, rekor: 2 per 1h}"));
    for _ in 0..5 {
        server.post("/api/v2/signingCert", &json!({})).is(400);
    }
}

#[test]
fn this_machine_is_exempt_unless_the_operator_says_otherwise() {
    let server = Server::start("limits: {per-address: {tsa: 1 per 1h}}");
    for _ in 0..3 {
        server.post("/api/v1/timestamp", &query("a")).is(200);
    }
    let server = server.again("limits: {per-address: {tsa: 1 per 1h}, exempt: [192.0.2.0/24]}");
    server.post("/api/v1/timestamp", &query("a")).is(200);
    server.post("/api/v1/timestamp", &query("a")).is(429);
}

#[test]
fn reading_has_a_share_of_its_own_that_tuf_and_health_do_not_count_for() {
    let server = Server::start(&limits("reads: 3 per 1h, per-address: {rekor: 1 per 1h}"));
    server.post("/api/v2/log/entries", &json!({})).is(400);
    server.post("/api/v2/log/entries", &json!({})).is(429);
    server.get("/checkpoint").is(200);
    server.get("/ct/ct/v1/get-sth").is(200);
    server.get("/api/v2/trustBundle").is(200);
    server.get("/checkpoint").is(429);
    for path in ["/tuf/root.json", "/healthz", "/ping", "/oidc/healthz"] {
        server.get(path).is(200);
    }
    let server = server.again(&limits("reads: none"));
    for _ in 0..5 {
        server.get("/checkpoint").is(200);
    }
}

#[test]
fn an_identity_gets_as_many_certificates_as_the_operator_says() {
    let key = key(KeyType::EcdsaP256);
    let server = Server::start("limits: {per-identity: 2 per 1h}");
    server.certificate(&key).is(200);
    // A bad proof uses nothing up.
    let token = crate::up::token(server.path());
    server
        .certificate_for(&key, &token, "somebody else")
        .is(400);
    server.certificate(&key).is(200);
    let refused = server.certificate(&key).is(429);
    assert!(refused.retry_after() <= 1800);
    let message = refused.json()["message"].as_str().unwrap().to_owned();
    assert!(
        message.starts_with("too many certificates for this identity; come again in "),
        "{message}"
    );
    // Another identity is not bothered.
    let other = ["token", "--data", "data", "--as", "other@example.com"];
    let other = crate::program::run(&crate::program::waxwing(), server.path(), other);
    let other = String::from_utf8(other.stdout).unwrap();
    server
        .certificate_for(&key, &other, "other@example.com")
        .is(200);
    let server = server.again("limits: {per-identity: none}");
    for _ in 0..4 {
        server.certificate(&key).is(200);
    }
}

/// A request whose body never ends; it runs for as long as this is held.
fn hold(server: &Server, path: &str) -> TcpStream {
    let kind = match path {
        "/oidc/token" => "application/x-www-form-urlencoded",
        _ => "application/json",
    };
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {kind}\r\ncontent-length: 100\r\n\r\n{{"
    );
    std::io::Write::write_all(&mut stream, head.as_bytes()).unwrap();
    thread::sleep(Duration::from_millis(300));
    stream
}

#[test]
fn so_many_run_at_once_as_the_operator_says() {
    let server =
        Server::start("limits: {in-flight: {fulcio: 1, rekor: 1, tsa: 1, ct: 1, issuer: 1}}");
    let entry = proposal(
        &key(KeyType::EcdsaP256),
        "an artifact",
        "PKIX_ECDSA_P256_SHA_256",
    );
    for path in [
        "/api/v2/signingCert",
        "/api/v2/log/entries",
        "/api/v1/timestamp",
        "/ct/ct/v1/add-chain",
    ] {
        let held = hold(&server, path);
        let refused = server.post(path, &json!({})).is(503);
        assert_eq!(refused.retry_after(), 1);
        assert!(
            refused.text().contains("the service is busy"),
            "{}",
            refused.text()
        );
        server.get("/healthz").is(200);
        server.get("/tuf/timestamp.json").is(200);
        drop(held);
    }
    thread::sleep(Duration::from_millis(100));
    server.post("/api/v2/log/entries", &entry).is(201);
    let form = |server: &Server| Ask::new("POST /oidc/token").form("").of(server.address());
    let held = hold(&server, "/oidc/token");
    form(&server).is(503);
    drop(held);
    let server = server.again("limits: {in-flight: {fulcio: 2}}");
    let held = hold(&server, "/api/v2/signingCert");
    server.post("/api/v2/signingCert", &json!({})).is(400);
    drop(held);
}

#[test]
fn connections_wait_beyond_the_limit() {
    let server = Server::start("limits: {connections: 1}");
    let mut held = TcpStream::connect(server.address()).unwrap();
    let mut waiting = TcpStream::connect(server.address()).unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    std::io::Write::write_all(&mut waiting, request).unwrap();
    waiting
        .set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    let mut answer = [0; 12];
    assert!(waiting.read_exact(&mut answer).is_err());
    std::io::Write::write_all(&mut held, request).unwrap();
    held.read_to_end(&mut Vec::new()).unwrap();
    waiting
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    waiting.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[test]
fn connections_that_say_nothing_are_closed_when_the_operator_says() {
    let server = Server::start("limits: {idle: 500ms}");
    let began = Instant::now();
    let mut silent = TcpStream::connect(server.address()).unwrap();
    silent
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    silent.read_to_end(&mut Vec::new()).unwrap();
    let took = began.elapsed();
    assert!(
        took >= Duration::from_millis(400) && took < Duration::from_secs(10),
        "{took:?}"
    );
}

#[test]
fn a_shutdown_waits_as_long_as_the_operator_says() {
    for (seconds, least, most) in [("0s", 0, 2000), ("3s", 2500, 8000)] {
        let server = Server::start(&format!("limits: {{shutdown: {seconds}}}"));
        let held = hold(&server, "/api/v2/signingCert");
        let began = Instant::now();
        server.running.stop();
        let took = began.elapsed().as_millis();
        assert!((least..most).contains(&took), "{seconds}: {took} ms");
        drop(held);
    }
}

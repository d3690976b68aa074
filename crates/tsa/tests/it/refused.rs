//! What is not stamped, and that the same without the fault is.

use http::Method;
use serde_json::{Value, json};
use waxwing_encoding::base64;
use waxwing_net::Request;

use crate::bytes::element;
use crate::world::{JSON, NONCE, QUERY, SHA_1, SHA_256, SHA_512, World, query};

const GENERAL: &str = "Error generating timestamp response";
const WEAK: &str = "Weak hash algorithm in timestamp request";
const LENGTH: &str = "Message digest has incorrect length for specified algorithm";
const TOO_LARGE: &str = "timestamp request is too large";
const EXTENSION: &str = "unaccepted extension: requested extensions are not supported by the TSA";

fn good() -> Vec<u8> {
    query(SHA_256, &[7; 32], &[])
}

fn good_json() -> Value {
    json!({"artifactHash": base64::encode(&[7; 32]), "hashAlgorithm": "sha256"})
}

fn with(field: &str, value: Value) -> String {
    let mut request = good_json();
    request[field] = value;
    request.to_string()
}

#[tokio::test]
async fn other_content_types_are_not_read() {
    let world = World::new();
    for content_type in [
        "application/octet-stream",
        "text/plain",
        "application/timestamp-reply",
        "",
    ] {
        world
            .refuses(content_type, good(), 415, "expected the content type")
            .await;
    }
    world.stamp(QUERY, good()).await;
    world.stamp(JSON, good_json().to_string()).await;
}

#[tokio::test]
async fn weak_and_unknown_hashes_are_refused() {
    let world = World::new();
    let md5 = [6, 8, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 5];
    for (hash, length, message) in [
        (SHA_1, 20, WEAK),
        (&md5[..], 16, GENERAL),
        (SHA_1, 32, WEAK),
    ] {
        let request = query(hash, &vec![7; length], &[]);
        world.refuses(QUERY, request, 400, message).await;
    }
    for (name, message) in [
        ("sha1", WEAK),
        ("SHA1", WEAK),
        ("md5", GENERAL),
        ("", GENERAL),
    ] {
        world
            .refuses(JSON, with("hashAlgorithm", json!(name)), 400, message)
            .await;
    }
    for name in ["sha256", "SHA256"] {
        world.stamp(JSON, with("hashAlgorithm", json!(name))).await;
    }
}

#[tokio::test]
async fn a_digest_must_be_as_long_as_its_hash_makes_it() {
    let world = World::new();
    for (hash, length) in [(SHA_256, 31), (SHA_256, 33), (SHA_256, 0), (SHA_512, 32)] {
        let request = query(hash, &vec![7; length], &[]);
        world.refuses(QUERY, request, 400, LENGTH).await;
    }
    world.stamp(QUERY, query(SHA_512, &[7; 64], &[])).await;
    let short = with("artifactHash", json!(base64::encode(&[7; 31])));
    world.refuses(JSON, short, 400, LENGTH).await;
    world
        .refuses(JSON, with("hashAlgorithm", json!("sha512")), 400, LENGTH)
        .await;
    let fits = with("artifactHash", json!(base64::encode(&[7; 32])));
    world.stamp(JSON, fits).await;
}

#[tokio::test]
async fn a_policy_of_more_than_128_components_is_refused() {
    const LONG: &str = "OID should be comprised of at most 128 components";
    let world = World::new();
    let policy = |components: usize| element(6, &[&vec![0x2a; components - 1]]);
    let request = |components| query(SHA_256, &[7; 32], &[&policy(components)]);
    world.refuses(QUERY, request(129), 400, LONG).await;
    world.stamp(QUERY, request(39)).await;
    let json = |components: usize| {
        let dotted = vec!["1"; components].join(".");
        with("tsaPolicyOID", json!(dotted))
    };
    world.refuses(JSON, json(129), 400, LONG).await;
    world.stamp(JSON, json(39)).await;
    // Between the two is no identifier that is known here.
    world.refuses(JSON, json(128), 400, GENERAL).await;
    world.refuses(QUERY, request(128), 400, GENERAL).await;
}

#[tokio::test]
async fn extensions_are_refused() {
    let world = World::new();
    let extension = element(0x30, &[&[6, 3, 0x2a, 3, 4], &[4, 1, 0]]);
    let extensions = element(0xa0, &[&extension]);
    let request = query(SHA_256, &[7; 32], &[NONCE, &extensions]);
    world.refuses(QUERY, request, 400, EXTENSION).await;
    world.stamp(QUERY, query(SHA_256, &[7; 32], &[NONCE])).await;
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let world = World::new();
    let good = good();
    let mut version = good.clone();
    assert_eq!(version[2..5], [2, 1, 1]);
    version[4] = 2;
    for garbage in [
        &b""[..],
        b"garbage",
        &[0x30, 0],
        &[0x30, 0x80, 0, 0],
        &good[..good.len() - 1],
        &[&good[..], &[0]].concat(),
        &version,
        &query(SHA_256, &[7; 32], &[&[5, 0]]),
    ] {
        world.refuses(QUERY, garbage, 400, GENERAL).await;
    }
    world.stamp(QUERY, good).await;
    for garbage in [
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        with("artifactHash", json!("§")),
        with("artifactHash", json!(7)),
        with("nonce", json!("1")),
        with("nonce", json!(1.5)),
        with("tsaPolicyOID", json!("policy")),
    ] {
        world.refuses(JSON, garbage, 400, GENERAL).await;
    }
    for nonce in [json!(1), json!(-1), json!(u64::MAX), json!(null)] {
        world.stamp(JSON, with("nonce", nonce)).await;
    }
    for policy in ["1.2.3", ""] {
        world.stamp(JSON, with("tsaPolicyOID", json!(policy))).await;
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let world = World::new();
    let json = good_json().to_string();
    let padded = |length: usize| format!("{json}{}", " ".repeat(length - json.len()));
    world.refuses(JSON, padded(1025), 400, TOO_LARGE).await;
    world.stamp(JSON, padded(1024)).await;
    world
        .refuses(QUERY, vec![0x30; (16 << 10) + 1], 400, TOO_LARGE)
        .await;
    world
        .refuses(QUERY, vec![0x30; 16 << 10], 400, GENERAL)
        .await;
    // Above the cap of the service nothing is read at all.
    let cap = "the request body is longer than 1048576 bytes";
    world
        .refuses(QUERY, vec![0x30; (1 << 20) + 1], 400, cap)
        .await;
    world
        .refuses(QUERY, vec![0x30; 1 << 20], 400, TOO_LARGE)
        .await;
}

#[tokio::test]
async fn other_methods_are_refused_in_the_same_shape() {
    let world = World::new();
    for (method, path, message) in [
        ("GET", "/api/v1/timestamp", "method GET is not allowed"),
        (
            "POST",
            "/api/v1/timestamp/certchain",
            "method POST is not allowed",
        ),
    ] {
        let url = format!("http://tsa.test{path}");
        let request = Request::new(Method::from_bytes(method.as_bytes()).unwrap(), url);
        let answer = world.client.send(request).await.unwrap();
        assert_eq!(answer.status.as_u16(), 405);
        assert_eq!(answer.message(), message);
    }
}

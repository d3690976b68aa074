//! The section `rekor`.

use serde_json::json;
use waxwing_crypto::KeyType;
use waxwing_encoding::base64;

use super::server::{Server, key, proposal, until};

const ENTRIES: &str = "/api/v2/log/entries";
const P256: &str = "PKIX_ECDSA_P256_SHA_256";

#[test]
fn duplicates_are_refused_if_the_operator_wants_it() {
    let key = key(KeyType::EcdsaP256);
    let entry = proposal(&key, "an artifact", P256);
    let server = Server::start("rekor: {duplicates: refuse}");
    server.post(ENTRIES, &entry).is(201);
    let refused = server.post(ENTRIES, &entry).is(409);
    assert_eq!(refused.header("x-log-index"), Some("1"));
    let server = server.again("rekor: {duplicates: return}");
    server.post(ENTRIES, &entry).is(201);
}

#[test]
fn envelopes_become_what_the_operator_wants() {
    let key = key(KeyType::EcdsaP256);
    let (kind, payload) = ("application/vnd.in-toto+json", "{}");
    let pae = format!("DSSEv1 {} {kind} {} {payload}", kind.len(), payload.len());
    let signature = base64::encode(&key.sign(pae.as_bytes()).unwrap());
    let envelope = json!({"dsseRequestV002": {
        "envelope": {
            "payload": base64::encode(payload.as_bytes()), "payloadType": kind,
            "signatures": [{"sig": signature}],
        },
        "verifiers": [{
            "publicKey": {"rawBytes": base64::encode(key.public_key().spki_der())},
            "keyDetails": P256,
        }],
    }});
    let mut server = Server::start("rekor: {dsse: refuse}");
    let refused = server.post(ENTRIES, &envelope).is(400).json();
    assert_eq!(refused["message"], "invalid type, must be hashedrekord");
    for (dsse, kind) in [("accept", "dsse"), ("as-hashedrekord", "hashedrekord")] {
        server = server.again(&format!("rekor:\n  dsse: {dsse}\n"));
        let entry = server.post(ENTRIES, &envelope).is(201).json();
        assert_eq!(entry["kindVersion"]["kind"], kind);
    }
}

#[test]
fn a_log_that_is_to_be_read_only_begins_and_takes_nothing() {
    let entry = proposal(&key(KeyType::EcdsaP256), "an artifact", P256);
    let server = Server::start("rekor: {read-only: true}");
    server.post(ENTRIES, &entry).is(405);
    let checkpoint = server.get("/checkpoint").is(200).text();
    assert_eq!(checkpoint.lines().nth(1), Some("1"), "{checkpoint}");
    let server = server.again("rekor: {read-only: false}");
    server.post(ENTRIES, &entry).is(201);
}

#[test]
fn algorithms_that_the_operator_does_not_name_are_not_taken() {
    let (small, large) = (key(KeyType::EcdsaP256), key(KeyType::EcdsaP384));
    let large = proposal(&large, "an artifact", "PKIX_ECDSA_P384_SHA_384");
    let server = Server::start("rekor: {key-details: [PKIX_ECDSA_P256_SHA_256]}");
    let refused = server.post(ENTRIES, &large).is(400).json();
    assert_eq!(refused["details"][0]["reason"], "ALGORITHM_NOT_TAKEN");
    server
        .post(ENTRIES, &proposal(&small, "an artifact", P256))
        .is(201);
    let server = server.again("rekor: {key-details: ~}");
    server.post(ENTRIES, &large).is(201);
}

#[test]
fn the_deadline_is_the_operators() {
    let key = key(KeyType::EcdsaP256);
    let server = Server::start("rekor: {deadline: 1ns}");
    let mut number = 0;
    // A quick disk is now and then quicker than the shortest wait that there is.
    until("a refusal", || {
        number += 1;
        let entry = proposal(&key, &format!("artifact {number}"), P256);
        let answer = server.post(ENTRIES, &entry);
        answer.status == 504 && answer.json()["details"][0]["reason"] == "DEADLINE"
    });
    let server = server.again("rekor: {deadline: 20s}");
    server
        .post(ENTRIES, &proposal(&key, "an artifact", P256))
        .is(201);
}

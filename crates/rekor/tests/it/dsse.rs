//! Envelopes, as clients of before 2026 propose them.

use serde_json::{Value, json};
use waxwing_crypto::{HashAlgorithm, KeyType, PrivateKey, SignatureAlgorithm, sha256};
use waxwing_encoding::{base64, canonical_json};
use waxwing_entries::binding::{self, BorrowedVerifier, Signed, VerifiedSignature};
use waxwing_model::bundle::Envelope;
use waxwing_model::bundle::dsse::pae;
use waxwing_rekor::{Dsse, Settings};

use crate::refused::check;
use crate::world::{ENTRIES, World};

const INVALID: &str = "invalid dsse request";
const TYPE: &str = "application/vnd.in-toto+json";
const P256: &str = "PKIX_ECDSA_P256_SHA_256";

fn verifier(key: &PrivateKey, details: &str) -> Value {
    let spki = base64::encode(key.public_key().spki_der());
    json!({"publicKey": {"rawBytes": spki}, "keyDetails": details})
}

fn sign(key: &PrivateKey, payload: &[u8]) -> String {
    base64::encode(&key.sign(&pae(TYPE, payload)).unwrap())
}

fn proposal(payload: &[u8], signatures: &[String], verifiers: &[Value]) -> Value {
    let signatures = signatures.iter();
    let signatures = signatures.map(|signature| json!({"sig": signature, "keyid": ""}));
    let envelope = json!({
        "payload": base64::encode(payload), "payloadType": TYPE,
        "signatures": signatures.collect::<Vec<_>>(),
    });
    json!({"dsseRequestV002": {"envelope": envelope, "verifiers": verifiers}})
}

fn good(key: &PrivateKey, payload: &[u8]) -> Value {
    proposal(payload, &[sign(key, payload)], &[verifier(key, P256)])
}

/// The entry by RFC 8785, from the proposal's own texts; signatures beside their verifiers.
fn canonical_body(payload: &[u8], signatures: &[(&str, &Value)]) -> Vec<u8> {
    let digest = base64::encode(&sha256(payload));
    let signatures = signatures.iter();
    let signatures = signatures.map(|(content, by)| json!({"content": content, "verifier": by}));
    let body = json!({"apiVersion": "0.0.2", "kind": "dsse", "spec": {"dsseV002": {
        "payloadHash": {"algorithm": "SHA2_256", "digest": digest},
        "signatures": signatures.collect::<Vec<_>>(),
    }}});
    canonical_json::to_vec(&body).unwrap()
}

fn generate() -> PrivateKey {
    PrivateKey::generate(KeyType::EcdsaP256).unwrap()
}

async fn refused(world: &World, fault: &Value, because: &str, repaired: &Value) {
    let before = world.head().await.size();
    check(&world.post(fault).await, INVALID, because);
    assert_eq!(world.head().await.size(), before, "something was logged");
    world.add(repaired).await;
}

/// Changes one value, or takes it away where it is null.
fn with(good: &Value, pointer: &str, value: Value) -> Value {
    let mut changed = good.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = changed["dsseRequestV002"].pointer_mut(parent).unwrap();
    match value {
        Value::Null => drop(parent.as_object_mut().unwrap().remove(name).unwrap()),
        value => parent[name] = value,
    }
    changed
}

/// A log that still takes entries of the kind dsse.
async fn taking_dsse() -> World {
    let mut settings = Settings::default();
    settings.dsse = Dsse::Accept;
    World::with(settings).await
}

#[tokio::test]
async fn an_envelope_becomes_an_entry_that_is_about_its_signature() {
    let world = taking_dsse().await;
    for payload in [&b"{}"[..], "{\"a\":\"\u{e9}\"}".as_bytes(), &[0xff; 300]] {
        let request = good(&world.key, payload);
        let entry = world.add(&request).await;
        let signature = request["dsseRequestV002"]["envelope"]["signatures"][0]["sig"].as_str();
        let signature = signature.unwrap();
        let by = verifier(&world.key, P256);
        assert_eq!(entry.body, canonical_body(payload, &[(signature, &by)]));
        // What a verifier will ask.
        let envelope = Envelope {
            payload_type: TYPE.into(),
            payload: payload.to_vec(),
            signature: base64::decode(signature).unwrap(),
            key_id: String::new(),
        };
        let verified = VerifiedSignature {
            signature: &envelope.signature,
            verifier: BorrowedVerifier::PublicKey(world.key.public_key()),
            algorithm: SignatureAlgorithm::EcdsaP256Sha256,
            signed: Signed::Envelope(&envelope, None),
        };
        binding::check("dsse", "0.0.2", &entry.body, &verified).unwrap();
        // Again, and in the other spelling, it is the same entry.
        let snake = request.to_string();
        let snake = snake.replace("dsseRequestV002", "dsse_request_v002");
        let answer = world.client.post(ENTRIES, "application/json", snake).await;
        let answer: Value = answer.unwrap().json().unwrap();
        assert_eq!(answer["logIndex"], entry.index.to_string());
    }
    assert_eq!(world.head().await.size(), 3);
}

#[tokio::test]
async fn pure_and_prehashed_ed25519_sign_envelopes() {
    let world = taking_dsse().await;
    let key = PrivateKey::generate(KeyType::Ed25519).unwrap();
    let message = pae(TYPE, b"{}");
    let pure = base64::encode(&key.sign(&message).unwrap());
    let prehashed = base64::encode(&key.sign_ed25519ph(&message).unwrap());
    for (signature, other, details) in [
        (&pure, &prehashed, "PKIX_ED25519"),
        (&prehashed, &pure, "PKIX_ED25519_PH"),
    ] {
        let of = |signature: &String| {
            proposal(
                b"{}",
                std::slice::from_ref(signature),
                &[verifier(&key, details)],
            )
        };
        let by = verifier(&key, details);
        refused(
            &world,
            &of(other),
            "signature 1 of the envelope",
            &of(signature),
        )
        .await;
        let entry = world.add(&of(signature)).await;
        assert_eq!(entry.body, canonical_body(b"{}", &[(signature, &by)]));
    }
}

/// The original's order was that of a map, another one each time.
#[tokio::test]
async fn several_signatures_make_one_entry_in_whatever_order_they_come() {
    let world = taking_dsse().await;
    let keys = [generate(), generate(), generate()];
    let signatures = keys.each_ref().map(|key| sign(key, b"{}"));
    let verifiers = keys.each_ref().map(|key| verifier(key, P256));
    let mut ordered: Vec<usize> = vec![0, 1, 2];
    ordered.sort_by_key(|number| base64::decode(&signatures[*number]).unwrap());
    let expected = ordered.iter();
    let expected = expected.map(|number| (signatures[*number].as_str(), &verifiers[*number]));
    let expected = canonical_body(b"{}", &expected.collect::<Vec<_>>());
    for (order, by) in [([0, 1, 2], [0, 1, 2]), ([2, 0, 1], [1, 0, 2])] {
        let request = proposal(
            b"{}",
            &order.map(|number| signatures[number].clone()),
            &by.map(|number: usize| verifiers[number].clone()),
        );
        let entry = world.add(&request).await;
        assert_eq!((entry.index, &entry.body), (0, &expected));
    }
    // One key for two signatures is enough, as ECDSA gives another signature each time.
    let twice = [signatures[0].clone(), sign(&keys[0], b"{}")];
    world
        .add(&proposal(b"{}", &twice, &[verifiers[0].clone()]))
        .await;
}

#[tokio::test]
async fn each_signature_needs_a_verifier_and_each_verifier_a_signature() {
    let world = taking_dsse().await;
    let (one, two) = (generate(), generate());
    let (by_one, by_two) = (verifier(&one, P256), verifier(&two, P256));
    let (signature, other) = (sign(&one, b"{}"), sign(&two, b"{}"));
    let both = [signature.clone(), other.clone()];
    let repaired = proposal(b"{}", &both, &[by_one.clone(), by_two.clone()]);
    for (fault, because) in [
        (
            proposal(b"{}", &both, std::slice::from_ref(&by_one)),
            "signature 2 of the envelope does not match",
        ),
        (
            proposal(b"{}", &both, std::slice::from_ref(&by_two)),
            "signature 1 of the envelope does not match",
        ),
        (
            proposal(b"{}", &both[..1], &[by_one.clone(), by_two.clone()]),
            "verifier 2 matches no signature",
        ),
        (
            proposal(
                b"{}",
                &both,
                &[by_one.clone(), by_two.clone(), by_one.clone()],
            ),
            "verifier 3 matches no signature",
        ),
        (
            proposal(
                b"{}",
                &[signature.clone(), other, signature],
                &[by_one.clone(), by_two.clone()],
            ),
            "the same signature twice, the second time as number 3",
        ),
        (
            proposal(b"{ }", &both, &[by_one, by_two]),
            "signature 1 of the envelope does not match",
        ),
    ] {
        refused(&world, &fault, because, &repaired).await;
    }
    // The type is signed too.
    let fault = with(&repaired, "/envelope/payloadType", json!("text/plain"));
    refused(&world, &fault, "signature 1 of the envelope", &repaired).await;
}

#[tokio::test]
async fn faults_of_the_parts_are_refused_by_name() {
    let world = taking_dsse().await;
    let repaired = good(&world.key, b"{}");
    for (pointer, value, because) in [
        ("/envelope/payload", json!(""), "has no payload"),
        ("/envelope/payloadType", json!(""), "has no payloadType"),
        ("/envelope/signatures", json!([]), "has no signature"),
        ("/envelope/signatures", json!([{"sig": ""}]), "has no sig"),
        ("/verifiers", json!([]), "has no verifier"),
        ("/envelope/payload", json!("§"), "payload: not base64"),
    ] {
        let fault = with(&repaired, pointer, value);
        refused(&world, &fault, because, &repaired).await;
    }
    // A curve with another hash than its own, padding that is not taken, another key's name.
    let large = PrivateKey::generate(KeyType::EcdsaP384).unwrap();
    for by in [
        verifier(&world.key, "PKIX_RSA_PKCS1V15_2048_SHA256"),
        verifier(&large, "PKIX_ECDSA_P384_SHA_256"),
        verifier(&large, P256),
    ] {
        let fault = with(&repaired, "/verifiers", json!([by]));
        refused(&world, &fault, "are not allowed", &repaired).await;
    }
}

/// What has no shape is nobody's kind, so it is answered in the words of the one that remains.
#[tokio::test]
async fn shapes_and_counts_are_bounded() {
    let world = taking_dsse().await;
    let repaired = good(&world.key, b"{}");
    let message = "invalid hashedrekord request";
    let signature = json!({"sig": "AAAA"});
    let by = verifier(&world.key, P256);
    for (pointer, value, because) in [
        ("/more", json!(1), "unknown field `more`"),
        ("/envelope/more", json!(1), "unknown field `more`"),
        (
            "/envelope/payload_type",
            json!("t"),
            "unknown field `payload_type`",
        ),
        (
            "/envelope/signatures",
            json!([{"sig": "AAAA", "more": 1}]),
            "unknown field `more`",
        ),
        (
            "/envelope/signatures",
            json!(vec![signature; 9]),
            "a list of more than 8",
        ),
        ("/verifiers", json!(vec![by; 9]), "a list of more than 8"),
        ("/envelope", Value::Null, "missing field `envelope`"),
    ] {
        let fault = with(&repaired, pointer, value);
        check(&world.post(&fault).await, message, because);
    }
    assert_eq!(world.head().await.size(), 0);
    world.add(&repaired).await;
}

/// Up to 4 MiB with everything around it; the entry does not grow with the payload.
#[tokio::test]
async fn a_large_payload_is_taken_and_one_beyond_the_cap_refused() {
    let world = taking_dsse().await;
    let payload = vec![b' '; 3_000_000];
    let entry = world.add(&good(&world.key, &payload)).await;
    assert!(entry.body.len() < 600);
    let beyond = good(&world.key, &vec![b' '; 3_200_000]);
    let answer = world.post(&beyond).await;
    assert_eq!(answer.status.as_u16(), 400);
    let body: Value = answer.json().unwrap();
    assert_eq!(body["message"], "invalid hashedrekord request");
    assert_eq!(body["details"][0]["reason"], "BODY");
    // What is wrong with a large one is found as with a small one.
    let mut other = payload.clone();
    other[0] = b'x';
    let fault = proposal(
        &other,
        &[sign(&world.key, &payload)],
        &[verifier(&world.key, P256)],
    );
    check(
        &world.post(&fault).await,
        INVALID,
        "signature 1 of the envelope",
    );
}

/// Older clients look for this sentence.
#[tokio::test]
async fn where_they_are_not_taken_the_sentence_is_the_originals() {
    let mut settings = Settings::default();
    settings.dsse = Dsse::Refuse;
    let world = World::with(settings).await;
    let request = good(&world.key, b"{}");
    for name in ["dsseRequestV002", "dsse_request_v002"] {
        let request = json!({ name: request["dsseRequestV002"] });
        let message = "invalid type, must be hashedrekord";
        check(&world.post(&request).await, message, message);
    }
    world.add(&world.proposal("artifact")).await;
    // The switch is all that stood in the way.
    taking_dsse().await.add(&request).await;
}

/// What all of today's verifiers expect of an envelope, for clients that still propose the other kind.
#[tokio::test]
async fn they_can_be_logged_as_hashedrekord() {
    let world = World::new().await;
    let request = good(&world.key, b"{}");
    let answer = world.post(&request).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    let answer: Value = answer.json().unwrap();
    assert_eq!(answer["kindVersion"]["kind"], "hashedrekord");
    let body = base64::decode(answer["canonicalizedBody"].as_str().unwrap()).unwrap();
    let digest = HashAlgorithm::Sha256.digest(&pae(TYPE, b"{}"));
    let signature = &request["dsseRequestV002"]["envelope"]["signatures"][0]["sig"];
    let same = json!({"hashedRekordRequestV002": {
        "digest": base64::encode(digest.as_bytes()),
        "signature": {"content": signature, "verifier": verifier(&world.key, P256)},
    }});
    assert_eq!(
        body,
        crate::world::canonical_body(&same, "SHA2_256").as_bytes()
    );
    assert_eq!(world.add(&same).await.index, 0);
    // A hashedrekord is about one signature over a digest.
    let other = sign(&world.key, b"{}");
    let by = verifier(&world.key, P256);
    let first = signature.as_str().unwrap().to_owned();
    let several = proposal(b"{}", &[first, other], &[by]);
    check(
        &world.post(&several).await,
        INVALID,
        "has 2 signatures and 1 verifiers",
    );
    let fault = with(&request, "/envelope/payload", json!("e30K"));
    let message = "invalid hashedrekord request";
    check(
        &world.post(&fault).await,
        message,
        "signature does not match",
    );
}

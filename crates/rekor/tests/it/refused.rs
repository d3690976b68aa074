//! What the log does not take; beside each fault the same proposal without it.

use serde_json::{Value, json};
use waxwing_crypto::{HashAlgorithm, KeyType, PrivateKey};
use waxwing_encoding::base64;
use waxwing_net::Response;

use crate::world::{ENTRIES, World, proposal};

pub(crate) const INVALID: &str = "invalid hashedrekord request";

/// Code 3 and status 400 with exactly this message, and a reason that says what is wrong.
pub(crate) fn check(answer: &Response, message: &str, because: &str) {
    assert_eq!(answer.status.as_u16(), 400, "{}", answer.text());
    let body: Value = answer.json().unwrap();
    assert_eq!(body["code"], 3, "{body}");
    assert_eq!(body["message"], message, "{body}");
    let detail = &body["details"][0];
    assert_eq!(detail["reason"], "PROPOSAL_INVALID", "{body}");
    let explanation = detail["metadata"]["explanation"].as_str().unwrap();
    assert!(
        explanation.contains(because),
        "{explanation:?} does not say {because:?}"
    );
}

/// Refuses `fault`, logs nothing, and takes `repaired`.
async fn refused(world: &World, fault: &Value, because: &str, repaired: &Value) {
    let before = world.head().await.size();
    check(&world.post(fault).await, INVALID, because);
    assert_eq!(world.head().await.size(), before, "something was logged");
    world.add(repaired).await;
}

/// The proposal with one value changed, or removed where it is null.
fn with(good: &Value, pointer: &str, value: Value) -> Value {
    let mut changed = good.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = changed["hashedRekordRequestV002"]
        .pointer_mut(parent)
        .unwrap();
    match value {
        Value::Null => drop(parent.as_object_mut().unwrap().remove(name).unwrap()),
        value => parent[name] = value,
    }
    changed
}

#[tokio::test]
async fn unknown_fields_are_refused_wherever_they_stand() {
    let world = World::new().await;
    let good = world.proposal("artifact");
    for pointer in [
        "/more",
        "/signature/more",
        "/signature/verifier/more",
        "/signature/verifier/publicKey/more",
    ] {
        let fault = with(&good, pointer, json!(1));
        refused(&world, &fault, "unknown field `more`", &good).await;
    }
    let mut fault = good.clone();
    fault["more"] = json!(1);
    refused(&world, &fault, "unknown field `more`", &good).await;
}

#[tokio::test]
async fn a_proposal_has_exactly_one_verifier() {
    let world = World::new().await;
    let good = world.proposal("artifact");
    let certificate = json!({"rawBytes": "AAAA"});
    let both = with(&good, "/signature/verifier/x509Certificate", certificate);
    refused(&world, &both, "both x509Certificate and publicKey", &good).await;
    let none = with(&good, "/signature/verifier/publicKey", Value::Null);
    refused(&world, &none, "no verifier", &good).await;
    let no_verifier = with(&good, "/signature/verifier", Value::Null);
    refused(&world, &no_verifier, "verifier", &good).await;
}

#[tokio::test]
async fn missing_and_empty_parts_are_refused_by_name() {
    let world = World::new().await;
    let good = world.proposal("artifact");
    for (pointer, name) in [
        ("/digest", "digest"),
        ("/signature/content", "signature"),
        ("/signature/verifier/publicKey/rawBytes", "verifier"),
    ] {
        let empty = with(&good, pointer, json!(""));
        refused(
            &world,
            &empty,
            &format!("the proposal has no {name}"),
            &good,
        )
        .await;
        let field = pointer.rsplit_once('/').unwrap().1;
        let missing = with(&good, pointer, Value::Null);
        refused(&world, &missing, &format!("missing field `{field}`"), &good).await;
    }
    check(
        &world.post(&json!({})).await,
        INVALID,
        "no hashedRekordRequestV002",
    );
}

/// The reference server compares the hash alone, so that a P-256 key may call itself RSA.
#[tokio::test]
async fn key_details_must_be_those_of_the_key() {
    let world = World::new().await;
    let good = world.proposal("artifact");
    for details in [
        "PKIX_RSA_PKCS1V15_2048_SHA256",
        "PKIX_ECDSA_P384_SHA_384",
        "PKIX_ED25519_PH",
        "PUBLIC_KEY_DETAILS_UNSPECIFIED",
        "pkix_ecdsa_p256_sha_256",
        "",
    ] {
        let fault = with(&good, "/signature/verifier/keyDetails", json!(details));
        let because = format!("the key details {details:?} do not name");
        refused(&world, &fault, &because, &good).await;
    }
}

/// The registry's deprecated names say no size; no entry has them.
#[tokio::test]
async fn names_without_a_size_are_refused() {
    let world = World::new().await;
    let key = PrivateKey::generate(KeyType::Rsa(2048)).unwrap();
    let signature = key.sign(b"artifact").unwrap();
    let digest = HashAlgorithm::Sha256.digest(b"artifact");
    let of = |details| proposal(digest.as_bytes(), &signature, key.public_key(), details);
    let repaired = of("PKIX_RSA_PKCS1V15_2048_SHA256");
    for details in [
        "PKIX_RSA_PKCS1V5",
        "PKCS1_RSA_PKCS1V5",
        "PKIX_RSA_PKCS1V15_3072_SHA256",
        "PKIX_RSA_PSS_2048_SHA256",
    ] {
        refused(&world, &of(details), "are not allowed", &repaired).await;
    }
}

#[tokio::test]
async fn a_large_curve_with_a_small_hash_is_not_taken() {
    let world = World::new().await;
    let key = PrivateKey::generate(KeyType::EcdsaP384).unwrap();
    let signature = key.sign(b"artifact").unwrap();
    let small = HashAlgorithm::Sha256.digest(b"artifact");
    let own = HashAlgorithm::Sha384.digest(b"artifact");
    let (key, details) = (key.public_key(), "PKIX_ECDSA_P384_SHA_384");
    let fault = proposal(small.as_bytes(), &signature, key, "PKIX_ECDSA_P384_SHA_256");
    let repaired = proposal(own.as_bytes(), &signature, key, details);
    refused(&world, &fault, "are not allowed", &repaired).await;
    let short = proposal(small.as_bytes(), &signature, key, details);
    refused(
        &world,
        &short,
        "a digest of 32 bytes; the algorithm's hash gives 48",
        &repaired,
    )
    .await;
}

/// A log sees a digest, and pure Ed25519 signs no digest.
#[tokio::test]
async fn pure_ed25519_is_refused_and_prehashed_taken() {
    let world = World::new().await;
    let key = PrivateKey::generate(KeyType::Ed25519).unwrap();
    let digest = HashAlgorithm::Sha512.digest(b"artifact");
    let (pure, prehashed) = (
        key.sign(b"artifact").unwrap(),
        key.sign_ed25519ph(b"artifact").unwrap(),
    );
    let of = |signature: &[u8], details| {
        proposal(digest.as_bytes(), signature, key.public_key(), details)
    };
    let repaired = of(&prehashed, "PKIX_ED25519_PH");
    let named = of(&pure, "PKIX_ED25519");
    refused(&world, &named, "are not allowed", &repaired).await;
    let disguised = of(&pure, "PKIX_ED25519_PH");
    refused(&world, &disguised, "signature does not match", &repaired).await;
}

#[tokio::test]
async fn a_digest_must_be_as_long_as_its_hash_makes_it() {
    let world = World::new().await;
    let good = world.proposal("artifact");
    for length in [1, 20, 31, 33, 48, 64] {
        let fault = with(&good, "/digest", json!(base64::encode(&vec![7; length])));
        let because = format!("a digest of {length} bytes; the algorithm's hash gives 32");
        refused(&world, &fault, &because, &good).await;
    }
}

#[tokio::test]
async fn a_signature_that_does_not_hold_is_refused() {
    let world = World::new().await;
    let good = world.proposal("artifact");
    let other = world.proposal("another artifact");
    let because = "signature does not match";
    let content = "/signature/content";
    let fields = &other["hashedRekordRequestV002"];
    let swapped = with(&good, content, fields["signature"]["content"].clone());
    refused(&world, &swapped, because, &good).await;
    let digest = with(&good, "/digest", fields["digest"].clone());
    refused(&world, &digest, because, &good).await;
    let stranger = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let key = json!(base64::encode(stranger.public_key().spki_der()));
    let key = with(&good, "/signature/verifier/publicKey/rawBytes", key);
    refused(&world, &key, because, &good).await;
    let garbage = with(&good, content, json!("AAAA"));
    refused(&world, &garbage, because, &good).await;
}

#[tokio::test]
async fn keys_and_certificates_that_cannot_be_read_are_refused() {
    let world = World::new().await;
    let good = world.proposal("artifact");
    let raw = "/signature/verifier/publicKey/rawBytes";
    let mut trailing = world.key.public_key().spki_der().to_vec();
    trailing.push(0);
    for bytes in [&[0; 3][..], &trailing, &trailing[1..]] {
        let fault = with(&good, raw, json!(base64::encode(bytes)));
        refused(&world, &fault, "the proposal's public key", &good).await;
    }
    let certificate = json!({
        "x509Certificate": {"rawBytes": "AAAA"}, "keyDetails": "PKIX_ECDSA_P256_SHA_256",
    });
    let fault = with(&good, "/signature/verifier", certificate);
    refused(&world, &fault, "the proposal's certificate", &good).await;
    let fault = with(&good, raw, json!("§"));
    refused(&world, &fault, "base64", &good).await;
}

#[tokio::test]
async fn what_is_no_proposal_is_refused() {
    let world = World::new().await;
    let good = world.proposal("artifact").to_string();
    for body in [
        "",
        "null",
        "[]",
        "{",
        "garbage",
        &format!("{good}{good}"),
        &good[1..],
    ] {
        let answer = world
            .client
            .post(ENTRIES, "application/json", body.to_owned())
            .await;
        check(&answer.unwrap(), INVALID, "");
    }
    let twice = good.replacen("\"digest\"", "\"digest\":\"AAAA\",\"digest\"", 1);
    let answer = world.client.post(ENTRIES, "application/json", twice).await;
    check(&answer.unwrap(), INVALID, "duplicate field `digest`");
    assert_eq!(world.head().await.size(), 0);
}

#[tokio::test]
async fn what_is_too_large_is_refused_and_one_byte_less_is_taken() {
    let world = World::new().await;
    let good = world.proposal("artifact").to_string();
    let padded = |length: usize| format!("{good}{}", " ".repeat(length - good.len()));
    let post = |body: String| world.client.post(ENTRIES, "application/json", body);
    let answer = post(padded((64 << 10) + 1)).await.unwrap();
    check(
        &answer,
        INVALID,
        "a proposal of 65537 bytes; at most 65536 are read",
    );
    // Above the cap of every service nothing is read at all.
    let answer = post(padded((4 << 20) + 1)).await.unwrap();
    assert_eq!(answer.status.as_u16(), 400);
    let body: Value = answer.json().unwrap();
    assert_eq!(
        (&body["code"], &body["message"]),
        (&json!(3), &json!(INVALID))
    );
    assert_eq!(body["details"][0]["reason"], "BODY");
    assert_eq!(world.head().await.size(), 0);
    let answer = post(padded(64 << 10)).await.unwrap();
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
}

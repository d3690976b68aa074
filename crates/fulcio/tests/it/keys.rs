//! Keys and proofs of possession; beside each fault the same request without it.

use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::{base64, pem};

use crate::der::element;
use crate::world::{BAD_KEY, BAD_PROOF, EMAIL, SUBJECT, World, proved};

pub(crate) const INSECURE: &str = "The public key supplied in the request is insecure";

/// A good request with another text in the place of the key.
fn with_content(world: &World, content: &str) -> Value {
    let mut request = world.with_token(&world.token());
    request["publicKeyRequest"]["publicKey"]["content"] = json!(content);
    request
}

fn with_proof(world: &World, proof: &str) -> Value {
    let mut request = world.with_token(&world.token());
    request["publicKeyRequest"]["proofOfPossession"] = json!(proof);
    request
}

#[tokio::test]
async fn the_proof_must_be_over_the_name_in_the_token() {
    let world = World::new();
    for name in ["bob@example.com", SUBJECT, "", "Alice@example.com"] {
        let mut request = proved(&world.key, name);
        request["credentials"] = json!({"oidcIdentityToken": world.token()});
        world.refuses(&request, BAD_PROOF, "PROOF_INVALID").await;
    }
    world.accepts(&world.with_token(&world.token())).await;
}

#[tokio::test]
async fn the_proof_must_be_by_the_key_that_is_to_be_certified() {
    let world = World::new();
    let other = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let proof = base64::encode(&other.sign(EMAIL.as_bytes()).unwrap());
    let request = with_proof(&world, &proof);
    world.refuses(&request, BAD_PROOF, "PROOF_INVALID").await;
    let own = base64::encode(&world.key.sign(EMAIL.as_bytes()).unwrap());
    world.accepts(&with_proof(&world, &own)).await;
}

#[tokio::test]
async fn what_is_no_signature_proves_nothing() {
    let world = World::new();
    for proof in ["", "AAAA", "MAYCAQACAQA="] {
        let request = with_proof(&world, proof);
        world.refuses(&request, BAD_PROOF, "PROOF_INVALID").await;
    }
    let message = "the request body is not the JSON expected: proofOfPossession: not base64: \
        a character outside the alphabet at character 0; \
        expected the standard alphabet with padding";
    let request = with_proof(&world, "§");
    world.refuses(&request, message, "REQUEST_INVALID").await;
    let mut without = world.with_token(&world.token());
    let fields = without["publicKeyRequest"].as_object_mut().unwrap();
    fields.remove("proofOfPossession");
    world.refuses(&without, BAD_PROOF, "PROOF_INVALID").await;
}

#[tokio::test]
async fn a_request_without_a_key_is_refused() {
    let world = World::new();
    let token = world.token();
    let credentials = json!({"oidcIdentityToken": token});
    for request in [
        json!({"credentials": credentials}),
        json!({"credentials": credentials, "publicKeyRequest": {}}),
        json!({"credentials": credentials, "publicKeyRequest": {"publicKey": {}}}),
        json!({"credentials": credentials, "certificateSigningRequest": ""}),
    ] {
        world.refuses(&request, BAD_KEY, "KEY_INVALID").await;
    }
    world.accepts(&world.with_token(&token)).await;
}

#[tokio::test]
async fn what_is_no_key_is_refused() {
    let world = World::new();
    let pem = world.key.public_key().to_pem();
    let broken = pem::encode("PUBLIC KEY", &world.key.public_key().spki_der()[1..]);
    let certificate = pem.replace("PUBLIC KEY", "CERTIFICATE");
    let private = world.key.to_pem().unwrap();
    for content in [
        "garbage",
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\n§§§§\n-----END PUBLIC KEY-----\n",
        &pem.replace("-----END PUBLIC KEY-----", ""),
        &broken,
        &certificate,
        &private,
    ] {
        let request = with_content(&world, content);
        world.refuses(&request, BAD_KEY, "KEY_INVALID").await;
    }
    world.accepts(&with_content(&world, &pem)).await;
}

/// The modulus need not be a product of primes to be too short.
#[tokio::test]
async fn an_rsa_key_of_1024_bits_is_insecure() {
    let world = World::new();
    let request = with_content(&world, &rsa(1024));
    world.refuses(&request, INSECURE, "KEY_INSECURE").await;
    let request = with_content(&world, &rsa(2056));
    world.refuses(&request, INSECURE, "KEY_INSECURE").await;
    // With 2048 bits it is the proof's turn, which nobody can make for such a key.
    let request = with_content(&world, &rsa(2048));
    world.refuses(&request, BAD_PROOF, "PROOF_INVALID").await;
}

/// The originals refuse the small NIST curve by the same sentence.
#[tokio::test]
async fn a_key_on_p224_is_insecure() {
    let world = World::new();
    let ec = [0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    let p224 = [0x06, 5, 0x2b, 0x81, 4, 0, 0x21];
    let point = [&[0, 4][..], &[7; 56]].concat();
    let spki = element(
        0x30,
        &[&element(0x30, &[&ec, &p224]), &element(3, &[&point])],
    );
    let request = with_content(&world, &pem::encode("PUBLIC KEY", &spki));
    world.refuses(&request, INSECURE, "KEY_INSECURE").await;
}

/// An RSA public key with a modulus of so many bits, all of them set.
pub(crate) fn rsa(bits: usize) -> String {
    let modulus = [&[0][..], &vec![0xff; bits / 8]].concat();
    let key = element(0x30, &[&element(2, &[&modulus]), &[2, 3, 1, 0, 1]]);
    let rsa_encryption = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
    let algorithm = element(0x30, &[&rsa_encryption]);
    let spki = element(0x30, &[&algorithm, &element(3, &[&[0], &key])]);
    pem::encode("PUBLIC KEY", &spki)
}

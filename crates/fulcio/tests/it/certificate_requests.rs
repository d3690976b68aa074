//! Certificate signing requests (PKCS#10), whose own signature is the proof.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey, PublicKey};
use waxwing_encoding::{base64, pem};

use crate::der::element;
use crate::keys::{INSECURE, rsa};
use crate::world::{BAD_PROOF, BAD_REQUEST, World};

/// ecdsa-with-SHA256, ecdsa-with-SHA384, Ed25519.
const ECDSA_SHA_256: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const ECDSA_SHA_384: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3];
const ED25519: &[u8] = &[6, 3, 0x2b, 0x65, 0x70];

/// A request for `key` signed by `signer`, with an empty subject and no attributes.
fn csr(key: &PublicKey, signer: &PrivateKey, algorithm: &[u8]) -> Vec<u8> {
    let info = element(0x30, &[&[2, 1, 0], &[0x30, 0], key.spki_der(), &[0xa0, 0]]);
    let signature = signer.sign(&info).unwrap();
    let signature = element(3, &[&[0], &signature]);
    element(0x30, &[&info, &element(0x30, &[algorithm]), &signature])
}

/// The request as the field wants it: PEM, in base64 once more.
fn asked(world: &World, label: &str, der: &[u8]) -> Value {
    asked_pem(world, &pem::encode(label, der))
}

fn asked_pem(world: &World, pem: &str) -> Value {
    json!({
        "credentials": {"oidcIdentityToken": world.token()},
        "certificateSigningRequest": base64::encode(pem.as_bytes()),
    })
}

fn good(world: &World) -> Vec<u8> {
    csr(world.key.public_key(), &world.key, ECDSA_SHA_256)
}

#[tokio::test]
async fn a_signing_request_gets_a_certificate_over_its_key() {
    let world = World::new();
    for label in ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"] {
        let leaf = world.accepts(&asked(&world, label, &good(&world))).await;
        assert_eq!(leaf[0].public_key(), world.key.public_key());
    }
    for (kind, algorithm) in [
        (KeyType::EcdsaP384, ECDSA_SHA_384),
        (KeyType::Ed25519, ED25519),
    ] {
        let key = PrivateKey::generate(kind).unwrap();
        let der = csr(key.public_key(), &key, algorithm);
        let leaf = world
            .accepts(&asked(&world, "CERTIFICATE REQUEST", &der))
            .await;
        assert_eq!(leaf[0].public_key(), key.public_key());
    }
}

#[tokio::test]
async fn a_request_made_by_openssl_is_read_and_its_subject_is_not() {
    let arguments = "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=mallory \
                     -addext basicConstraints=critical,CA:TRUE -keyout /dev/null";
    let made = Command::new("openssl")
        .args(arguments.split_whitespace())
        .stderr(Stdio::null())
        .output();
    let Ok(made) = made else {
        println!("openssl is not installed; the requests made by hand are tested all the same");
        return;
    };
    let pem = String::from_utf8(made.stdout).unwrap();
    let world = World::new();
    let leaf = world.accepts(&asked_pem(&world, &pem)).await.remove(0);
    assert_eq!(leaf.subject_der(), [0x30, 0]);
    assert!(!leaf.is_authority());
}

#[tokio::test]
async fn a_signing_request_goes_before_a_key() {
    let world = World::new();
    let other = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let der = csr(other.public_key(), &other, ECDSA_SHA_256);
    let mut request = asked(&world, "CERTIFICATE REQUEST", &der);
    request["publicKeyRequest"] = world.without_token()["publicKeyRequest"].take();
    let leaf = world.accepts(&request).await.remove(0);
    assert_eq!(leaf.public_key(), other.public_key());
}

#[tokio::test]
async fn a_signing_request_must_be_signed_by_its_own_key() {
    let world = World::new();
    let other = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let forged = csr(world.key.public_key(), &other, ECDSA_SHA_256);
    let mut changed = good(&world);
    *changed.last_mut().unwrap() ^= 1;
    for der in [forged, changed] {
        let request = asked(&world, "CERTIFICATE REQUEST", &der);
        world.refuses(&request, BAD_PROOF, "PROOF_INVALID").await;
    }
    let request = asked(&world, "CERTIFICATE REQUEST", &good(&world));
    world.accepts(&request).await;
}

#[tokio::test]
async fn a_signing_request_over_an_insecure_key_is_refused_as_such() {
    let world = World::new();
    let short = PublicKey::from_pem(&rsa(1024)).unwrap_err().to_string();
    assert!(short.contains("RSA with 1024 bits"), "{short}");
    let spki = pem::decode(&rsa(1024)).unwrap().der;
    let info = element(0x30, &[&[2, 1, 0], &[0x30, 0], &spki, &[0xa0, 0]]);
    let signature = element(3, &[&[0], &[1; 128]]);
    let sha_256_with_rsa = [
        0x30, 0x0d, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0b, 5, 0,
    ];
    let der = element(0x30, &[&info, &sha_256_with_rsa, &signature]);
    let request = asked(&world, "CERTIFICATE REQUEST", &der);
    world.refuses(&request, INSECURE, "KEY_INSECURE").await;
}

#[tokio::test]
async fn what_is_no_signing_request_is_refused() {
    let world = World::new();
    let der = good(&world);
    for request in [
        asked(&world, "PUBLIC KEY", &der),
        asked(&world, "CERTIFICATE REQUEST", &der[..der.len() - 1]),
        asked(&world, "CERTIFICATE REQUEST", &[&der[..], &[0]].concat()),
        asked(&world, "CERTIFICATE REQUEST", world.root.der()),
        asked_pem(&world, "garbage"),
    ] {
        world
            .refuses(&request, BAD_REQUEST, "REQUEST_INVALID")
            .await;
    }
    let not_base64 = json!({
        "credentials": {"oidcIdentityToken": world.token()},
        "certificateSigningRequest": "§",
    });
    let message = "the request body is not the JSON expected: certificateSigningRequest: \
        not base64: a character outside the alphabet at character 0; \
        expected the standard alphabet with padding";
    world.refuses(&not_base64, message, "REQUEST_INVALID").await;
    world
        .accepts(&asked(&world, "CERTIFICATE REQUEST", &der))
        .await;
}

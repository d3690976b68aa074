//! What is proposed properly is added, once.

use serde_json::{Value, json};
use waxwing_crypto::{HashAlgorithm, KeyType, PrivateKey};
use waxwing_encoding::base64;
use waxwing_encoding::time::UnixTime;
use waxwing_pki::DistinguishedName;
use waxwing_pki::issue::{Authority, SerialNumber, Validity};

use crate::world::{World, canonical_body, proposal};

#[tokio::test]
async fn an_entry_is_answered_with_its_proof_and_its_canonical_body() {
    let world = World::new().await;
    for index in 0..5 {
        let proposal = world.proposal(&index.to_string());
        let entry = world.add(&proposal).await;
        assert_eq!((entry.index, entry.tree_size), (index, index + 1));
        let body = String::from_utf8(entry.body).unwrap();
        assert_eq!(body, canonical_body(&proposal, "SHA2_256"));
    }
    assert_eq!(world.head().await.size(), 5);
}

#[tokio::test]
async fn the_same_entry_again_is_answered_with_its_index_and_a_proof_in_the_newer_tree() {
    let world = World::new().await;
    let proposal = world.proposal("twice");
    let first = world.add(&proposal).await;
    assert_eq!((first.index, first.tree_size), (0, 1));
    world.add(&world.proposal("between")).await;
    let again = world.add(&proposal).await;
    assert_eq!((again.index, again.tree_size), (0, 2));
    assert_eq!(again.body, first.body);
    assert_eq!(world.head().await.size(), 2);
}

#[tokio::test]
async fn the_same_entry_many_times_at_once_is_one() {
    let world = World::new().await;
    let proposal = world.proposal("at once");
    let one = || world.add(&proposal);
    let added = tokio::join!(one(), one(), one(), one(), one(), one());
    for entry in [added.0, added.1, added.2, added.3, added.4, added.5] {
        assert_eq!(entry.index, 0);
    }
    assert_eq!(world.head().await.size(), 1);
}

#[tokio::test]
async fn different_entries_at_once_get_dense_indexes() {
    let world = World::new().await;
    let proposals: Vec<Value> = (0..6)
        .map(|number| world.proposal(&number.to_string()))
        .collect();
    let one = |number: usize| world.add(&proposals[number]);
    let added = tokio::join!(one(0), one(1), one(2), one(3), one(4), one(5));
    let added = [added.0, added.1, added.2, added.3, added.4, added.5];
    let mut indexes = added.each_ref().map(|entry| entry.index);
    indexes.sort_unstable();
    assert_eq!(indexes, [0, 1, 2, 3, 4, 5]);
    for (entry, proposal) in added.iter().zip(&proposals) {
        assert_eq!(entry.body, canonical_body(proposal, "SHA2_256").as_bytes());
    }
}

/// Two signatures over one artifact are two entries.
#[tokio::test]
async fn another_signature_over_the_same_digest_is_another_entry() {
    let world = World::new().await;
    assert_eq!(world.add(&world.proposal("artifact")).await.index, 0);
    assert_eq!(world.add(&world.proposal("artifact")).await.index, 1);
}

#[tokio::test]
async fn every_kind_of_key_signs_over_the_digest_of_its_own_hash() {
    let world = World::new().await;
    let curve = PrivateKey::generate(KeyType::EcdsaP384).unwrap();
    let digest = HashAlgorithm::Sha384.digest(b"artifact");
    let signature = curve.sign(b"artifact").unwrap();
    let details = "PKIX_ECDSA_P384_SHA_384";
    let request = proposal(digest.as_bytes(), &signature, curve.public_key(), details);
    let entry = world.add(&request).await;
    assert_eq!(entry.body, canonical_body(&request, "SHA2_384").as_bytes());

    let edwards = PrivateKey::generate(KeyType::Ed25519).unwrap();
    let digest = HashAlgorithm::Sha512.digest(b"artifact");
    let signature = edwards.sign_ed25519ph(b"artifact").unwrap();
    let key = edwards.public_key();
    let request = proposal(digest.as_bytes(), &signature, key, "PKIX_ED25519_PH");
    let entry = world.add(&request).await;
    assert_eq!(entry.body, canonical_body(&request, "SHA2_512").as_bytes());
}

/// No chain and no dates are looked at: the log keeps what verifiers will judge.
#[tokio::test]
async fn a_certificate_stands_for_its_key_whatever_its_dates_and_makes_another_entry() {
    let world = World::new().await;
    let long_ago = UnixTime::from_seconds(0).unwrap();
    let validity = Validity {
        not_before: long_ago,
        not_after: long_ago,
    };
    let key = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let signature = key.sign(b"artifact").unwrap();
    let digest = HashAlgorithm::Sha256.digest(b"artifact");
    let details = "PKIX_ECDSA_P256_SHA_256";
    let by_key = proposal(digest.as_bytes(), &signature, key.public_key(), details);
    let name = DistinguishedName::default();
    let authority = Authority::root(key, &name, SerialNumber::new([1; 20]), validity).unwrap();
    let certificate = base64::encode(authority.certificate.der());
    let mut by_certificate = by_key.clone();
    by_certificate["hashedRekordRequestV002"]["signature"]["verifier"] = json!({
        "x509Certificate": {"rawBytes": certificate}, "keyDetails": details,
    });
    for (index, request) in [by_key, by_certificate].iter().enumerate() {
        let entry = world.add(request).await;
        assert_eq!(entry.index, index as u64);
        assert_eq!(entry.body, canonical_body(request, "SHA2_256").as_bytes());
    }
}

#[tokio::test]
async fn fields_in_snake_case_and_base64_without_padding_make_the_same_entry() {
    let world = World::new().await;
    let camel = world.proposal("artifact");
    let first = world.add(&camel).await;
    let mut snake = camel.to_string();
    for (from, to) in [
        ("hashedRekordRequestV002", "hashed_rekord_request_v002"),
        ("publicKey", "public_key"),
        ("rawBytes", "raw_bytes"),
        ("keyDetails", "key_details"),
        ("=", ""),
    ] {
        let renamed = snake.replace(from, to);
        assert_ne!(renamed, snake, "{from}");
        snake = renamed;
    }
    let again = world.add(&serde_json::from_str(&snake).unwrap()).await;
    assert_eq!((again.index, again.body), (first.index, first.body));
}

/// ProtoJSON reads the numbers of an enumeration as well as its names; the entry has the name.
#[tokio::test]
async fn key_details_may_be_a_number() {
    let world = World::new().await;
    let by_name = world.proposal("artifact");
    let first = world.add(&by_name).await;
    let mut by_number = by_name.clone();
    let details = "/hashedRekordRequestV002/signature/verifier/keyDetails";
    *by_number.pointer_mut(details).unwrap() = json!(5);
    let again = world.add(&by_number).await;
    assert_eq!((again.index, again.body), (first.index, first.body));
    for other in [
        json!(0),
        json!(12),
        json!(19),
        json!(-5),
        json!(5.5),
        json!(true),
    ] {
        *by_number.pointer_mut(details).unwrap() = other.clone();
        assert_eq!(world.post(&by_number).await.status.as_u16(), 400, "{other}");
    }
}

/// These are checked on a thread of their own.
#[tokio::test]
async fn the_largest_curve_and_rsa_are_taken() {
    let world = World::new().await;
    for (kind, hash, name, details) in [
        (
            KeyType::EcdsaP521,
            HashAlgorithm::Sha512,
            "SHA2_512",
            "PKIX_ECDSA_P521_SHA_512",
        ),
        (
            KeyType::Rsa(2048),
            HashAlgorithm::Sha256,
            "SHA2_256",
            "PKIX_RSA_PKCS1V15_2048_SHA256",
        ),
    ] {
        let key = PrivateKey::generate(kind).unwrap();
        let signature = key.sign(b"artifact").unwrap();
        let digest = hash.digest(b"artifact");
        let request = proposal(digest.as_bytes(), &signature, key.public_key(), details);
        let entry = world.add(&request).await;
        assert_eq!(entry.body, canonical_body(&request, name).as_bytes());
        let other = hash.digest(b"another artifact");
        let fault = proposal(other.as_bytes(), &signature, key.public_key(), details);
        assert_eq!(world.post(&fault).await.status.as_u16(), 400, "{details}");
    }
}

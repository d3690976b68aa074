//! The two forms of a request, and the routes beside.

use serde_json::json;
use waxwing_crypto::{HashAlgorithm, sha256};
use waxwing_encoding::base64;
use waxwing_pki::Certificate;

use crate::bytes::{children, element};
use crate::world::{
    CERTIFICATE, JSON, NONCE, QUERY, SHA_256, SHA_384, SHA_512, World, imprint, query, signed_data,
    tst_info,
};

const POLICY: &[u8] = &[6, 3, 0x2a, 3, 4];

/// The places of TSTInfo: version, policy, imprint, serial number, time, accuracy, then the nonce if
/// there is one, and the authority's name.
fn fields(response: &[u8]) -> Vec<Vec<u8>> {
    let info = tst_info(response);
    children(&info).into_iter().map(<[u8]>::to_vec).collect()
}

#[tokio::test]
async fn the_nonce_is_given_back_if_there_is_one() {
    let world = World::new();
    let digest = sha256(b"signature");
    let without = world.stamp(QUERY, query(SHA_256, &digest, &[])).await;
    assert_eq!(fields(&without).len(), 7);
    let with = world.stamp(QUERY, query(SHA_256, &digest, &[NONCE])).await;
    assert_eq!(fields(&with).len(), 8);
    assert_eq!(fields(&with)[6], NONCE);
}

#[tokio::test]
async fn the_certificate_is_embedded_only_when_it_is_asked_for() {
    let world = World::new();
    let digest = sha256(b"signature");
    for asked in [&[][..], &[1, 1, 0]] {
        let response = world.stamp(QUERY, query(SHA_256, &digest, &[asked])).await;
        assert_eq!(signed_data(&response)[3], [0xa0, 0]);
    }
    let response = world
        .stamp(QUERY, query(SHA_256, &digest, &[CERTIFICATE]))
        .await;
    assert_eq!(
        signed_data(&response)[3],
        element(0xa0, &[world.leaf.der()])
    );
}

#[tokio::test]
async fn every_hash_of_sha_2_is_stamped() {
    let world = World::new();
    for (hash, algorithm, name) in [
        (SHA_256, HashAlgorithm::Sha256, "sha256"),
        (SHA_384, HashAlgorithm::Sha384, "sha384"),
        (SHA_512, HashAlgorithm::Sha512, "sha512"),
    ] {
        let digest = algorithm.digest(b"signature");
        let digest = digest.as_bytes();
        let response = world.stamp(QUERY, query(hash, digest, &[])).await;
        assert_eq!(fields(&response)[2], imprint(hash, digest), "{name}");
        // Without NULL means the same, and is answered with it.
        let bare = element(0x30, &[&element(0x30, &[hash]), &element(4, &[digest])]);
        let bare = element(0x30, &[&[2, 1, 1], &bare]);
        let response = world.stamp(QUERY, bare).await;
        assert_eq!(fields(&response)[2], imprint(hash, digest), "{name}");
        let json = json!({"artifactHash": base64::encode(digest), "hashAlgorithm": name});
        let response = world.stamp(JSON, json.to_string()).await;
        assert_eq!(fields(&response)[2], imprint(hash, digest), "{name}");
    }
}

#[tokio::test]
async fn the_policy_is_the_one_asked_for_or_sigstores() {
    let world = World::new();
    let digest = sha256(b"signature");
    let response = world.stamp(QUERY, query(SHA_256, &digest, &[])).await;
    let sigstore = [6, 9, 0x2b, 6, 1, 4, 1, 0x83, 0xbf, 0x30, 2];
    assert_eq!(fields(&response)[1], sigstore);
    let response = world.stamp(QUERY, query(SHA_256, &digest, &[POLICY])).await;
    assert_eq!(fields(&response)[1], POLICY);
}

#[tokio::test]
async fn a_request_in_json_means_the_same_as_in_der() {
    let world = World::new();
    let digest = sha256(b"signature");
    let json = json!({
        "artifactHash": base64::encode(&digest), "certificates": true, "hashAlgorithm": "sha256",
        "nonce": 0x8201_0203_0405_0607_u64, "tsaPolicyOID": "1.2.3.4",
    });
    let by_json = world.stamp(JSON, json.to_string()).await;
    let body = query(SHA_256, &digest, &[POLICY, NONCE, CERTIFICATE]);
    let by_der = world.stamp(QUERY, body.clone()).await;
    assert_eq!(tst_info(&by_json), tst_info(&by_der));
    assert_eq!(signed_data(&by_json)[..4], signed_data(&by_der)[..4]);
    let least = json!({"artifactHash": base64::encode(&digest), "hashAlgorithm": "sha256"});
    let by_json = world.stamp(JSON, least.to_string()).await;
    let least = world.stamp(QUERY, query(SHA_256, &digest, &[])).await;
    assert_eq!(tst_info(&by_json), tst_info(&least));
    assert_eq!(signed_data(&by_json)[..4], signed_data(&least)[..4]);
    // Parameters of the content type are nobody's business.
    let with_parameter = format!("{QUERY}; charset=binary");
    let response = world.stamp(&with_parameter, body).await;
    assert_eq!(tst_info(&response), tst_info(&by_der));
}

#[tokio::test]
async fn the_chain_is_served_leaf_first() {
    let world = World::new();
    let url = "http://tsa.test/api/v1/timestamp/certchain";
    let answer = world.client.get(url).await.unwrap();
    assert_eq!(answer.status.as_u16(), 200);
    let content_type = answer.header("content-type");
    assert_eq!(content_type, Some("application/pem-certificate-chain"));
    assert_eq!(
        answer.header("cache-control"),
        Some("max-age=86400, immutable")
    );
    let text = answer.text();
    assert_eq!(text, world.leaf.to_pem() + &world.root.to_pem());
    assert_eq!(Certificate::from_pem(&text).unwrap(), world.leaf);
}

#[tokio::test]
async fn it_answers_a_ping_with_a_dot() {
    let world = World::new();
    let answer = world.client.get("http://tsa.test/ping").await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "."));
}

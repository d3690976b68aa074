//! What clients are given to trust and to sign with, as it stands in JSON.

use serde_json::{Value, json};
use waxwing_crypto::{PublicKey, sha256, sha256_of_parts};
use waxwing_encoding::base64;
use waxwing_pki::Certificate;

use crate::surroundings::{SECOND, start};

const URL: &str = "http://waxwing.localhost:8123";

async fn trusted_root() -> Value {
    let instance = start(URL).await;
    serde_json::from_slice(&instance.trusted_root().to_json().unwrap()).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    base64::decode(value.as_str().unwrap()).unwrap()
}

/// The certificates of the only authority in a list.
fn certificates(authorities: &Value) -> Vec<Certificate> {
    assert_eq!(authorities.as_array().unwrap().len(), 1);
    let chain = authorities[0]["certChain"]["certificates"].as_array();
    let chain = chain.unwrap().iter();
    chain
        .map(|certificate| Certificate::from_der(&bytes(&certificate["rawBytes"])).unwrap())
        .collect()
}

#[tokio::test]
async fn it_has_the_version_and_the_lists_that_clients_look_for() {
    let root = trusted_root().await;
    assert_eq!(
        root["mediaType"],
        "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
    );
    for list in [
        "tlogs",
        "certificateAuthorities",
        "ctlogs",
        "timestampAuthorities",
    ] {
        assert_eq!(root[list].as_array().map(Vec::len), Some(1), "{list}");
    }
}

#[tokio::test]
async fn rekors_log_id_is_the_whole_hash_of_its_note_key() {
    let root = trusted_root().await;
    let log = &root["tlogs"][0];
    assert_eq!(log["baseUrl"], URL);
    assert_eq!(log["hashAlgorithm"], "SHA2_256");
    assert_eq!(log["publicKey"]["keyDetails"], "PKIX_ED25519");
    let key = PublicKey::from_spki_der(&bytes(&log["publicKey"]["rawBytes"])).unwrap();
    let hash = sha256_of_parts(&[b"waxwing.localhost\n\x01", key.bits()]);
    assert_eq!(bytes(&log["logId"]["keyId"]), hash);
}

#[tokio::test]
async fn the_ct_logs_id_is_the_hash_of_its_key() {
    let root = trusted_root().await;
    let log = &root["ctlogs"][0];
    assert_eq!(log["baseUrl"], format!("{URL}/ct"));
    assert_eq!(log["publicKey"]["keyDetails"], "PKIX_ECDSA_P256_SHA_256");
    let hash = sha256(&bytes(&log["publicKey"]["rawBytes"]));
    assert_eq!(bytes(&log["logId"]["keyId"]), hash);
}

/// A timestamp of this very second has no fraction, and must lie in the window all the same.
#[tokio::test]
async fn windows_begin_with_the_whole_second_and_have_no_end() {
    let root = trusted_root().await;
    for window in [
        &root["tlogs"][0]["publicKey"]["validFor"],
        &root["ctlogs"][0]["publicKey"]["validFor"],
        &root["certificateAuthorities"][0]["validFor"],
        &root["timestampAuthorities"][0]["validFor"],
    ] {
        assert_eq!(*window, json!({"start": SECOND}));
    }
    for list in ["certificateAuthorities", "timestampAuthorities"] {
        for certificate in certificates(&root[list]) {
            assert_eq!(certificate.not_before().to_string(), SECOND, "{list}");
        }
    }
}

/// sigstore-python refuses an authority without common name.
#[tokio::test]
async fn authorities_have_names_and_their_root_last() {
    let root = trusted_root().await;
    for (list, uri, name) in [
        ("certificateAuthorities", URL.to_owned(), "sigstore"),
        (
            "timestampAuthorities",
            format!("{URL}/api/v1/timestamp"),
            "sigstore-tsa-root",
        ),
    ] {
        let authority = &root[list][0];
        assert_eq!(authority["uri"], uri);
        let subject = json!({"organization": "waxwing.localhost", "commonName": name});
        assert_eq!(authority["subject"], subject);
        let chain = certificates(&root[list]);
        assert_eq!(chain.len(), 2);
        chain[0].verify_signature(chain[1].public_key()).unwrap();
        chain[1].verify_signature(chain[1].public_key()).unwrap();
        assert!(chain[1].is_authority());
    }
    assert!(certificates(&root["certificateAuthorities"])[0].is_authority());
    assert!(!certificates(&root["timestampAuthorities"])[0].is_authority());
}

#[tokio::test]
async fn no_two_instances_share_a_key() {
    let (one, two) = (trusted_root().await, trusted_root().await);
    for key in [
        "/tlogs/0/publicKey/rawBytes",
        "/ctlogs/0/publicKey/rawBytes",
        "/certificateAuthorities/0/certChain/certificates/0/rawBytes",
        "/timestampAuthorities/0/certChain/certificates/0/rawBytes",
    ] {
        assert!(one.pointer(key).is_some(), "{key}");
        assert_ne!(one.pointer(key), two.pointer(key), "{key}");
    }
}

#[tokio::test]
async fn the_signing_config_names_the_services_with_the_versions_that_clients_accept() {
    let instance = start(URL).await;
    let config = instance.signing_config().to_json().unwrap();
    let config: Value = serde_json::from_slice(&config).unwrap();
    for (list, url, version) in [
        ("caUrls", URL.to_owned(), 1),
        ("oidcUrls", format!("{URL}/oidc"), 1),
        ("rekorTlogUrls", URL.to_owned(), 2),
        ("tsaUrls", format!("{URL}/api/v1/timestamp"), 1),
    ] {
        let expected = json!([{
            "url": url, "majorApiVersion": version, "operator": "waxwing.localhost",
            "validFor": {"start": SECOND},
        }]);
        assert_eq!(config[list], expected, "{list}");
    }
}

//! A promise of a public tile log, from the public conformance cases: what it signed is what this log
//! would enter for the same certificate at the same place.

use std::path::PathBuf;

use serde_json::Value;
use waxwing_crypto::{PublicKey, SignatureAlgorithm};
use waxwing_encoding::base64;
use waxwing_pki::{Certificate, sct};

use crate::monitor::merkle_tree_leaf;
use crate::world::Promise;

fn decoded(value: &Value) -> Vec<u8> {
    base64::decode(value["rawBytes"].as_str().unwrap()).unwrap()
}

#[test]
fn what_a_public_tile_log_signed_is_the_leaf_that_is_made_here() {
    let Some(folder) = std::env::var_os("WAXWING_CONFORMANCE").map(PathBuf::from) else {
        let required = std::env::var_os("CI").is_some_and(|value| value == "true");
        assert!(!required, "CI=true, and WAXWING_CONFORMANCE is not set");
        println!("WAXWING_CONFORMANCE is not set: skipped");
        return;
    };
    let folder = folder.join("test/assets/bundle-verify/bundle-with-sct-with-extensions");
    let read = |name: &str| -> Value {
        serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap()
    };
    let (bundle, root) = (read("bundle.sigstore.json"), read("trusted_root.json"));
    let leaf = decoded(&bundle["verificationMaterial"]["certificate"]);
    let leaf = Certificate::from_der(&leaf).unwrap();
    let authorities = root["certificateAuthorities"].as_array().unwrap().iter();
    let mut issuers =
        authorities.flat_map(|one| one["certChain"]["certificates"].as_array().unwrap());
    let issuer = issuers.find_map(|certificate| {
        let issuer = Certificate::from_der(&decoded(certificate)).unwrap();
        let issued = leaf.verify_signature(issuer.public_key()).is_ok();
        issued.then_some(issuer)
    });
    let promise = sct::embedded(&leaf).unwrap().remove(0);
    let entry = sct::precertificate_entry(&leaf, issuer.unwrap().public_key()).unwrap();
    let promised = Promise {
        id: promise.log_id.to_vec(),
        timestamp: promise.timestamp,
        extensions: promise.extensions.clone(),
        signature: promise.signature.clone(),
    };
    assert_eq!(promised.index(), 0x70);
    let signed = merkle_tree_leaf(&promised, &entry);
    assert_eq!(signed.len(), 1919);
    let mut logs = root["ctlogs"].as_array().unwrap().iter();
    let key = logs.find_map(|log| {
        let key = PublicKey::from_spki_der(&decoded(&log["publicKey"])).unwrap();
        (key.sha256_of_spki() == promise.log_id).then_some(key)
    });
    let verify = |signed: &[u8]| {
        let algorithm = SignatureAlgorithm::EcdsaP256Sha256;
        let key = key.as_ref().unwrap();
        key.verify(algorithm, signed, &promise.signature)
    };
    assert_eq!(verify(&signed), Ok(()));
    let mut other = signed.clone();
    *other.last_mut().unwrap() ^= 1;
    assert!(verify(&other).is_err(), "the index is not signed");
    assert_eq!(
        sct::signed_bytes(promise.timestamp, &entry, &promise.extensions).unwrap(),
        signed
    );
}

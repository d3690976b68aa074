//! What each version of the bundle's format demands, cell by cell.

use serde_json::{Value, json};
use waxwing_model::bundle::{KeyMaterial, Version};
use waxwing_model::{Bundle, BundleError};

use crate::documents::{
    CERTIFICATES, V0_1, V0_2, V0_3, V0_3_OLD, bundle, envelope, good, raw, read, refused, rekor_v2,
    set, without,
};

const ALL: [&str; 4] = [V0_1, V0_2, V0_3_OLD, V0_3];
const ENTRIES: &str = "/verificationMaterial/tlogEntries";
const PROMISE: &str = "/verificationMaterial/tlogEntries/0/inclusionPromise";
const PROOF: &str = "/verificationMaterial/tlogEntries/0/inclusionProof";
const CHAIN: &str = "/verificationMaterial/x509CertificateChain";
const CERTIFICATE: &str = "/verificationMaterial/certificate";

#[test]
fn the_media_type_chooses_the_version_and_no_other_is_read() {
    for (media_type, version) in [
        (V0_1, Version::V0_1),
        (V0_2, Version::V0_2),
        (V0_3_OLD, Version::V0_3),
        (V0_3, Version::V0_3),
    ] {
        assert_eq!(good(&bundle(media_type)).version, version);
        assert_eq!(good(&envelope(media_type)).version, version);
    }
    for media_type in [
        "",
        "application/vnd.dev.sigstore.bundle+json",
        "application/vnd.dev.sigstore.bundle+json;version=0.4",
        "application/vnd.dev.sigstore.bundle+json; version=0.3",
        "application/vnd.dev.sigstore.bundle+json;version=0.30",
        "application/vnd.dev.sigstore.bundle.v0.1+json",
        "application/vnd.dev.sigstore.bundle.v0.2+json",
        "application/vnd.dev.sigstore.bundle.v0.4+json",
        "application/vnd.dev.sigstore.bundle.v0.3.0+json",
        "application/vnd.dev.sigstore.bundle.v1+json",
        "APPLICATION/vnd.dev.sigstore.bundle.v0.3+json",
        "application/vnd.dev.sigstore.bundle.v0.3+json ",
        "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    ] {
        let error = refused(
            &set(bundle(V0_3), "/mediaType", json!(media_type)),
            "media type",
        );
        assert!(matches!(error, BundleError::MediaType { found } if found == media_type));
    }
    let error = refused(
        &without(bundle(V0_3), "/mediaType"),
        "the media type is \"\"",
    );
    assert!(matches!(error, BundleError::MediaType { .. }));
}

#[test]
fn a_chain_stands_in_the_versions_before_3_and_a_certificate_in_3() {
    for media_type in [V0_1, V0_2] {
        let KeyMaterial::Certificate { leaf, chain } = good(&bundle(media_type)).key_material
        else {
            panic!("a certificate");
        };
        assert_eq!(
            (leaf, chain),
            (CERTIFICATES[0].clone(), vec![CERTIFICATES[1].clone()])
        );
        let certificate = set(without(bundle(media_type), CHAIN), CERTIFICATE, raw(0));
        let error = refused(
            &certificate,
            "the bundle has certificate; expected x509Certificate",
        );
        assert!(matches!(error, BundleError::Unsupported { .. }));
    }
    for media_type in [V0_3_OLD, V0_3] {
        let KeyMaterial::Certificate { leaf, chain } = good(&bundle(media_type)).key_material
        else {
            panic!("a certificate");
        };
        assert_eq!((leaf, chain), (CERTIFICATES[0].clone(), vec![]));
        let chain = json!({"certificates": [raw(0), raw(1)]});
        let chained = set(without(bundle(media_type), CERTIFICATE), CHAIN, chain);
        let error = refused(&chained, "x509CertificateChain; expected certificate");
        assert!(matches!(error, BundleError::Unsupported { .. }));
        // Unless it was asked for.
        let text = chained.to_string();
        let read = Bundle::from_json_with_chain(text.as_bytes()).unwrap();
        assert_eq!(read.certificate(), Some(&CERTIFICATES[0]));
        let plain = bundle(media_type).to_string();
        assert!(Bundle::from_json_with_chain(plain.as_bytes()).is_ok());
    }
}

#[test]
fn a_key_may_stand_in_every_version() {
    for media_type in ALL {
        let mut document = bundle(media_type);
        let material = document["verificationMaterial"].as_object_mut().unwrap();
        material.remove("certificate");
        material.remove("x509CertificateChain");
        refused(&document, "no certificate or publicKey");
        document["verificationMaterial"]["publicKey"] = json!({"hint": "mine"});
        let hint = "mine".to_owned();
        assert_eq!(
            good(&document).key_material,
            KeyMaterial::PublicKey { hint }
        );
    }
}

#[test]
fn only_one_key_material_and_only_one_content() {
    let key = json!({"hint": ""});
    let chain = json!({"certificates": [raw(0)]});
    for (media_type, pointer, value) in [
        (V0_3, "/verificationMaterial/publicKey", key.clone()),
        (V0_3, CHAIN, chain),
        (V0_1, "/verificationMaterial/publicKey", key),
        (V0_1, CERTIFICATE, raw(0)),
        (
            V0_3,
            "/dsseEnvelope",
            envelope(V0_3)["dsseEnvelope"].clone(),
        ),
        (V0_3, "/dsseEnvelope", json!({})),
    ] {
        let both = set(bundle(media_type), pointer, value);
        let error = refused(&both, "expected one of them");
        assert!(matches!(error, BundleError::Both { .. }));
        let asked = Bundle::from_json_with_chain(both.to_string().as_bytes());
        assert!(matches!(asked, Err(BundleError::Both { .. })));
    }
}

#[test]
fn a_promise_is_demanded_by_version_1_alone() {
    for media_type in ALL {
        let document = bundle(media_type);
        for absent in [
            without(document.clone(), PROMISE),
            set(document.clone(), PROMISE, Value::Null),
            set(document.clone(), PROMISE, json!({})),
            set(
                document.clone(),
                PROMISE,
                json!({"signedEntryTimestamp": ""}),
            ),
        ] {
            if media_type == V0_1 {
                let error = refused(&absent, "inclusionPromise, which version 0.1 demands");
                assert!(matches!(error, BundleError::Missing { .. }));
            } else {
                assert_eq!(good(&absent).entries[0].inclusion_promise, None);
            }
        }
        assert!(good(&document).entries[0].inclusion_promise.is_some());
        // Without entries there is nothing to promise.
        assert!(good(&set(document, ENTRIES, json!([]))).entries.is_empty());
    }
}

#[test]
fn a_proof_with_a_checkpoint_is_demanded_by_every_version_but_1() {
    let checkpoint = format!("{PROOF}/checkpoint");
    for media_type in ALL {
        let document = bundle(media_type);
        for (absent, words) in [
            (without(document.clone(), PROOF), "no inclusionProof"),
            (set(document.clone(), PROOF, json!({})), "no checkpoint"),
            (without(document.clone(), &checkpoint), "no checkpoint"),
            (
                set(document.clone(), &checkpoint, json!({})),
                "no checkpoint",
            ),
            (
                set(document.clone(), &checkpoint, json!({"envelope": ""})),
                "no checkpoint",
            ),
        ] {
            if media_type == V0_1 {
                assert_eq!(good(&absent).entries[0].inclusion_proof, None);
            } else {
                let error = refused(&absent, words);
                assert!(matches!(error, BundleError::Missing { .. }));
            }
        }
    }
}

#[test]
fn an_entry_of_rekor_v2_has_a_proof_and_neither_promise_nor_time_in_every_version() {
    for media_type in ALL {
        for kind in ["hashedrekord", "dsse"] {
            let document = set(bundle(media_type), ENTRIES, json!([rekor_v2()]));
            let pointer = format!("{ENTRIES}/0/kindVersion/kind");
            let document = set(document, &pointer, json!(kind));
            assert!(good(&document).entries[0].is_of_rekor_v2());
            refused(&without(document.clone(), PROOF), "no inclusionProof");
            let checkpoint = format!("{PROOF}/checkpoint");
            assert!(read(&without(document.clone(), &checkpoint)).is_err());
            for (pointer, value) in [
                (PROMISE, json!({"signedEntryTimestamp": "AAAA"})),
                (
                    "/verificationMaterial/tlogEntries/0/integratedTime",
                    json!("1"),
                ),
            ] {
                let error = refused(
                    &set(document.clone(), pointer, value),
                    "an inclusionPromise or integratedTime; expected an entry of Rekor v2",
                );
                assert!(matches!(error, BundleError::Unsupported { .. }));
            }
        }
    }
}

/// Nothing signs the version: under another name a document follows the other's rules and no fewer.
#[test]
fn a_relabelled_bundle_follows_the_rules_of_its_label() {
    let relabelled = |from: &str, to: &str| read(&set(bundle(from), "/mediaType", json!(to)));
    assert!(relabelled(V0_1, V0_2).is_ok());
    assert!(relabelled(V0_2, V0_1).is_ok());
    for (from, to) in [(V0_1, V0_3), (V0_2, V0_3), (V0_3, V0_1), (V0_3, V0_2)] {
        let error = relabelled(from, to).unwrap_err();
        assert!(matches!(error, BundleError::Unsupported { .. }), "{error}");
    }
}

//! The trusted root's own faults.

use serde_json::{Value, json};
use waxwing_encoding::base64;

use super::{fields, items};
use crate::vectors::Cases;
use crate::vectors::draft::Draft;

const ROOT: &str = "client specification, bundle checklist 18";

pub(super) fn add(cases: &mut Cases<'_>) {
    let kit = cases.kit;
    let good = Draft::message(kit);
    for (name, about, words, edit) in [
        (
            "root-media-type",
            "the trusted root is of an unknown version",
            "the media type is",
            (|root| {
                root["mediaType"] =
                    "application/vnd.dev.sigstore.trustedroot+json;version=0.9".into();
            }) as fn(&mut Value),
        ),
        (
            "root-log-without-start",
            "the trusted root does not say since when the log is trusted",
            "has no start of its validity",
            |root| root["tlogs"][0]["publicKey"]["validFor"] = json!({}),
        ),
        (
            "root-log-without-id",
            "the trusted root does not give the log's identifier",
            "has no logId",
            |root| {
                fields(&mut root["tlogs"][0]).remove("logId");
            },
        ),
        (
            "root-log-without-key",
            "the trusted root does not give the log's key",
            "has no publicKey",
            |root| {
                fields(&mut root["tlogs"][0]).remove("publicKey");
            },
        ),
        (
            "root-log-key-details",
            "the trusted root calls the log's Ed25519 key one of ECDSA",
            "which do not go with its key",
            |root| {
                root["tlogs"][0]["publicKey"]["keyDetails"] = "PKIX_ECDSA_P256_SHA_256".into();
            },
        ),
        (
            "root-certificate-cut-off",
            "a certificate of the trusted root's authority ends in its middle",
            "a certificate of the certificate authority",
            |root| {
                let certificate =
                    &mut root["certificateAuthorities"][0]["certChain"]["certificates"][0];
                let bytes = certificate["rawBytes"].as_str().map(base64::decode);
                if let Some(Ok(bytes)) = bytes {
                    certificate["rawBytes"] = base64::encode(&bytes[..100]).into();
                }
            },
        ),
        (
            "root-authority-without-certificates",
            "the trusted root's authority has no certificates",
            "has no certificates",
            |root| {
                root["certificateAuthorities"][0]["certChain"]["certificates"] = json!([]);
            },
        ),
    ] {
        cases.refused(name, ROOT, about, words, good.clone(), |bad| {
            bad.trusted_root_json(edit)
        });
    }
    cases.accepted(
        "root-unknown-key-details",
        "sigstore-rust: unknown keys of the trusted root must not poison the others",
        "the trusted root has a further log of an algorithm that nobody knows yet",
        good.trusted_root_json(|root| {
            let mut log = root["tlogs"][0].clone();
            log["baseUrl"] = "https://future.example".into();
            log["logId"]["keyId"] = base64::encode(&[9; 32]).into();
            log["publicKey"]["keyDetails"] = "PKIX_OF_THE_FUTURE".into();
            log["publicKey"]["rawBytes"] = base64::encode(b"a key of the future").into();
            items(&mut root["tlogs"]).push(log);
        }),
    );
}

//! What cosign once let pass, by the name under which it was reported: each is refused here, and the same
//! without its fault is not.

use std::fs;
use std::path::Path;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::{Value, json};
use waxwing_encoding::{base64, hex};

use super::older_log::{serve, trust_in_pieces};
use super::{AT_INSTANCE, Bench};
use crate::program::{printed, waxwing};

/// A vector's bundle whose log entry is one of Rekor v1, as a bundle of the old format.
fn older(vector: &str) -> Value {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    let bundle = fs::read(vectors.join(vector).join("bundle.sigstore.json")).unwrap();
    let bundle: Value = serde_json::from_slice(&bundle).unwrap();
    let material = &bundle["verificationMaterial"];
    let leaf = match &material["certificate"] {
        Value::Null => &material["x509CertificateChain"]["certificates"][0],
        leaf => leaf,
    };
    let leaf = base64::decode(leaf["rawBytes"].as_str().unwrap()).unwrap();
    let leaf = waxwing_encoding::pem::encode("CERTIFICATE", &leaf);
    let entry = &material["tlogEntries"][0];
    let number = |value: &Value| -> u64 { value.as_str().unwrap().parse().unwrap() };
    let log_id = base64::decode(entry["logId"]["keyId"].as_str().unwrap()).unwrap();
    json!({
        "base64Signature": bundle["messageSignature"]["signature"],
        "cert": base64::encode(leaf.as_bytes()),
        "rekorBundle": {
            "SignedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
            "Payload": {
                "body": entry["canonicalizedBody"],
                "integratedTime": number(&entry["integratedTime"]),
                "logIndex": number(&entry["logIndex"]),
                "logID": hex::encode(&log_id),
            },
        },
    })
}

/// Runs a line through ours and cosign 3.1.1, with trust in pieces; both must say the same.
#[track_caller]
fn both(bench: &Bench, line: &str, verifies: bool) -> String {
    let trust = trust_in_pieces();
    let theirs = bench.sid.program("usr/bin/cosign");
    let output = bench.run(&theirs, &[], line, &trust);
    let said = printed(&output);
    assert_eq!(output.status.success(), verifies, "cosign {line}: {said}");
    let output = bench.run(&waxwing(), &["cosign"], line, &trust);
    let said = printed(&output);
    assert_eq!(output.status.success(), verifies, "ours {line}: {said}");
    said
}

const OLDER: &str = "verify-blob --new-bundle-format=false --certificate-identity-regexp .* \
                     --certificate-oidc-issuer-regexp .*";

#[test]
fn ghsa_ccxc_vr6p_4858_and_whqx_f9j3_ch6m_an_entry_of_another_signature() {
    let Some(bench) = Bench::new() else { return };
    super::older_log::write_trust(&bench);
    let write = |name: &str, bundle: &Value| {
        fs::write(bench.path(name), bundle.to_string()).unwrap();
    };
    let (good, other) = (older("version-0.1"), older("entry-hashedrekord-v1"));
    write("good.json", &good);
    both(&bench, &format!("{OLDER} --bundle good.json blob"), true);
    // An entry that the same log has really promised, of another signature over the same file.
    let mut mixed = good.clone();
    mixed["rekorBundle"] = other["rekorBundle"].clone();
    assert_ne!(mixed, good);
    write("mixed.json", &mixed);
    let said = both(&bench, &format!("{OLDER} --bundle mixed.json blob"), false);
    assert!(said.contains("its signature differs"), "{said}");
    // The entry's signature with another certificate.
    let mut mixed = good;
    mixed["cert"] = other["cert"].clone();
    write("mixed.json", &mixed);
    both(&bench, &format!("{OLDER} --bundle mixed.json blob"), false);
}

#[test]
fn ghsa_8gw7_4j42_w388_a_bundle_of_another_signature_and_identities_that_nobody_looked_at() {
    let Some(bench) = Bench::new() else { return };
    super::older_log::write_trust(&bench);
    let good = older("version-0.1");
    fs::write(bench.path("good.json"), good.to_string()).unwrap();
    let signature = |name: &str, bundle: &Value| {
        let text = bundle["base64Signature"].as_str().unwrap();
        fs::write(bench.path(name), text).unwrap();
    };
    signature("good.sig", &good);
    signature("other.sig", &older("entry-hashedrekord-v1"));
    let line = format!("{OLDER} --bundle good.json");
    let own = format!("{line} --signature good.sig blob");
    bench.ours_with(&own, &trust_in_pieces());
    let other = format!("{line} --signature other.sig blob");
    let words = "the signature of --signature is not that of the bundle";
    bench.ours_refuses_with(&other, &trust_in_pieces(), words);
    let somebody_else = "verify-blob --new-bundle-format=false --certificate-identity nobody@example.com \
                         --certificate-oidc-issuer-regexp .* --bundle good.json blob";
    let said = both(&bench, somebody_else, false);
    assert!(said.contains("nobody@example.com"), "{said}");
    // A bundle that cannot be read is not passed over for what lies beside it.
    fs::write(bench.path("broken.json"), "{").unwrap();
    let broken = format!("{OLDER} --bundle broken.json --signature good.sig blob");
    bench.ours_refuses_with(&broken, &trust_in_pieces(), "no bundle of any format");
}

#[test]
fn ghsa_fx35_mq7g_6g98_a_key_that_a_bundle_brings_itself() {
    let Some(bench) = Bench::new() else { return };
    bench.ours("generate-key-pair");
    bench.ours("generate-key-pair --output-key-prefix other");
    let older = "--tlog-upload=false --new-bundle-format=false --yes";
    bench.ours(&format!(
        "sign-blob --key other.key {older} --bundle b.json blob"
    ));
    let mut bundle: Value = serde_json::from_slice(&bench.read("b.json")).unwrap();
    let key = bench.read("other.pub");
    bundle["cert"] = base64::encode(&key).into();
    fs::write(bench.path("own.json"), bundle.to_string()).unwrap();
    let verify = "verify-blob --insecure-ignore-tlog --new-bundle-format=false --bundle";
    bench.ours(&format!("{verify} b.json --key other.pub blob"));
    for key in ["cosign.pub", "other.pub"] {
        let line = format!("{verify} own.json --key {key} blob");
        // cosign 3.1.1 says `Verified OK` to both; should this fail one day, it has been mended.
        bench.theirs(&bench.sid, &line);
        bench.ours_refuses(
            &line,
            "the bundle's cert is a public key; expected a certificate",
        );
        bench.ours_refuses(&line, "take the member cert out of it");
    }
    // As the message says: without that key it is what it was.
    bundle.as_object_mut().unwrap().remove("cert");
    fs::write(bench.path("without.json"), bundle.to_string()).unwrap();
    bench.ours(&format!("{verify} without.json --key other.pub blob"));
    bench.ours_refuses(
        &format!("{verify} without.json --key cosign.pub blob"),
        "signature",
    );
    // Without --key there is nobody whom that key could stand for.
    let nobody = format!(
        "{verify} own.json --certificate-identity-regexp .* --certificate-oidc-issuer-regexp .*"
    );
    bench.ours_refuses(
        &format!("{nobody} blob"),
        "the bundle's cert is a public key; expected a certificate",
    );
}

#[test]
fn ghsa_vjxv_45g9_9296_and_w6c6_c85g_mmv6_a_statement_of_another_kind_in_both_formats() {
    let Some(bench) = Bench::new() else { return };
    bench.ours("generate-key-pair");
    fs::write(bench.path("predicate.json"), r#"{"a":1}"#).unwrap();
    let attest = "attest-blob --key cosign.key --tlog-upload=false --yes --predicate predicate.json \
                  --type https://example.com/kind --statement-version 0.1";
    bench.ours(&format!("{attest} --bundle new.json blob"));
    bench.ours(&format!(
        "{attest} --new-bundle-format=false --output-signature old.att blob"
    ));
    for evidence in [
        "--bundle new.json",
        "--new-bundle-format=false --signature old.att",
    ] {
        let line = |kind: &str| {
            format!(
                "verify-blob-attestation --key cosign.pub --insecure-ignore-tlog {evidence} --type {kind} blob"
            )
        };
        bench.ours(&line("https://example.com/kind"));
        bench.theirs(&bench.sid, &line("https://example.com/kind"));
        for other in ["https://example.com/kin", "custom"] {
            bench.ours_refuses(
                &line(other),
                "the statement is of the kind \"https://example.com/kind\"",
            );
            bench.theirs_refuses(&bench.sid, &line(other), "predicate type");
        }
    }
}

#[test]
fn pull_4666_a_short_lived_certificate_and_a_log_without_times_need_a_timestamp() {
    let Some(bench) = Bench::new() else { return };
    let running = bench.instance();
    let config = bench.read("data/client/signing_config.json");
    let mut config: Value = serde_json::from_slice(&config).unwrap();
    let members = config.as_object_mut().unwrap();
    members.remove("tsaUrls");
    members.remove("tsaConfig");
    fs::write(bench.path("no-tsa.json"), config.to_string()).unwrap();
    let sign = |config: &str| {
        AT_INSTANCE.replace("data/client/signing_config.json", config) + " --bundle b.json blob"
    };
    let line = format!("sign-blob {}", sign("no-tsa.json"));
    bench.ours_refuses(&line, "timestamp");
    bench.theirs_refuses(&bench.sid, &line, "timestamp");
    assert!(!bench.path("b.json").exists());
    bench.ours(&format!(
        "sign-blob {}",
        sign("data/client/signing_config.json")
    ));
    running.stop();
}

#[test]
fn pull_4636_and_4762_flags_of_which_one_would_be_passed_over() {
    let Some(bench) = Bench::new() else { return };
    bench.ours("generate-key-pair");
    bench.ours("sign-blob --key cosign.key --tlog-upload=false --bundle b.json blob");
    let verify = "verify-blob --key cosign.pub --insecure-ignore-tlog --bundle b.json";
    bench.ours(&format!("{verify} blob"));
    fs::write(bench.path("t.json"), r#"{"SignedRFC3161Timestamp":""}"#).unwrap();
    for (flags, words) in [
        (
            "--certificate-identity me@example.com",
            "exactly one of --key",
        ),
        ("--certificate-identity-regexp .*", "exactly one of --key"),
        (
            "--rfc3161-timestamp t.json --use-signed-timestamps",
            "--rfc3161-timestamp beside a bundle of the new format",
        ),
        (
            "--signature s",
            "--signature beside a bundle of the new format",
        ),
        (
            "--certificate c",
            "--certificate beside a bundle of the new format",
        ),
    ] {
        let line = format!("{verify} {flags} blob");
        bench.ours_refuses(&line, words);
        bench.theirs_refuses(&bench.sid, &line, "Error: ");
    }
}

#[test]
fn pull_4877_a_page_that_says_that_there_is_no_key() {
    let Some(bench) = Bench::new() else { return };
    bench.ours("generate-key-pair");
    bench.ours("sign-blob --key cosign.key --tlog-upload=false --bundle b.json blob");
    let key = bench.read("cosign.pub");
    let gone = key.clone();
    let router = Router::new()
        .route("/cosign.pub", get(async move || key.clone()))
        .route(
            "/gone.pub",
            get(async move || (StatusCode::GONE, gone.clone())),
        );
    let url = serve(router);
    let verify = |name: &str| {
        format!("verify-blob --key {url}/{name} --insecure-ignore-tlog --bundle b.json blob")
    };
    bench.ours(&verify("cosign.pub"));
    bench.theirs(&bench.sid, &verify("cosign.pub"));
    bench.ours_refuses(&verify("gone.pub"), "410");
    bench.theirs_refuses(&bench.sid, &verify("gone.pub"), "410");
}

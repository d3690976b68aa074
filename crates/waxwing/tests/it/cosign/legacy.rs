//! What was written before there were bundles of Sigstore's own format: both programs read it, and write it.

use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_pki::Certificate;
use waxwing_pki::sct::{self, AddChainResponse, SignedCertificateTimestamp};

use super::flags::fixture::certify;
use super::{Bench, chain_of};
use crate::program::{printed, waxwing};

#[test]
fn bundles_of_the_old_format_are_read_and_written_by_both() {
    let Some(bench) = Bench::new() else { return };
    bench.ours("generate-key-pair");
    let verify = "verify-blob --key cosign.pub --insecure-ignore-tlog --new-bundle-format=false";

    bench.theirs(
        &bench.trixie,
        "sign-blob --yes --key cosign.key --tlog-upload=false --bundle theirs.json blob",
    );
    bench.ours(&format!("{verify} --bundle theirs.json blob"));
    bench.ours_refuses(&format!("{verify} --bundle theirs.json other"), "signature");
    // The format is seen without being told.
    bench.ours("verify-blob --key cosign.pub --insecure-ignore-tlog --bundle theirs.json blob");

    bench.ours(
        "sign-blob --key cosign.key --tlog-upload=false --new-bundle-format=false --bundle ours.json blob",
    );
    for peer in [&bench.sid, &bench.trixie] {
        bench.theirs(peer, &format!("{verify} --bundle ours.json blob"));
        bench.theirs_refuses(
            peer,
            &format!("{verify} --bundle ours.json other"),
            "invalid signature",
        );
    }
}

#[test]
fn a_signature_by_itself_is_read_and_written_by_both() {
    let Some(bench) = Bench::new() else { return };
    bench.ours("generate-key-pair");
    let sign = "sign-blob --yes --key cosign.key --tlog-upload=false --output-signature";
    bench.theirs(&bench.trixie, &format!("{sign} theirs.sig blob"));
    bench.ours(&format!("{sign} ours.sig --new-bundle-format=false blob"));
    let verify =
        "verify-blob --key cosign.pub --insecure-ignore-tlog --new-bundle-format=false --signature";
    for signature in ["ours.sig", "theirs.sig"] {
        bench.ours(&format!("{verify} {signature} blob"));
        bench.ours_refuses(&format!("{verify} {signature} other"), "signature");
        for peer in [&bench.sid, &bench.trixie] {
            bench.theirs(peer, &format!("{verify} {signature} blob"));
            bench.theirs_refuses(
                peer,
                &format!("{verify} {signature} other"),
                "invalid signature",
            );
        }
    }
    // As the original has it, the signature itself may stand in the place of its file.
    let text = String::from_utf8(bench.read("ours.sig")).unwrap();
    bench.ours(&format!("{verify} {} blob", text.trim()));
}

#[test]
fn a_statement_of_the_old_format_is_read_and_written_by_both() {
    let Some(bench) = Bench::new() else { return };
    bench.ours("generate-key-pair");
    std::fs::write(bench.path("predicate.json"), r#"{"a":1}"#).unwrap();
    let attest =
        "attest-blob --yes --key cosign.key --tlog-upload=false --predicate predicate.json";
    bench.theirs(
        &bench.trixie,
        &format!("{attest} --output-signature theirs.sig blob"),
    );
    bench.ours(&format!(
        "{attest} --new-bundle-format=false --statement-version 0.1 --output-signature ours.sig blob"
    ));
    let verify = "verify-blob-attestation --key cosign.pub --insecure-ignore-tlog \
                  --new-bundle-format=false --signature";
    // The envelope and the bundle that it is of, side by side.
    let beside = "--new-bundle-format=false --statement-version 0.1 --bundle old.json --output-signature old.sig";
    bench.ours(&format!("{attest} {beside} blob"));
    bench.ours(&format!("{verify} old.sig --bundle old.json blob"));
    bench.ours_refuses(
        &format!("{verify} ours.sig --bundle old.json blob"),
        "the signature of --signature is not that of the bundle",
    );
    for signature in ["ours.sig", "theirs.sig"] {
        bench.ours(&format!("{verify} {signature} blob"));
        bench.ours_refuses(
            &format!("{verify} {signature} other"),
            "none of the statement's 1 subjects is the artifact",
        );
        bench.theirs(&bench.trixie, &format!("{verify} {signature} blob"));
        bench.theirs_refuses(
            &bench.trixie,
            &format!("{verify} {signature} other"),
            "no matching subject digest found",
        );
    }
}

#[test]
fn a_promise_beside_a_certificate_counts_where_none_is_in_it() {
    let Some(bench) = Bench::new() else { return };
    bench.ours("generate-key-pair");
    certify(&bench);
    bench.ours(
        "sign-blob --key cosign.key --tlog-upload=false --new-bundle-format=false --output-signature s blob",
    );
    let leaf = String::from_utf8(bench.read("leaf.pem")).unwrap();
    let leaf = Certificate::from_pem(&leaf).unwrap();
    let log = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    let write = |name: &str, text: &str| std::fs::write(bench.path(name), text).unwrap();
    write("log.pub", &log.public_key().to_pem());
    let timestamp = leaf.not_before().milliseconds() + 1000;
    let entry = sct::certificate_entry(&leaf).unwrap();
    let signed = sct::signed_bytes(timestamp, &entry, &[]).unwrap();
    let promise = SignedCertificateTimestamp {
        log_id: log.public_key().sha256_of_spki(),
        timestamp,
        extensions: Vec::new(),
        algorithm: [4, 3],
        signature: log.sign(&signed).unwrap(),
    };
    let mut response = AddChainResponse::from(&promise);
    write("sct.json", &serde_json::to_string(&response).unwrap());
    // The same promise at another time is not what the log has signed.
    response.timestamp += 1;
    write("other.json", &serde_json::to_string(&response).unwrap());
    let line = |more: &str| {
        format!(
            "verify-blob --insecure-ignore-tlog --new-bundle-format=false --certificate-identity me@example.com \
             --certificate-oidc-issuer-regexp .* --certificate leaf.pem --certificate-chain chain.pem \
             --signature s {more} blob"
        )
    };
    let trust = [("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE", "log.pub")];
    let (ours, theirs) = (waxwing(), bench.sid.program("usr/bin/cosign"));
    for (program, first) in [(&ours, &["cosign"][..]), (&theirs, &[])] {
        for (sct, verifies) in [
            ("--sct sct.json", true),
            ("--sct other.json", false),
            ("", false),
            ("--insecure-ignore-sct", true),
        ] {
            let output = bench.run(program, first, &line(sct), &trust);
            let said = printed(&output);
            assert_eq!(output.status.success(), verifies, "{sct}: {said}");
        }
    }
    bench.ours_refuses_with(&line("--sct blob"), &trust, "no SCT as a CT log answers it");
    let none = "the certificate has no list of signed certificate timestamps";
    bench.ours_refuses_with(&line(""), &trust, none);
    bench.ours_refuses_with(
        &line("--sct other.json"),
        &trust,
        "0 of 1 signed certificate timestamps verified",
    );
}

#[test]
fn a_timestamp_of_a_statement_is_over_all_of_its_envelope() {
    let Some(bench) = Bench::new() else { return };
    let running = bench.instance();
    bench.ours("generate-key-pair");
    std::fs::write(bench.path("predicate.json"), r#"{"a":1}"#).unwrap();
    let root: serde_json::Value =
        serde_json::from_slice(&bench.read("data/client/trusted_root.json")).unwrap();
    let chain = chain_of(&root["timestampAuthorities"][0]);
    std::fs::write(bench.path("tsa.pem"), chain).unwrap();
    let attest = |name: &str| {
        format!(
            "attest-blob --yes --key cosign.key --tlog-upload=false --predicate predicate.json \
             --timestamp-server-url {}/api/v1/timestamp --output-signature {name}.att \
             --rfc3161-timestamp-bundle {name}.tsr blob",
            running.url
        )
    };
    let older = "--use-signing-config=false --new-bundle-format=false --statement-version 0.1";
    bench.ours(&format!("{} {older}", attest("ours")));
    bench.theirs(&bench.trixie, &attest("theirs"));
    // cosign 3.1.1 stamps the signature alone, and refuses that itself.
    let older = "--use-signing-config=false --new-bundle-format=false";
    bench.theirs(&bench.sid, &format!("{} {older}", attest("newer")));
    let verify = |statement: &str, timestamp: &str| {
        format!(
            "verify-blob-attestation --key cosign.pub --insecure-ignore-tlog --new-bundle-format=false \
             --timestamp-certificate-chain tsa.pem --signature {statement}.att --rfc3161-timestamp \
             {timestamp}.tsr --type custom blob"
        )
    };
    for name in ["ours", "theirs"] {
        bench.ours(&verify(name, name));
        bench.theirs(&bench.sid, &verify(name, name));
        bench.theirs(&bench.trixie, &verify(name, name));
    }
    bench.ours(&verify("newer", "newer"));
    let words = "hashed messages don't match";
    bench.theirs_refuses(&bench.sid, &verify("newer", "newer"), words);
    let other = verify("ours", "theirs");
    bench.ours_refuses(&other, "0 of 1 trusted timestamps verified");
    bench.theirs_refuses(&bench.sid, &other, words);
    running.stop();
}

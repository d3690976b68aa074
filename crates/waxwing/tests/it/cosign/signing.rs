//! Signing without a key at an instance, by ours: every peer that verifies is convinced.

use waxwing_testkit::peers::{self, Case, Peer};

use super::{AT_INSTANCE, Bench, expected};
use crate::program::printed;

#[test]
fn what_ours_signs_without_a_key_convinces_every_peer_and_what_cosign_signs_convinces_ours() {
    let Some(bench) = Bench::new() else { return };
    let running = bench.instance();
    let signed = bench.ours(&format!("sign-blob {AT_INSTANCE} --output json blob"));
    let verdict: serde_json::Value = serde_json::from_slice(&signed.stdout).unwrap();
    assert_eq!(verdict["identity"], "me@example.com");
    assert_eq!(verdict["artifact"], "blob");
    assert!(
        !verdict["entries"].as_array().unwrap().is_empty(),
        "{verdict}"
    );
    bench.theirs(
        &bench.sid,
        &format!("sign-blob {AT_INSTANCE} --bundle theirs.json blob"),
    );
    let (artifact, trusted_root) = (
        bench.path("blob"),
        bench.path("data/client/trusted_root.json"),
    );
    let bundle = bench.path("blob.sigstore.json");
    let issuer = format!("{}/oidc", running.url);
    let case = Case {
        artifact: &artifact,
        bundle: &bundle,
        trusted_root: &trusted_root,
        identity: "me@example.com",
        issuer: &issuer,
    };
    let verifiers = [
        Peer::Cosign,
        Peer::SigstoreGo,
        Peer::SigstorePython,
        Peer::SigstoreJs,
    ];
    for peer in verifiers.into_iter().filter_map(peers::require) {
        peer.verify(&case).assert_accepted();
    }
    let expected = expected(&running);
    for bundle in ["blob.sigstore.json", "theirs.json"] {
        bench.ours(&format!("verify-blob {expected} --bundle {bundle} blob"));
        bench.ours_refuses(
            &format!("verify-blob {expected} --bundle {bundle} other"),
            "the signature over the artifact",
        );
    }
    running.stop();
}

#[test]
fn a_statement_of_ours_without_a_key_is_verified_by_cosign() {
    let Some(bench) = Bench::new() else { return };
    let running = bench.instance();
    std::fs::write(bench.path("predicate.json"), r#"{"a":1}"#).unwrap();
    bench.ours(&format!(
        "attest-blob {AT_INSTANCE} --predicate predicate.json --bundle a.json blob"
    ));
    let verify = format!(
        "verify-blob-attestation {} --bundle a.json",
        expected(&running)
    );
    bench.theirs(&bench.sid, &format!("{verify} --type custom blob"));
    bench.theirs_refuses(
        &bench.sid,
        &format!("{verify} --type custom other"),
        "provided artifact digests do not match digests in statement",
    );
    bench.ours(&format!("{verify} --type custom blob"));
    running.stop();
}

#[test]
fn keys_of_every_kind_get_a_certificate_and_sign() {
    let Some(bench) = Bench::new() else { return };
    let running = bench.instance();
    let verify = format!("verify-blob {} --bundle b.json blob", expected(&running));
    for algorithm in [
        "ecdsa-sha2-256-nistp256",
        "ecdsa-sha2-384-nistp384",
        "ecdsa-sha2-512-nistp521",
        "rsa-sign-pkcs1-2048-sha256",
    ] {
        bench.ours(&format!(
            "sign-blob {AT_INSTANCE} --signing-algorithm {algorithm} --bundle b.json blob"
        ));
        bench.theirs(&bench.sid, &verify);
        bench.ours(&verify);
    }
    bench.ours_refuses(
        &format!("sign-blob {AT_INSTANCE} --signing-algorithm dsa --bundle b.json blob"),
        "--signing-algorithm \"dsa\"",
    );
    running.stop();
}

#[test]
fn several_files_are_signed_and_verified_in_one_go_and_one_bad_file_is_named() {
    let Some(bench) = Bench::new() else { return };
    let running = bench.instance();
    bench.ours(&format!("sign-blob {AT_INSTANCE} blob other"));
    let verify = format!("verify-blob {} blob other", expected(&running));
    bench.ours(&verify);
    std::fs::copy(bench.path("blob"), bench.path("other")).unwrap();
    bench.ours_refuses(&verify, "other");
    // A pipe has no name to leave a bundle beside.
    bench.ours_refuses(
        &format!("sign-blob {AT_INSTANCE} -"),
        "must specify --bundle",
    );
    running.stop();
}

#[test]
fn a_key_is_logged_and_timestamped_at_an_instance() {
    let Some(bench) = Bench::new() else { return };
    let running = bench.instance();
    bench.ours("generate-key-pair");
    let at = AT_INSTANCE.replace("--identity-token token", "");
    bench.ours(&format!(
        "sign-blob --key cosign.key {at} --bundle ours.json blob"
    ));
    bench.theirs(
        &bench.sid,
        &format!("sign-blob --key cosign.key {at} --bundle theirs.json blob"),
    );
    let verify = "verify-blob --key cosign.pub --use-signed-timestamps --trusted-root \
                  data/client/trusted_root.json --bundle";
    for bundle in ["ours.json", "theirs.json"] {
        bench.ours(&format!("{verify} {bundle} blob"));
        bench.theirs(&bench.sid, &format!("{verify} {bundle} blob"));
        bench.ours_refuses(&format!("{verify} {bundle} other"), "signature");
    }
    // What no log has is refused where one is asked for.
    bench.ours("sign-blob --key cosign.key --tlog-upload=false --bundle alone.json blob");
    bench.ours_refuses(
        &format!("{verify} alone.json blob"),
        "0 of 1 transparency log entries verified",
    );
    running.stop();
}

#[test]
fn a_bundle_is_told_in_words() {
    let Some(bench) = Bench::new() else { return };
    let running = bench.instance();
    bench.ours(&format!("sign-blob {AT_INSTANCE} blob"));
    let told = printed(&bench.ours("bundle inspect blob.sigstore.json"));
    for words in [
        "me@example.com",
        "hashedrekord 0.0.2",
        "nothing here is verified",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    running.stop();
}

//! Each flag that asks for something changes what is accepted: without its fault the same line succeeds.

use std::fs;

use super::{AT_INSTANCE, Bench, expected};
use crate::program::printed;

#[test]
fn whom_to_expect_is_asked_for_and_may_be_a_pattern() {
    let Some(bench) = Bench::new() else { return };
    let running = bench.instance();
    bench.ours(&format!("sign-blob {AT_INSTANCE} blob"));
    let root = "--trusted-root data/client/trusted_root.json --use-signed-timestamps";
    let verify = |flags: &str| format!("verify-blob {root} {flags} blob");
    let issuer = format!("--certificate-oidc-issuer {}/oidc", running.url);
    let both = |line: &str| {
        bench.ours(line);
        bench.theirs(&bench.sid, &format!("{line} --bundle blob.sigstore.json"));
    };
    let neither = |line: &str, words: &str, theirs: &str| {
        bench.ours_refuses(line, words);
        bench.theirs_refuses(
            &bench.sid,
            &format!("{line} --bundle blob.sigstore.json"),
            theirs,
        );
    };
    both(&verify(&format!(
        "--certificate-identity me@example.com {issuer}"
    )));
    both(&verify(&format!(
        "--certificate-identity-regexp ^me@ {issuer}"
    )));
    both(&verify(
        "--certificate-identity me@example.com --certificate-oidc-issuer-regexp ^http://127",
    ));
    neither(
        &verify(&format!("--certificate-identity you@example.com {issuer}")),
        "me@example.com",
        "expected SAN value \"you@example.com\"",
    );
    neither(
        &verify(&format!("--certificate-identity-regexp ^you@ {issuer}")),
        "me@example.com",
        "expected SAN value to match regex",
    );
    neither(
        &verify(
            "--certificate-identity me@example.com --certificate-oidc-issuer https://x.example",
        ),
        "/oidc",
        "expected issuer value \"https://x.example\"",
    );
    neither(
        &verify("--certificate-identity me@example.com --certificate-oidc-issuer-regexp ^https"),
        "/oidc",
        "expected issuer value to match regex",
    );
    neither(
        &verify(&issuer),
        "--certificate-identity",
        "--certificate-identity or --certificate-identity-regexp is required",
    );
    neither(
        &verify("--certificate-identity me@example.com"),
        "--certificate-oidc-issuer",
        "--certificate-oidc-issuer or --certificate-oidc-issuer-regexp is required",
    );
    neither(
        &verify(&format!("--certificate-identity-regexp ( {issuer}")),
        "regular expression",
        "error parsing regexp",
    );
    neither(
        &verify(&format!(
            "--certificate-identity me@example.com {issuer} --certificate-github-workflow-name build"
        )),
        "build",
        "failed to verify certificate identity",
    );
    running.stop();
}

#[test]
fn proofs_are_asked_for_unless_they_are_ignored_by_name() {
    let Some(bench) = Bench::new() else { return };
    let running = bench.instance();
    bench.ours(&format!("sign-blob {AT_INSTANCE} blob"));
    let expected = expected(&running);
    // The same root without its CT logs, and without its transparency logs.
    let root: serde_json::Value =
        serde_json::from_slice(&bench.read("data/client/trusted_root.json")).unwrap();
    for (without, ignored, words, theirs) in [
        (
            "ctlogs",
            "--insecure-ignore-sct",
            "signed certificate timestamps",
            "failed to verify signed certificate timestamp",
        ),
        (
            "tlogs",
            "--insecure-ignore-tlog",
            "transparency log",
            "failed to verify log inclusion",
        ),
    ] {
        let mut root = root.clone();
        root.as_object_mut().unwrap().remove(without);
        fs::write(bench.path("less.json"), root.to_string()).unwrap();
        let verify = format!("verify-blob {expected} --bundle blob.sigstore.json blob");
        let verify = verify.replace("data/client/trusted_root.json", "less.json");
        bench.ours_refuses(&verify, words);
        bench.theirs_refuses(&bench.sid, &verify, theirs);
        let verify = format!("{verify} {ignored}");
        bench.ours(&verify);
        bench.theirs(&bench.sid, &verify);
    }
    running.stop();
}

#[test]
fn what_cannot_be_kept_is_refused_before_anything_is_signed() {
    let Some(bench) = Bench::new() else { return };
    bench.ours("generate-key-pair");
    let refused = [
        ("--sk", "no token is read here"),
        (
            "--rekor-url http://127.0.0.1:9 --signing-config x",
            "cannot specify service URLs",
        ),
        ("--timestamp-client-cert x", "--timestamp-client-key"),
        ("--certificate-chain x", "--certificate"),
    ];
    for (flags, words) in refused {
        bench.ours_refuses(
            &format!("sign-blob --key cosign.key --tlog-upload=false {flags} --bundle b.json blob"),
            words,
        );
        assert!(!bench.path("b.json").exists());
    }
    bench.ours("sign-blob --key cosign.key --tlog-upload=false --bundle b.json blob");
}

#[test]
fn a_variable_stands_for_a_flag_that_is_not_given() {
    let Some(bench) = Bench::new() else { return };
    bench.ours("generate-key-pair");
    bench.ours("generate-key-pair --output-key-prefix other");
    bench.ours("sign-blob --key cosign.key --tlog-upload=false --bundle b.json blob");
    let variables = |key| {
        [
            ("COSIGN_KEY", key),
            ("COSIGN_BUNDLE", "b.json"),
            ("COSIGN_INSECURE_IGNORE_TLOG", "true"),
        ]
    };
    let (ours, theirs) = (
        crate::program::waxwing(),
        bench.sid.program("usr/bin/cosign"),
    );
    for (program, first) in [(&ours, &["cosign"][..]), (&theirs, &[])] {
        for (line, key, verifies) in [
            ("verify-blob blob", "cosign.pub", true),
            ("verify-blob blob", "other.pub", false),
            // What is given counts.
            ("verify-blob --key cosign.pub blob", "other.pub", true),
            ("verify-blob --key other.pub blob", "cosign.pub", false),
            (
                "verify-blob --insecure-ignore-tlog=false blob",
                "cosign.pub",
                false,
            ),
        ] {
            let output = bench.run(program, first, line, &variables(key));
            let said = printed(&output);
            assert_eq!(output.status.success(), verifies, "{line} {key}: {said}");
        }
    }
}

#[test]
fn the_environment_is_told_without_its_secrets() {
    let Some(bench) = Bench::new() else { return };
    let (ours, theirs) = (
        crate::program::waxwing(),
        bench.sid.program("usr/bin/cosign"),
    );
    let variables = [("TUF_MIRROR", "https://tuf.example")];
    for (program, first) in [(&ours, &["cosign"][..]), (&theirs, &[])] {
        let env = |flags: &str| {
            let output = bench.run(program, first, &format!("env {flags}"), &variables);
            printed(&output)
        };
        let brief = env("--show-descriptions=false");
        assert!(
            brief.contains("TUF_MIRROR=https://tuf.example\n"),
            "{brief}"
        );
        assert!(brief.contains("COSIGN_PASSWORD=******\n"), "{brief}");
        assert!(!brief.contains("\n# "), "{brief}");
        let open = env("--show-descriptions=false --show-sensitive-values");
        assert!(
            open.contains(&format!("COSIGN_PASSWORD={}\n", super::PASSWORD)),
            "{open}"
        );
        assert!(env("").contains("# Expects: "), "{}", env(""));
    }
}

#[test]
fn a_token_is_asked_for_and_read_from_flag_file_and_variable() {
    let Some(bench) = Bench::new() else { return };
    let running = bench.instance();
    let at = AT_INSTANCE.replace("--identity-token token", "");
    let verify = format!("verify-blob {} --bundle b.json blob", expected(&running));
    let token = String::from_utf8(bench.read("token")).unwrap();
    bench.ours_with(
        &format!("sign-blob {at} --bundle b.json blob"),
        &[("SIGSTORE_ID_TOKEN", &token)],
    );
    bench.ours(&verify);
    bench.ours(&format!(
        "sign-blob {at} --identity-token {token} --bundle b.json blob"
    ));
    bench.ours(&verify);
    bench.ours_refuses(
        &format!("sign-blob {at} --identity-token blob --bundle c.json blob"),
        "token",
    );
    running.stop();
}

#[test]
fn a_key_on_a_hardware_token_is_refused_by_its_slot_before_anything_else() {
    let Some(bench) = Bench::new() else { return };
    bench.ours("generate-key-pair");
    fs::write(bench.path("predicate.json"), "{}").unwrap();
    let key = "--key cosign.key --tlog-upload=false --use-signing-config=false --bundle";
    bench.ours(&format!("sign-blob {key} b.json blob"));
    bench.ours(&format!(
        "attest-blob {key} s.json --predicate predicate.json blob"
    ));
    bench.ours(&format!(
        "sign-blob {key} old.json --new-bundle-format=false --output-signature blob.sig blob"
    ));
    let key = "--key cosign.pub --insecure-ignore-tlog";
    for line in [
        "sign-blob --key cosign.key --yes --tlog-upload=false --bundle again.json blob".to_owned(),
        "attest-blob --key cosign.key --yes --tlog-upload=false --predicate predicate.json --bundle again.json blob"
            .to_owned(),
        format!("verify-blob {key} --bundle b.json blob"),
        format!("verify-blob-attestation {key} --bundle s.json blob"),
        "public-key --key cosign.key".to_owned(),
        "bundle create --key cosign.pub --artifact blob --signature blob.sig --ignore-tlog --out again.json".to_owned(),
    ] {
        for (slot, named) in [("", "signature"), ("--slot authentication", "authentication")] {
            let words = format!("--sk asks for the key in slot \"{named}\" of a hardware token");
            bench.ours_refuses(&format!("{line} --sk {slot}"), &words);
            bench.ours_refuses(&format!("{line} --sk {slot}"), "give the key by --key");
            assert!(!bench.path("again.json").exists());
        }
        bench.ours(&format!("{line} --sk=false --slot authentication"));
        // It may be there from the one that was accepted.
        let _ = fs::remove_file(bench.path("again.json"));
    }
    // Those of Debian have no tokens either, and say so where they look for one.
    for peer in [&bench.sid, &bench.trixie] {
        bench.theirs_refuses(
            peer,
            "public-key --sk --slot authentication",
            "opening piv token",
        );
    }
}

#[test]
fn a_variable_that_is_no_value_of_its_flag_is_refused() {
    let Some(bench) = Bench::new() else { return };
    bench.ours("generate-key-pair");
    // Nobody is at the log: who wants to go there fails.
    let sign =
        "sign-blob --yes --key cosign.key --rekor-url http://127.0.0.1:9 --bundle b.json blob";
    let newer = "--use-signing-config=false --new-bundle-format=false";
    let variable = |value| [("COSIGN_TLOG_UPLOAD", value)];
    for (peer, more) in [(&bench.sid, newer), (&bench.trixie, "")] {
        let program = peer.program("usr/bin/cosign");
        for (value, signs) in [
            ("false", true),
            ("true", false),
            ("", false),
            ("perhaps", true),
        ] {
            let output = bench.run(&program, &[], &format!("{sign} {more}"), &variable(value));
            // What it cannot read it takes for false, and signs into no log.
            assert_eq!(
                output.status.success(),
                signs,
                "{value}: {}",
                printed(&output)
            );
        }
    }
    let ours = format!("{sign} {newer}");
    bench.ours_with(&ours, &variable("false"));
    for value in ["true", ""] {
        bench.ours_refuses_with(&ours, &variable(value), "127.0.0.1:9");
    }
    let words = "invalid value 'perhaps' for '--tlog-upload";
    bench.ours_refuses_with(&ours, &variable("perhaps"), words);
    let words = "The value of --tlog-upload is that of the variable COSIGN_TLOG_UPLOAD.";
    bench.ours_refuses_with(&ours, &variable("perhaps"), words);
}

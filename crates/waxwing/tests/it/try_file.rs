//! `waxwing try FILE` as a person sees it.

use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::program::{IDENTITY, ISSUER, Tried, printed, run, waxwing};

/// Times and digests differ from run to run.
fn settled(text: &str) -> String {
    let mut settled = String::new();
    for line in text.lines() {
        let digit = |character: char| character.is_ascii_digit() || character == '.';
        let line = match line.split_once(" ms") {
            Some((before, after)) => format!("{}{after}", before.trim_end_matches(digit)),
            None => line.to_owned(),
        };
        let words = line.split(' ').map(|word| {
            let digits = word.bytes().filter(u8::is_ascii_digit).count();
            match word {
                word if word.starts_with("sha256:") => "sha256:…",
                word if word.ends_with('Z') && digits == 14 => "<time>",
                word if digits == 2 && word.len() == 2 => "NN",
                word => word,
            }
        });
        settled.push_str(words.collect::<Vec<_>>().join(" ").trim_end());
        settled.push('\n');
    }
    settled
}

#[test]
fn the_steps_are_told_and_the_command_that_verifies() {
    let tried = Tried::new();
    let stderr = String::from_utf8(tried.output.stderr.clone()).unwrap();
    insta::assert_snapshot!(settled(&stderr));
    let stdout = String::from_utf8_lossy(&tried.output.stdout);
    insta::assert_snapshot!(stdout, @"cosign verify-blob --bundle artifact.txt.sigstore.json --trusted-root artifact.txt.trusted_root.json --use-signed-timestamps --certificate-identity you@waxwing.localhost --certificate-oidc-issuer http://waxwing.localhost/oidc artifact.txt");
}

#[test]
fn the_command_that_is_printed_verifies_by_the_name_of_cosign_and_as_a_subcommand() {
    let tried = Tried::new();
    let stdout = String::from_utf8(tried.output.stdout.clone()).unwrap();
    let words: Vec<&str> = stdout.split_whitespace().collect();
    let (program, arguments) = words.split_first().unwrap();
    assert_eq!(*program, "cosign");

    let link = tried.path("cosign");
    symlink(waxwing(), &link).unwrap();
    let by_name = run(&link, tried.folder.path(), arguments);
    assert_eq!(
        (by_name.status.code(), printed(&by_name)),
        (Some(0), "Verified OK\n".into())
    );
    let by_subcommand = run(&waxwing(), tried.folder.path(), &words);
    assert_eq!(printed(&by_subcommand), "Verified OK\n");

    // Without --bundle the one beside the file is taken.
    let mut without = arguments.to_vec();
    let place = without.iter().position(|word| *word == "--bundle").unwrap();
    without.drain(place..place + 2);
    let by_file = run(&link, tried.folder.path(), &without);
    assert_eq!(printed(&by_file), "Verified OK\n");
    let beside = tried.path("artifact.txt.sigstore.json");
    std::fs::rename(&beside, tried.path("elsewhere")).unwrap();
    let refused = printed(&run(&link, tried.folder.path(), &without));
    assert!(
        refused.contains("no bundle: --bundle names none"),
        "{refused}"
    );
    std::fs::rename(tried.path("elsewhere"), &beside).unwrap();

    std::fs::write(tried.artifact(), b"another artifact\n").unwrap();
    let refused = run(&link, tried.folder.path(), arguments);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        printed(&refused).contains("the signature over the artifact"),
        "{}",
        printed(&refused)
    );
}

#[test]
fn another_identity_or_issuer_is_refused_by_name() {
    let tried = Tried::new();
    let verify = |identity: &str, issuer: &str| {
        let arguments = [
            "cosign",
            "verify-blob",
            "--bundle=artifact.txt.sigstore.json",
            "--trusted-root=artifact.txt.trusted_root.json",
            &format!("--certificate-identity={identity}"),
            &format!("--certificate-oidc-issuer={issuer}"),
            "artifact.txt",
        ];
        printed(&run(&waxwing(), tried.folder.path(), arguments))
    };
    assert_eq!(verify(IDENTITY, ISSUER), "Verified OK\n");
    let other = verify("me@waxwing.localhost", ISSUER);
    assert!(
        other.contains("the subject is \"you@waxwing.localhost\", expected"),
        "{other}"
    );
    let other = verify(IDENTITY, "http://waxwing.localhost");
    assert!(
        other.contains("the issuer is \"http://waxwing.localhost/oidc\", expected"),
        "{other}"
    );
    let empty = verify("", ISSUER);
    assert!(
        empty.contains("nobody is named who must have signed"),
        "{empty}"
    );
}

#[test]
fn the_result_in_json_says_where_everything_is() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), b"").unwrap();
    let arguments = [
        "try",
        "--output",
        "json",
        "--as",
        "someone@example.com",
        "a",
    ];
    let output = run(&waxwing(), folder.path(), arguments);
    assert!(output.status.success(), "{}", printed(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["verified"], true);
    assert_eq!(report["identity"], "someone@example.com");
    assert_eq!(report["log_index"], 1);
    assert_eq!(report["bundle"], "a.sigstore.json");
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(report["sha256"], empty);
    assert_eq!(report["verify_command"][0], "cosign");
}

#[test]
fn what_cannot_be_done_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a"), b"").unwrap();
    for (arguments, words) in [
        (&["try", "missing"][..], "opening missing"),
        (
            &["try", "--as", "nobody", "a"],
            "the email \"nobody\" is not an ASCII address",
        ),
        (&["try", "-as", "b@c.d", "a"], "long flags have two dashes"),
        (&["try"], "required arguments"),
    ] {
        let output = run(&waxwing(), folder.path(), arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(
            printed(&output).contains(words),
            "{arguments:?}: {}",
            printed(&output)
        );
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "{arguments:?}"
        );
    }
}

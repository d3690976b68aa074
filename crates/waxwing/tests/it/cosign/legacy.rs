//! What was written before there were bundles of Sigstore's own format: both programs read it, and write it.

use super::Bench;

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

//! Which flags are said to be deprecated, and when: beside the real cosign. Values are in `flags`.

use std::process::Output;

use super::Bench;
use crate::program::{printed, waxwing};

/// The flags that are told of, in order.
fn told(output: &Output) -> Vec<String> {
    let said = printed(output);
    let lines = said.lines().filter_map(|line| {
        let (flag, advice) = line
            .strip_prefix("Flag --")?
            .split_once(" has been deprecated, ")?;
        assert!(!advice.is_empty(), "{line}");
        Some(flag.to_owned())
    });
    lines.collect()
}

#[test]
fn a_flag_is_told_of_where_it_is_given_and_a_variable_never() {
    let Some(bench) = Bench::new() else { return };
    let sid = bench.sid.program("usr/bin/cosign");
    let sign = "sign-blob --use-signing-config=false --key nokey --bundle b.json blob";
    let verify = "verify-blob --key nokey blob";
    let with = |line: &str, flags: &str| format!("{line} {flags}");
    for (line, variables, expected) in [
        (with(sign, ""), &[][..], &[][..]),
        // The value that it has anyhow.
        (with(sign, "--tlog-upload=true"), &[], &["tlog-upload"]),
        (
            with(sign, "--rekor-url https://rekor.sigstore.dev"),
            &[],
            &["rekor-url"],
        ),
        (
            with(sign, "--new-bundle-format"),
            &[],
            &["new-bundle-format"],
        ),
        (with(verify, "--offline=false"), &[], &["offline"]),
        // In the order of the command line, not that of the table.
        (
            with(sign, "--tlog-upload=false --output x --b64 --fulcio-url y"),
            &[],
            &["tlog-upload", "output", "b64", "fulcio-url"],
        ),
        (
            with(sign, "--fulcio-url y --b64 -tlog-upload=false"),
            &[],
            &["fulcio-url", "b64", "tlog-upload"],
        ),
        // By the names that they have today.
        (
            with("verify-blob blob", "--cert-chain x --cert y"),
            &[],
            &["certificate-chain", "certificate"],
        ),
        (with(sign, "--output-cert x"), &[], &["output-certificate"]),
        // Another command's flag is no flag of this one's table.
        (with(sign, "--certificate x"), &[], &[]),
        (
            "trusted-root create --ctfe-url x".to_owned(),
            &[],
            &["ctfe-url"],
        ),
        (
            "bundle create --artifact blob --rekor-url x".to_owned(),
            &[],
            &["rekor-url"],
        ),
        ("bundle upgrade none --rekor-url x".to_owned(), &[], &[]),
        // Variables.
        (
            with(sign, ""),
            &[("COSIGN_TLOG_UPLOAD", "false"), ("COSIGN_B64", "false")],
            &[],
        ),
        (
            with(verify, ""),
            &[("COSIGN_OFFLINE", "true"), ("COSIGN_SCT", "x")],
            &[],
        ),
        (
            with(sign, "--b64"),
            &[("COSIGN_TLOG_UPLOAD", "false"), ("COSIGN_B64", "false")],
            &["b64"],
        ),
        // A line that is not understood.
        (with(sign, "--tlog-upload=true --nonsense"), &[], &[]),
        (with(sign, "--tlog-upload=nonsense"), &[], &[]),
    ] {
        for (program, first) in [(&sid, &[][..]), (&waxwing(), &["cosign"])] {
            let output = bench.run(program, first, &line, variables);
            let program = program.display();
            assert_eq!(
                told(&output),
                expected,
                "{program} {line}: {}",
                printed(&output)
            );
        }
        // What is not deprecated yet is not told of.
        let older = line.replace("--use-signing-config=false ", "");
        let trixie = bench.trixie.program("usr/bin/cosign");
        let output = bench.run(&trixie, &[], &older, variables);
        assert_eq!(told(&output), [""; 0], "{line}");
    }
}

#[test]
fn what_is_told_differs_in_two_places() {
    let Some(bench) = Bench::new() else { return };
    let sid = bench.sid.program("usr/bin/cosign");
    let ours = waxwing();
    let run = |program, first, line: &str| bench.run(program, first, line, &[]);
    // A flag that is given twice is told of once.
    let twice = "verify-blob --key nokey blob --offline --offline=false";
    assert_eq!(told(&run(&sid, &[], twice)), ["offline", "offline"]);
    assert_eq!(told(&run(&ours, &["cosign"], twice)), ["offline"]);
    // The results in JSON are an addition of ours, and so nothing to leave.
    let json =
        "sign-blob --use-signing-config=false --key nokey --bundle b.json blob --output json";
    assert_eq!(told(&run(&sid, &[], json)), ["output"]);
    assert_eq!(told(&run(&ours, &["cosign"], json)), [""; 0]);
}

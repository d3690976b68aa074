//! A whole process that verifies one bundle, beside one that does nothing.
//!
//! ```text
//! cargo bench -p waxwing --bench process
//! ```
//!
//! What lies between them is everything: loading the program, reading four files, seven signatures.
#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]
#![expect(clippy::print_stdout, reason = "a bench prints what it found")]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use waxwing_encoding::time::UnixTime;
use waxwing_testkit::virtual_sigstore::{IDENTITY, ISSUER, VirtualSigstore};

const ARTIFACT: &[u8] = b"a small artifact";

const RUNS: usize = 200;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let sigstore = VirtualSigstore::new(UnixTime::parse("2026-06-01T12:00:00Z").unwrap());
    for (name, content) in [
        ("artifact", ARTIFACT.to_vec()),
        ("bundle", sigstore.bundle(ARTIFACT, None).to_json().unwrap()),
        ("trusted_root", sigstore.trusted_root().to_json().unwrap()),
    ] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    let mut verify = Command::new(env!("CARGO_BIN_EXE_waxwing"));
    verify
        .args(["conformance", "verify-bundle", "--bundle", "bundle"])
        .args(["--trusted-root", "trusted_root"])
        .args(["--certificate-identity", IDENTITY])
        .args(["--certificate-oidc-issuer", ISSUER])
        .arg("artifact")
        .current_dir(folder.path());
    let mut empty = Command::new("true");
    let (mut verifying, mut doing_nothing) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        verifying.push(timed(&mut verify));
        doing_nothing.push(timed(&mut empty));
    }
    let (verifying, doing_nothing) = (median(verifying), median(doing_nothing));
    println!(
        "verify-bundle {verifying:?}, an empty process {doing_nothing:?}, above it {:?}",
        verifying.saturating_sub(doing_nothing)
    );
}

/// Runs it; the answer is checked.
fn timed(command: &mut Command) -> Duration {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let status = quiet.status().unwrap();
    let took = began.elapsed();
    assert!(status.success());
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

//! A file of 4 GiB is signed and verified in the memory of a small one.

use std::fs::File;
use std::process::Command;

use crate::program::{IDENTITY, ISSUER, printed, waxwing};

/// Address space that the program gets, in KiB: a sixteenth of the file.
const LIMIT: &str = "262144";

#[test]
fn four_gibibytes_in_constant_memory() {
    let folder = tempfile::tempdir().unwrap();
    // Of zeros that take no room on the disk; they are hashed like any others.
    let file = File::create(folder.path().join("large")).unwrap();
    file.set_len(4 << 30).unwrap();
    let run = |arguments: &[&str]| {
        Command::new("sh")
            .args(["-c", "ulimit -v \"$0\" && exec \"$@\"", LIMIT])
            .arg(waxwing())
            .args(arguments)
            .current_dir(folder.path())
            .env_clear()
            .output()
            .unwrap()
    };
    let tried = run(&["try", "large"]);
    assert!(tried.status.success(), "{}", printed(&tried));
    let verify = |artifact| {
        run(&[
            "conformance",
            "verify-bundle",
            "--bundle=large.sigstore.json",
            "--trusted-root=large.trusted_root.json",
            "--certificate-identity",
            IDENTITY,
            "--certificate-oidc-issuer",
            ISSUER,
            artifact,
        ])
    };
    let verified = verify("large");
    assert!(verified.status.success(), "{}", printed(&verified));
    // One byte less is another file.
    file.set_len((4 << 30) - 1).unwrap();
    let refused = printed(&verify("large"));
    assert!(
        refused.contains("the signature over the artifact"),
        "{refused}"
    );
}

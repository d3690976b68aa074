//! The commands of `docs/fulcio.md`, as an operator would paste them.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use waxwing_testkit::peers::{self, Peer};

use crate::operating::commands;
use crate::program::{printed, run, waxwing};

#[test]
fn an_operator_gets_from_openssl_to_a_fulcio_that_has_changed_its_key() {
    let Some(cosign) = peers::require(Peer::Cosign) else {
        return;
    };
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/fulcio.md");
    let commands = commands(&fs::read_to_string(page).unwrap());
    assert_eq!(commands.matches("fulcio serve").count(), 1, "{commands}");
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let installed = run(&waxwing(), folder, ["install", "bin"]);
    assert!(installed.status.success(), "{}", printed(&installed));
    // The real cosign, and ours under its own name.
    fs::remove_file(folder.join("bin/cosign")).unwrap();
    let free = [(); 4].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let free = free.map(|free| free.local_addr().unwrap().port().to_string());
    let mut script =
        format!("set -eu\ntrap 'kill $UP $FULCIO 2>/dev/null || true' EXIT\n{commands}");
    for (port, free) in ["4747", "5555", "5554", "2112"].into_iter().zip(&free) {
        script = script.replace(port, free);
    }
    let directory = |path: &Path| path.parent().unwrap().display().to_string();
    let path = [
        directory(&waxwing()),
        folder.join("bin").display().to_string(),
        directory(&cosign.program("usr/bin/cosign")),
        "/usr/bin:/bin".to_owned(),
    ];
    let output = Command::new("/bin/sh")
        .args(["-c", &script])
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("PATH", path.join(":"))
        .output()
        .unwrap();
    let said = printed(&output);
    assert!(output.status.success(), "{said}");
    for expected in [
        "listening on grpc at 127.0.0.1:",
        "Verified OK",
        "CN = second",
        "\tINFO\tstopped",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

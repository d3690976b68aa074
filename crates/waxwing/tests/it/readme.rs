//! The commands of the README, as a reader would paste them.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::operating::commands;
use crate::program::{printed, waxwing};

#[test]
fn a_reader_signs_and_verifies_with_and_without_keys_online_and_offline() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, tour) = page.split_once("## Signing files").unwrap();
    let commands = commands(tour);
    assert_eq!(
        commands.matches("cosign verify-blob").count(),
        5,
        "{commands}"
    );
    // A port that nobody has, in the place of the one that is usual.
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let commands = commands.replace(
        "waxwing up --data instance",
        &format!("waxwing up --data instance --listen {free}"),
    );
    let script = format!("set -eu\ntrap 'kill $! 2>/dev/null || true' EXIT\n{commands}");
    let folder = tempfile::tempdir().unwrap();
    let program = waxwing();
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    let output = Command::new("/bin/sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .env("COSIGN_PASSWORD", "correct horse")
        .env("PATH", path)
        .output()
        .unwrap();
    let said = printed(&output);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("Verified OK").count(), 5, "{said}");
    assert!(said.contains("Offline: trusting"), "{said}");
}

//! The commands of `docs/operating.md`, as an operator would paste them.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use waxwing_testkit::peers::{self, Peer};

use crate::program::{printed, waxwing};

/// What stands in the blocks of a shell, in their order.
pub(crate) fn commands(page: &str) -> String {
    let mut blocks = page.split("```sh\n").skip(1);
    let mut commands = String::new();
    blocks.by_ref().for_each(|block| {
        let (block, _) = block.split_once("```").unwrap();
        commands.push_str(block);
    });
    commands
}

#[test]
fn an_operator_gets_from_nothing_to_an_instance_that_is_looked_after() {
    let (Some(cosign), Some(sigstore)) = (
        peers::require(Peer::Cosign),
        peers::require(Peer::SigstorePython),
    ) else {
        return;
    };
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operating.md");
    let page = std::fs::read_to_string(page).unwrap();
    let free = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [port, metrics] = free.map(|free| free.local_addr().unwrap().port().to_string());
    let commands = commands(&page);
    assert_eq!(commands.matches("waxwing up").count(), 5, "{commands}");
    // The instance is ended however the rest ends.
    let script = format!("set -eu\ntrap 'kill $! 2>/dev/null' EXIT\n{commands}");
    let script = script.replace("4747", &port).replace("2112", &metrics);
    let folder = tempfile::tempdir().unwrap();
    let directory = |path: &Path| path.parent().unwrap().display().to_string();
    let path = [
        directory(&waxwing()),
        directory(&cosign.program("usr/bin/cosign")),
        directory(&sigstore.program("bin/sigstore")),
        "/usr/bin:/bin".to_owned(),
    ];
    let output = Command::new("/bin/sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .env("PATH", path.join(":"))
        .output()
        .unwrap();
    let said = printed(&output);
    assert!(output.status.success(), "{said}");
    for expected in [
        "Ready in ",
        "Verified OK",
        "alice\talice@example.com",
        "The settings are good",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let backup = folder.path().join("backup/logs/rekor-log-2/checkpoint");
    assert!(backup.exists(), "{said}");
}

//! The commands of `docs/timestamp.md`, as an operator would paste them.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use waxwing_testkit::peers::openssl;

use crate::operating::commands;
use crate::program::{printed, waxwing};

#[test]
fn an_operator_gets_from_nothing_to_an_authority() {
    if openssl::require().is_none() {
        return;
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/timestamp.md");
    let commands = commands(&std::fs::read_to_string(page).unwrap());
    assert_eq!(commands.matches("timestamp-server serve").count(), 2);
    let free = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [port, metrics] = free.map(|free| free.local_addr().unwrap().port().to_string());
    // The servers are ended however the rest ends.
    let script = format!("set -eum\ntrap 'kill $! 2>/dev/null || true' EXIT\n{commands}");
    let script = script.replace("3000", &port).replace("2112", &metrics);
    // Days are no ports.
    let script = script.replace(&format!("-days {port}"), "-days 3000");
    let folder = tempfile::tempdir().unwrap();
    let program = waxwing();
    let directory = program.parent().unwrap().display();
    let output = Command::new("/bin/bash")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .env("PATH", format!("{directory}:/usr/bin:/bin"))
        .output()
        .unwrap();
    let said = printed(&output);
    assert!(output.status.success(), "{said}");
    let verified = "Successfully verified timestamp response.tsr";
    assert_eq!(said.matches(verified).count(), 2, "{said}");
    for expected in [
        "Policy:        1.3.6.1.4.1.57264.2",
        "code=\"200\",path=\"/api/v1/timestamp\",method=\"POST\"} 1",
        "Verification: OK",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

//! The commands of `docs/operating.md`, as an operator would paste them.

use waxwing_testkit::peers::{self, Peer};

use crate::page;

#[test]
fn an_operator_gets_from_nothing_to_an_instance_that_is_looked_after() {
    let (Some(cosign), Some(sigstore)) = (
        peers::require(Peer::Cosign),
        peers::require(Peer::SigstorePython),
    ) else {
        return;
    };
    let commands = page::commands(&page::read("docs/operating.md"));
    assert_eq!(commands.matches("waxwing up").count(), 5, "{commands}");
    let commands = page::on_free_ports(&commands, ["4747", "2112"]);
    let folder = tempfile::tempdir().unwrap();
    let programs = [
        cosign.program("usr/bin/cosign"),
        sigstore.program("bin/sigstore"),
    ];
    let said = page::run(folder.path(), page::SHELL, &commands, "$!", &programs);
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

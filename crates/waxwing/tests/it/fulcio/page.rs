//! The commands of `docs/fulcio.md`, as an operator would paste them.

use std::fs;

use waxwing_testkit::peers::{self, Peer};

use crate::page;
use crate::program::{printed, run, waxwing};

#[test]
fn an_operator_gets_from_openssl_to_a_fulcio_that_has_changed_its_key() {
    let Some(cosign) = peers::require(Peer::Cosign) else {
        return;
    };
    let commands = page::commands(&page::read("docs/fulcio.md"));
    assert_eq!(commands.matches("fulcio serve").count(), 1, "{commands}");
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let installed = run(&waxwing(), folder, ["install", "bin"]);
    assert!(installed.status.success(), "{}", printed(&installed));
    // The real cosign, and ours under its own name.
    fs::remove_file(folder.join("bin/cosign")).unwrap();
    let commands = page::on_free_ports(&commands, ["4747", "5555", "5554", "2112"]);
    let programs = [folder.join("bin/fulcio"), cosign.program("usr/bin/cosign")];
    let said = page::run(folder, page::SHELL, &commands, "$UP $FULCIO", &programs);
    for expected in [
        "listening on grpc at 127.0.0.1:",
        "Verified OK",
        "CN = second",
        "\tINFO\tstopped",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

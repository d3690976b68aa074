//! The commands of the README, as a reader would paste them.

use crate::page;

#[test]
fn a_reader_signs_and_verifies_with_and_without_keys_online_and_offline() {
    let page = page::read("README.md");
    let (_, tour) = page.split_once("## Signing files").unwrap();
    let commands = page::commands(tour);
    assert_eq!(
        commands.matches("cosign verify-blob").count(),
        5,
        "{commands}"
    );
    // A port that nobody has, in the place of the one that is usual.
    let commands = commands.replace(
        "waxwing up --data instance",
        &format!(
            "waxwing up --data instance --listen {}",
            page::free_address()
        ),
    );
    let folder = tempfile::tempdir().unwrap();
    let said = page::run(folder.path(), page::SHELL, &commands, "$!", &[]);
    assert_eq!(said.matches("Verified OK").count(), 5, "{said}");
    assert!(said.contains("Offline: trusting"), "{said}");
}

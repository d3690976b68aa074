//! The commands of `docs/timestamp.md`, as an operator would paste them.

use waxwing_testkit::peers::openssl;

use crate::page;

#[test]
fn an_operator_gets_from_nothing_to_an_authority() {
    if openssl::require().is_none() {
        return;
    }
    let commands = page::commands(&page::read("docs/timestamp.md"));
    assert_eq!(commands.matches("timestamp-server serve").count(), 2);
    let commands = commands.replace("-days 3000", "-days DAYS");
    let commands = page::on_free_ports(&commands, ["3000", "2112"]).replace("DAYS", "3000");
    let folder = tempfile::tempdir().unwrap();
    let said = page::run(folder.path(), page::WITH_JOBS, &commands, "$!", &[]);
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

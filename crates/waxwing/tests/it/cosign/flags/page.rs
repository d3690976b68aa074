//! `docs/compat/cosign-flags.md`: what the programs did, as a table for each command.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use waxwing_testkit::peers::{self, Peer};

use super::elsewhere::{ELSEWHERE, Shown};
use super::{COMMANDS, Row};

const HEAD: &str = "\
# cosign: what each flag does

Every flag of the commands about files, in lines that differ in its value alone, given to cosign in two versions and
to Waxwing, each with the same files. This page is what came out: `crates/waxwing/tests/it/cosign/flags` runs all
lines and fails where the page is no longer true; with `WAXWING_RECORD=1` it writes it again.

What a line prints and the files it leaves are compared by what they hold: of a bundle the signer's certificate or key,
the log entries, the timestamps and the statement; the page names them only where the value shows in nothing else. An
empty cell is as in 3.1.1; a row with another outcome for Waxwing has the reason below its table.
`--use-signing-config=false` is left out for 2.5.0, which has no signing configs.

In the lines, `{own}` is `--yes --key cosign.key --tlog-upload=false --use-signing-config=false`, `{instance}` the trusted
root and the signing config of an instance, `{url}` its address, `{tls}` that of one behind TLS, `{dead}` an address where
nobody answers, `{me}` the identity and the issuer that signed, and `{x}`, `{sig}`, `{stamped}` and `{tsr}` files of the
sort that the command reads.

";

/// Fails if the page says something else.
pub(super) fn compare(rows: &[Row]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/compat/cosign-flags.md");
    let page = page(rows);
    let is_recording = std::env::var_os("WAXWING_RECORD").is_some();
    if is_recording {
        fs::write(&path, &page).unwrap();
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    let peers = |page: &str| -> Vec<String> {
        let lines = page.lines().filter(|line| line.starts_with("- debian:"));
        lines.map(str::to_owned).collect()
    };
    if peers(&page) != peers(&known) {
        println!(
            "other versions of cosign than those of the page: {:?}",
            peers(&page)
        );
        return;
    }
    for (found, expected) in page.lines().zip(known.lines()) {
        assert_eq!(
            found, expected,
            "docs/compat/cosign-flags.md says otherwise"
        );
    }
    assert_eq!(page.lines().count(), known.lines().count());
}

fn page(rows: &[Row]) -> String {
    let mut page = HEAD.to_owned();
    for peer in [Peer::Cosign, Peer::CosignTrixie] {
        let installed = peers::require(peer).unwrap();
        let _ = writeln!(page, "- {}", installed.version());
    }
    for command in COMMANDS {
        let own: Vec<&Row> = rows.iter().filter(|row| row.command == command).collect();
        let elsewhere = ELSEWHERE
            .iter()
            .filter(|(commands, ..)| commands.contains(&command));
        let _ = writeln!(page, "\n## `{command}`\n");
        if !own.is_empty() {
            page.push_str("| Flag | in | 3.1.1 | 2.5.0 | Waxwing |\n|---|---|---|---|---|\n");
        }
        let (mut reasons, mut last) = (Vec::new(), None);
        for row in own.iter().copied() {
            let same = |other: &&Row| std::ptr::eq(other.case, row.case);
            let values: Vec<&Row> = own.iter().copied().filter(same).collect();
            let mut success = values.iter().map(|row| row.ours.success);
            let first = success.next();
            let brief = success.any(|success| Some(success) != first);
            let told = |outcome: &super::Outcome| match brief {
                true => outcome.brief().to_owned(),
                false => outcome.to_string(),
            };
            let (sid, trixie, ours) = (told(&row.sid), told(&row.trixie), told(&row.ours));
            let context = match last == Some(row.place.0) {
                true => String::new(),
                false => format!("`{}`", row.case.line.trim()),
            };
            last = Some(row.place.0);
            let value = match row.value {
                "" => "without".to_owned(),
                value => format!("`{value}`"),
            };
            let empty_if =
                |same: bool, text: &str| if same { String::new() } else { text.to_owned() };
            let _ = writeln!(
                page,
                "| {value} | {} | {} | {} | {} |",
                escaped(&context),
                escaped(&sid),
                escaped(&empty_if(trixie == sid, &trixie)),
                escaped(&empty_if(ours == sid && row.ours == row.sid, &ours)),
            );
            if let (Some(reason), true) = (row.case.differs, row.sid != row.ours) {
                let reason = format!("- `{}`: {reason}\n", row.value);
                reasons.push(reason);
            }
        }
        if !reasons.is_empty() {
            page.push('\n');
            page.push_str(&reasons.concat());
        }
        let mut elsewhere = elsewhere.peekable();
        if elsewhere.peek().is_some() {
            page.push('\n');
        }
        for (_, flag, shown) in elsewhere {
            let _ = match shown {
                Shown::By(test) => writeln!(page, "- `--{flag}` is shown by the test `{test}`"),
                Shown::Idle(reason) => writeln!(page, "- `--{flag}` has no effect: {reason}"),
            };
        }
    }
    page
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

//! Every flag of every command about files, with values that change what happens, through cosign in two
//! versions and through ours; and which of them each says to be deprecated. The page `docs/compat/cosign-flags.md` is what came out; the test fails when
//! it is no longer true, and with `WAXWING_RECORD=1` it writes the page again.

mod case;
mod elsewhere;
pub(super) mod fixture;
mod others;
mod outcome;
mod page;
mod signing;
mod verifying;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use case::Case;
use elsewhere::ELSEWHERE;
use fixture::{Fixture, Program};
use outcome::Outcome;

/// The commands about files.
const COMMANDS: [&str; 16] = [
    "sign-blob",
    "attest-blob",
    "verify-blob",
    "verify-blob-attestation",
    "generate-key-pair",
    "import-key-pair",
    "public-key",
    "initialize",
    "trusted-root create",
    "signing-config create",
    "bundle create",
    "bundle upgrade",
    "bundle inspect",
    "env",
    "version",
    "completion",
];

/// What all commands take; shown with those that sign and verify.
const EVERYWHERE: [&str; 3] = ["output-file", "timeout", "verbose"];

/// How many lines run at once: they wait for the network of this machine more than they compute.
const AT_ONCE: usize = 4;

/// One value of a case for one command, and what each program made of it.
struct Row {
    /// Where its case stands among all, and its value in the case: the order of the page.
    place: (usize, usize),
    case: &'static Case,
    command: &'static str,
    value: &'static str,
    line: String,
    sid: Outcome,
    trixie: Outcome,
    ours: Outcome,
}

fn cases() -> impl Iterator<Item = &'static Case> {
    [signing::CASES, verifying::CASES, others::CASES]
        .into_iter()
        .flatten()
}

#[test]
fn every_flag_changes_what_happens_and_does_it_as_cosign_does() {
    let Some(fixture) = Fixture::new() else {
        return;
    };
    let rows = run_all(&fixture);
    fixture.stop();
    let mut complaints = String::new();
    for row in &rows {
        let (theirs, ours) = (&row.sid, &row.ours);
        if row.case.differs.is_none() && theirs != ours {
            let _ = writeln!(
                complaints,
                "{}\n  cosign: {theirs} [{}]\n  ours:   {ours} [{}]",
                row.line, theirs.said.0, ours.said.0
            );
        }
    }
    for row in &rows {
        // 2.5.0 drops none of these flags yet.
        assert_eq!(row.trixie.said.deprecated(), [""; 0], "{}", row.line);
        let (theirs, ours) = (row.sid.said.deprecated(), row.ours.said.deprecated());
        if theirs != ours && !row.sid.said.is_no_line() && !row.ours.said.is_no_line() {
            let _ = writeln!(
                complaints,
                "{}\n  cosign tells of: {theirs:?} [{}]\n  ours:   {ours:?} [{}]",
                row.line, row.sid.said.0, row.ours.said.0
            );
        }
    }
    for case in cases().filter(|case| case.differs.is_some()) {
        let mut own = rows.iter().filter(|row| std::ptr::eq(row.case, case));
        if own.all(|row| row.sid == row.ours) {
            let _ = writeln!(
                complaints,
                "--{}: all is the same, and needs no reason",
                case.flag
            );
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
    let idle: Vec<_> = missing(&rows).into_iter().collect();
    assert!(idle.is_empty(), "no value changes what happens: {idle:#?}");
    page::compare(&rows);
}

#[test]
fn what_is_shown_elsewhere_is_there() {
    for (commands, flag, shown) in ELSEWHERE {
        for command in *commands {
            assert!(flags(command).contains(*flag), "{command} has no --{flag}");
        }
        if let elsewhere::Shown::By(test) = shown {
            assert!(elsewhere::is_a_test(test), "--{flag}: no test {test}");
        }
    }
}

/// The flags of a command of ours, those too that its help does not show; aliases are in the cases.
fn flags(command: &str) -> BTreeSet<String> {
    let mut found = &waxwing_cosign::command();
    for word in command.split(' ') {
        found = found.find_subcommand(word).unwrap();
    }
    let arguments = found.get_arguments().filter_map(clap::Arg::get_long);
    let own = arguments.filter(|name| *name != "help" && !EVERYWHERE.contains(name));
    own.map(str::to_owned).collect()
}

/// The flags of which no value was seen to change anything, and that are not shown elsewhere.
fn missing(rows: &[Row]) -> BTreeSet<(&'static str, String)> {
    let mut missing = BTreeSet::new();
    for command in COMMANDS {
        for flag in flags(command) {
            let is_elsewhere = ELSEWHERE
                .iter()
                .any(|(commands, name, _)| *name == flag && commands.contains(&command));
            let changes = cases().any(|case| {
                let own = |row: &&Row| std::ptr::eq(row.case, case) && row.command == command;
                let outcomes: Vec<_> = rows.iter().filter(own).map(|row| &row.ours).collect();
                case.flag == flag && outcomes.iter().any(|one| *one != outcomes[0])
            });
            if !is_elsewhere && !changes {
                missing.insert((command, flag));
            }
        }
    }
    missing
}

fn run_all(fixture: &Fixture) -> Vec<Row> {
    let mut wanted = Vec::new();
    for (place, case) in cases().enumerate() {
        for command in case.commands {
            for (nth, value) in case.values.iter().enumerate() {
                wanted.push(((place, nth), case, *command, *value));
            }
        }
    }
    let (next, rows) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(&(place, case, command, value)) =
                    wanted.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let line = case.line(command, value);
                    let row = Row {
                        place,
                        case,
                        command,
                        value,
                        sid: fixture.run(Program::Sid, &line),
                        trixie: fixture.run(Program::Trixie, &line),
                        ours: fixture.run(Program::Ours, &line),
                        line,
                    };
                    rows.lock().unwrap().push(row);
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort_by_key(|row| {
        let command = COMMANDS.iter().position(|command| *command == row.command);
        (command, row.place)
    });
    rows
}

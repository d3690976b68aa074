//! `waxwing hammer` as a person calls it.

use std::path::Path;

use serde_json::Value;

use crate::log_serve::Served;
use crate::program::{printed, run, waxwing};

/// Runs the hammer with `--output json`, which must end well.
pub(crate) fn hammer(folder: &Path, arguments: &[&str]) -> Value {
    let arguments = [&["hammer"], arguments, &["--output", "json"]].concat();
    let output = run(&waxwing(), folder, &arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        printed(&output)
    );
    assert!(output.stderr.is_empty(), "{}", printed(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = run(&waxwing(), folder, [&["hammer"], arguments].concat());
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    printed(&output)
}

fn count(report: &Value, pointer: &str) -> u64 {
    let number = report.pointer(pointer).and_then(Value::as_u64);
    number.unwrap_or_else(|| panic!("{pointer} in {report:#}"))
}

fn figure(report: &Value, pointer: &str) -> f64 {
    let number = report.pointer(pointer).and_then(Value::as_f64);
    number.unwrap_or_else(|| panic!("{pointer} in {report:#}"))
}

/// What holds of every run against a log of its own.
fn check(report: &Value) {
    let acknowledged = count(report, "/counts/acknowledged");
    assert!(acknowledged > 0, "{report:#}");
    let all = acknowledged + count(report, "/counts/warm_up");
    assert_eq!(count(report, "/checks/proofs"), all);
    let entries = count(report, "/counts/entries");
    assert!(entries <= all);
    assert_eq!(count(report, "/target/size_after"), entries);
    // The empty head, which nobody was told of, may be missing among those that were seen.
    let heads = count(report, "/checks/heads");
    assert_eq!(count(report, "/checks/heads_rebuilt"), heads);
    assert!(count(report, "/checks/signatures") >= heads);
    let times = ["p50", "p90", "p99", "p999", "max"];
    for kind in ["latency_ms", "service_ms", "late_start_ms"] {
        let times = times.map(|time| figure(report, &format!("/{kind}/{time}")));
        assert!(times.is_sorted(), "{kind}: {times:?}");
    }
    for positive in [
        "/throughput/adds_per_second",
        "/throughput/of_leaf_hash_floor",
        "/throughput/of_write_floor",
        "/latency_ms/p99_over_flush_floor",
        "/processor/microseconds_per_add",
        "/processor/hammer_microseconds_per_add",
        "/memory/peak_bytes",
        "/disk/allocated_bytes_per_entry",
        "/floors/leaf_hashes_per_second",
        "/floors/flush_ms/p50",
        "/floors/write_megabytes_per_second",
    ] {
        assert!(figure(report, positive) > 0.0, "{positive} in {report:#}");
    }
}

#[test]
fn a_log_in_a_directory_is_saturated() {
    let folder = tempfile::tempdir().unwrap();
    let report = hammer(
        folder.path(),
        &[
            "log",
            "--saturate",
            "--outstanding",
            "64",
            "--duration",
            "1s",
            "--warm-up",
            "200ms",
            "--duplicates",
            "10%",
            "--size",
            "100",
        ],
    );
    check(&report);
    assert_eq!(report["target"]["kind"], "library");
    assert_eq!(report["load"]["mode"], "saturate");
    let acknowledged = count(&report, "/counts/acknowledged") as f64;
    let share = count(&report, "/counts/duplicates") as f64 / acknowledged;
    assert!((0.05..0.15).contains(&share), "{share}");
    assert!(count(&report, "/counts/warm_up") > 0);
    let leftovers: Vec<_> = std::fs::read_dir(folder.path().join("log"))
        .unwrap()
        .collect();
    assert!(leftovers.len() <= 3, "{leftovers:?}");
}

#[test]
fn arrivals_come_at_their_rate_and_their_number_is_exact() {
    let folder = tempfile::tempdir().unwrap();
    for (name, arrivals) in [("a", "poisson"), ("b", "fixed")] {
        let report = hammer(
            folder.path(),
            &[
                name,
                "--rate",
                "400",
                "--arrivals",
                arrivals,
                "--entries",
                "300",
                "--warm-up",
                "0s",
                "--seed",
                "7",
            ],
        );
        check(&report);
        assert_eq!(count(&report, "/counts/acknowledged"), 300);
        assert_eq!(count(&report, "/target/size_after"), 300);
        assert_eq!(count(&report, "/load/seed"), 7);
        assert_eq!(report["load"]["arrivals"], arrivals);
        let seconds = figure(&report, "/throughput/seconds");
        assert!(
            seconds > 0.5,
            "300 arrivals at 400 a second took {seconds} s"
        );
    }
}

#[test]
fn a_service_is_reached_by_tcp() {
    let folder = tempfile::tempdir().unwrap();
    let report = hammer(
        folder.path(),
        &[
            "log",
            "--http",
            "--saturate",
            "--outstanding",
            "8",
            "--duration",
            "1s",
            "--warm-up",
            "0s",
            "--duplicates",
            "50%",
        ],
    );
    check(&report);
    assert_eq!(report["target"]["kind"], "service");
    assert!(count(&report, "/counts/duplicates") > 0);
    assert!(count(&report, "/counts/existed") > 0);
    assert!(figure(&report, "/processor/service_microseconds_per_add") > 0.0);
}

#[test]
fn a_url_is_hammered_recorded_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &["log"]);
    let url = served.url.as_str();
    let log = [url, "--vkey", &served.vkey];
    let add = [
        "--rate",
        "300",
        "--entries",
        "200",
        "--warm-up",
        "0s",
        "--duplicates",
        "20%",
    ];
    let record = ["--record", "answers"];
    let report = hammer(folder.path(), &[&log[..], &add, &record].concat());
    assert_eq!(count(&report, "/counts/acknowledged"), 200);
    assert_eq!(report["disk"], Value::Null);
    assert_eq!(report["floors"]["flush_ms"], Value::Null);
    let entries = count(&report, "/counts/entries");
    let checked = hammer(folder.path(), &[&log[..], &["--check", "answers"]].concat());
    assert_eq!(count(&checked, "/acknowledgements"), 200);
    assert_eq!(count(&checked, "/entries"), entries);
    assert_eq!(count(&checked, "/size"), entries);

    // What was never promised by this log, or promised otherwise, is found by its name.
    let kept = std::fs::read_to_string(folder.path().join("answers")).unwrap();
    let change = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines: Vec<String> = kept.lines().map(str::to_owned).collect();
        let line = lines
            .iter()
            .position(|line| !line.starts_with('#'))
            .unwrap();
        let mut words = lines[line].split(' ').map(str::to_owned).collect();
        change(&mut words);
        lines[line] = words.join(" ");
        std::fs::write(folder.path().join("changed"), lines.join("\n") + "\n").unwrap();
        refused(folder.path(), &[&log[..], &["--check", "changed"]].concat())
    };
    let other = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
    for (name, column, text) in [
        ("entry-lost", 1, other),
        ("head-lost", 3, other),
        ("went-back", 2, "100000"),
    ] {
        let said = change(&|words| {
            // Alone at its index and its size, so that nothing else in the record contradicts it.
            if column != 2 {
                words[0] = "0".into();
                words[2] = "1".into();
            }
            words[column] = text.into();
        });
        let contradicted = ["index-twice", "leaf-twice", "two-roots"];
        let found = said.contains(name) || contradicted.iter().any(|other| said.contains(other));
        assert!(found, "{name}: {said}");
    }
    let said = change(&|words| words.truncate(2));
    assert!(
        said.contains("expected index, leaf hash, size and root"),
        "{said}"
    );
}

#[test]
fn what_does_not_go_together_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("taken")).unwrap();
    std::fs::write(folder.path().join("taken/file"), b"").unwrap();
    let url = "http://127.0.0.1:1";
    let vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    for (arguments, words) in [
        (&["log"][..], "required arguments"),
        (&["log", "--saturate", "--rate", "1"], "cannot be used with"),
        (
            &["taken", "--saturate"],
            "taken is not empty; name a new directory, or say --existing",
        ),
        (
            &["log", "--saturate", "--vkey", "x"],
            "--vkey is for a log behind a URL",
        ),
        (&["log", "--check", "x"], "waxwing log serve log"),
        (&[url, "--saturate"], "needs --vkey"),
        (
            &[url, "--saturate", "--vkey", "x"],
            "a verifier key has the form",
        ),
        (
            &[url, "--saturate", "--vkey", vkey, "--http"],
            "are for a log in a directory",
        ),
        (
            &["https://localhost", "--saturate", "--vkey", vkey],
            "plain HTTP",
        ),
        (
            &["log", "--saturate", "--size", "15"],
            "15 is not in 16..=65535",
        ),
        (
            &["log", "--saturate", "--duplicates", "101%"],
            "from 0% to 100%",
        ),
        (&["log", "--rate", "0"], "expected arrivals a second"),
        (
            &[url, "--saturate", "--vkey", vkey, "--patience", "0s"],
            "no answer from 127.0.0.1:1 in 0ns; --patience waits longer",
        ),
    ] {
        let said = refused(folder.path(), arguments);
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
}

#[test]
fn the_table_says_what_was_measured() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(
        &waxwing(),
        folder.path(),
        [
            "hammer",
            "log",
            "--rate",
            "200",
            "--entries",
            "50",
            "--warm-up",
            "0s",
        ],
    );
    assert!(output.status.success(), "{}", printed(&output));
    assert!(output.stderr.is_empty(), "progress is for terminals");
    let table = printed(&output);
    let names = table.lines().filter_map(|line| line.split_once("  "));
    let names: Vec<&str> = names
        .map(|(name, _)| name)
        .filter(|name| !name.is_empty())
        .collect();
    assert_eq!(
        names,
        [
            "machine",
            "floors",
            "load",
            "verified",
            "adds",
            "throughput",
            "latency ms",
            "service ms",
            "late ms",
            "of floor",
            "processor",
            "memory",
            "disk"
        ],
        "{table}"
    );
    assert!(table.contains("50 heads; 50 rebuilt from the entries") || table.contains("rebuilt"));
}

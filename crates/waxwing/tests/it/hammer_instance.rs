//! `waxwing hammer --instance`: a whole Sigstore under load, also while it is killed.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::hammer::hammer;
use crate::program::{printed, run, waxwing};
use crate::up::Running;

const SERVICES: [&str; 4] = ["rekor", "fulcio", "ct", "tsa"];

fn number(report: &Value, pointer: &str) -> f64 {
    let number = report.pointer(pointer).and_then(Value::as_f64);
    number.unwrap_or_else(|| panic!("{pointer} in {report:#}"))
}

/// What holds of every report: each service has answered, and the logs have what they promised.
fn check(report: &Value) {
    for (place, name) in SERVICES.iter().enumerate() {
        assert_eq!(report["services"][place]["name"], *name, "{report:#}");
        for positive in ["answers", "per_second", "floor_per_second", "of_floor"] {
            let pointer = format!("/services/{place}/{positive}");
            assert!(number(report, &pointer) > 0.0, "{pointer} in {report:#}");
        }
    }
    let judged = |services: &[usize]| -> f64 {
        let of = |place: &usize| {
            let count = |field: &str| number(report, &format!("/services/{place}/{field}"));
            count("answers") + count("warm_up")
        };
        services.iter().map(of).sum()
    };
    for (log, services) in [(0, &[0][..]), (1, &[1, 2])] {
        let promised = number(report, &format!("/logs/{log}/promised"));
        assert_eq!(promised, judged(services), "{report:#}");
        // The first entry of each log is the instance's own.
        assert!(number(report, &format!("/logs/{log}/size")) > promised);
    }
    assert!(number(report, "/logs/0/heads") > 0.0);
    for floor in ["sign", "verify", "verify_token"] {
        assert!(number(report, &format!("/floors/{floor}_per_second")) > 0.0);
    }
    assert_eq!(report["floors"]["token_algorithm"], "RS256");
}

#[test]
fn each_service_is_measured_beside_its_signatures_and_the_instance_ends_with_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--instance", "data", "--duration", "100ms"];
    let arguments = [&arguments[..], &["--warm-up", "0s", "--outstanding", "8"]].concat();
    let report = hammer(folder.path(), &arguments);
    check(&report);
    assert_eq!(report["instance"]["was_new"], true);
    for positive in [
        "/instance/ready_ms",
        "/instance/idle_bytes",
        "/services/1/server_microseconds",
        "/services/1/hammer_microseconds",
        "/services/1/server_over_floor",
        "/services/3/latency_ms/p99",
    ] {
        assert!(number(&report, positive) > 0.0, "{positive} in {report:#}");
    }
    assert_eq!(report["together"], Value::Null);
    // One that runs is loaded where it is, some services alone, and left running.
    let running = Running::start(folder.path());
    let some = [
        &["hammer"],
        &arguments[..],
        &["--services", "tsa,rekor,tsa"],
    ]
    .concat();
    let table = run(&waxwing(), folder.path(), &some);
    let table = printed(&table);
    assert!(table.contains("ratio "), "{table}");
    assert!(
        table.contains("rekor log") && !table.contains("start "),
        "{table}"
    );
    let at: Vec<Option<usize>> = ["\nrekor ", "\ntsa "].map(|row| table.find(row)).into();
    assert!(at[0].is_some() && at[0] < at[1], "{table}");
    assert!(!table.contains("\nfulcio "), "{table}");
    running.stop();
}

#[test]
fn nothing_that_an_instance_promised_is_lost_by_kill_nine() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut running = Running::start(folder);
    let load = Command::new(waxwing())
        .args(["hammer", "--instance", "data", "--mix", "--duration", "5s"])
        .args([
            "--warm-up",
            "0s",
            "--outstanding",
            "16",
            "--patience",
            "30s",
        ])
        .args(["--output", "json"])
        .current_dir(folder)
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    for pause in [2000, 1500] {
        thread::sleep(Duration::from_millis(pause));
        // Killed, and started again where it was.
        drop(running);
        running = Running::start(folder);
    }
    let ended = load.wait_with_output().unwrap();
    assert!(ended.status.success(), "{}", printed(&ended));
    let report: Value = serde_json::from_slice(&ended.stdout).unwrap();
    check(&report);
    let again = |place| number(&report, &format!("/services/{place}/retries"));
    let again: f64 = (0..SERVICES.len()).map(again).sum();
    assert!(again > 0.0, "{report:#}");
    assert!(number(&report, "/together/answers") > 0.0);
    running.stop();
    for log in ["rekor-log-1", "ct-log-1"] {
        fsck(folder, &format!("data/logs/{log}"));
    }
}

fn fsck(folder: &Path, log: &str) {
    let output = run(&waxwing(), folder, ["fsck", log]);
    assert!(output.status.success(), "{}", printed(&output));
}

#[test]
fn what_is_asked_of_one_log_is_not_asked_of_an_instance() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |arguments: &[&str]| {
        let output = run(&waxwing(), folder.path(), [&["hammer"], arguments].concat());
        assert_ne!(output.status.code(), Some(0), "{arguments:?}");
        printed(&output)
    };
    let said = refused(&["--instance", "data", "--saturate"]);
    assert!(said.contains("cannot be used with"), "{said}");
    let said = refused(&["log", "--saturate", "--mix"]);
    assert!(said.contains("--instance"), "{said}");
    let said = refused(&["--instance", "data", "--services", "witness"]);
    assert!(said.contains("rekor, fulcio, ct, tsa"), "{said}");
    std::fs::write(folder.path().join("file"), "").unwrap();
    let said = refused(&["--instance", "file"]);
    assert!(said.contains("file"), "{said}");
}

//! A log whose process is killed at random moments under load keeps every promise that it made.
//!
//! ```text
//! WAXWING_KILLS=200 cargo test -p waxwing --test it kill_nine
//! ```
//!
//! The hammer goes on over all kills: an entry whose answer was lost is sent again, and must be found
//! once. `WAXWING_BINARY` names another program to test than the one that cargo built.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use waxwing_crypto::{Random, SystemRandom};

use crate::log_serve::Served;
use crate::program::{printed, run, waxwing};

#[test]
fn nothing_promised_is_lost_by_kill_nine() {
    let kills: u32 = variable("WAXWING_KILLS").map_or(10, |kills| kills.parse().unwrap());
    let program = variable("WAXWING_BINARY").map_or_else(waxwing, PathBuf::from);
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let arguments = ["log", "--listen", &address];

    let mut served = Served::start_program(&program, folder.path(), &arguments);
    let (url, vkey) = (served.url.clone(), served.vkey.clone());
    let mut hammer = start_hammer(&program, folder.path(), &url, &vkey);
    let mut last = 0;
    for kill in 1..=kills {
        std::thread::sleep(Duration::from_millis(random(20, 500)));
        assert!(
            hammer.try_wait().unwrap().is_none(),
            "the hammer gave up before kill {kill}"
        );
        served.kill();
        served = Served::start_program(&program, folder.path(), &arguments);
        let entries = served.ready.split(' ').next().unwrap().parse().unwrap();
        assert!(
            entries >= last,
            "after kill {kill} {entries} entries are left of {last}"
        );
        last = entries;
    }
    std::thread::sleep(Duration::from_millis(500));

    // Its deadline is far off; interrupted, it looks at all of its answers together and reports.
    let id = hammer.id().to_string();
    let interrupted = Command::new("kill").args(["-s", "INT", &id]).status();
    assert!(interrupted.unwrap().success());
    let ended = hammer.wait_with_output().unwrap();
    assert!(ended.status.success(), "{}", printed(&ended));
    let report: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(
        report["checks"]["heads_rebuilt"], report["checks"]["heads"],
        "{report:#}"
    );
    assert!(
        report["counts"]["retries"].as_u64().unwrap() > 0,
        "{report:#}"
    );
    let output = run(
        &program,
        folder.path(),
        [
            "hammer", &url, "--vkey", &vkey, "--check", "answers", "--output", "json",
        ],
    );
    assert!(output.status.success(), "{}", printed(&output));
    let checked: Value = serde_json::from_slice(&output.stdout).unwrap();
    let entries = checked["entries"].as_u64().unwrap();
    assert!(entries > u64::from(kills), "{checked:#}");
    // Nothing is in there that was not acknowledged in the end, and nothing twice.
    assert_eq!(checked["size"], entries, "{checked:#}");
    assert_eq!(report["counts"]["entries"], entries, "{report:#}");
    served.stop("TERM");
    println!("{kills} kills, {checked:#}");
}

fn start_hammer(program: &Path, folder: &Path, url: &str, vkey: &str) -> Child {
    Command::new(program)
        .args([
            "hammer",
            url,
            "--vkey",
            vkey,
            "--saturate",
            "--outstanding",
            "32",
        ])
        .args(["--duration", "1h", "--duplicates", "10%", "--size", "200"])
        .args([
            "--patience",
            "30s",
            "--record",
            "answers",
            "--output",
            "json",
        ])
        .current_dir(folder)
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A port that nobody has at the moment; every start of the log listens on it.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

fn random(from: u64, to: u64) -> u64 {
    let mut bytes = [0; 8];
    SystemRandom.fill(&mut bytes);
    from + u64::from_be_bytes(bytes) % (to - from)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

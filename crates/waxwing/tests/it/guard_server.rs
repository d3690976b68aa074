//! The last heads of logs with WsgiDAV, a server that we did not write.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use waxwing_crypto::KeyType;
use waxwing_testkit::peers::file_server::{self, FileServer};

use crate::configured::server::{Server, key, until};
use crate::log_serve::{Served, post};
use crate::program::{printed, run, waxwing};

/// A server with an empty folder, and a folder for logs.
struct Place {
    kept: TempDir,
    logs: TempDir,
    server: FileServer,
}

fn place() -> Option<Place> {
    let (kept, logs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = file_server::serve(kept.path())?;
    Some(Place { kept, logs, server })
}

impl Place {
    /// Runs the program among the logs: the exit code and what it says.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = run(&waxwing(), self.logs.path(), arguments);
        (output.status.code(), printed(&output))
    }

    fn copy(&self, from: &str, to: &str) {
        copy(&self.logs.path().join(from), &self.logs.path().join(to));
    }
}

fn copy(from: &Path, to: &Path) {
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .args([from, to])
        .status();
    assert!(copied.unwrap().success());
}

/// How many entries a record says.
fn size(record: &Path) -> Option<u64> {
    let text = fs::read_to_string(record).ok()?;
    text.lines().nth(1)?.parse().ok()
}

#[test]
fn a_log_that_was_set_back_is_refused() {
    let Some(place) = place() else { return };
    let guard = format!("{}/log", place.server.url);
    let serve = ["log", "--guard", &guard];
    let served = Served::start(place.logs.path(), &serve);
    post(&served.url, b"one");
    served.stop("TERM");
    assert_eq!(size(&place.kept.path().join("log")), Some(1));
    place.copy("log", "old");
    assert_eq!(place.run(&["backup", "log", "backup"]).0, Some(0));
    let served = Served::start(place.logs.path(), &serve);
    post(&served.url, b"two");
    served.stop("TERM");
    assert_eq!(size(&place.kept.path().join("log")), Some(2));

    // Serving, checking and restoring what is older: each says so, and none says the password.
    let refusals: [(&[&str], i32, &str); 3] = [
        (
            &["log", "serve", "old", "--guard", &guard],
            1,
            "a head of 2 was let out",
        ),
        (
            &["fsck", "old", "--guard", &guard],
            1,
            "the directory was set back",
        ),
        (
            &["restore", "backup", "new", "--guard", &guard],
            1,
            "a head of 2 was let out",
        ),
    ];
    for (arguments, code, expected) in refusals {
        let (found, said) = place.run(arguments);
        assert_eq!(found, Some(code), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
        assert!(
            !said.contains("a%20word") && !said.contains("a word"),
            "{said}"
        );
    }
    // The log itself is as it was.
    let (code, said) = place.run(&["fsck", "log", "--guard", &guard]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(Served::start(place.logs.path(), &serve).ready, "2 entries");
}

#[test]
fn an_instance_keeps_its_guards_with_a_server_and_goes_on_without_it() {
    let Some(place) = place() else { return };
    let folder = place.kept.path().join("guards");
    let settings = format!("guard: {}/guards\nmetrics: 127.0.0.1:0\n", place.server.url);
    // A folder that is not there is no place to keep anything in.
    fs::write(place.logs.path().join("up.yaml"), &settings).unwrap();
    let start = [
        "up",
        "--config",
        "up.yaml",
        "--data",
        "data",
        "--listen",
        "127.0.0.1:0",
    ];
    let (code, said) = place.run(&start);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("409 Conflict") && said.contains("make it first"),
        "{said}"
    );
    fs::create_dir(&folder).unwrap();
    let server = Server::start(&settings);
    let record = folder.join("ct-log-1");
    until("the guards", || {
        size(&record).is_some() && size(&folder.join("rekor-log-1")) == Some(1)
    });
    let first = size(&record).unwrap();
    let key = key(KeyType::EcdsaP256);
    server.certificate(&key).is(200);
    until("the certificate's guard", || {
        size(&record) == Some(first + 1)
    });
    let behind = |server: &Server| {
        let page = server.metrics();
        let name = "waxwing_guard_behind_seconds{log=\"ct-log-1\"} ";
        let line = page.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{page}"))
            .parse::<f64>()
            .unwrap()
    };
    until("the count", || behind(&server) == 0.0);

    // Without its server the instance goes on, and says for how long.
    let Place {
        kept,
        logs,
        server: files,
    } = place;
    let port = files.port();
    drop(files);
    server.certificate(&key).is(200);
    until("the delay", || behind(&server) > 1.0);
    assert_eq!(size(&record), Some(first + 1));
    let files = file_server::serve_at(kept.path(), port).unwrap();
    until("the server's return", || size(&record) == Some(first + 2));
    until("the count", || behind(&server) == 0.0);

    // A directory of before is refused.
    let Server {
        running,
        folder: data,
    } = server;
    running.stop();
    copy(&data.path().join("data"), &data.path().join("old"));
    let server = Server::within(data, &settings, &[]);
    server.certificate(&key).is(200);
    let Server {
        running,
        folder: data,
    } = server;
    running.stop();
    assert_eq!(size(&record), Some(first + 3));
    fs::rename(data.path().join("data"), data.path().join("new")).unwrap();
    fs::rename(data.path().join("old"), data.path().join("data")).unwrap();
    fs::write(data.path().join("again.yaml"), &settings).unwrap();
    let output = run(
        &waxwing(),
        data.path(),
        ["up", "--config", "again.yaml", "--data", "data"],
    );
    let said = printed(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains(&format!("a head of {} was let out", first + 3)),
        "{said}"
    );
    drop((logs, files));
}

#[test]
fn who_may_not_write_is_told_where_a_password_stands() {
    let Some(place) = place() else { return };
    let guard = format!("http://127.0.0.1:{}/log", place.server.port());
    let (code, said) = place.run(&["log", "serve", "log", "--guard", &guard]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("401 Unauthorized"), "{said}");
    assert!(said.contains("https://NAME:PASSWORD@HOST/PATH"), "{said}");
    let guard = format!("{}/log", place.server.url);
    let served = Served::start(place.logs.path(), &["log", "--guard", &guard]);
    assert_eq!(served.ready, "0 entries");
}

#[test]
fn an_address_that_others_could_read_is_refused() {
    let output = run(
        &waxwing(),
        Path::new("/"),
        [
            "up",
            "--check",
            "--guard",
            "http://name:word@guards.example/",
        ],
    );
    let said = printed(&output);
    assert_ne!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("expected https, or http on this machine"),
        "{said}"
    );
    assert!(!said.contains("word"), "{said}");
}

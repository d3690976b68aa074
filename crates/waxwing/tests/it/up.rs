//! `waxwing up` as a person runs it, and real clients at it.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use crate::program::{printed, run, waxwing};

/// An instance that runs in a process of its own, until this is dropped.
pub(crate) struct Running {
    pub(crate) url: String,
    /// What it printed before it was ready.
    pub(crate) lines: Vec<String>,
    process: Child,
    stdout: BufReader<ChildStdout>,
}

impl Running {
    /// Starts it on `folder/data`, on a port that the system chooses the first time.
    pub(crate) fn start(folder: &Path) -> Self {
        let first = !folder.join("data/keyring.json").exists();
        let listen = ["--listen", "127.0.0.1:0"];
        Self::with(folder, if first { &listen } else { &[] })
    }

    pub(crate) fn with(folder: &Path, arguments: &[&str]) -> Self {
        let mut process = Self::spawn(folder, arguments);
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let (mut url, mut lines) = (String::new(), Vec::new());
        loop {
            let mut line = String::new();
            if stdout.read_line(&mut line).unwrap() == 0 {
                let mut reason = String::new();
                let stderr = process.stderr.as_mut().unwrap();
                stderr.read_to_string(&mut reason).unwrap();
                panic!("it ended: {reason}");
            }
            if let Some(address) = line.trim_end().strip_prefix("Address: ") {
                address.clone_into(&mut url);
            }
            if line.starts_with("Ready ") {
                break;
            }
            lines.push(line.trim_end().to_owned());
        }
        Self {
            url,
            lines,
            process,
            stdout,
        }
    }

    fn spawn(folder: &Path, arguments: &[&str]) -> Child {
        Command::new(waxwing())
            .args(["up", "--data", "data"])
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// What stood behind these words before it was ready.
    pub(crate) fn said(&self, words: &str) -> &str {
        let mut lines = self.lines.iter();
        lines.find_map(|line| line.strip_prefix(words)).unwrap()
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Asks it to end; what it said at last, if that was peaceful.
    pub(crate) fn stop(mut self) -> String {
        let id = self.process.id().to_string();
        let status = Command::new("kill").args(["-s", "TERM", &id]).status();
        assert!(status.unwrap().success());
        let status = self.process.wait().unwrap();
        let mut said = String::new();
        self.stdout.read_to_string(&mut said).unwrap();
        let stderr = self.process.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        assert_eq!(status.code(), Some(0), "{said}");
        said
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn ours(folder: &Path, arguments: &[&str]) -> Output {
    run(&waxwing(), folder, arguments)
}

pub(crate) fn token(folder: &Path) -> String {
    let printed = ours(
        folder,
        &["token", "--data", "data", "--as", "me@example.com"],
    );
    assert!(printed.status.success(), "{}", self::printed(&printed));
    let token = String::from_utf8(printed.stdout).unwrap();
    assert_eq!(token.trim_end(), token, "no newline where no terminal is");
    token
}

/// Writes `key.pem` and `chain.pem`, a certificate for 127.0.0.1 that vouches for itself.
pub(crate) fn certify_this_machine(folder: &Path) {
    certify(folder, "localhost", &["subjectAltName=IP:127.0.0.1"]);
}

/// The same with another name and other extensions.
pub(crate) fn certify(folder: &Path, name: &str, extensions: &[&str]) {
    let line = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
                -keyout key.pem -out chain.pem";
    let extensions = extensions
        .iter()
        .flat_map(|extension| ["-addext", extension]);
    let made = Command::new("openssl")
        .args(line.split_whitespace())
        .args(["-subj", &format!("/CN={name}")])
        .args(extensions)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", printed(&made));
}

#[test]
fn it_runs_for_good_on_its_directory() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let refused = ours(
        folder,
        &["token", "--data", "data", "--as", "me@example.com"],
    );
    assert!(printed(&refused).contains("`waxwing up --data data` begins one"));
    let running = Running::start(folder);
    let url = running.url.clone();
    // Through the socket while it runs, and from the directory when it does not.
    assert_eq!(token(folder).split('.').count(), 3);
    let second = Command::new(waxwing())
        .args(["up", "--data", "data", "--listen", "127.0.0.1:0"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    let said = printed(&second);
    assert!(
        said.contains("another process runs the instance in data"),
        "{said}"
    );
    let said = running.stop();
    assert!(said.ends_with("Closed\n"), "{said}");
    assert_eq!(token(folder).split('.').count(), 3);
    let again = Running::start(folder);
    assert_eq!(again.url, url);
    drop(again);
    let other = ours(
        folder,
        &[
            "up",
            "--data",
            "data",
            "--public-url",
            "http://other.localhost",
            "--listen",
            "127.0.0.1:0",
        ],
    );
    let said = printed(&other);
    assert!(
        said.contains("The public URL is fixed at the first start"),
        "{said}"
    );
}

#[test]
fn killed_at_any_moment_of_its_first_starts_it_comes_up() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for pause in [2, 4, 6, 9, 13, 18, 25, 35, 50, 80] {
        let mut process = Running::spawn(folder, &["--listen", "127.0.0.1:0"]);
        thread::sleep(Duration::from_millis(pause));
        process.kill().unwrap();
        process.wait().unwrap();
    }
    let running = Running::start(folder);
    assert!(!token(folder).is_empty());
    let url = running.url.clone();
    running.stop();
    assert_eq!(Running::start(folder).url, url);
}

#[test]
fn tools_are_installed_under_their_own_names() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let installed = ours(folder, &["install", "bin"]);
    assert!(installed.status.success(), "{}", printed(&installed));
    let cosign = folder.join("bin/cosign");
    let help = run(&cosign, folder, ["--help"]);
    assert!(printed(&help).contains("verify-blob"), "{}", printed(&help));
    // A second time is no fault; another program under that name is.
    assert!(ours(folder, &["install", "bin"]).status.success());
    fs::remove_file(&cosign).unwrap();
    fs::write(&cosign, "another").unwrap();
    let refused = ours(folder, &["install", "bin"]);
    assert!(printed(&refused).contains("something else has this name"));
    assert_eq!(fs::read(&cosign).unwrap(), b"another");
    assert!(
        ours(folder, &["install", "--force", "bin"])
            .status
            .success()
    );
    assert!(run(&cosign, folder, ["--help"]).status.success());
}

#[test]
fn a_command_that_holds_the_directory_for_a_blink_does_not_turn_it_away() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    Running::start(folder).stop();
    let lock = fs::File::options()
        .write(true)
        .open(folder.join("data/lock"))
        .unwrap();
    lock.lock().unwrap();
    let held = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        drop(lock);
    });
    Running::start(folder).stop();
    held.join().unwrap();
}

#[test]
fn killed_at_any_moment_of_a_rotation_it_comes_up_and_signs() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    Running::start(folder).stop();
    for (pause, service) in [1, 2, 3, 4, 5, 6, 8, 10, 14, 20]
        .into_iter()
        .zip(["ca", "tsa", "ctlog"].into_iter().cycle())
    {
        let mut process = Command::new(waxwing())
            .args(["rotate", service, "--data", "data"])
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(pause));
        // It may have ended already.
        let _ = process.kill();
        process.wait().unwrap();
    }
    let rotated = ours(folder, &["rotate", "issuer", "--data", "data"]);
    let said = printed(&rotated);
    assert!(said.starts_with("issuer-2\nIt signs from 20"), "{said}");
    assert!(
        said.ends_with(" on. Clients learn of it from the next `waxwing up` on.\n"),
        "{said}"
    );
    let running = Running::start(folder);
    assert_eq!(token(folder).split('.').count(), 3);
    running.stop();
}

#[test]
fn it_serves_https_metrics_and_a_log_of_requests() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    certify_this_machine(folder);
    let running = Running::with(
        folder,
        &[
            "--listen",
            "127.0.0.1:0",
            "--tls-certificate",
            "chain.pem",
            "--tls-key",
            "key.pem",
            "--metrics",
            "127.0.0.1:0",
            "--log",
            "json",
        ],
    );
    let address = running.url.strip_prefix("https://").unwrap().to_owned();
    // A client of TLS that is not ours, which trusts this certificate and no other.
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut client = Command::new("openssl")
        .args([
            "s_client",
            "-quiet",
            "-verify_return_error",
            "-CAfile",
            "chain.pem",
        ])
        .args(["-verify_ip", "127.0.0.1", "-connect", &address])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = client.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, request.as_bytes()).unwrap();
    let answer = client.wait_with_output().unwrap();
    assert!(printed(&answer).contains("200 OK"), "{}", printed(&answer));
    let metrics = running.said("Metrics: ").strip_suffix("/metrics").unwrap();
    let (status, page) = crate::log_serve::ask(metrics, "GET /metrics", b"");
    assert_eq!(status, 200);
    assert!(page.contains("service=\"rekor\""), "{page}");
    let said = running.stop();
    let mut lines = said.lines();
    let line = lines
        .find(|line| line.contains("\"/healthz\""))
        .unwrap_or_else(|| panic!("{said}"));
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(
        (&line["method"], &line["status"]),
        (&"GET".into(), &200.into())
    );
    let refused = ours(
        folder,
        &["up", "--data", "data", "--tls-certificate", "chain.pem"],
    );
    assert!(
        printed(&refused).contains("--tls-key"),
        "{}",
        printed(&refused)
    );
    fs::write(folder.join("key.pem"), "no key").unwrap();
    let refused = ours(
        folder,
        &[
            "up",
            "--data",
            "data",
            "--tls-certificate",
            "chain.pem",
            "--tls-key",
            "key.pem",
        ],
    );
    assert!(
        printed(&refused).contains("key.pem"),
        "{}",
        printed(&refused)
    );
}

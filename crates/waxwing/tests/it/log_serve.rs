//! `waxwing log serve` as a person starts and stops it.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::program::{printed, run, waxwing};

/// A log that is served by a process of its own, until this is dropped.
pub(crate) struct Served {
    pub(crate) url: String,
    pub(crate) vkey: String,
    /// What stands behind `Ready: `.
    pub(crate) ready: String,
    process: Child,
    stdout: BufReader<ChildStdout>,
}

impl Served {
    pub(crate) fn start<A: AsRef<OsStr>>(folder: &Path, arguments: &[A]) -> Self {
        Self::start_program(&waxwing(), folder, arguments)
    }

    pub(crate) fn start_program<A: AsRef<OsStr>>(
        program: &Path,
        folder: &Path,
        arguments: &[A],
    ) -> Self {
        let mut process = Command::new(program)
            .args(["log", "serve"])
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut value = |label: &str| {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            match line.trim_end().strip_prefix(label) {
                Some(value) => value.to_owned(),
                None => {
                    let mut reason = String::new();
                    let stderr = process.stderr.as_mut().unwrap();
                    stderr.read_to_string(&mut reason).unwrap();
                    panic!("expected {label:?}, found {line:?}: {reason}")
                }
            }
        };
        let (url, vkey, ready) = (value("Address: "), value("Key: "), value("Ready: "));
        Self {
            url,
            vkey,
            ready,
            process,
            stdout,
        }
    }

    fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status();
        assert!(status.unwrap().success());
    }

    /// Asks it to end; what it said at last, if that was peaceful.
    pub(crate) fn stop(mut self, signal: &str) -> String {
        self.signal(signal);
        let status = self.process.wait().unwrap();
        let mut said = String::new();
        self.stdout.read_to_string(&mut said).unwrap();
        let stderr = self.process.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        assert_eq!(status.code(), Some(0), "{said}");
        said
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One request over a connection of its own; status and answer.
pub(crate) fn ask(url: &str, request: &str, body: &[u8]) -> (u16, String) {
    let authority = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    let length = body.len();
    let head = format!(
        "{request} HTTP/1.1\r\nHost: {authority}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

/// Logs an entry; the proof.
pub(crate) fn post(url: &str, entry: &[u8]) -> String {
    let (status, answer) = ask(url, "POST /add", entry);
    assert_eq!(status, 200, "{answer}");
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[test]
fn an_entry_is_added_found_again_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &["log", "--origin", "example.com/log"]);
    assert_eq!(served.ready, "0 entries");
    assert!(
        served.vkey.starts_with("example.com/log+"),
        "{}",
        served.vkey
    );
    let (status, first) = ask(&served.url, "POST /add", b"an entry");
    assert_eq!(status, 200);
    assert!(first.contains("waxwing-existed: false"), "{first}");
    assert!(first.contains("\r\n\r\nc2sp.org/tlog-proof@v1\nindex 0\n\nexample.com/log\n1\n"));
    let (status, again) = ask(&served.url, "POST /add", b"an entry");
    assert_eq!(status, 200);
    assert!(again.contains("waxwing-existed: true"), "{again}");
    let (status, bundle) = ask(&served.url, "GET /tile/entries/000.p/1", b"");
    assert_eq!(status, 200);
    assert!(bundle.ends_with("\0\u{8}an entry"), "{bundle}");
    let (status, refused) = ask(&served.url, "POST /add", &vec![0; 65_536]);
    assert_eq!(status, 413);
    assert!(refused.contains("longer than 65535 bytes"), "{refused}");
    assert_eq!(served.stop("TERM"), "Closed: 1 entries\n");
}

#[test]
fn it_ends_in_peace_by_either_signal_and_keeps_its_key() {
    let folder = tempfile::tempdir().unwrap();
    for key_type in ["ed25519", "ecdsa-p256", "ml-dsa-44"] {
        let arguments = [key_type, "--key-type", key_type];
        let served = Served::start(folder.path(), &arguments);
        let vkey = served.vkey.clone();
        served.stop("TERM");
        let served = Served::start(folder.path(), &arguments);
        assert_eq!(served.vkey, vkey);
        served.stop("INT");
    }
    let output = run(
        &waxwing(),
        folder.path(),
        ["log", "serve", "ed25519", "--origin", "other"],
    );
    assert_eq!(output.status.code(), Some(1));
    let said = printed(&output);
    assert!(
        said.contains("holds the log \"waxwing.localhost/log\"; expected \"other\""),
        "{said}"
    );
}

/// A listener that is taken is named.
#[test]
fn an_address_that_is_taken_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &["a"]);
    let address = served.url.strip_prefix("http://").unwrap();
    let output = run(
        &waxwing(),
        folder.path(),
        ["log", "serve", "b", "--listen", address],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(
        printed(&output).contains("cannot listen on"),
        "{}",
        printed(&output)
    );
}

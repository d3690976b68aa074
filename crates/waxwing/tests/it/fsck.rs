//! `fsck`, `backup`, `restore` and `log freeze` as they are called, on a log that was served.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::program::{printed, run, waxwing};

/// A served log; it is asked to stop when it goes.
struct Served(Child);

impl Served {
    fn new(folder: &Path, entries: u32) -> Self {
        let mut command = Command::new(waxwing());
        command.args(["log", "serve", "place", "--guard", "guard"]);
        command
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.next().unwrap().unwrap();
        assert!(lines.any(|line| line.unwrap().starts_with("Ready")));
        let address = address.trim_start_matches("Address: http://").to_owned();
        for number in 0..entries {
            let mut stream = TcpStream::connect(&address).unwrap();
            let body = format!("entry {number}");
            let length = body.len();
            let request = format!(
                "POST /add HTTP/1.1\r\nhost: log\r\ncontent-length: {length}\r\n\
                 connection: close\r\n\r\n{body}"
            );
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
        Self(child)
    }

    fn stop(mut self) {
        let process = self.0.id().to_string();
        Command::new("kill").arg(process).status().unwrap();
        self.0.wait().unwrap();
    }
}

fn call(folder: &Path, arguments: &[&str]) -> Output {
    run(&waxwing(), folder, arguments)
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", printed(output)))
}

#[test]
fn a_log_is_checked_copied_restored_and_frozen() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let served = Served::new(folder, 300);

    // While it is served. The checkpoint is shown behind the answers.
    let began = std::time::Instant::now();
    loop {
        let checked = call(folder, &["fsck", "place", "--output", "json"]);
        assert_eq!(checked.status.code(), Some(0), "{}", printed(&checked));
        if json(&checked)["size"] == 300 {
            break;
        }
        assert!(began.elapsed().as_secs() < 10, "{}", printed(&checked));
    }
    let copied = call(folder, &["backup", "place", "copy"]);
    assert_eq!(copied.status.code(), Some(0), "{}", printed(&copied));
    assert!(printed(&copied).contains("private key is not in the backup"));
    assert!(!folder.join("copy/log.key").exists());
    let frozen = call(folder, &["log", "freeze", "place"]);
    assert!(
        printed(&frozen).contains("another process writes"),
        "{}",
        printed(&frozen)
    );
    served.stop();

    let vkey = fs::read_to_string(folder.join("place/log.vkey")).unwrap();
    let all = ["fsck", "place", "--vkey", vkey.trim(), "--guard", "guard"];
    let checked = call(folder, &all);
    let text = printed(&checked);
    assert_eq!(checked.status.code(), Some(0), "{text}");
    assert!(text.contains("sound: 300 entries"), "{text}");
    assert!(!text.contains("not checked"), "{text}");
    assert!(!text.contains('\r'), "no terminal, no bar");

    // Without the private key the log can be restored and read; with it, written.
    let restored = call(folder, &["restore", "copy", "again", "--guard", "guard"]);
    assert_eq!(restored.status.code(), Some(0), "{}", printed(&restored));
    assert!(printed(&restored).contains("put it back as again/log.key"));
    let copied = call(folder, &["backup", "place", "copy", "--with-key"]);
    assert_eq!(copied.status.code(), Some(0), "{}", printed(&copied));
    let restored = call(folder, &["restore", "copy", "third", "--guard", "guard"]);
    assert_eq!(restored.status.code(), Some(0), "{}", printed(&restored));
    let frozen = call(folder, &["log", "freeze", "third", "--guard", "guard"]);
    let text = printed(&frozen);
    assert_eq!(frozen.status.code(), Some(0), "{text}");
    assert!(
        text.contains("\n300\n") && text.contains("Log frozen \u{2014} "),
        "{text}"
    );
    let again = call(folder, &["log", "freeze", "third", "--guard", "guard"]);
    assert_eq!(printed(&again), text);
    let checked = call(folder, &["fsck", "third"]);
    assert_eq!(checked.status.code(), Some(0), "{}", printed(&checked));
    // A directory is never restored over.
    let refused = call(folder, &["restore", "copy", "third"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        printed(&refused).contains("is not empty"),
        "{}",
        printed(&refused)
    );
}

#[test]
fn faults_are_told_with_their_place_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    Served::new(folder, 260).stop();
    let bundle = folder.join("place/log/tile/entries/000");
    let mut content = fs::read(&bundle).unwrap();
    content[2] ^= 1;
    fs::write(&bundle, content).unwrap();
    let checked = call(folder, &["fsck", "place"]);
    let text = printed(&checked);
    assert_eq!(checked.status.code(), Some(1), "{text}");
    assert!(
        text.contains("error: tile/entries/000 at 0: entries are not those"),
        "{text}"
    );
    assert!(
        text.contains("to do: copy the file from a backup"),
        "{text}"
    );
    let checked = call(folder, &["fsck", "place", "-o", "json"]);
    let problem = &json(&checked)["problems"][0];
    assert_eq!(problem["kind"], "entries");
    assert_eq!(problem["index"], 0);
    // It is not copied as if it were whole.
    let copied = call(folder, &["backup", "place", "copy"]);
    assert_eq!(copied.status.code(), Some(1));
    assert!(
        printed(&copied).contains("does not hold together"),
        "{}",
        printed(&copied)
    );
}

#[test]
fn what_cannot_be_checked_is_neither_sound_nor_unsound() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [["fsck", "nowhere"], ["fsck", "."]] {
        let checked = call(folder.path(), &arguments);
        assert_eq!(checked.status.code(), Some(2), "{}", printed(&checked));
        assert!(printed(&checked).contains("holds no log"));
    }
    let frozen = call(folder.path(), &["log", "freeze", "nowhere"]);
    assert_eq!(frozen.status.code(), Some(1));
    assert!(!folder.path().join("nowhere").exists());
}

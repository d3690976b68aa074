//! Tessera, which is Go and not ours, and `waxwing log serve` take turns with one directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use waxwing_crypto::PrivateKey;
use waxwing_encoding::{base64, hex};
use waxwing_testkit::peers::tessera::{self, Tessera};
use waxwing_tlog::note::NoteSigner;

use crate::log_serve::{Served, post};
use crate::program::{printed, run, waxwing};

const NAME: &str = "log.example.com/turns";

struct Turns {
    tessera: Tessera,
    folder: TempDir,
    key: PathBuf,
    vkey: String,
    batches: usize,
}

impl Turns {
    fn new() -> Option<Self> {
        let tessera = tessera::require()?;
        let folder = tempfile::tempdir().unwrap();
        let seed = [7; 32];
        let private = Arc::new(PrivateKey::from_ed25519_seed(&seed).unwrap());
        let verifier = NoteSigner::ed25519(NAME, private).unwrap();
        let verifier = verifier.verifier();
        let id = hex::encode(&verifier.key_id());
        let key = folder.path().join("key");
        let content = base64::encode(&[&[1], seed.as_slice()].concat());
        fs::write(&key, format!("PRIVATE+KEY+{NAME}+{id}+{content}")).unwrap();
        fs::create_dir(folder.path().join("log")).unwrap();
        Some(Self {
            tessera,
            key,
            vkey: verifier.to_string(),
            folder,
            batches: 0,
        })
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Files with these entries.
    fn batch(&mut self, entries: std::ops::Range<usize>) -> PathBuf {
        self.batches += 1;
        let files = self.folder.path().join(format!("batch{}", self.batches));
        fs::create_dir(&files).unwrap();
        for entry in entries {
            fs::write(files.join(format!("{entry:05}")), content(entry)).unwrap();
        }
        files
    }

    #[track_caller]
    fn they_add(&mut self, entries: std::ops::Range<usize>) {
        let files = self.batch(entries);
        let (code, said) = self.tessera.add(&self.log(), &files, &self.key);
        assert_eq!(code, Some(0), "{said}");
    }

    fn we_serve(&self, partial: &str) -> Served {
        let key = self.key.display().to_string();
        let arguments = ["log", "--key", &key, "--materialize-partials", partial];
        Served::start(self.folder.path(), &arguments)
    }

    fn fsck(&self) -> String {
        let log = self.log().display().to_string();
        let checked = run(
            &waxwing(),
            self.folder.path(),
            ["fsck", &log, "--vkey", &self.vkey],
        );
        printed(&checked)
    }
}

fn content(entry: usize) -> String {
    format!("entry {entry}")
}

/// The index in a tlog-proof.
fn index(proof: &str) -> usize {
    let mut lines = proof.lines();
    let line = lines.find_map(|line| line.strip_prefix("index "));
    line.unwrap().parse().unwrap()
}

#[track_caller]
fn all_there(served: &Served, size: usize) {
    for entry in 0..size {
        let proof = post(&served.url, content(entry).as_bytes());
        assert_eq!(index(&proof), entry);
    }
}

fn size(log: &Path) -> usize {
    let note = fs::read_to_string(log.join("checkpoint")).unwrap();
    note.lines().nth(1).unwrap().parse().unwrap()
}

#[test]
fn tessera_and_this_program_take_turns_with_one_log() {
    let Some(mut turns) = Turns::new() else {
        return;
    };
    turns.they_add(0..300);
    let served = turns.we_serve("on-shutdown");
    assert_eq!(served.ready, "300 entries");
    assert_eq!(served.vkey, turns.vkey);
    all_there(&served, 300);
    for entry in 300..600 {
        assert_eq!(index(&post(&served.url, content(entry).as_bytes())), entry);
    }
    served.stop("TERM");
    let said = turns.fsck();
    assert!(said.contains("600"), "{said}");
    // One more page and a partial one, on top of our files.
    turns.they_add(600..1000);
    assert_eq!(size(&turns.log()), 1000);
    let served = turns.we_serve("on-shutdown");
    assert_eq!(served.ready, "1000 entries");
    all_there(&served, 1000);
    assert_eq!(index(&post(&served.url, content(1000).as_bytes())), 1000);
    served.stop("INT");
    turns.they_add(1001..1002);
    let served = turns.we_serve("never");
    all_there(&served, 1002);
    served.stop("TERM");
    let said = turns.fsck();
    assert!(said.contains("1002"), "{said}");
}

#[test]
fn tessera_waits_while_this_program_has_the_log_and_stops_after_it_was_killed() {
    let Some(mut turns) = Turns::new() else {
        return;
    };
    turns.they_add(0..3);
    let served = turns.we_serve("on-shutdown");
    let files = turns.batch(3..5);
    let mut waiting = Command::new(turns.tessera.program())
        .args(Tessera::arguments(&turns.log(), &files, &turns.key))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    assert_eq!(index(&post(&served.url, b"ours")), 3);
    thread::sleep(Duration::from_millis(300));
    // It waits for the lock, and has not written anything.
    assert!(waiting.try_wait().unwrap().is_none());
    served.kill();
    let ended = waiting.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(!ended.status.success(), "{said}");
    assert!(said.contains("this log is kept by Waxwing"), "{said}");
    let (code, said) = turns.tessera.add(&turns.log(), &files, &turns.key);
    assert_ne!(code, Some(0));
    assert!(said.contains("this log is kept by Waxwing"), "{said}");
    // Ended in peace, it is theirs again: the same files, only the fault repaired.
    let served = turns.we_serve("on-shutdown");
    assert_eq!(served.ready, "4 entries");
    served.stop("TERM");
    let (code, said) = turns.tessera.add(&turns.log(), &files, &turns.key);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(size(&turns.log()), 6);
}

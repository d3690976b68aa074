//! A cosign, ours or a real one, that runs until somebody has logged in.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use super::Bench;
use crate::program::waxwing;

/// Which cosign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Ours,
    /// 3.1.1.
    Theirs,
}

pub(super) const BOTH: [Which; 2] = [Which::Ours, Which::Theirs];

/// How it is run.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    pub(super) line: &'a str,
    pub(super) variables: &'a [(&'a str, &'a str)],
    pub(super) stdin: &'a str,
    /// Whether there is a browser, which writes the address down.
    pub(super) browser: bool,
    /// Whether it sits at a terminal.
    pub(super) terminal: bool,
}

impl Default for Run<'_> {
    fn default() -> Self {
        Self {
            line: "",
            variables: &[],
            stdin: "",
            browser: true,
            terminal: false,
        }
    }
}

/// One that runs.
pub(super) struct Started {
    child: Child,
    stdin: Option<ChildStdin>,
    shown: PathBuf,
    said: PathBuf,
}

pub(super) fn start(bench: &Bench, which: Which, run: Run<'_>) -> Started {
    let bin = bench.path("bin");
    let (shown, said) = (bench.path("shown"), bench.path("said"));
    for old in [&shown, &said] {
        // It may never have been there.
        let _ = fs::remove_file(old);
    }
    fs::create_dir_all(&bin).unwrap();
    let opener = bin.join("xdg-open");
    let moved = format!(
        "#!/bin/sh\nprintf '%s' \"$1\" > {0}.new\nmv {0}.new {0}\n",
        shown.display()
    );
    fs::write(&opener, moved).unwrap();
    fs::set_permissions(&opener, PermissionsExt::from_mode(0o755)).unwrap();
    let (program, first) = match which {
        Which::Ours => (waxwing(), Some("cosign")),
        Which::Theirs => (bench.sid.program("usr/bin/cosign"), None),
    };
    let words = first.into_iter().chain(run.line.split_whitespace());
    let mut command = match run.terminal {
        false => {
            let mut command = Command::new(&program);
            command.args(words);
            command
        }
        true => {
            // What it is given stands for a terminal on both sides.
            let line: Vec<&str> = words.collect();
            let line = format!("{} {}", program.display(), line.join(" "));
            let mut command = Command::new("script");
            command.args(["-qec", &line, "/dev/null"]);
            command
        }
    };
    let output = File::create(&said).unwrap();
    let path = match run.browser {
        true => format!("{}:/usr/bin:/bin", bin.display()),
        false => "/usr/bin:/bin".to_owned(),
    };
    let mut child = command
        .current_dir(bench.folder())
        .env_clear()
        .env("HOME", bench.folder())
        .env("PATH", path)
        .env("COSIGN_PASSWORD", super::PASSWORD)
        .envs(run.variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It may have ended, or not want it.
    let _ = stdin.write_all(run.stdin.as_bytes());
    Started {
        child,
        // A terminal stays, a file ends.
        stdin: run.terminal.then_some(stdin),
        shown,
        said,
    }
}

impl Started {
    /// The address in its browser, or the first one that it printed behind these words.
    pub(super) fn address(&mut self, words: Option<&str>) -> String {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            let found = match words {
                None => fs::read_to_string(&self.shown).ok(),
                Some(words) => self.said().split_once(words).and_then(|(_, rest)| {
                    let (address, _) = rest.trim_start().split_once(char::is_whitespace)?;
                    Some(address.to_owned())
                }),
            };
            if let Some(found) = found {
                return found;
            }
            assert!(
                self.child.try_wait().unwrap().is_none(),
                "it ended: {}",
                self.said()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("no address: {}", self.said());
    }

    /// Types at its terminal.
    pub(super) fn types(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
    }

    /// What it printed until now.
    pub(super) fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.said).unwrap()).into_owned()
    }

    /// Waits for its end; whether it succeeded, and what it printed.
    pub(super) fn end(mut self) -> (bool, String) {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status.success(), self.said());
            }
            assert!(
                begun.elapsed() < Duration::from_secs(90),
                "no end: {}",
                self.said()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! The programs that others wrote, as `.ci/peers` installs them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use serde_json::Value;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A peer's file, if it is installed; `CI` demands it.
pub(crate) fn peer(path: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("WAXWING_PEERS").unwrap_or_else(|| "target/peers".into());
    let file = repository().join(folder).join(path);
    if file.exists() {
        return Some(file);
    }
    let demanded = std::env::var_os("CI").is_some_and(|value| value == "true");
    let name = file.display();
    assert!(!demanded, "{name} is not installed; run .ci/peers");
    // Past the test runner, which hides what a passing test prints.
    let line = format!("skipped: {name} is not installed\n");
    let _unheard = std::io::stderr().write_all(line.as_bytes());
    None
}

/// A program with nothing of our environment but the search path, at home in this folder.
pub(crate) fn command(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("LANG", "C.UTF-8")
        .current_dir(home)
        .stdin(Stdio::null());
    command
}

/// Runs it to its end, which must be a good one; what it printed.
pub(crate) fn run(command: &mut Command) -> String {
    let finished = command.output().unwrap();
    let (out, errors) = (
        String::from_utf8_lossy(&finished.stdout),
        String::from_utf8_lossy(&finished.stderr),
    );
    assert!(finished.status.success(), "{command:?}\n{out}{errors}");
    out.into_owned()
}

/// Runs a script of `tests/peers` with this as its standard input; what it printed, as JSON.
pub(crate) fn script(python: &Path, name: &str, arguments: &[&str], input: &Value) -> Value {
    let home = tempfile::tempdir().unwrap();
    let mut command = command(python, home.path());
    command
        .arg(repository().join("tests/peers").join(name))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.to_string().as_bytes()).unwrap();
    drop(stdin);
    let finished = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&finished.stderr);
    assert!(finished.status.success(), "{name}: {errors}");
    serde_json::from_slice(&finished.stdout).unwrap()
}

/// A server of a script, as long as this lives.
pub(crate) struct Server {
    process: Child,
    _stdin: ChildStdin,
    /// The first line that it prints.
    pub(crate) url: String,
}

pub(crate) fn server(python: &Path, name: &str, arguments: &[&Path], home: &Path) -> Server {
    let mut process = command(python, home)
        .arg(repository().join("tests/peers").join(name))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let stdin = process.stdin.take().unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(process.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    Server {
        process,
        _stdin: stdin,
        url: line.trim().to_owned(),
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

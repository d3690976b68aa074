//! python-tuf, which comes with sigstore-python: `.ci/peers` installs it.

use std::env;
use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The peer's Python if it is installed; else `None`, after a line that says so.
pub(crate) fn python() -> Option<PathBuf> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let peers = env::var_os("WAXWING_PEERS").unwrap_or_else(|| "target/peers".into());
    // An absolute path replaces the repository's.
    let home = repository.join(peers).join("sigstore-python");
    // The installation writes this file last.
    if home.join("installed.txt").exists() {
        return Some(home.join("bin/python"));
    }
    assert!(
        env::var_os("CI").as_deref() != Some(OsStr::new("true")),
        "{} is not installed; run .ci/peers",
        home.display()
    );
    let _unheard = writeln!(io::stderr(), "skipped: python-tuf is not installed");
    None
}

/// Runs a script of this folder and reads the JSON that it prints.
pub(crate) fn run(python: &Path, script: &str, arguments: &[&OsStr]) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let output = Command::new(python)
        .arg("-I")
        .arg(folder.join(script))
        .args(arguments)
        .env_clear()
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}:\n{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

//! Runs the program in a folder of its own, without the variables of whoever runs the tests.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

pub(crate) const IDENTITY: &str = "you@waxwing.localhost";
pub(crate) const ISSUER: &str = "http://waxwing.localhost/oidc";

/// The program under a name, in a folder.
pub(crate) fn run<A: AsRef<OsStr>>(
    program: &Path,
    folder: &Path,
    arguments: impl IntoIterator<Item = A>,
) -> Output {
    Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .output()
        .unwrap()
}

/// The program as cargo built it.
pub(crate) fn waxwing() -> PathBuf {
    env!("CARGO_BIN_EXE_waxwing").into()
}

/// What the program printed: standard output, then standard error.
pub(crate) fn printed(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

/// A folder in which `waxwing try artifact.txt` was run.
pub(crate) struct Tried {
    pub(crate) folder: TempDir,
    pub(crate) output: Output,
}

impl Tried {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("artifact.txt"), b"an artifact\n").unwrap();
        let output = run(&waxwing(), folder.path(), ["try", "artifact.txt"]);
        assert!(output.status.success(), "{}", printed(&output));
        Self { folder, output }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn artifact(&self) -> PathBuf {
        self.path("artifact.txt")
    }

    pub(crate) fn bundle(&self) -> PathBuf {
        self.path("artifact.txt.sigstore.json")
    }

    pub(crate) fn trusted_root(&self) -> PathBuf {
        self.path("artifact.txt.trusted_root.json")
    }
}

//! The system's `openssl`: the second opinion on keys, certificates, CMS and RFC 3161 timestamps.

use std::process::{Command, Stdio};

use super::{process, skip};

/// `openssl` if it is installed; else `None`, after a line that says so.
///
/// # Panics
///
/// When it is missing and `CI` is `true`, as [`super::require`].
pub fn require() -> Option<Openssl> {
    let version = Command::new("openssl")
        .arg("version")
        .stdin(Stdio::null())
        .output();
    match version {
        Ok(output) => Some(Openssl {
            version: String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        }),
        Err(error) => {
            skip("openssl", &error.to_string());
            None
        }
    }
}

/// An `openssl` that can be run.
#[derive(Clone, Debug)]
pub struct Openssl {
    version: String,
}

impl Openssl {
    /// Runs `openssl` with these arguments and this standard input, in a home directory that exists for this run alone:
    /// name files by absolute paths.
    ///
    /// # Panics
    ///
    /// When it cannot be started or does not end in time.
    pub fn run(&self, arguments: &[&str], stdin: &[u8]) -> Output {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let mut line = vec!["openssl".to_owned()];
        line.extend(arguments.iter().copied().map(str::to_owned));
        let finished = process::run(&line, home.path(), stdin);
        Output {
            code: finished.code,
            stdout: finished.stdout,
            stderr: String::from_utf8_lossy(&finished.stderr).into_owned(),
        }
    }

    /// What `openssl version` says.
    pub fn version(&self) -> &str {
        &self.version
    }
}

/// What `openssl` answered.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its exit code; none if a signal ended it.
    pub code: Option<i32>,
    /// Standard output as it came: it may be DER.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// Whether it ended with 0.
    pub fn succeeded(&self) -> bool {
        self.code == Some(0)
    }

    /// Standard output and standard error, to look for words in.
    pub fn text(&self) -> String {
        format!("{}{}", String::from_utf8_lossy(&self.stdout), self.stderr)
    }
}

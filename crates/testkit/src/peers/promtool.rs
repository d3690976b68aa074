//! Prometheus' `promtool`: reads a page of metrics with the parser of the server, and files of alerts.
//!
//! ```text
//! promtool check metrics < PAGE      0 good; 1 not readable; 3 readable, with a line for each odd name
//! promtool check rules FILE          0 good
//! ```

use std::path::PathBuf;

use super::{installed, process};

/// `promtool` if it is installed; else `None`, after a line that says so.
///
/// # Panics
///
/// When it is missing and `CI` is `true`, as [`super::require`].
pub fn require() -> Option<Promtool> {
    let (home, _) = installed("promtool")?;
    Some(Promtool {
        program: home.join("usr/bin/promtool"),
    })
}

/// A `promtool` that can be asked.
#[derive(Clone, Debug)]
pub struct Promtool {
    program: PathBuf,
}

impl Promtool {
    /// Asks about a page: the exit code and what was printed.
    ///
    /// # Panics
    ///
    /// When it cannot be started or does not end in time.
    pub fn metrics(&self, page: &str) -> (Option<i32>, String) {
        self.ask(&["check", "metrics"], page)
    }

    /// Asks about rules, as a file of Prometheus has them: the exit code and what was printed.
    ///
    /// # Panics
    ///
    /// When it cannot be started or does not end in time.
    pub fn rules(&self, rules: &str) -> (Option<i32>, String) {
        self.ask(&["check", "rules"], rules)
    }

    fn ask(&self, arguments: &[&str], stdin: &str) -> (Option<i32>, String) {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let mut line = vec![self.program.display().to_string()];
        line.extend(arguments.iter().map(|&argument| argument.to_owned()));
        let finished = process::run(&line, home.path(), stdin.as_bytes());
        let printed = [finished.stdout, finished.stderr].concat();
        (
            finished.code,
            String::from_utf8_lossy(&printed).into_owned(),
        )
    }
}

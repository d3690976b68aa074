//! Tessera's `posix-oneshot`: a Go program that adds files to a log in a directory, and ends.
//!
//! ```text
//! posix-oneshot --storage_dir DIR --entries 'FILES/*' --private_key KEY
//! ```

use std::path::{Path, PathBuf};

use super::{installed, process};

/// `posix-oneshot` if it is installed; else `None`, after a line that says so.
///
/// # Panics
///
/// When it is missing and `CI` is `true`, as [`super::require`].
pub fn require() -> Option<Tessera> {
    let (home, _) = installed("tessera")?;
    Some(Tessera {
        program: home.join("posix-oneshot"),
    })
}

/// Tessera's program.
#[derive(Clone, Debug)]
pub struct Tessera {
    program: PathBuf,
}

impl Tessera {
    /// The program itself, for who starts it in the background.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Its arguments: adds the files of a folder, in the order of their names.
    pub fn arguments(log: &Path, files: &Path, key: &Path) -> [String; 3] {
        [
            format!("--storage_dir={}", log.display()),
            format!("--entries={}/*", files.display()),
            format!("--private_key={}", key.display()),
        ]
    }

    /// Adds the files of a folder: the exit code and what was printed.
    ///
    /// # Panics
    ///
    /// When it cannot be started or does not end in time.
    pub fn add(&self, log: &Path, files: &Path, key: &Path) -> (Option<i32>, String) {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let mut line = vec![self.program.display().to_string()];
        line.extend(Self::arguments(log, files, key));
        let finished = process::run(&line, home.path(), &[]);
        let printed = [finished.stdout, finished.stderr].concat();
        (
            finished.code,
            String::from_utf8_lossy(&printed).into_owned(),
        )
    }
}

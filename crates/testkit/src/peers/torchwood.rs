//! Torchwood's `spicy`: a Go implementation of inclusion proofs and signed checkpoints.
//!
//! ```text
//! spicy-torchwood -verify example.com/log+9dfab952+AQ… FILE      reads FILE.spicy, a tlog-proof
//! ```

use std::path::{Path, PathBuf};

use super::{installed, process};

/// `spicy` if it is installed; else `None`, after a line that says so.
///
/// # Panics
///
/// When it is missing and `CI` is `true`, as [`super::require`].
pub fn require() -> Option<Torchwood> {
    let (home, _) = installed("torchwood")?;
    Some(Torchwood {
        spicy: home.join("usr/bin/spicy-torchwood"),
    })
}

/// Torchwood's programs.
#[derive(Clone, Debug)]
pub struct Torchwood {
    spicy: PathBuf,
}

impl Torchwood {
    /// Asks whether `file` is the entry that the proof in `file.spicy` is about, in a log with that
    /// key: the exit code and what was printed.
    ///
    /// # Panics
    ///
    /// When it cannot be started or does not end in time.
    pub fn verify(&self, vkey: &str, file: &Path) -> (Option<i32>, String) {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let line = [
            self.spicy.display().to_string(),
            "-verify".to_owned(),
            vkey.to_owned(),
            file.display().to_string(),
        ];
        let finished = process::run(&line, home.path(), &[]);
        let printed = [finished.stdout, finished.stderr].concat();
        (
            finished.code,
            String::from_utf8_lossy(&printed).into_owned(),
        )
    }
}

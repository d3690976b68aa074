//! Where a log is, whether DIR was made by `waxwing log serve` or is a log's directory itself.
//!
//! ```text
//! DIR/log.vkey, DIR/log.key, DIR/log/checkpoint     as `waxwing log serve DIR` makes it
//! DIR/checkpoint                                    the log alone
//! ```

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use waxwing_log::LocalSettings;
use waxwing_tlog::note::NoteVerifier;

use crate::opaque_log::known_verifier;

/// A log that was found.
#[derive(Debug)]
pub(crate) struct LogPlace {
    /// The directory with the keys, if it is not that of the log alone.
    pub(crate) outer: Option<PathBuf>,
    pub(crate) settings: LocalSettings,
}

/// The keys to believe a checkpoint under.
#[derive(Debug)]
pub(crate) struct Believed {
    pub(crate) verifiers: Vec<NoteVerifier>,
    /// Whether they come from beside the log, where whoever changes the log can change them too.
    pub(crate) beside: bool,
}

impl LogPlace {
    /// Finds the log in a directory.
    pub(crate) fn find(directory: &Path) -> anyhow::Result<Self> {
        let places = [
            (directory.join("log"), Some(directory.to_owned())),
            (directory.to_owned(), None),
        ];
        for (log, outer) in places {
            if let Some(settings) = LocalSettings::of_directory(log)? {
                return Ok(Self { outer, settings });
            }
        }
        bail!(
            "{} holds no log; expected a directory with .state/format or log/.state/format in it",
            directory.display()
        )
    }

    /// The log's own directory below another DIR of the same kind.
    pub(crate) fn log_in(&self, directory: &Path) -> PathBuf {
        match self.outer {
            Some(_) => directory.join("log"),
            None => directory.to_owned(),
        }
    }

    /// The keys that were given, or the one that lies beside the log.
    pub(crate) fn believed(&self, given: &[String]) -> anyhow::Result<Believed> {
        let parsed = given.iter().map(|text| {
            let parsed = NoteVerifier::parse(text.trim_end());
            parsed.with_context(|| format!("--vkey {text:?}; expected name+ID+key, as in log.vkey"))
        });
        let verifiers: Vec<_> = parsed.collect::<anyhow::Result<_>>()?;
        let beside = match &self.outer {
            Some(outer) if verifiers.is_empty() => known_verifier(outer)?,
            _ => None,
        };
        let is_beside = beside.is_some();
        Ok(Believed {
            verifiers: verifiers.into_iter().chain(beside).collect(),
            beside: is_beside,
        })
    }
}

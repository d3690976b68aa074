//! What is found in the directory when it is opened: runs, and what a crash or a disk made of them.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use super::format::Span;
use super::plan;
use super::run::Run;
use super::secret::Secret;
use super::store::{Store, UNFINISHED, write};

/// What became of a chain that was to be opened.
enum Opened {
    Chain(Vec<Arc<Run>>),
    /// This run cannot be used, and why, if it is worth a word.
    Not(Span, Option<String>),
}

impl Store {
    /// Opens the runs that are sound, and removes all else.
    pub(super) fn recover(&mut self, secret: &Secret) -> io::Result<()> {
        let names = match self.files.list(&self.directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.writable => Vec::new(),
            listed => listed?,
        };
        let mut candidates: Vec<Span> = names.iter().filter_map(|name| Span::parse(name)).collect();
        let runs = loop {
            let chain = plan::chain(&candidates);
            match self.open_chain(&chain, secret)? {
                Opened::Chain(runs) => break runs,
                // Perhaps the runs that it was merged from are still there.
                Opened::Not(span, reason) => {
                    candidates.retain(|candidate| *candidate != span);
                    self.damaged.extend(reason);
                }
            }
        };
        if self.writable {
            let used: BTreeSet<String> = runs.iter().map(|run| run.span().name()).collect();
            self.remove_others(&names, &used)?;
        }
        *write(&self.runs) = Arc::new(runs);
        Ok(())
    }

    /// Opens runs, unless one of them cannot be used.
    fn open_chain(&self, chain: &[Span], secret: &Secret) -> io::Result<Opened> {
        let filters = plan::filters(chain, &self.settings);
        let mut runs = Vec::with_capacity(chain.len());
        for (span, filter) in chain.iter().zip(filters) {
            let run = Run::open(&*self.files, &self.directory, *span, secret.mark(), filter);
            match run {
                Ok(run) => runs.push(Arc::new(run)),
                Err(error) if is_damage(&error) => {
                    return Ok(Opened::Not(*span, Some(error.to_string())));
                }
                // Whoever writes here has merged it just now.
                Err(error) if error.kind() == io::ErrorKind::NotFound && !self.writable => {
                    return Ok(Opened::Not(*span, None));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Opened::Chain(runs))
    }

    /// Removes the runs that are not used and what was never finished. Durably: the names may be
    /// given again.
    fn remove_others(&self, names: &[String], used: &BTreeSet<String>) -> io::Result<()> {
        let mut removed = false;
        for name in names {
            let run = name.strip_suffix(UNFINISHED).unwrap_or(name);
            if Span::parse(run).is_some() && !used.contains(name) {
                self.files.remove(&self.directory.join(name))?;
                removed = true;
            }
        }
        if removed {
            self.files.sync_directory(&self.directory)?;
        }
        Ok(())
    }
}

/// Whether a file can never be used again; all else may pass.
pub(super) fn is_damage(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
    )
}

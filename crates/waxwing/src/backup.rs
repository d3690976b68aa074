//! `waxwing backup DIR TO` and `waxwing restore FROM DIR`: a log is copied while it runs, and a log is
//! made of the copy.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;
use waxwing_cli::{Output, files};
use waxwing_log::LocalSettings;
use waxwing_log::backup::{self, Copied, CopyOptions};

use crate::log_place::{LogPlace, Progress};
use crate::opaque_log::{LARGEST_KEY, key_path, vkey_path, write_private};

/// Copy a log to another directory, while it is served or not
///
/// What is copied is the published checkpoint and everything below it; a second time into the same TO
/// copies what is new. At the end all of it is hashed again. The copy can be read as a log and is
/// never written to: `waxwing restore` makes a log of it. The private key stays where it is unless
/// --with-key is given: whoever has it can sign for the log.
///
/// Example:
///   waxwing backup /var/lib/log /mnt/backup/log
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Backup {
    /// The log's directory, or that of `waxwing log serve`
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Where the copy is or will be
    #[arg(value_name = "TO")]
    to: PathBuf,
    /// A key that the checkpoint may be signed by; repeat it for more [default: DIR/log.vkey]
    #[arg(long, value_name = "VKEY")]
    vkey: Vec<String>,
    /// Copy the log's private key too, readable by its owner alone
    #[arg(long)]
    with_key: bool,
    /// Do not hash everything again at the end
    #[arg(long)]
    no_check: bool,
}

/// Make a log of a backup
///
/// The backup is hashed before and the log after it was made. DIR must hold no log yet. A backup that is
/// older than the head in --guard is refused, without a way around: the heads that were let out since
/// would be contradicted, and the log be a fork.
///
/// Example:
///   waxwing restore /mnt/backup/log /var/lib/log --guard /mnt/other/guard
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Restore {
    /// The backup
    #[arg(value_name = "FROM")]
    from: PathBuf,
    /// Where the log will be
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// The file in which the log kept its last head
    #[arg(long, value_name = "FILE")]
    guard: Option<PathBuf>,
    /// A key that the checkpoint may be signed by; repeat it for more [default: FROM/log.vkey]
    #[arg(long, value_name = "VKEY")]
    vkey: Vec<String>,
}

impl Backup {
    pub(crate) fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        let place = LogPlace::find(&self.directory)?;
        let to = place.log_in(&self.to);
        let key = place.outer.as_deref().map(key_path);
        ensure!(
            !self.with_key || key.as_ref().is_some_and(|key| key.exists()),
            "--with-key, but no key lies beside the log in {}; expected log.key",
            self.directory.display()
        );
        let mut options = CopyOptions::default();
        options.verifiers = place.believed(&self.vkey)?.verifiers;
        options.check = !self.no_check;
        let mut progress = Progress::new(output);
        let copying = backup::backup(place.settings, &to, &options, |done, all| {
            progress.show(output, done, all);
        });
        let copied = run(copying);
        progress.end(output);
        let copied = copied.with_context(|| format!("copying to {}", to.display()))?;
        if let Some(outer) = &place.outer {
            copy_keys(outer, &self.to, self.with_key)?;
        }
        tell(&copied, &to, output)?;
        if self.no_check {
            output.note("The copy was not checked; `waxwing fsck` does it at any time.");
        }
        if !self.with_key {
            output.note(
                "The private key is not in the backup: keep it apart, or give --with-key. Without it \
                 a restored log can be read, but nothing can be added.",
            );
        }
        Ok(())
    }
}

impl Restore {
    pub(crate) fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        let place = LogPlace::find(&self.from)?;
        let directory = place.log_in(&self.directory);
        let mut options = CopyOptions::default();
        options.verifiers = place.believed(&self.vkey)?.verifiers;
        let mut settings = LocalSettings::new(directory.clone(), place.settings.format);
        settings.guard.clone_from(&self.guard);
        let mut progress = Progress::new(output);
        let from = &place.settings.directory;
        let copying = backup::restore(from, settings, &options, |done, all| {
            progress.show(output, done, all);
        });
        let copied = run(copying);
        progress.end(output);
        let copied = copied.with_context(|| format!("restoring {}", self.from.display()))?;
        if let Some(outer) = &place.outer {
            copy_keys(outer, &self.directory, true)?;
            let key = key_path(&self.directory);
            if !key.exists() {
                output.note(&format!(
                    "The private key is not in the backup: put it back as {} before the log is \
                     served.",
                    key.display()
                ));
            }
        }
        tell(&copied, &directory, output)?;
        if self.guard.is_none() {
            output.warn(
                "without --guard nothing tells whether newer heads were let out; if there are any, do \
                 not serve this log",
            );
        }
        Ok(())
    }
}

fn run(copying: impl Future<Output = Result<Copied, backup::CopyError>>) -> anyhow::Result<Copied> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_time()
        .build()?;
    Ok(runtime.block_on(copying)?)
}

fn tell(copied: &Copied, place: &Path, output: &mut Output) -> anyhow::Result<()> {
    output.line(&format!(
        "{}: {} entries under the root {} in {}",
        copied.origin,
        copied.size,
        copied.root,
        place.display()
    ))?;
    Ok(())
}

/// Copies the public key, and the private one before it: where the public one lies the rest must be.
fn copy_keys(from: &Path, to: &Path, private: bool) -> anyhow::Result<()> {
    let (source, target) = (key_path(from), key_path(to));
    if private && source.exists() && !target.exists() {
        write_private(&target, &files::read(&source, LARGEST_KEY)?)?;
    }
    let (source, target) = (vkey_path(from), vkey_path(to));
    if source.exists() && !target.exists() {
        files::write(&target, &files::read(&source, LARGEST_KEY)?)?;
    }
    Ok(())
}

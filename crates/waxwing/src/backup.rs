//! `waxwing backup DIR TO` and `waxwing restore FROM DIR`: a log is copied while it runs, and a log is
//! made of the copy.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;
use waxwing_cli::{Output, Progress, files};
use waxwing_instance::backup::{self as instance, CopiedLog, InstanceCopy};
use waxwing_log::backup::{self, Copied, CopyOptions};
use waxwing_log::{GuardPlace, LocalSettings};

use crate::guard;
use crate::log_place::LogPlace;
use crate::opaque_log::{LARGEST_KEY, key_path, vkey_path, write_private};

/// Copy an instance or a log to another directory, while it runs or not
///
/// What is copied of a log is the published checkpoint and everything below it; a second time into the
/// same TO copies what is new. At the end all of it is hashed again. The copy can be read as a log and
/// is never written to: `waxwing restore` makes a log of it, or an instance. Private keys stay where
/// they are unless --with-key is given: whoever has them can sign for the log, or be the instance.
///
/// Example:
///   waxwing backup /var/lib/waxwing /mnt/backup/waxwing --with-key
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Backup {
    /// The directory of an instance, a log, or `waxwing log serve`
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Where the copy is or will be
    #[arg(value_name = "TO")]
    to: PathBuf,
    /// A key that the checkpoint may be signed by; repeat it for more [default: DIR/log.vkey]
    #[arg(long, value_name = "VKEY")]
    vkey: Vec<String>,
    /// Copy the private keys too, readable by their owner alone; of an instance also its users
    #[arg(long)]
    with_key: bool,
    /// Do not hash everything again at the end
    #[arg(long)]
    no_check: bool,
}

/// Make an instance or a log of a backup
///
/// The backup is hashed before and the log after it was made. DIR must hold none yet. A backup that is
/// older than the head in --guard is refused, without a way around: the heads that were let out since
/// would be contradicted, and the log be a fork. A restored instance goes on with TUF metadata of
/// versions that no client can have seen.
///
/// Example:
///   waxwing restore /mnt/backup/waxwing /var/lib/waxwing --guard /mnt/other/guards
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Restore {
    /// The backup
    #[arg(value_name = "FROM")]
    from: PathBuf,
    /// Where the instance or the log will be
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// The file or the URL at which the log kept its last head; of an instance, the directory of those files,
    /// or the URL above them
    #[arg(long, value_name = "PLACE", value_parser = guard::Flag)]
    guard: Option<GuardPlace>,
    /// A key that the checkpoint may be signed by; repeat it for more [default: FROM/log.vkey]
    #[arg(long, value_name = "VKEY")]
    vkey: Vec<String>,
}

impl Backup {
    pub(crate) fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        if instance::is_instance(&self.directory) {
            return self.instance(output);
        }
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
        let mut progress = Progress::of(output, "entries", 0);
        let copying = backup::backup(place.settings, &to, &options, |done, all| {
            progress.show_of(output, done, all);
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
        if instance::is_instance(&self.from) {
            return self.instance(output);
        }
        let place = LogPlace::find(&self.from)?;
        let directory = place.log_in(&self.directory);
        let mut options = CopyOptions::default();
        options.verifiers = place.believed(&self.vkey)?.verifiers;
        let mut settings = LocalSettings::new(directory.clone(), place.settings.format);
        settings.guard.clone_from(&self.guard);
        let mut progress = Progress::of(output, "entries", 0);
        let from = &place.settings.directory;
        let copying = backup::restore(from, settings, &options, |done, all| {
            progress.show_of(output, done, all);
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

impl Backup {
    fn instance(&self, output: &mut Output) -> anyhow::Result<()> {
        ensure!(
            self.vkey.is_empty(),
            "--vkey is for a log alone; the keys of an instance's logs are in its keyring.json"
        );
        let copy = InstanceCopy {
            private: self.with_key,
            check: !self.no_check,
        };
        let mut progress = Progress::of(output, "entries", 0);
        let copying = instance::back_up(&self.directory, &self.to, copy, |_, done, all| {
            progress.show_of(output, done, all);
        });
        let copied = run(copying);
        progress.end(output);
        let copied = copied.with_context(|| format!("copying to {}", self.to.display()))?;
        tell_of_instance(&copied, &self.to, output)?;
        if !self.with_key {
            output.note(
                "The private keys and the users are not in the backup: keep a copy of private/ apart, or \
                 give --with-key. Without them a restored instance cannot start.",
            );
        }
        Ok(())
    }
}

impl Restore {
    fn instance(&self, output: &mut Output) -> anyhow::Result<()> {
        let mut progress = Progress::of(output, "entries", 0);
        let guards = self.guard.as_ref();
        let copying = instance::restore(&self.from, &self.directory, guards, |_, done, all| {
            progress.show_of(output, done, all);
        });
        let copied = run(copying);
        progress.end(output);
        let copied = copied.with_context(|| format!("restoring {}", self.from.display()))?;
        tell_of_instance(&copied, &self.directory, output)?;
        if !self.from.join("private").exists() {
            output.note(&format!(
                "The private keys are not in the backup: put them back into {} before `waxwing up`.",
                self.directory.join("private").display()
            ));
        }
        if self.guard.is_none() {
            output.warn(
                "without --guard nothing tells whether newer heads of the logs were let out; if there are \
                 any, do not start this instance",
            );
        }
        Ok(())
    }
}

fn tell_of_instance(copied: &[CopiedLog], to: &Path, output: &mut Output) -> anyhow::Result<()> {
    for log in copied {
        tell(&log.copied, &to.join("logs").join(&log.name), output)?;
    }
    Ok(())
}

fn run<T, E>(copying: impl Future<Output = Result<T, E>>) -> anyhow::Result<T>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
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

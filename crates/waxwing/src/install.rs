//! `waxwing install DIR`: every tool by its own name, as links to this program.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use waxwing_cli::Output;

use crate::tool::TOOLS;

/// Link the tools that this program can be into a directory, each by its own name
///
/// The links lead to this program where it is now. What is in DIR under such a name and is no link to
/// this program stays, unless --force is given.
///
/// Example:
///   waxwing install ~/.local/bin
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Install {
    /// Where the links go; made if it is not there
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Replace what is there under such a name
    #[arg(long)]
    force: bool,
}

impl Install {
    pub(crate) fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        let program = std::env::current_exe().context("where this program is")?;
        let program = program.canonicalize().context("where this program is")?;
        let directory = &self.directory;
        fs::create_dir_all(directory)
            .with_context(|| format!("making the directory {}", directory.display()))?;
        for tool in TOOLS {
            let path = directory.join(tool.name);
            self.link(&program, &path)
                .with_context(|| format!("linking {}", path.display()))?;
            output.line(&format!("{} -> {}", path.display(), program.display()))?;
        }
        Ok(())
    }

    fn link(&self, program: &Path, path: &Path) -> anyhow::Result<()> {
        let there = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            found => found.map(|_| true)?,
        };
        let is_ours = there && fs::read_link(path).is_ok_and(|target| target == program);
        if is_ours {
            return Ok(());
        }
        if there && !self.force {
            bail!("something else has this name; --force replaces it");
        }
        // A link beside it takes the name in one step: whoever calls the tool meanwhile finds one of both.
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}.new", std::process::id()));
        let beside = PathBuf::from(beside);
        symlink(program, &beside)?;
        let renamed = fs::rename(&beside, path);
        if renamed.is_err() {
            let _ = fs::remove_file(&beside);
        }
        Ok(renamed?)
    }
}

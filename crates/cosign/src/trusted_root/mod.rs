//! `cosign trusted-root`: the file that says whose word counts.

mod create;
mod older_flags;

use clap::{Args, Subcommand};
use waxwing_cli::Output;

use crate::Means;

/// Make trusted roots
#[derive(Debug, Args)]
pub(crate) struct TrustedRootCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(create::Create),
}

impl TrustedRootCommand {
    pub(crate) async fn run(&self, means: &Means<'_>, output: &mut Output) -> anyhow::Result<()> {
        match &self.command {
            Command::Create(command) => command.run(means, output).await,
        }
    }
}

//! `cosign bundle`: bundles as files, made of pieces, brought up to date, and looked into.

mod create;
mod inspect;
mod upgrade;

use std::path::Path;

use clap::{Args, Subcommand};
use waxwing_cli::{Output, files};
use waxwing_model::Bundle;

use crate::Means;

/// Make bundles of pieces, bring them up to date, look into them
#[derive(Debug, Args)]
pub(crate) struct BundleCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(create::Create),
    Upgrade(upgrade::Upgrade),
    Inspect(inspect::Inspect),
}

impl BundleCommand {
    pub(crate) async fn run(&self, means: &Means<'_>, output: &mut Output) -> anyhow::Result<()> {
        match &self.command {
            Command::Create(command) => command.run(means, output).await,
            Command::Upgrade(command) => command.run(means, output).await,
            Command::Inspect(command) => command.run(output),
        }
    }
}

/// To a file for its owner's eyes, or to the standard output.
fn write(bundle: &Bundle, out: Option<&Path>, output: &mut Output) -> anyhow::Result<()> {
    let json = bundle.to_json()?;
    match out {
        Some(path) => files::write_private(path, &json),
        None => {
            output.stdout().write_bytes(&json)?;
            Ok(output.stdout().write("\n")?)
        }
    }
}

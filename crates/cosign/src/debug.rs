//! `cosign debug`: what this program finds around it.

use clap::{Args, Subcommand};
use waxwing_cli::Output;
use waxwing_client::ambient::Provider;

use crate::Means;

/// Show what is found around this program
#[derive(Debug, Args)]
pub(crate) struct Debug {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show who has an identity token ready here
    ///
    /// Example:
    ///   cosign debug providers
    #[command(verbatim_doc_comment)]
    Providers {
        /// Passed over, as in the original
        #[arg(hide = true)]
        words: Vec<String>,
    },
}

impl Debug {
    pub(crate) async fn run(&self, means: &Means<'_>, output: &mut Output) -> anyhow::Result<()> {
        let Command::Providers { .. } = &self.command;
        let variable = means.variable();
        let surroundings = means.surroundings(&variable);
        for provider in Provider::ALL {
            let is_there = provider.is_there(&surroundings).await;
            output.line(&format!("{provider}: {is_there}"))?;
        }
        Ok(())
    }
}

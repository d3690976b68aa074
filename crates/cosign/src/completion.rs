//! `cosign completion`: what a shell completes commands and flags by.

use clap::{Args, Command, ValueEnum};
use clap_complete::{Shell, generate};
use waxwing_cli::Output;

/// Print a script that completes commands and flags
///
/// Example:
///   source <(cosign completion bash)
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Completion {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Name,
}

/// The shells, by the names that the original has for them.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Name {
    Bash,
    Fish,
    Powershell,
    Zsh,
}

impl Completion {
    pub(crate) fn run(&self, mut command: Command, output: &mut Output) -> anyhow::Result<()> {
        let shell = match self.shell {
            Name::Bash => Shell::Bash,
            Name::Fish => Shell::Fish,
            Name::Powershell => Shell::PowerShell,
            Name::Zsh => Shell::Zsh,
        };
        let mut script = Vec::new();
        generate(shell, &mut command, "cosign", &mut script);
        Ok(output.stdout().write_bytes(&script)?)
    }
}

//! cosign: a file a command. So far `verify-blob`, for bundles of Rekor v2.
//!
//! The flags, what goes to which stream and the exit codes are the original's; `docs/compat/cosign.md`
//! has the table.

mod verify_blob;

use std::ffi::OsString;

use clap::{Parser, Subcommand};
use waxwing_cli::{Dialect, Environment, Exit, Output, SingleDash};

/// Sign and verify software.
#[derive(Debug, Parser)]
#[command(name = "cosign", disable_help_subcommand = true)]
struct Cosign {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    VerifyBlob(verify_blob::VerifyBlob),
}

/// Runs cosign; `arguments` begin with the program's name.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    environment: &Environment,
    output: &mut Output,
) -> Exit {
    let dialect = Dialect::new()
        .with_single_dash(SingleDash::Rewrite)
        .with_environment("COSIGN_", environment, &[]);
    let cosign: Cosign = match dialect.parse(arguments, output) {
        Ok(cosign) => cosign,
        Err(exit) => return exit,
    };
    let done = match &cosign.command {
        Command::VerifyBlob(command) => command.run(output),
    };
    match done {
        Ok(()) => Exit::Success,
        Err(error) => {
            output.error(&error);
            Exit::Failure
        }
    }
}

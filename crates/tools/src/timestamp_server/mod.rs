//! timestamp-server: one RFC 3161 timestamp authority, for deployments of the original.
//!
//! ```text
//! timestamp-server serve --host 0.0.0.0 --port 3000 --timestamp-signer file --file-signer-key-path tsa.key
//!   --certificate-chain-path chain.pem
//! ```
//!
//! Flags, the file of settings and exit codes are the original's. Each flag has two variables: the
//! original's, which is the flag in capitals (`TIMESTAMP-SIGNER`, `PORT`), and one that a shell can set
//! (`TIMESTAMP_SERVER_TIMESTAMP_SIGNER`). `docs/compat/timestamp-authority.md` has the table.

mod clock;
mod doors;
mod flags;
mod measures;
mod middleware;
mod serve;
mod signer;
mod variables;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::ensure;
use clap::{CommandFactory, Parser, Subcommand};
use waxwing_cli::{Dialect, Exit, Output, Standing, Surroundings, Version, given};

use crate::viper;
use flags::Flags;

/// Serve an RFC 3161 timestamp authority
///
/// Example:
///   timestamp-server serve --port 3000                  a key in memory, for a test
///   timestamp-server serve --host 0.0.0.0 --port 3000 --timestamp-signer file \
///     --file-signer-key-path tsa.key --certificate-chain-path chain.pem
#[derive(Debug, Parser)]
#[command(
    name = "timestamp-server",
    verbatim_doc_comment,
    disable_help_subcommand = true
)]
struct TimestampServer {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer requests for timestamps until SIGTERM or SIGINT
    ///
    /// POST /api/v1/timestamp takes requests in DER and in JSON, GET /api/v1/timestamp/certchain gives the
    /// certificates, GET /ping says that the server lives.
    ///
    /// Example:
    ///   timestamp-server serve --port 3000 --metrics-address 127.0.0.1:2112
    ///   openssl ts -query -data FILE -sha256 -cert |
    ///     curl -H content-type:application/timestamp-query --data-binary @- \
    ///     http://localhost:3000/api/v1/timestamp > FILE.tsr
    #[command(verbatim_doc_comment)]
    Serve,
    Version(Version),
}

/// Runs timestamp-server; `arguments` begin with the program's name.
pub fn run(arguments: Vec<OsString>, surroundings: &Surroundings<'_>, output: &mut Output) -> Exit {
    let settings = match settings(&arguments, surroundings, output) {
        Ok(settings) => settings,
        Err(error) => return output.ended(Err(error)),
    };
    let dialect = Dialect::new().with_values(&settings);
    let parsed: TimestampServer = match dialect.parse(arguments, output) {
        Ok(parsed) => parsed,
        Err(exit) => return exit,
    };
    let done = match &parsed.command {
        Command::Serve => serve::run(&parsed.flags, surroundings, output),
        Command::Version(command) => {
            command.run("timestamp-server: timestamps are given by waxwing", output)
        }
    };
    output.ended(done)
}

/// What stands for flags in variables, and in the file of settings behind them.
fn settings(
    arguments: &[OsString],
    surroundings: &Surroundings<'_>,
    output: &mut Output,
) -> anyhow::Result<BTreeMap<String, Standing>> {
    let environment = surroundings.environment;
    let command = TimestampServer::command();
    let mut settings = variables::read(&command, environment);
    let named = given(arguments, "config").map(PathBuf::from);
    let named = named.or_else(|| environment.value(variables::CONFIG).map(PathBuf::from));
    let file = match named {
        Some(file) => {
            // The original goes on without it, with a key in memory that nobody trusts.
            ensure!(file.is_file(), "{} is not there", file.display());
            Some(file)
        }
        None => {
            let home = environment.value("HOME").map(Path::new);
            let here = Path::new(".");
            let directories: Vec<&Path> = home.into_iter().chain([here]).collect();
            viper::find(&directories, "timestamp-server")
        }
    };
    if let Some(file) = file {
        viper::add_file(&command, &file, &mut settings, output)?;
        output.note(&format!("Using config file: {}", file.display()));
    }
    Ok(settings)
}

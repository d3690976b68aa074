//! timestamp-cli: timestamps of an RFC 3161 authority, asked for, verified and shown.
//!
//! ```text
//! timestamp-cli --timestamp_server http://127.0.0.1:3000 timestamp --artifact FILE --out response.tsr
//! timestamp-cli verify --artifact FILE --timestamp response.tsr --certificate-chain chain.pem
//! ```
//!
//! Flags, variables (`TIMESTAMP_…`) and exit codes are the original's; `docs/compat/timestamp-authority.md`
//! has the table.

mod inspect;
mod timestamp;
mod told;
mod verify;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use serde::Serialize;
use waxwing_cli::{Dialect, Exit, Output, Standing, Surroundings, Version, given, parse_duration};

use crate::viper;

/// The largest response that is read of a file, in bytes.
const LARGEST_RESPONSE: usize = 1 << 20;

/// Ask for RFC 3161 timestamps, verify and inspect them
///
/// Example:
///   timestamp-cli timestamp --artifact FILE --out FILE.tsr
///   curl https://timestamp.sigstore.dev/api/v1/timestamp/certchain > chain.pem
///   timestamp-cli verify --artifact FILE --timestamp FILE.tsr --certificate-chain chain.pem
#[derive(Debug, Parser)]
#[command(
    name = "timestamp-cli",
    verbatim_doc_comment,
    disable_help_subcommand = true
)]
struct TimestampCli {
    #[command(flatten)]
    root: Root,
    #[command(subcommand)]
    command: Command,
}

/// What all commands take.
#[derive(Debug, Args)]
struct Root {
    /// Read flags that are not given from this file, YAML or JSON [default: ~/.timestamp.yaml if it is
    /// there]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The authority: its address, or the whole URL of one that is no Sigstore's
    #[arg(
        long = "timestamp_server",
        alias = "timestamp-server",
        global = true,
        value_name = "URL",
        default_value = "https://timestamp.sigstore.dev"
    )]
    timestamp_server: String,
    /// How results are written
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        default_value = "default"
    )]
    format: Format,
    /// How long the authority may take
    #[arg(long, global = true, value_name = "DURATION", value_parser = parse_duration, default_value = "30s")]
    timeout: Duration,
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Sentences for people
    Default,
    /// One JSON value
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    Timestamp(timestamp::TimestampCommand),
    Verify(verify::Verify),
    Inspect(inspect::Inspect),
    Version(Version),
}

/// Runs timestamp-cli; `arguments` begin with the program's name.
pub fn run(arguments: Vec<OsString>, surroundings: &Surroundings<'_>, output: &mut Output) -> Exit {
    let settings = match settings(&arguments, surroundings, output) {
        Ok(settings) => settings,
        Err(error) => return output.ended(Err(error)),
    };
    let dialect = Dialect::new().with_values(&settings);
    let parsed: TimestampCli = match dialect.parse(arguments, output) {
        Ok(parsed) => parsed,
        Err(exit) => return exit,
    };
    let done = parsed.run(surroundings, output);
    output.ended(done)
}

/// What stands for flags in variables, and in the file of settings behind them.
fn settings(
    arguments: &[OsString],
    surroundings: &Surroundings<'_>,
    output: &mut Output,
) -> anyhow::Result<BTreeMap<String, Standing>> {
    let environment = surroundings.environment;
    let named = given(arguments, "config").map(PathBuf::from);
    let named = named.or_else(|| environment.value("TIMESTAMP_CONFIG").map(PathBuf::from));
    let file = named.or_else(|| {
        let home = Path::new(environment.value("HOME")?);
        viper::find(&[home], ".timestamp")
    });
    let command = TimestampCli::command();
    let mut settings = viper::variables_of_all(&command, "TIMESTAMP", environment);
    if let Some(file) = file {
        viper::add_file(&command, &file, &mut settings, output)?;
    }
    Ok(settings)
}

/// Prints a result as the original does: one JSON value in one line.
fn print_json(value: &impl Serialize, output: &mut Output) -> anyhow::Result<()> {
    Ok(output.line(&serde_json::to_string(value)?)?)
}

impl TimestampCli {
    fn run(self, surroundings: &Surroundings<'_>, output: &mut Output) -> anyhow::Result<()> {
        let format = self.root.format;
        match self.command {
            Command::Timestamp(command) => command.run(&self.root, surroundings, output),
            Command::Verify(command) => command.run(format, output),
            Command::Inspect(command) => command.run(format, output),
            Command::Version(command) => {
                command.run("timestamp-cli: timestamps are asked for by waxwing", output)
            }
        }
    }
}

//! `fulcio`: the certificate authority as a program of its own, with the original's flags, variables and
//! ports.
//!
//! ```text
//! fulcio serve --ca=fileca --fileca-cert=chain.pem --fileca-key=key.pem --fileca-key-passwd=…
//!   :8080 HTTP    :8081 gRPC    :2112/metrics    @fulcio-legacy-grpc-socket gRPC in version 1
//! ```
//!
//! `docs/compat/fulcio.md` has the table of what agrees and what differs on purpose.

mod backend;
mod ct_log;
mod flags;
mod journal;
mod serve;

use std::ffi::OsString;

use clap::{Args as _, Command, Parser, Subcommand};
use waxwing_cli::{Dialect, Exit, Output, Surroundings, Version};

use crate::viper;
use flags::Serve;

/// What the variables of flags begin with.
const PREFIX: &str = "FULCIO_SERVE";

/// A certificate authority for signing software: an identity token in, a certificate of ten minutes out
///
/// Example:
///   fulcio serve --ca=ephemeralca --ct-log-url= --host=127.0.0.1 --grpc-host=127.0.0.1
#[derive(Debug, Parser)]
#[command(name = "fulcio", verbatim_doc_comment, disable_help_subcommand = true)]
struct Fulcio {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Serve(Box<Serve>),
    Version(Version),
}

/// Runs fulcio; `arguments` begin with the program's name.
pub fn run(arguments: Vec<OsString>, surroundings: &Surroundings<'_>, output: &mut Output) -> Exit {
    let fulcio = match read(arguments, surroundings, output) {
        Ok(fulcio) => fulcio,
        Err(exit) => return exit,
    };
    let done = match &fulcio.command {
        Verb::Serve(flags) => serve::run(flags, surroundings),
        Verb::Version(command) => command.run("fulcio: certificates are issued by waxwing", output),
    };
    output.ended(done)
}

/// Reads the command line; where it does not give a flag, a variable does, or else the file that the
/// command line or a variable names.
fn read(
    arguments: Vec<OsString>,
    surroundings: &Surroundings<'_>,
    output: &mut Output,
) -> Result<Fulcio, Exit> {
    let serve = Serve::augment_args(Command::new("serve"));
    let variables = viper::variables(&serve, PREFIX, surroundings.environment);
    let first: Fulcio = Dialect::new()
        .with_values(&variables)
        .parse(arguments.clone(), output)?;
    let path = match &first.command {
        Verb::Serve(flags) => flags::named(flags.config.as_ref()).cloned(),
        Verb::Version(_) => None,
    };
    let Some(path) = path else { return Ok(first) };
    let values = viper::values_of(&serve, &path, output);
    let mut values = values.map_err(|error| output.ended(Err(error)))?;
    values.extend(variables);
    Dialect::new().with_values(&values).parse(arguments, output)
}

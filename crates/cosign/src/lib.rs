//! cosign: a file a command. So far what concerns files; images are not there yet.
//!
//! The flags, what goes to which stream and the exit codes are the original's; `docs/compat/cosign.md`
//! has the table.

mod blob;
mod bundle;
mod completion;
mod debug;
mod deprecated;
mod env_command;
mod evidence;
mod flags;
mod initialize;
mod key;
mod older_log;
mod patience;
mod predicate;
mod root_status;
mod service_spec;
mod sign;
mod signing_config;
mod trust;
mod trusted_root;
mod verify;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, CommandFactory, Parser, Subcommand};
use waxwing_cli::{
    Dialect, Environment, Exit, Output, SingleDash, Surroundings, Version, network, parse_duration,
};
use waxwing_client::ambient;
use waxwing_crypto::Random;
use waxwing_encoding::time::Clock;
use waxwing_net::Client;

use patience::Patience;

/// Commands whose flags have no variables.
const UNBOUND: [&str; 7] = [
    "bundle",
    "completion",
    "debug",
    "env",
    "signing-config",
    "trusted-root",
    "version",
];

/// Sign and verify software.
#[derive(Debug, Parser)]
#[command(name = "cosign", disable_help_subcommand = true)]
struct Cosign {
    #[command(flatten)]
    root: Root,
    #[command(subcommand)]
    command: Command,
}

/// What all commands take.
#[derive(Debug, Args)]
struct Root {
    /// Write what would go to the standard output to this file
    #[arg(long, global = true, value_name = "FILE")]
    output_file: Option<PathBuf>,
    /// Say more of what happens
    #[arg(long, short = 'd', global = true)]
    verbose: bool,
    /// How long the command may take altogether, without the time in which somebody logs in
    #[arg(long, short, global = true, value_name = "DURATION", value_parser = parse_duration, default_value = "3m0s")]
    timeout: Duration,
}

#[derive(Debug, Subcommand)]
enum Command {
    GenerateKeyPair(key::GenerateKeyPair),
    ImportKeyPair(key::ImportKeyPair),
    PublicKey(key::PublicKey),
    TrustedRoot(trusted_root::TrustedRootCommand),
    SigningConfig(signing_config::SigningConfigCommand),
    Bundle(bundle::BundleCommand),
    Initialize(initialize::Initialize),
    Env(env_command::EnvCommand),
    Version(Version),
    Completion(completion::Completion),
    #[command(hide = true)]
    Debug(debug::Debug),
    SignBlob(sign::SignBlob),
    AttestBlob(sign::AttestBlob),
    VerifyBlob(verify::VerifyBlob),
    VerifyBlobAttestation(verify::VerifyBlobAttestation),
}

/// What a command works with.
pub(crate) struct Means<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) clock: &'a Arc<dyn Clock>,
    pub(crate) random: &'a Arc<dyn Random>,
    pub(crate) client: Client,
    pub(crate) patience: Patience,
}

impl Means<'_> {
    /// The value of a variable, empty ones included: some are there as soon as they are set.
    pub(crate) fn variable(&self) -> impl Fn(&str) -> Option<String> + Sync {
        |name| self.environment.set(name).map(str::to_owned)
    }

    /// Where tokens may lie ready.
    pub(crate) fn surroundings<'a>(
        &'a self,
        variable: &'a (dyn Fn(&str) -> Option<String> + Sync),
    ) -> ambient::Surroundings<'a> {
        ambient::Surroundings {
            variable,
            file: PathBuf::from(ambient::TOKEN_FILE),
            product_name_file: PathBuf::from(ambient::PRODUCT_NAME_FILE),
            client: &self.client,
            clock: self.clock.as_ref(),
        }
    }
}

/// Runs cosign; `arguments` begin with the program's name.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    surroundings: &Surroundings<'_>,
    output: &mut Output,
) -> Exit {
    let environment = surroundings.environment;
    let dialect = Dialect::new()
        .with_single_dash(SingleDash::Rewrite)
        .with_environment("COSIGN", environment, &UNBOUND)
        .with_deprecated(deprecated::DEPRECATED);
    let cosign: Cosign = match dialect.parse(arguments, output) {
        Ok(cosign) => cosign,
        Err(exit) => return exit,
    };
    let done = cosign.run(surroundings, output);
    output.ended(done)
}

/// All commands with all flags, those too that help does not show.
pub fn command() -> clap::Command {
    Cosign::command()
}

impl Cosign {
    fn run(self, surroundings: &Surroundings<'_>, output: &mut Output) -> anyhow::Result<()> {
        if let Some(path) = &self.root.output_file {
            output.redirect(path)?;
        }
        // One thread: a command waits for others most of the time, and starts the sooner.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let timeout = self.root.timeout;
        runtime.block_on(async {
            let means = Means {
                environment: surroundings.environment,
                clock: &surroundings.clock,
                random: &surroundings.random,
                client: Client::network_when_needed(network::settings(surroundings.environment)),
                patience: Patience::default(),
            };
            let done = self.command.run(&means, output);
            let done = means.patience.within(timeout, done).await;
            done.with_context(|| format!("not done after --timeout {timeout:?}"))?
        })
    }
}

impl Command {
    async fn run(&self, means: &Means<'_>, output: &mut Output) -> anyhow::Result<()> {
        match self {
            Self::GenerateKeyPair(command) => command.run(means, output),
            Self::ImportKeyPair(command) => command.run(means, output),
            Self::PublicKey(command) => command.run(means, output).await,
            Self::TrustedRoot(command) => command.run(means, output).await,
            Self::SigningConfig(command) => command.run(means, output).await,
            Self::Bundle(command) => command.run(means, output).await,
            Self::Initialize(command) => command.run(means, output).await,
            Self::Env(command) => command.run(means, output),
            Self::Version(command) => {
                command.run("cosign: files are signed and verified by waxwing", output)
            }
            Self::Completion(command) => {
                command.run(Dialect::new().command(Cosign::command()), output)
            }
            Self::Debug(command) => command.run(means, output).await,
            Self::SignBlob(command) => command.run(means, output).await,
            Self::AttestBlob(command) => command.run(means, output).await,
            Self::VerifyBlob(command) => command.run(means, output).await,
            Self::VerifyBlobAttestation(command) => command.run(means, output).await,
        }
    }
}

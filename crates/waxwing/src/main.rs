//! All of Sigstore in one program. It looks at the name by which it was called: as `cosign` (a link)
//! it is cosign, and `waxwing cosign …` is the same.

mod backup;
mod configuration;
mod conformance;
mod env;
mod freeze;
mod fsck;
mod guard;
mod hammer;
mod install;
mod log_command;
mod log_place;
mod move_instance;
mod opaque_log;
mod order;
mod root;
mod rotate;
mod shell;
mod system;
mod token;
mod tool;
mod try_file;
mod up;
mod user;

use std::ffi::OsString;
use std::path::Path;

use clap::{Parser, Subcommand};
use waxwing_cli::{Dialect, Environment, Exit, Output};

use crate::tool::{Arguments, COSIGN, FULCIO, TIMESTAMP_CLI, TIMESTAMP_SERVER, Tool};

/// All of Sigstore in one program
///
/// Begin with:
///   waxwing try FILE        a whole Sigstore in memory signs FILE, and leaves what verifies it
///   waxwing up              a whole Sigstore on one directory, for every existing client
#[derive(Debug, Parser)]
#[command(
    name = "waxwing",
    version,
    verbatim_doc_comment,
    disable_help_subcommand = true
)]
struct Waxwing {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Try(try_file::TryFile),
    Up(up::Up),
    Env(env::Env),
    Token(token::Token),
    User(user::UserCommand),
    Rotate(rotate::Rotate),
    Root(root::RootCommand),
    Move(move_instance::Move),
    Install(install::Install),
    /// Sign and verify software: the commands of cosign
    #[command(disable_help_flag = true)]
    Cosign(Arguments),
    /// Issue certificates as a service of its own: the commands of fulcio
    #[command(disable_help_flag = true)]
    Fulcio(Arguments),
    /// Ask for RFC 3161 timestamps, verify and inspect them: the commands of timestamp-cli
    #[command(disable_help_flag = true)]
    TimestampCli(Arguments),
    /// Serve an RFC 3161 timestamp authority: the commands of timestamp-server
    #[command(disable_help_flag = true)]
    TimestampServer(Arguments),
    Conformance(conformance::Conformance),
    Log(log_command::LogCommand),
    Hammer(hammer::Hammer),
    Fsck(fsck::Fsck),
    Backup(backup::Backup),
    Restore(backup::Restore),
}

fn main() -> Exit {
    let environment = system::environment();
    let mut output = system::output(&environment);
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let name = arguments.first().map(Path::new).and_then(Path::file_stem);
    match name.and_then(|name| name.to_str()).and_then(Tool::named) {
        Some(tool) => tool.run(arguments, &environment, &mut output),
        None => run(arguments, &environment, &mut output),
    }
}

fn run(arguments: Vec<OsString>, environment: &Environment, output: &mut Output) -> Exit {
    let waxwing: Waxwing = match Dialect::new().parse(arguments, output) {
        Ok(waxwing) => waxwing,
        Err(exit) => return exit,
    };
    let done = match waxwing.command {
        Command::Try(command) => command.run(output),
        Command::Up(command) => command.run(output),
        Command::Env(command) => command.run(output),
        Command::Token(command) => command.run(output),
        Command::User(command) => command.run(output),
        Command::Rotate(command) => command.run(output),
        Command::Root(command) => command.run(output),
        Command::Move(command) => command.run(output),
        Command::Install(command) => command.run(output),
        Command::Conformance(command) => command.run(output),
        Command::Log(command) => command.run(output),
        Command::Hammer(command) => command.run(output),
        Command::Fsck(command) => return command.run(output),
        Command::Backup(command) => command.run(output),
        Command::Restore(command) => command.run(output),
        Command::Cosign(arguments) => {
            return COSIGN.with(arguments, environment, output);
        }
        Command::Fulcio(arguments) => {
            return FULCIO.with(arguments, environment, output);
        }
        Command::TimestampCli(arguments) => {
            return TIMESTAMP_CLI.with(arguments, environment, output);
        }
        Command::TimestampServer(arguments) => {
            return TIMESTAMP_SERVER.with(arguments, environment, output);
        }
    };
    output.ended(done)
}

//! `waxwing user`: who may log in at an instance of one's own.

use clap::{Args, Subcommand};
use serde::Serialize;
use waxwing_cli::{Format, Output, prompt};
use waxwing_crypto::SystemRandom;
use waxwing_instance::DataDirectory;
use waxwing_issuer::{FileUsers, PasswordHash, User};

use crate::up::Data;

/// People who may log in at the instance
///
/// Example:
///   waxwing user add alice --email alice@example.com
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct UserCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(Add),
    List(List),
    Remove(Remove),
}

/// Let somebody log in, by a password
///
/// The password is asked for where a terminal is; else it is the first line of the standard input. It
/// is kept as an argon2id hash. Whoever logs in gets certificates for the e-mail address.
///
/// Example:
///   waxwing user add alice --email alice@example.com < password
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
struct Add {
    #[command(flatten)]
    data: Data,
    /// The name to log in with
    #[arg(value_name = "NAME")]
    name: String,
    /// The address that tokens and certificates will have
    #[arg(long, value_name = "EMAIL")]
    email: String,
    /// The full name, for tokens that ask for it
    #[arg(long, value_name = "NAME")]
    full_name: Option<String>,
    /// The password itself; other people of this machine can see it, so better leave this out
    #[arg(long, value_name = "PASSWORD")]
    password: Option<String>,
}

/// Say who may log in
#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    data: Data,
    /// How to say it
    #[arg(long, short, value_enum, default_value_t = Format::Text)]
    output: Format,
}

/// Let somebody log in no longer
///
/// Tokens and certificates that they have stay good until they expire, in minutes.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
struct Remove {
    #[command(flatten)]
    data: Data,
    /// The name
    #[arg(value_name = "NAME")]
    name: String,
}

/// A user as `--output json` prints one. Fields are added, never changed.
#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    email: String,
}

impl UserCommand {
    pub(crate) fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        match &self.command {
            Command::Add(command) => command.run(output),
            Command::List(command) => command.run(output),
            Command::Remove(command) => command.run(output),
        }
    }
}

impl Add {
    fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        let users = users(&self.data)?;
        let password = match &self.password {
            Some(password) => password.clone().into(),
            None => prompt::new_password()?,
        };
        let hash = PasswordHash::new(&password, &SystemRandom)?;
        let (name, email) = (self.name.as_str(), self.email.as_str());
        let user = User::new(name, email, self.full_name.as_deref(), hash, &SystemRandom)?;
        users.add(user)?;
        output.note(&format!("{name} can log in, as {email}"));
        Ok(())
    }
}

impl List {
    fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        let listed = users(&self.data)?.list()?.into_iter().map(|user| Listed {
            name: user.name().to_owned(),
            email: user.email().to_owned(),
        });
        let listed: Vec<_> = listed.collect();
        match self.output {
            Format::Json => output.json(&listed)?,
            Format::Text => {
                for user in listed {
                    output.line(&format!("{}\t{}", user.name, user.email))?;
                }
            }
        }
        Ok(())
    }
}

impl Remove {
    fn run(&self, output: &mut Output) -> anyhow::Result<()> {
        users(&self.data)?.remove(&self.name)?;
        output.note(&format!("{} can log in no longer", self.name));
        Ok(())
    }
}

fn users(data: &Data) -> anyhow::Result<FileUsers> {
    DataDirectory::existing_address(&data.data)?;
    Ok(FileUsers::new(waxwing_instance::users(&data.data)))
}

//! The habits of cobra and pflag, laid over a `clap` command in one place.
//!
//! ```text
//! --yes   --yes=false   -y=T   --yes --yes=false (the last one counts)
//! COSIGN_TIMESTAMP_SERVER_URL=… stands for --timestamp-server-url=…
//! ```
//!
//! Flags that should no longer be used are told of as they are given, by a table ([`Deprecated`]).
//!
//! Tools that find values in files too, or under other names, look for them first and hand them over as
//! [`Standing`].
//!
//! Refused: `--yes false` (the word is an argument of its own, as in pflag), and long flags with one
//! dash unless the tool is one that rewrites them.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, Parser};

use crate::deprecated::{self, Deprecated};
use crate::single_dash::{self, SingleDash};
use crate::{Environment, Exit, Output, parse_boolean};

/// How wide help is, whatever the terminal: the same text everywhere.
const HELP_WIDTH: usize = 100;

/// How a tool reads its command line.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dialect<'a> {
    single_dash: SingleDash,
    binding: Option<Binding<'a>>,
    standing: Option<&'a BTreeMap<String, Standing>>,
    deprecated: &'a [Deprecated<'a>],
}

/// What stands for a flag that is not given.
#[derive(Clone, PartialEq, Eq)]
pub struct Standing {
    /// The value.
    pub value: String,
    /// Where it is from, for complaints: `the variable FULCIO_SERVE_PORT`.
    pub source: String,
}

impl fmt::Debug for Standing {
    /// Without the value: it may be a password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Standing({})", self.source)
    }
}

/// Which variables stand for which flags.
#[derive(Debug, Clone, Copy)]
struct Binding<'a> {
    prefix: &'a str,
    environment: &'a Environment,
    except: &'a [&'a str],
}

impl<'a> Dialect<'a> {
    /// Boolean flags with values, repeated flags, no variables, and one dash refused.
    pub fn new() -> Self {
        Self::default()
    }

    /// What to do with long flags that have one dash.
    #[must_use]
    pub fn with_single_dash(self, single_dash: SingleDash) -> Self {
        Self {
            single_dash,
            ..self
        }
    }

    /// Lets `PREFIX_FLAG_NAME`, with a prefix such as `COSIGN`, stand for `--flag-name` where the flag is not given. The subcommands
    /// in `except`, and all below them, do not look at the environment.
    #[must_use]
    pub fn with_environment(
        self,
        prefix: &'a str,
        environment: &'a Environment,
        except: &'a [&'a str],
    ) -> Self {
        let binding = Binding {
            prefix,
            environment,
            except,
        };
        Self {
            binding: Some(binding),
            ..self
        }
    }

    /// Lets these values stand for flags that are not given, each under the flag's long name.
    #[must_use]
    pub fn with_values(self, standing: &'a BTreeMap<String, Standing>) -> Self {
        Self {
            standing: Some(standing),
            ..self
        }
    }

    /// Says which flags should no longer be used, when they are given.
    #[must_use]
    pub fn with_deprecated(self, deprecated: &'a [Deprecated<'a>]) -> Self {
        Self { deprecated, ..self }
    }

    /// Reads `arguments`, of which the first is the program's name. Help goes to `output`, and so do
    /// complaints; then the program is to end with the [`Exit`] given.
    pub fn parse<T: Parser>(
        &self,
        arguments: impl IntoIterator<Item = OsString>,
        output: &mut Output,
    ) -> Result<T, Exit> {
        let mut command = self.command(T::command());
        let mut arguments: Vec<OsString> = arguments.into_iter().collect();
        for found in single_dash::find(&command, &arguments) {
            let (short, long) = (found.found, found.expected);
            if self.single_dash == SingleDash::Refuse {
                output.complain(&format!(
                    "{short}: long flags have two dashes; write {long}"
                ));
                return Err(Exit::Failure);
            }
            output.warn(&format!(
                "{short} is read as {long}; long flags have two dashes"
            ));
            arguments[found.position] = long.into();
        }
        let matches = command.try_get_matches_from_mut(&arguments);
        let parsed = matches.and_then(|mut matches| {
            let given = deprecated::given(&command, &matches, self.deprecated);
            Ok((T::from_arg_matches_mut(&mut matches)?, given))
        });
        match parsed {
            Ok((parsed, given)) => {
                for flag in given {
                    output.deprecated_flag(flag.name, flag.advice);
                }
                Ok(parsed)
            }
            Err(error) if is_help(&error) => Err(show_help(&error, output)),
            Err(error) => Err(self.refuse(&error, &arguments, output)),
        }
    }

    /// `command` with these habits, for help pages and completions too.
    pub fn command(&self, command: Command) -> Command {
        self.adapted(command.term_width(HELP_WIDTH), self.binding)
    }

    /// Complains in one voice, whether the library or this crate found the mistake.
    fn refuse(&self, error: &clap::Error, arguments: &[OsString], output: &mut Output) -> Exit {
        let text = error.render().to_string();
        output.complain(text.strip_prefix("error: ").unwrap_or(&text).trim_end());
        let given = |flag| {
            let mut texts = arguments.iter().filter_map(|argument| argument.to_str());
            texts.any(|text| text.split('=').next() == Some(flag))
        };
        if let Some((flag, source)) = self.source(error)
            && !given(flag)
        {
            output.note(&format!("The value of {flag} is that of {source}."));
        }
        Exit::Failure
    }

    /// The flag that the error is about, and where its value is from if it is not given.
    fn source<'e>(&self, error: &'e clap::Error) -> Option<(&'e str, String)> {
        let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else {
            return None;
        };
        let flag = argument.split(['[', ' ', '=']).next()?;
        let long = flag.strip_prefix("--")?;
        if let Some(standing) = self.standing.and_then(|standing| standing.get(long)) {
            return Some((flag, standing.source.clone()));
        }
        let binding = self.binding?;
        let variable = variable_name(binding.prefix, long);
        binding.environment.value(&variable)?;
        Some((flag, format!("the variable {variable}")))
    }

    fn adapted(&self, command: Command, binding: Option<Binding<'_>>) -> Command {
        let binding = binding.filter(|binding| !binding.except.contains(&command.get_name()));
        command
            .args_override_self(true)
            .mut_args(|argument| {
                let argument = accept_boolean(argument);
                let argument = match binding {
                    Some(binding) => bind(argument, binding),
                    None => argument,
                };
                match self.standing {
                    Some(standing) => stand(argument, standing),
                    None => argument,
                }
            })
            .mut_subcommands(|subcommand| self.adapted(subcommand, binding))
    }
}

/// Lets a boolean flag stand alone or have a value after `=`.
fn accept_boolean(argument: Arg) -> Arg {
    let is_switch = matches!(argument.get_action(), ArgAction::SetTrue);
    let is_boolean = argument.get_value_parser().type_id() == TypeId::of::<bool>();
    if argument.is_positional() || !(is_switch || is_boolean) {
        return argument;
    }
    let has_default = !argument.get_default_values().is_empty();
    let argument = argument
        .action(ArgAction::Set)
        .num_args(0..=1)
        .require_equals(true)
        .default_missing_value("true")
        .value_name("BOOL")
        .value_parser(|text: &str| parse_boolean(text))
        .hide_possible_values(true);
    match is_switch && !has_default {
        true => argument.default_value("false").hide_default_value(true),
        false => argument,
    }
}

/// Gives a flag its variable's value as default. Help does not show it: it may be a token.
fn bind(argument: Arg, binding: Binding<'_>) -> Arg {
    let Some(long) = argument.get_long() else {
        return argument;
    };
    let variable = variable_name(binding.prefix, long);
    match binding.environment.value(&variable) {
        Some(value) => argument
            .default_value(value.to_owned())
            .required(false)
            .hide_default_value(true),
        None => argument,
    }
}

/// Gives a flag the value that stands for it. Help does not show it: it may be a password.
fn stand(argument: Arg, standing: &BTreeMap<String, Standing>) -> Arg {
    let long = argument.get_long();
    let value = long.and_then(|long| standing.get(long));
    match value.map(|standing| standing.value.clone()) {
        Some(value) => argument
            .default_value(value)
            .required(false)
            .hide_default_value(true),
        None => argument,
    }
}

fn variable_name(prefix: &str, long: &str) -> String {
    let name = long.to_uppercase().replace('-', "_");
    format!("{prefix}_{name}")
}

fn is_help(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    )
}

fn show_help(help: &clap::Error, output: &mut Output) -> Exit {
    let text = help.render();
    let text = match output.stdout().has_colour() {
        true => text.ansi().to_string(),
        false => text.to_string(),
    };
    match output.stdout().write(&text) {
        Ok(()) => Exit::Success,
        Err(_) => Exit::Failure,
    }
}

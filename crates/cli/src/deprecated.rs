//! Flags that still work and should no longer be used: a table of them, and the notices for those that are
//! given, in pflag's words and the order of the command line:
//!
//! ```text
//! Flag --rekor-url has been deprecated, it works here; a --signing-config has its place
//! ```
//!
//! Given is what stands on the command line, whatever its value. What variables and files stand for is not:
//! pflag tells nobody either.

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

/// The flags of one command.
#[derive(Debug, Clone, Copy)]
pub struct Deprecated<'a> {
    /// The command, with those above it: `trusted-root create`.
    pub command: &'a str,
    /// Its flags.
    pub flags: &'a [&'a [DeprecatedFlag<'a>]],
}

/// A flag that should no longer be used.
#[derive(Debug, Clone, Copy)]
pub struct DeprecatedFlag<'a> {
    /// Its long name, without dashes.
    pub name: &'a str,
    /// What to do instead.
    pub advice: &'a str,
    /// Values that older versions did not have, and for which it stays.
    pub stays_for: &'a [&'a str],
}

impl<'a> DeprecatedFlag<'a> {
    /// A flag that should not be used any more, whatever its value.
    pub const fn new(name: &'a str, advice: &'a str) -> Self {
        Self {
            name,
            advice,
            stays_for: &[],
        }
    }
}

/// The flags of the table that were given, in their order.
pub(crate) fn given<'a>(
    command: &Command,
    matches: &ArgMatches,
    table: &[Deprecated<'a>],
) -> Vec<DeprecatedFlag<'a>> {
    let (mut command, mut matches) = (command, matches);
    let mut path = Vec::new();
    while let Some((name, below)) = matches.subcommand() {
        let Some(found) = command.find_subcommand(name) else {
            break;
        };
        path.push(name);
        (command, matches) = (found, below);
    }
    let path = path.join(" ");
    let rows = table.iter().filter(|row| row.command == path);
    let flags = rows.flat_map(|row| row.flags.iter().copied().flatten());
    let mut given: Vec<_> = flags
        .filter_map(|flag| Some((place(command, matches, flag)?, *flag)))
        .collect();
    given.sort_by_key(|(place, _)| *place);
    given.into_iter().map(|(_, flag)| flag).collect()
}

/// Where on the command line a flag was given; `None` if it was not.
fn place(command: &Command, matches: &ArgMatches, flag: &DeprecatedFlag<'_>) -> Option<usize> {
    let mut arguments = command.get_arguments();
    let argument = arguments.find(|argument| argument.get_long() == Some(flag.name))?;
    let id = argument.get_id().as_str();
    if matches.value_source(id) != Some(ValueSource::CommandLine) {
        return None;
    }
    let mut values = matches.get_raw(id)?;
    let is_older = |value: &std::ffi::OsStr| !flag.stays_for.iter().any(|stays| *stays == value);
    match values.any(is_older) {
        true => matches.indices_of(id)?.min(),
        false => None,
    }
}

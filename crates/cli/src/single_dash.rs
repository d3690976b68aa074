//! Long flags written with one dash: `-key cosign.pub` for `--key cosign.pub`.
//!
//! Pflag reads `-key` as the short flags `-k -e -y`, which never is what was meant. Most tools refuse
//! it; cosign rewrites it and warns. Only names of flags that the tool has are treated so: `-t30s`,
//! `-yd` and a lone `-` stay what they are, and so does everything after `--`.

use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::Command;

/// What to do with a long flag that is written with one dash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SingleDash {
    /// Refuse it and show the form with two.
    #[default]
    Refuse,
    /// Read it as if it had two, and warn, as cosign does.
    Rewrite,
}

/// An argument with one dash, and the same with two.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) position: usize,
    pub(crate) found: String,
    pub(crate) expected: String,
}

/// Finds them among `arguments`, of which the first is the program's name.
pub(crate) fn find(command: &Command, arguments: &[OsString]) -> Vec<Found> {
    let mut names = BTreeSet::from(["help".to_owned(), "version".to_owned()]);
    collect_names(command, &mut names);
    let mut all = Vec::new();
    for (position, argument) in arguments.iter().enumerate().skip(1) {
        let Some(text) = argument.to_str() else {
            continue;
        };
        if text == "--" {
            break;
        }
        let Some(flag) = text.strip_prefix('-') else {
            continue;
        };
        let name = flag.split('=').next().unwrap_or_default();
        if name.len() > 1 && names.contains(name) {
            all.push(Found {
                position,
                found: text.to_owned(),
                expected: format!("-{text}"),
            });
        }
    }
    all
}

fn collect_names(command: &Command, names: &mut BTreeSet<String>) {
    for argument in command.get_arguments() {
        names.extend(argument.get_long().map(str::to_owned));
        let aliases = argument.get_all_aliases().unwrap_or_default();
        names.extend(aliases.into_iter().map(str::to_owned));
    }
    for subcommand in command.get_subcommands() {
        collect_names(subcommand, names);
    }
}

#[cfg(test)]
mod tests {
    use clap::Arg;

    use super::*;

    #[test]
    fn only_names_of_flags_are_found() {
        let verify = Command::new("verify")
            .arg(Arg::new("key").long("key").alias("public-key"))
            .arg(Arg::new("timeout").long("timeout").short('t'));
        let command = Command::new("cosign").subcommand(verify);
        let arguments = [
            "-key",
            "verify",
            "-key",
            "--key",
            "-key=x",
            "-public-key",
            "-t30s",
            "-t",
            "-",
            "-keys",
            "-help",
            "key",
            "--",
            "-key",
        ];
        let found = find(&command, &arguments.map(OsString::from));
        let found: Vec<_> = found
            .iter()
            .map(|found| (found.position, found.expected.as_str()))
            .collect();
        let expected = [
            (2, "--key"),
            (4, "--key=x"),
            (5, "--public-key"),
            (10, "--help"),
        ];
        assert_eq!(found, expected);
    }
}

//! What stands for flags that are not given, as the originals' library viper finds it: first a variable,
//! then a file.
//!
//! ```text
//! FULCIO_SERVE_CT-LOG-URL=https://…     the original's name: a shell cannot set it, a container can
//! FULCIO_SERVE_CT_LOG_URL=https://…     the same here
//!
//! ca: fileca                            a file: YAML, or JSON
//! ct-log: {tls-ca-cert: ca.pem}         --ct-log.tls-ca-cert
//! client-signing-algorithms: [ed25519]  a list, or text with commas
//! ```
//!
//! Names in a file count in any case. Refused: files of other kinds, and values that are neither text nor
//! a list of texts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::{Arg, Command};
use serde_json::Value;
use waxwing_cli::{Environment, Output, Standing, files};
use waxwing_serve::document::{Document, LARGEST_DOCUMENT};

/// The ends of names of files that are read.
const ENDS: [&str; 3] = ["json", "yaml", "yml"];

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// By the long names of flags.
    pub(crate) values: BTreeMap<String, Standing>,
    /// Names that are those of no flag.
    pub(crate) unknown: Vec<String>,
}

/// The variables that stand for flags of `command`. If both names are set, the original's counts.
pub(crate) fn variables(
    command: &Command,
    prefix: &str,
    environment: &Environment,
) -> BTreeMap<String, Standing> {
    let mut found = BTreeMap::new();
    for long in command.get_arguments().filter_map(Arg::get_long) {
        let original = format!("{prefix}_{}", long.to_uppercase());
        let ours = original.replace(['-', '.'], "_");
        for name in [original, ours] {
            if let Some(value) = environment.value(&name) {
                found.entry(long.to_owned()).or_insert_with(|| Standing {
                    value: value.to_owned(),
                    source: format!("the variable {name}"),
                });
            }
        }
    }
    found
}

/// The variables that stand for flags of `command` and of its subcommands.
pub(crate) fn variables_of_all(
    command: &Command,
    prefix: &str,
    environment: &Environment,
) -> BTreeMap<String, Standing> {
    let mut found = variables(command, prefix, environment);
    for subcommand in command.get_subcommands() {
        found.extend(variables_of_all(subcommand, prefix, environment));
    }
    found
}

/// The first file of this name and one of the known ends in these directories.
pub(crate) fn find(directories: &[&Path], name: &str) -> Option<PathBuf> {
    let paths = directories
        .iter()
        .flat_map(|directory| ENDS.map(|end| directory.join(format!("{name}.{end}"))));
    paths.into_iter().find(|path| path.is_file())
}

/// What a file says of the flags of `command`; names of none are told.
pub(crate) fn values_of(
    command: &Command,
    path: &Path,
    output: &mut Output,
) -> anyhow::Result<BTreeMap<String, Standing>> {
    let found = file(command, path)?;
    for name in &found.unknown {
        let path = path.display();
        output.warn(&format!(
            "{path}: {name} is the name of no flag, and does nothing"
        ));
    }
    Ok(found.values)
}

/// Lets what a file says stand for flags of `command` and of its subcommands for which nothing stands yet.
pub(crate) fn add_file(
    command: &Command,
    path: &Path,
    values: &mut BTreeMap<String, Standing>,
    output: &mut Output,
) -> anyhow::Result<()> {
    for (flag, standing) in values_of(&flattened(command), path, output)? {
        // As for variables, empty is not set.
        if !standing.value.is_empty() {
            values.entry(flag).or_insert(standing);
        }
    }
    Ok(())
}

/// One command with the flags of all subcommands.
fn flattened(command: &Command) -> Command {
    let mut all = command.clone();
    for subcommand in command.get_subcommands() {
        for argument in subcommand.get_arguments() {
            let known = |known: &Arg| known.get_long() == argument.get_long();
            if !all.get_arguments().any(known) {
                all = all.arg(argument.clone());
            }
        }
    }
    all
}

/// The values that a file has for flags of `command`.
pub(crate) fn file(command: &Command, path: &Path) -> anyhow::Result<Found> {
    let end = path.extension().and_then(|end| end.to_str());
    ensure!(
        end.is_some_and(|end| ENDS.contains(&end)),
        "config file must have one of the following extensions: {}; found {}",
        ENDS.join(", "),
        path.display()
    );
    let text =
        files::read(path, LARGEST_DOCUMENT).context("unable to stat config file provided")?;
    let document = Document::read(&text)
        .with_context(|| format!("unable to parse config file provided: {}", path.display()))?;
    let mut flat = BTreeMap::new();
    flatten("", document.value(), &mut flat).with_context(|| path.display().to_string())?;
    let mut found = Found::default();
    for (name, value) in flat {
        let mut arguments = command.get_arguments();
        let argument = arguments.find(|argument| is_named(argument, &name));
        match argument.and_then(Arg::get_long) {
            None => found.unknown.push(name),
            Some(long) => {
                let source = format!("{name} in {}", path.display());
                let standing = Standing { value, source };
                found.values.insert(long.to_owned(), standing);
            }
        }
    }
    Ok(found)
}

fn is_named(argument: &Arg, name: &str) -> bool {
    argument.get_long() == Some(name)
        || argument
            .get_all_aliases()
            .is_some_and(|aliases| aliases.contains(&name))
}

/// Each value under its name, with those of the tables around it before a dot.
fn flatten(name: &str, value: &Value, flat: &mut BTreeMap<String, String>) -> anyhow::Result<()> {
    let scalar = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    };
    match value {
        Value::Null => {}
        Value::Object(members) => {
            for (member, value) in members {
                let member = member.to_lowercase();
                let inner = match name.is_empty() {
                    true => member,
                    false => format!("{name}.{member}"),
                };
                flatten(&inner, value, flat)?;
            }
        }
        Value::Array(items) => {
            let texts: Option<Vec<String>> = items.iter().map(scalar).collect();
            let Some(texts) = texts else {
                bail!("{name}: expected a list of texts, found a list of something else");
            };
            flat.insert(name.to_owned(), texts.join(","));
        }
        value if !name.is_empty() => {
            flat.insert(name.to_owned(), scalar(value).unwrap_or_default());
        }
        _ => bail!("expected flags by their names (ca: fileca), found a single value"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> Command {
        let flag = |name: &'static str| Arg::new(name).long(name);
        Command::new("serve")
            .arg(flag("port").alias("http-port"))
            .arg(flag("ct-log-url"))
            .arg(flag("ct-log.tls-ca-cert"))
            .arg(flag("log_type"))
            .arg(flag("list"))
    }

    fn shown(values: &BTreeMap<String, Standing>) -> Vec<String> {
        let values = values.iter();
        values
            .map(|(name, standing)| format!("{name}={} ({})", standing.value, standing.source))
            .collect()
    }

    #[test]
    fn variables_have_the_originals_name_or_one_that_a_shell_can_set() {
        let environment = Environment::from_iter([
            ("T_PORT", "1"),
            ("T_CT-LOG-URL", "dash"),
            ("T_CT_LOG_URL", "underscore"),
            ("T_CT_LOG_TLS_CA_CERT", "ca.pem"),
            ("T_LOG_TYPE", ""),
            ("T_HTTP_PORT", "9"),
            ("PORT", "8"),
        ]);
        assert_eq!(
            shown(&variables(&command(), "T", &environment)),
            [
                "ct-log-url=dash (the variable T_CT-LOG-URL)",
                "ct-log.tls-ca-cert=ca.pem (the variable T_CT_LOG_TLS_CA_CERT)",
                "port=1 (the variable T_PORT)",
            ]
        );
    }

    #[test]
    fn a_file_has_flags_by_their_names_and_says_what_it_has_beside_them() {
        let folder = tempfile::tempdir().unwrap();
        let read = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            file(&command(), &path).map_err(|error| format!("{error:#}"))
        };
        let yaml = "PORT: 1\nct-log: {tls-ca-cert: a.pem}\nct-log-url: ''\nlist: [a, b]\nnone: ~\nhots: x\n";
        let json = r#"{"http-port": 1, "ct-log.tls-ca-cert": "a.pem", "ct-log-url": "", "list": ["a", "b"], "hots": true}"#;
        for (name, text) in [("f.yaml", yaml), ("f.json", json)] {
            let found = read(name, text).unwrap();
            let values = found.values.iter();
            let values = values.map(|(name, standing)| (name.as_str(), standing.value.as_str()));
            assert_eq!(
                values.collect::<Vec<_>>(),
                [
                    ("ct-log-url", ""),
                    ("ct-log.tls-ca-cert", "a.pem"),
                    ("list", "a,b"),
                    ("port", "1"),
                ]
            );
            assert_eq!(found.unknown, ["hots"]);
        }
        let refused = read("f.toml", "port = 1").unwrap_err();
        assert!(
            refused.starts_with("config file must have one of the following extensions: json"),
            "{refused}"
        );
        let refused = read("f.yaml", "list: [{}]").unwrap_err();
        assert!(
            refused.contains("list: expected a list of texts"),
            "{refused}"
        );
        let refused = read("f.yml", "port").unwrap_err();
        assert!(refused.contains("found a single value"), "{refused}");
        let refused = file(&command(), &folder.path().join("none.yaml")).unwrap_err();
        let refused = format!("{refused:#}");
        assert!(
            refused.starts_with("unable to stat config file provided"),
            "{refused}"
        );
    }
}

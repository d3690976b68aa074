//! The variables that stand for flags.
//!
//! | variable | is read for |
//! |---|---|
//! | `TIMESTAMP_SERVER_FLAG_NAME` | every flag; the original does not have these |
//! | `FLAG-NAME` | every flag but two, as the original has them, which no shell can set |
//! | `HOST`, `PORT`, `SCHEME` | the flags of one word among them |
//! | `TLS_HOST`, `TLS_PORT`, `TLS_CERTIFICATE`, `TLS_PRIVATE_KEY`, `TLS_CA_CERTIFICATE` | the flags of TLS |

use std::collections::BTreeMap;

use clap::{Arg, Command};
use waxwing_cli::{Environment, Standing};

use crate::viper;

/// The variable of `--config`.
pub(super) const CONFIG: &str = "TIMESTAMP_SERVER_CONFIG";

/// The original reads these from the command line alone, and a variable of so common a name should not
/// decide anything.
const NOT_BY_NAME: [&str; 2] = ["config", "http-ping-only"];

/// The variables whose names do not follow from the flag's.
const NAMED: [(&str, &str); 6] = [
    ("tls-host", "TLS_HOST"),
    ("tls-host", "HOST"),
    ("tls-port", "TLS_PORT"),
    ("tls-certificate", "TLS_CERTIFICATE"),
    ("tls-key", "TLS_PRIVATE_KEY"),
    ("tls-ca", "TLS_CA_CERTIFICATE"),
];

/// The variables that stand for flags of `command`.
pub(super) fn read(command: &Command, environment: &Environment) -> BTreeMap<String, Standing> {
    let ours = viper::variables_of_all(command, "TIMESTAMP_SERVER", environment);
    let originals = command.get_arguments().filter_map(Arg::get_long);
    let originals = originals.filter(|flag| !NOT_BY_NAME.contains(flag));
    let originals = originals.map(|flag| (flag, flag.to_uppercase()));
    let named = NAMED.map(|(flag, variable)| (flag, variable.to_owned()));
    let mut found = ours;
    for (flag, variable) in originals.chain(named) {
        if let Some(value) = environment.value(&variable) {
            found.entry(flag.to_owned()).or_insert_with(|| Standing {
                value: value.to_owned(),
                source: format!("the variable {variable}"),
            });
        }
    }
    found
}

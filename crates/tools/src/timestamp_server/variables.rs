//! The variables that stand for flags.
//!
//! | variable | is read for |
//! |---|---|
//! | `TIMESTAMP_SERVER_FLAG_NAME` | every flag; the original does not have these |
//! | `FLAG-NAME` | every flag but two, as the original has them, which no shell can set |
//! | `HOST`, `PORT`, `SCHEME` | the flags of one word among them |
//! | `TLS_HOST`, `TLS_PORT`, `TLS_CERTIFICATE`, `TLS_PRIVATE_KEY`, `TLS_CA_CERTIFICATE` | the flags of TLS |

use std::collections::BTreeSet;

use waxwing_cli::{Defaults, Environment};

/// The variable of `--config`.
pub(super) const CONFIG: &str = "TIMESTAMP_SERVER_CONFIG";

/// The original reads these from the command line alone, and a variable of so common a name should not
/// decide anything.
const NOT_BY_NAME: [&str; 3] = ["config", "http-ping-only", "json"];

/// The variables whose names do not follow from the flag's.
const NAMED: [(&str, &str); 6] = [
    ("tls-host", "TLS_HOST"),
    ("tls-host", "HOST"),
    ("tls-port", "TLS_PORT"),
    ("tls-certificate", "TLS_CERTIFICATE"),
    ("tls-key", "TLS_PRIVATE_KEY"),
    ("tls-ca", "TLS_CA_CERTIFICATE"),
];

/// Lets variables stand for the flags of these names.
pub(super) fn read(environment: &Environment, flags: &BTreeSet<String>, defaults: &mut Defaults) {
    let mut add = |flag: &str, variable: &str| {
        if let Some(value) = environment.value(variable) {
            defaults.add(flag, value, format!("the variable {variable}"));
        }
    };
    for flag in flags {
        let capitals = flag.to_uppercase();
        add(
            flag,
            &format!("TIMESTAMP_SERVER_{}", capitals.replace('-', "_")),
        );
        if !NOT_BY_NAME.contains(&flag.as_str()) {
            add(flag, &capitals);
        }
    }
    for (flag, variable) in NAMED {
        add(flag, variable);
    }
}

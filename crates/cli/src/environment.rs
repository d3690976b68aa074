//! Environment variables as an argument: read once by `main`, made up by tests.

use std::collections::BTreeMap;
use std::fmt;

use crate::{BooleanError, parse_boolean};

/// Environment variables. Values are not shown by `Debug`: some are passwords and tokens.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// No variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a variable. As in the originals, an empty one counts as not set.
    pub fn value(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    /// The value of a variable that means something when it is empty, as a password does.
    pub fn set(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// All of them, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let variables = self.variables.iter();
        variables.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether a variable is set to something true; not set is false.
    pub fn is_true(&self, name: &str) -> Result<bool, BooleanError> {
        self.value(name).map_or(Ok(false), parse_boolean)
    }

    /// The variables whose names begin with `prefix`, sorted by name.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let from_there = self.variables.range(prefix.to_owned()..);
        from_there
            .take_while(move |(name, _)| name.starts_with(prefix))
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter();
        Self {
            variables: variables
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_set()
            .entries(self.variables.keys())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_is_not_set_and_values_are_not_shown() {
        let environment = Environment::from_iter([
            ("COSIGN_PASSWORD", "secret"),
            ("COSIGN_YES", "1"),
            ("COSIGN_KEY", ""),
            ("COSIGNER", "x"),
            ("HOME", "/root"),
        ]);
        assert_eq!(environment.value("COSIGN_PASSWORD"), Some("secret"));
        assert_eq!(environment.value("COSIGN_KEY"), None);
        assert_eq!(environment.set("COSIGN_KEY"), Some(""));
        assert_eq!(environment.value("COSIGN_OTHER"), None);
        assert_eq!(environment.set("COSIGN_OTHER"), None);
        assert_eq!(environment.is_true("COSIGN_YES"), Ok(true));
        assert_eq!(environment.is_true("COSIGN_OTHER"), Ok(false));
        assert_eq!(environment.is_true("HOME"), Err(BooleanError));
        let names: Vec<&str> = environment
            .with_prefix("COSIGN_")
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["COSIGN_KEY", "COSIGN_PASSWORD", "COSIGN_YES"]);
        assert!(!format!("{environment:?}").contains("secret"));
    }
}

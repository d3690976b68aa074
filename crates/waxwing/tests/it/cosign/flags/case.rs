//! A flag, the line it stands in, and the values that it is given one after the other.

/// What is run, by each of the programs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    /// The commands that have the flag.
    pub(super) commands: &'static [&'static str],
    pub(super) flag: &'static str,
    /// What stands behind the command; `{}` is the flag with its value.
    pub(super) line: &'static str,
    /// The flag with each value; at least two of them end differently.
    pub(super) values: &'static [&'static str],
    /// Why ours ends otherwise than cosign 3.x for some value, if it does.
    pub(super) differs: Option<&'static str>,
}

/// A case that ends with ours as it ends with cosign.
pub(super) const fn case(
    commands: &'static [&'static str],
    flag: &'static str,
    line: &'static str,
    values: &'static [&'static str],
) -> Case {
    Case {
        commands,
        flag,
        line,
        values,
        differs: None,
    }
}

impl Case {
    /// The same, with a reason to differ.
    pub(super) const fn but(self, reason: &'static str) -> Self {
        Self {
            differs: Some(reason),
            ..self
        }
    }

    /// The whole line for a command and a value.
    pub(super) fn line(&self, command: &str, value: &str) -> String {
        let statement = command.contains("attest");
        let pick =
            |file: &'static str, statement_file| if statement { statement_file } else { file };
        let first = match command {
            "attest-blob" if !self.line.contains("{} statement") => {
                "attest-blob --predicate predicate.json"
            }
            command => command,
        };
        format!("{first} {}", self.line)
            .replace("{} statement", "{}")
            .replace("{}", value)
            .replace("{x}", pick("json", "att"))
            .replace("{sig}", pick("blob.sig", "env.att"))
            .replace("{other-sig}", pick("other.sig", "other-env.att"))
            .replace("{stamped}", pick("stamped.sig", "stamped.att"))
            .replace("{tsr}", pick("blob.tsr", "env.tsr"))
    }
}

//! A flag of a command line that nobody has parsed yet: `--config`, which says where the others are from.

use std::ffi::OsString;

/// The last value of a flag; `arguments` begin with the program's name.
pub fn given(arguments: &[OsString], flag: &str) -> Option<OsString> {
    let mut found = None;
    let mut rest = arguments.iter().skip(1);
    while let Some(argument) = rest.next() {
        let Some(text) = argument.to_str() else {
            continue;
        };
        if text == "--" {
            break;
        }
        let after = text.strip_prefix("--");
        let Some(after) = after.and_then(|text| text.strip_prefix(flag)) else {
            continue;
        };
        if after.is_empty() {
            found = rest.next().cloned();
        } else if let Some(value) = after.strip_prefix('=') {
            found = Some(value.into());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_a_flag_counts() {
        let found = |line: &str| {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            given(&arguments, "config").map(|value| value.into_string().unwrap())
        };
        assert_eq!(found("tool serve --config a"), Some("a".to_owned()));
        let twice = "tool --config=a serve --config=b=c";
        assert_eq!(found(twice), Some("b=c".to_owned()));
        for none in [
            "tool serve --configuration a --port 1",
            "--config a",
            "tool serve -- --config a",
            "tool serve --config",
        ] {
            assert_eq!(found(none), None, "{none}");
        }
    }
}

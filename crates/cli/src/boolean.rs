//! Truth as Go's `strconv.ParseBool` reads it, for flags and variables alike.
//!
//! ```text
//! 1 t T TRUE true True    0 f F FALSE false False
//! ```

/// A text that is neither true nor false.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected true or false (also 1, t, T, TRUE, True, 0, f, F, FALSE, False)")]
pub struct BooleanError;

/// Reads one of the twelve spellings.
pub fn parse_boolean(text: &str) -> Result<bool, BooleanError> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err(BooleanError),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_spellings_and_no_more() {
        for text in ["1", "t", "T", "TRUE", "true", "True"] {
            assert_eq!(parse_boolean(text), Ok(true), "{text}");
        }
        for text in ["0", "f", "F", "FALSE", "false", "False"] {
            assert_eq!(parse_boolean(text), Ok(false), "{text}");
        }
        for text in ["", "yes", "no", "tRUE", " true", "2"] {
            assert_eq!(parse_boolean(text), Err(BooleanError), "{text}");
        }
    }
}

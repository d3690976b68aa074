//! Checkpoints of C2SP tlog-checkpoint: the text of a signed note that states the head of a log.
//!
//! ```text
//! rekor.example.com
//! 7
//! 3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=
//! ```
//!
//! Lines after the third are extensions: opaque, and kept as they came.
//!
//! Refused: an empty origin, a size with another spelling than its own decimal (`07`, `+7`), a root
//! that is not 32 bytes of standard base64 with padding, an empty extension line, control
//! characters, and a last line without its newline. The origin is not read as a URL, and may hold
//! blanks: that of a Rekor v1 log is `<host> - <tree ID>`.

use std::fmt;

use crate::Hash;

/// Why a text is not a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The last line does not end in a newline.
    #[error("the checkpoint does not end in a newline")]
    MissingFinalNewline,
    /// Fewer than three lines.
    #[error("the checkpoint has {found} lines; expected origin, size and root")]
    TooFewLines {
        /// Lines found.
        found: usize,
    },
    /// A control character, carriage returns among them.
    #[error("the checkpoint has the control character {found:#04x}")]
    ControlCharacter {
        /// The character.
        found: u32,
    },
    /// The origin is empty.
    #[error("the checkpoint's origin is empty")]
    EmptyOrigin,
    /// The size is not a number of 64 bits, or not in its one spelling.
    #[error("the checkpoint's size is {found:?}; expected a decimal number without leading zeros")]
    SizeNotCanonical {
        /// The line found.
        found: String,
    },
    /// The root is not 32 bytes in base64.
    #[error("the checkpoint's root is {found:?}; expected 32 bytes in standard base64")]
    Root {
        /// The line found.
        found: String,
    },
    /// An extension line without content.
    #[error("extension line {line} of the checkpoint is empty")]
    EmptyExtension {
        /// The extension line's number, from 1.
        line: usize,
    },
    /// A newline inside what has to be one line.
    #[error("a newline inside an origin or extension line")]
    Newline,
}

/// The head of a log: which log, how many leaves, under which root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
    extensions: Vec<String>,
}

impl Checkpoint {
    /// The head of the log named `origin`.
    pub fn new(origin: &str, size: u64, root: Hash) -> Result<Self, CheckpointError> {
        if origin.is_empty() {
            return Err(CheckpointError::EmptyOrigin);
        }
        check_line(origin)?;
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
            extensions: Vec::new(),
        })
    }

    /// The same head with one more extension line.
    pub fn with_extension(mut self, line: &str) -> Result<Self, CheckpointError> {
        if line.is_empty() {
            return Err(CheckpointError::EmptyExtension {
                line: self.extensions.len() + 1,
            });
        }
        check_line(line)?;
        self.extensions.push(line.to_owned());
        Ok(self)
    }

    /// Reads the text of a note.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let lines = text
            .strip_suffix('\n')
            .ok_or(CheckpointError::MissingFinalNewline)?;
        let mut lines = lines.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::TooFewLines {
                found: text.split('\n').count() - 1,
            });
        };
        let root = Hash::from_base64(root).ok_or_else(|| CheckpointError::Root {
            found: root.to_owned(),
        })?;
        let checkpoint = Self::new(origin, canonical_decimal(size)?, root)?;
        lines.try_fold(checkpoint, Self::with_extension)
    }

    /// The log's name.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// The lines after the root.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}

/// Writes the bytes that were read.
impl fmt::Display for Checkpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}\n{}\n{}\n", self.origin, self.size, self.root)?;
        for line in &self.extensions {
            writeln!(formatter, "{line}")?;
        }
        Ok(())
    }
}

fn check_line(line: &str) -> Result<(), CheckpointError> {
    match line.chars().find(|character| *character < ' ') {
        None => Ok(()),
        Some('\n') => Err(CheckpointError::Newline),
        Some(found) => Err(CheckpointError::ControlCharacter {
            found: u32::from(found),
        }),
    }
}

fn canonical_decimal(text: &str) -> Result<u64, CheckpointError> {
    decimal(text).ok_or_else(|| CheckpointError::SizeNotCanonical {
        found: text.to_owned(),
    })
}

/// One number, one spelling: what is read must be written back the same.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    // Digits alone, and a zero in front only as the whole number.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = digits && (text == "0" || !text.starts_with('0'));
    text.parse::<u64>().ok().filter(|_| canonical)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    #[test]
    fn what_is_read_is_written_again() {
        for text in [
            format!("example.com/log\n0\n{ROOT}\n"),
            format!("rekor.example.com - 1193050959916656506\n18446744073709551615\n{ROOT}\n"),
            format!("log\n7\n{ROOT}\nTimestamp: 1\nLog frozen \u{2014} for good\n"),
        ] {
            assert_eq!(Checkpoint::parse(&text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn every_other_spelling_is_refused_by_name() {
        let size = |found: &str| CheckpointError::SizeNotCanonical {
            found: found.to_owned(),
        };
        let root = |found: &str| CheckpointError::Root {
            found: found.to_owned(),
        };
        let unpadded = ROOT.trim_end_matches('=');
        for (text, error) in [
            (String::new(), CheckpointError::MissingFinalNewline),
            (
                format!("log\n7\n{ROOT}"),
                CheckpointError::MissingFinalNewline,
            ),
            ("log\n7\n".into(), CheckpointError::TooFewLines { found: 2 }),
            (format!("\n7\n{ROOT}\n"), CheckpointError::EmptyOrigin),
            (
                format!("log\r\n7\n{ROOT}\n"),
                CheckpointError::ControlCharacter { found: 13 },
            ),
            (format!("log\n07\n{ROOT}\n"), size("07")),
            (format!("log\n+7\n{ROOT}\n"), size("+7")),
            (format!("log\n-7\n{ROOT}\n"), size("-7")),
            (format!("log\n7 \n{ROOT}\n"), size("7 ")),
            (format!("log\n\n{ROOT}\n"), size("")),
            (
                format!("log\n18446744073709551616\n{ROOT}\n"),
                size("18446744073709551616"),
            ),
            (format!("log\n7\n{unpadded}\n"), root(unpadded)),
            ("log\n7\nAQI=\n".into(), root("AQI=")),
            ("log\n7\n\n".into(), root("")),
            (
                format!("log\n7\n{ROOT}\n\n"),
                CheckpointError::EmptyExtension { line: 1 },
            ),
            (
                format!("log\n7\n{ROOT}\nmore\n\nmore\n"),
                CheckpointError::EmptyExtension { line: 2 },
            ),
        ] {
            assert_eq!(Checkpoint::parse(&text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn a_head_cannot_be_made_with_lines_that_are_none() {
        let root = Hash::from_base64(ROOT).unwrap();
        assert_eq!(
            Checkpoint::new("two\nlines", 0, root),
            Err(CheckpointError::Newline)
        );
        let head = Checkpoint::new("log", 0, root).unwrap();
        assert_eq!(
            head.with_extension("two\nlines"),
            Err(CheckpointError::Newline)
        );
    }
}

//! Character classes in brackets.
//!
//! In Go they hold characters, ranges and the sets of [`super::escape`] and of POSIX. What `regex` adds
//! within them, `[`, `&&`, `--` and `~~`, are plain characters for Go.

use super::PatternError;
use super::translate::Scanner;

/// The sets of POSIX, all of ASCII, as they are written in a class.
const POSIX: [(&str, &str); 14] = [
    ("alnum", "0-9A-Za-z"),
    ("alpha", "A-Za-z"),
    ("ascii", r"\x{0}-\x{7f}"),
    ("blank", r"\x{9}\x{20}"),
    ("cntrl", r"\x{0}-\x{1f}\x{7f}"),
    ("digit", "0-9"),
    ("graph", r"\x{21}-\x{7e}"),
    ("lower", "a-z"),
    ("print", r"\x{20}-\x{7e}"),
    (
        "punct",
        r"\x{21}-\x{2f}\x{3a}-\x{40}\x{5b}-\x{60}\x{7b}-\x{7e}",
    ),
    ("space", r"\x{9}-\x{d}\x{20}"),
    ("upper", "A-Z"),
    ("word", r"0-9A-Za-z\x{5f}"),
    ("xdigit", "0-9A-Fa-f"),
];

impl Scanner<'_> {
    /// A class; its opening bracket was read.
    pub(super) fn class(&mut self, start: usize) -> Result<(), PatternError> {
        self.output.push('[');
        if self.take("^") {
            self.output.push('^');
        }
        let mut first = true;
        // A closing bracket in the first place is a character.
        while first || !self.take("]") {
            first = false;
            if !self.posix()? {
                self.member(start)?;
            }
        }
        self.output.push(']');
        Ok(())
    }

    /// A set such as `[:alpha:]`, if there is one. Without its end it is not one, but characters.
    fn posix(&mut self) -> Result<bool, PatternError> {
        let position = self.position();
        let Some((name, rest)) = self
            .rest
            .strip_prefix("[:")
            .and_then(|rest| rest.split_once(":]"))
        else {
            return Ok(false);
        };
        self.rest = rest;
        let (hat, name) = match name.strip_prefix('^') {
            Some(name) => ("^", name),
            None => ("", name),
        };
        let Some((_, set)) = POSIX.iter().find(|(known, _)| *known == name) else {
            return Err(PatternError::Range {
                found: self.since(position),
                position,
            });
        };
        self.output.push_str(&format!("[{hat}{set}]"));
        Ok(true)
    }

    /// One character, one range, or a set behind a backslash.
    fn member(&mut self, start: usize) -> Result<(), PatternError> {
        let position = self.position();
        let before = self.rest;
        if self.take("\\") && self.class_escape(position)? {
            return Ok(());
        }
        self.rest = before;
        let low = self.class_character(start)?;
        let mut high = low;
        // Before the closing bracket a hyphen is a character.
        if self.rest.len() > 1 && self.rest.starts_with('-') && !self.rest.starts_with("-]") {
            self.next();
            high = self.class_character(start)?;
        }
        if high < low {
            return Err(PatternError::Range {
                found: self.since(position),
                position,
            });
        }
        self.character(low);
        if high != low {
            self.output.push('-');
            self.character(high);
        }
        Ok(())
    }

    fn class_character(&mut self, start: usize) -> Result<char, PatternError> {
        let position = self.position();
        match self.next() {
            Some('\\') => self.character_escape(position),
            Some(character) => Ok(character),
            None => Err(PatternError::MissingBracket { position: start }),
        }
    }
}

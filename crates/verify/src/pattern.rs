//! Regular expressions over identities, in the syntax and with the meaning of Go's `regexp`.
//!
//! ```text
//! ^https://github\.com/example/[^/]+/\.github/workflows/release\.ya?ml@refs/tags/v\d+$
//! ```
//!
//! A pattern matches anywhere in the text: `example` also matches `attacker-example`, and only `^`
//! and `$` tie it to both ends. The other clients of Sigstore are written in Go or behave like it, so
//! one pattern must choose the same identities here and there. Yet the `regex` crate, which does the
//! work, gives many of the same signs another meaning: there `\d` takes every digit of Unicode, `\<`
//! is the start of a word, and `[a&&b]` an intersection. Hence a pattern is read here by Go's rules and
//! written anew for `regex` in a small part of its language, on which both agree.
//!
//! Refused, beside what Go refuses: the empty pattern, which would match everybody; escapes of
//! surrogates, which no text holds; `\p{C}`, which has two meanings in two releases of Go; a
//! repetition directly behind `(?i)` or `\Q\E`; Unicode's sets under names that Go learnt in 1.25,
//! `\p{Letter}` and `\p{greek}`; groups deeper than [`DEEPEST_GROUP`]; and patterns over
//! [`LONGEST_PATTERN`] or [`LARGEST_PROGRAM`]. Matching takes time linear in the text.

mod class;
mod error;
mod escape;
mod repeat;
mod translate;

use std::fmt;

use regex::{Regex, RegexBuilder};

pub use error::PatternError;

/// The longest pattern that is read, in bytes.
pub const LONGEST_PATTERN: usize = 16 << 10;

/// The largest program that a pattern may become, in bytes.
pub const LARGEST_PROGRAM: usize = 10 << 20;

/// How deep groups may stand in each other. The compiler below is recursive, with up to four steps
/// for each group, and without optimisation 100 of them overflowed the two megabytes of a thread.
pub const DEEPEST_GROUP: usize = 30;

/// A regular expression of Go. Two are equal when they are written alike.
#[derive(Clone)]
pub struct Pattern {
    source: String,
    regex: Regex,
}

impl Pattern {
    /// Reads a pattern as Go's `regexp.Compile` would.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        if pattern.is_empty() {
            return Err(PatternError::Empty);
        }
        if pattern.len() > LONGEST_PATTERN {
            return Err(PatternError::TooLong {
                length: pattern.len(),
            });
        }
        let translated = translate::translate(pattern)?;
        let regex = RegexBuilder::new(&translated.text)
            .size_limit(LARGEST_PROGRAM)
            .nest_limit(5 * u32::try_from(DEEPEST_GROUP).unwrap_or(u32::MAX))
            .build()
            .map_err(|error| refused(&error, translated.scripts))?;
        Ok(Self {
            source: pattern.to_owned(),
            regex,
        })
    }

    /// Whether the pattern matches anywhere in the text.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The pattern as it was given.
    pub fn as_str(&self) -> &str {
        &self.source
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Pattern({:?})", self.source)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Pattern {}

/// Only the tables of `regex` know which scripts there are, and it does not say where in the pattern
/// an unknown one stands.
fn refused(error: &regex::Error, scripts: Vec<translate::Script>) -> PatternError {
    if let regex::Error::CompiledTooBig(_) = error {
        return PatternError::TooLarge;
    }
    let unknown = |script: &translate::Script| Regex::new(&script.class).is_err();
    match scripts.into_iter().find(unknown) {
        Some(script) => PatternError::UnicodeClass {
            found: script.found,
            position: script.position,
        },
        None => PatternError::Untranslated {
            reason: error.to_string(),
        },
    }
}

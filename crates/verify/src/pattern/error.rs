//! Why a pattern is refused.

use super::{DEEPEST_GROUP, LARGEST_PROGRAM, LONGEST_PATTERN};

/// Why a text is no pattern. Positions are bytes, from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// Nothing there, which would match everybody.
    #[error("the pattern is empty: it would match everybody")]
    Empty,
    /// Longer than any pattern needs to be.
    #[error("the pattern has {length} bytes; at most {LONGEST_PATTERN} are read")]
    TooLong {
        /// How many bytes there are.
        length: usize,
    },
    /// The pattern is short, and what it stands for is not.
    #[error("the pattern needs a program of more than {LARGEST_PROGRAM} bytes")]
    TooLarge,
    /// Groups within groups within groups.
    #[error("the group at {position} is nested deeper than {DEEPEST_GROUP}")]
    TooDeep {
        /// Where the group opens.
        position: usize,
    },
    /// A backslash that does not introduce anything Go knows: back references, `\Z`, `\C`, `\u`.
    #[error("{found} at {position} is no escape of Go's regular expressions")]
    Escape {
        /// What was read of it.
        found: String,
        /// Where it begins.
        position: usize,
    },
    /// A surrogate, which is no character and which no text holds.
    #[error("{found} at {position} is a surrogate and can never match")]
    Surrogate {
        /// The escape.
        found: String,
        /// Where it begins.
        position: usize,
    },
    /// A character class without its end.
    #[error("the character class at {position} has no closing bracket")]
    MissingBracket {
        /// Where the class begins.
        position: usize,
    },
    /// A range whose end is below its start, or a class such as `[:word2:]` that is not known.
    #[error("{found} at {position} is no range of characters")]
    Range {
        /// The range.
        found: String,
        /// Where it begins.
        position: usize,
    },
    /// A name behind `\p` that is neither a general category nor a script.
    #[error("{found} at {position} names no category and no script of Unicode")]
    UnicodeClass {
        /// The class.
        found: String,
        /// Where it begins.
        position: usize,
    },
    /// `\p{C}`: unassigned code points belong to it since Go 1.25 and did not before.
    #[error("{found} at {position} depends on Go's version; name the two-letter categories")]
    AmbiguousClass {
        /// The class.
        found: String,
        /// Where it begins.
        position: usize,
    },
    /// A group that is not closed.
    #[error("the group at {position} has no closing parenthesis")]
    MissingParenthesis {
        /// Where the group opens.
        position: usize,
    },
    /// A closing parenthesis without its group.
    #[error("the parenthesis at {position} closes no group")]
    UnexpectedParenthesis {
        /// Where it stands.
        position: usize,
    },
    /// Behind `(?` something that Go does not know: looking ahead or back, the flags `x` and `u`.
    #[error("{found} at {position} opens no group that Go's regular expressions have")]
    Group {
        /// What was read of it.
        found: String,
        /// Where it begins.
        position: usize,
    },
    /// A repetition with nothing in front of it.
    #[error("the repetition at {position} has nothing to repeat")]
    NothingToRepeat {
        /// Where it stands.
        position: usize,
    },
    /// A repetition of a repetition, `a**`.
    #[error("the repetition at {position} stands directly behind another one")]
    RepeatedTwice {
        /// Where the second one stands.
        position: usize,
    },
    /// More than a thousand times, alone or multiplied with those around it, or `{2,1}`.
    #[error("{found} at {position} repeats more than 1000 times, or its least exceeds its most")]
    RepeatSize {
        /// The repetition.
        found: String,
        /// Where it stands.
        position: usize,
    },
    /// Right by Go's rules, and still refused by the `regex` crate.
    #[error("the pattern cannot be translated: {reason}")]
    Untranslated {
        /// What `regex` says about the translation.
        reason: String,
    },
}

//! Why a policy is refused, and why a checkpoint does not meet one.

use super::{LONGEST_POLICY, MOST_DEFINITIONS};
use crate::note::NoteKeyError;

/// A text is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the witness policy: {problem}")]
pub struct WitnessPolicySyntaxError {
    /// The line's number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: WitnessPolicyProblem,
}

/// What is wrong with a line of a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WitnessPolicyProblem {
    /// Longer than any policy needs to be.
    #[error("the policy has {length} bytes; at most {LONGEST_POLICY} are read")]
    TooLong {
        /// How many bytes there are.
        length: usize,
    },
    /// The last line does not end in a newline.
    #[error("the line does not end in a newline")]
    MissingNewline,
    /// A control character other than the tab, carriage returns among them.
    #[error("the control character {found:#04x}")]
    ControlCharacter {
        /// The byte found.
        found: u8,
    },
    /// A definition that is not UTF-8.
    #[error("the definition is not UTF-8 after byte {valid_up_to}")]
    NotUtf8 {
        /// How many bytes are.
        valid_up_to: usize,
    },
    /// The line begins with another word.
    #[error("{found:?} is unknown; expected log, witness, group or quorum")]
    Keyword {
        /// The word.
        found: String,
    },
    /// A word too few or too many.
    #[error("expected: {expected}")]
    Form {
        /// The form of such a line.
        expected: &'static str,
    },
    /// More logs, witnesses or groups than are read.
    #[error("more than {MOST_DEFINITIONS} of them")]
    TooMany,
    /// The name is reserved.
    #[error("the name none is reserved for the quorum")]
    ReservedName,
    /// The name belongs to a witness or a group above.
    #[error("the name {name:?} is in use")]
    NameInUse {
        /// The name.
        name: String,
    },
    /// No line above defines the name.
    #[error("no witness and no group named {name:?} stands above")]
    UnknownName {
        /// The name.
        name: String,
    },
    /// The name is a member of a group above, or of this one already.
    #[error("{name:?} is the member of a group already")]
    MemberTwice {
        /// The name.
        name: String,
    },
    /// The key cannot be read.
    #[error(transparent)]
    Key(#[from] NoteKeyError),
    /// A witness with a log's kind of key, or the other way round.
    #[error("the key is of a kind for {found}")]
    KeyUse {
        /// Whom such keys are for.
        found: &'static str,
    },
    /// The public key stands on a line above.
    #[error("the public key is that of line {line}")]
    KeyTwice {
        /// The line above.
        line: usize,
    },
    /// Not `all`, not `any`, and no number between one and the members.
    #[error("the threshold is {found:?}; expected all, any or a number from 1 to {members}")]
    Threshold {
        /// The word found.
        found: String,
        /// How many members there are.
        members: usize,
    },
    /// A second quorum.
    #[error("a second quorum")]
    QuorumTwice,
    /// No quorum up to the end; the line is the one behind the last.
    #[error("the policy ends without a quorum")]
    NoQuorum,
}

/// Why a checkpoint does not meet a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WitnessPolicyError {
    /// A line in the name of a witness that this witness did not make.
    #[error("the cosignature of the witness {witness} ({key}) does not match the note")]
    BadCosignature {
        /// The witness.
        witness: String,
        /// The name of its key.
        key: String,
    },
    /// Too few have witnessed the checkpoint.
    #[error("the quorum of witnesses is not met: {}", list(.unmet))]
    Quorum {
        /// The groups that lack members, the quorum itself in front.
        unmet: Vec<UnmetGroup>,
    },
}

/// A group, or a witness that alone is the quorum, that has not witnessed a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmetGroup {
    /// The group's name.
    pub name: String,
    /// Its members that have witnessed the checkpoint.
    pub found: Vec<String>,
    /// How many of them would have been enough.
    pub required: usize,
}

fn list(unmet: &[UnmetGroup]) -> String {
    let label = |group: &UnmetGroup| {
        let members = match group.found.as_slice() {
            [] => String::new(),
            found => format!(" ({})", found.join(", ")),
        };
        let (name, found, required) = (&group.name, group.found.len(), group.required);
        format!("{name} has {found} of {required}{members}")
    };
    let labels: Vec<String> = unmet.iter().map(label).collect();
    labels.join("; ")
}

//! Why a note is refused.

use waxwing_encoding::{base64, hex};

use super::{LONGEST_NOTE, MOST_SIGNATURES};

/// Why bytes are not a note, or why nobody known has signed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// Longer than any note needs to be.
    #[error("the note has {length} bytes; at most {LONGEST_NOTE} are read")]
    TooLong {
        /// How many bytes there are.
        length: usize,
    },
    /// Not UTF-8.
    #[error("the note is not UTF-8 after byte {valid_up_to}")]
    NotUtf8 {
        /// How many bytes are.
        valid_up_to: usize,
    },
    /// A control character, carriage returns and tabs among them.
    #[error("the note has the control character {found:#04x}")]
    ControlCharacter {
        /// The byte found.
        found: u8,
    },
    /// No empty line, hence no signatures.
    #[error("the note has no empty line between text and signatures")]
    NoSeparator,
    /// The text to sign does not end in a newline.
    #[error("the note's text does not end in a newline")]
    TextWithoutNewline,
    /// The last signature line does not end in a newline.
    #[error("the note does not end in a newline")]
    MissingFinalNewline,
    /// Nothing after the empty line.
    #[error("the note has no signature")]
    NoSignature,
    /// More signature lines than are read.
    #[error("the note has more than {MOST_SIGNATURES} signatures")]
    TooManySignatures,
    /// A signature line without its dash, or without its two blanks.
    #[error("signature line {line} is not \"\u{2014} <name> <base64>\"")]
    SignatureLine {
        /// The line's number, from 1.
        line: usize,
    },
    /// A key name that is empty or has a blank or a `+`.
    #[error("{found:?} is no key name: empty, or with a blank or a plus sign")]
    KeyName {
        /// The name found.
        found: String,
    },
    /// The signature is not base64.
    #[error("signature line {line}: {source}")]
    Base64 {
        /// The line's number, from 1.
        line: usize,
        /// Where the base64 goes wrong.
        source: base64::Base64Error,
    },
    /// No byte of signature behind the key ID.
    #[error("signature line {line} holds {length} bytes; at least 5 are needed")]
    SignatureTooShort {
        /// The line's number, from 1.
        line: usize,
        /// Bytes found.
        length: usize,
    },
    /// A signature in the name of a known key that this key did not make.
    #[error(
        "the signature of {name}+{} does not match the note",
        hex::encode(key_id)
    )]
    BadSignature {
        /// The key's name.
        name: String,
        /// The key's ID.
        key_id: [u8; 4],
    },
    /// None of the signatures is by a known key.
    #[error("no signature by a known key: the note has {found}, known are {known}")]
    NoKnownSignature {
        /// The keys named on the signature lines.
        found: String,
        /// The keys that would have been accepted.
        known: String,
    },
}

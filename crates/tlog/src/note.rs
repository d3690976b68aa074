//! Signed notes of C2SP signed-note: a text and the signatures under it.
//!
//! ```text
//! This is an example message.
//!
//! — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
//! ```
//!
//! The last empty line parts the text from the signatures. Each of those names a key, and carries in
//! base64 the four bytes of its ID and the signature itself.
//!
//! Refused: notes over 1 MB, other bytes than UTF-8, control characters other than the newline, a
//! missing empty line, no signature or more than 100, a key name that is empty or has a blank or a
//! `+`, base64 in any other form than the standard one with padding, and signatures of less than one
//! byte behind the ID. What a note says is worth nothing before [`Note::open`] has found a known
//! key's signature under it.

pub(crate) mod cosignature;
mod error;
mod key;
mod signer;
mod tree_head;
mod verifier;

use std::fmt;

use waxwing_encoding::{base64, hex};

use crate::hash::decode_base64;

pub use error::NoteError;
pub use key::{NoteKeyError, key_id, key_id_of_spki, log_id};
pub use signer::NoteSigner;
pub use tree_head::tree_head_signature_input;
pub use verifier::NoteVerifier;

/// The longest note that is read, in bytes.
pub const LONGEST_NOTE: usize = 1_000_000;

/// The most signature lines that are read: witnessed logs have dozens, and each costs work.
pub const MOST_SIGNATURES: usize = 100;

/// A note as it was read: nothing is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    name: String,
    key_id: [u8; 4],
    bytes: Vec<u8>,
}

/// A note that a known key has signed; made by [`Note::open`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedNote<'a> {
    text: &'a str,
    signatures: Vec<VerifiedSignature<'a>>,
}

/// A signature that was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedSignature<'a> {
    /// The line.
    pub signature: &'a NoteSignature,
    /// Milliseconds since 1970 that the signature covers, where its kind has a time in it. Witnesses
    /// count seconds: theirs are whole ones.
    pub timestamp: Option<u64>,
}

impl Note {
    /// A note of that text, still without signatures.
    pub fn new(text: &str) -> Result<Self, NoteError> {
        check_characters(text.as_bytes())?;
        if !text.ends_with('\n') {
            return Err(NoteError::TextWithoutNewline);
        }
        Ok(Self {
            text: text.to_owned(),
            signatures: Vec::new(),
        })
    }

    /// The same note with one more signature line.
    pub fn with_signature(mut self, signature: NoteSignature) -> Self {
        self.signatures.push(signature);
        self
    }

    /// Reads a note.
    pub fn parse(note: impl AsRef<[u8]>) -> Result<Self, NoteError> {
        let bytes = note.as_ref();
        check_characters(bytes)?;
        let note = str::from_utf8(bytes).map_err(|error| NoteError::NotUtf8 {
            valid_up_to: error.valid_up_to(),
        })?;
        let separator = note.rfind("\n\n").ok_or(NoteError::NoSeparator)?;
        let (text, rest) = note.split_at(separator + 1);
        let lines = rest.strip_prefix('\n').unwrap_or(rest);
        if lines.is_empty() {
            return Err(NoteError::NoSignature);
        }
        let lines = lines
            .strip_suffix('\n')
            .ok_or(NoteError::MissingFinalNewline)?;
        let mut signatures = Vec::new();
        for (line, text) in (1..).zip(lines.split('\n')) {
            if line > MOST_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            signatures.push(NoteSignature::parse(line, text)?);
        }
        Ok(Self {
            text: text.to_owned(),
            signatures,
        })
    }

    /// Checks the signatures of the known keys. Lines of other keys are passed over: anybody may add
    /// them. But a line in the name of a known key must hold, whatever the others say, and at least
    /// one known key must be there.
    pub fn open(&self, verifiers: &[NoteVerifier]) -> Result<VerifiedNote<'_>, NoteError> {
        let mut verified = Vec::new();
        for signature in &self.signatures {
            let mut known = verifiers
                .iter()
                .filter(|verifier| verifier.made(signature))
                .peekable();
            if known.peek().is_none() {
                continue;
            }
            // Two keys may share name and ID, by chance or because a caller lists one twice.
            let checked = known.find_map(|verifier| verifier.verify(&self.text, signature));
            verified.push(checked.ok_or_else(|| NoteError::BadSignature {
                name: signature.name.clone(),
                key_id: signature.key_id,
            })?);
        }
        if verified.is_empty() {
            let found = self
                .signatures
                .iter()
                .map(|line| key_label(&line.name, line.key_id));
            let known = verifiers
                .iter()
                .map(|key| key_label(key.name(), key.key_id()));
            return Err(NoteError::NoKnownSignature {
                found: list(found),
                known: list(known),
            });
        }
        Ok(VerifiedNote {
            text: &self.text,
            signatures: verified,
        })
    }

    /// The text, its final newline included, before anything is verified.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, in their order.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }
}

impl<'a> VerifiedNote<'a> {
    /// The text that was signed, its final newline included.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The signatures that were checked, in the order of their lines; at least one.
    pub fn signatures(&self) -> &[VerifiedSignature<'a>] {
        &self.signatures
    }
}

/// Writes the bytes that were read.
impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.text)?;
        let mut lines = self.signatures.iter();
        lines.try_for_each(|signature| write!(formatter, "{signature}"))
    }
}

impl NoteSignature {
    /// A signature made elsewhere, a witness's for example.
    pub fn new(name: &str, key_id: [u8; 4], bytes: Vec<u8>) -> Result<Self, NoteError> {
        check_key_name(name)?;
        if bytes.is_empty() {
            return Err(NoteError::SignatureTooShort { line: 1, length: 4 });
        }
        Ok(Self {
            name: name.to_owned(),
            key_id,
            bytes,
        })
    }

    /// The key's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's ID: the first four bytes on the line.
    pub fn key_id(&self) -> [u8; 4] {
        self.key_id
    }

    /// What follows the key's ID.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn parse(line: usize, text: &str) -> Result<Self, NoteError> {
        let (name, signature) = text
            .strip_prefix("\u{2014} ")
            .and_then(|text| text.split_once(' '))
            .ok_or(NoteError::SignatureLine { line })?;
        check_key_name(name)?;
        let mut signature =
            decode_base64(signature).map_err(|source| NoteError::Base64 { line, source })?;
        match signature.first_chunk().copied() {
            Some(key_id) if signature.len() > key_id.len() => {
                signature.drain(..key_id.len());
                Ok(Self {
                    name: name.to_owned(),
                    key_id,
                    bytes: signature,
                })
            }
            _ => Err(NoteError::SignatureTooShort {
                line,
                length: signature.len(),
            }),
        }
    }
}

/// Writes the line, its newline included.
impl fmt::Display for NoteSignature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signature = base64::encode(&[self.key_id.as_slice(), &self.bytes].concat());
        writeln!(formatter, "\u{2014} {} {signature}", self.name)
    }
}

fn check_characters(note: &[u8]) -> Result<(), NoteError> {
    if note.len() > LONGEST_NOTE {
        return Err(NoteError::TooLong { length: note.len() });
    }
    let control = |byte: u8| byte < b' ' && byte != b'\n';
    // Without a way out in the middle, the compiler looks at many bytes at once.
    if !note.iter().fold(false, |any, byte| any | control(*byte)) {
        return Ok(());
    }
    match note.iter().copied().find(|byte| control(*byte)) {
        None => Ok(()),
        Some(found) => Err(NoteError::ControlCharacter { found }),
    }
}

fn check_key_name(name: &str) -> Result<(), NoteError> {
    // Most names are of letters, digits and dots, and need no tables of Unicode.
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'+';
    if !name.is_empty() && name.bytes().all(plain) {
        return Ok(());
    }
    let bad = |character: char| character.is_whitespace() || character == '+';
    if name.is_empty() || name.contains(bad) {
        return Err(NoteError::KeyName {
            found: name.to_owned(),
        });
    }
    Ok(())
}

fn key_label(name: &str, key_id: [u8; 4]) -> String {
    let name = if name.is_empty() { "(any name)" } else { name };
    format!("{name}+{}", hex::encode(&key_id))
}

fn list(labels: impl Iterator<Item = String>) -> String {
    let labels: Vec<String> = labels.collect();
    if labels.is_empty() {
        return "none".to_owned();
    }
    labels.join(", ")
}

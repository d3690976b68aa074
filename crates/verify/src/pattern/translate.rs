//! Reads a pattern by Go's rules and writes it for `regex`.
//!
//! Two things that Go knows are dropped, because they decide which part of the text a match is and
//! never whether there is one: the numbers and names of groups, and whether a repetition is greedy.

use super::repeat::{Group, Last};
use super::{DEEPEST_GROUP, PatternError};

/// A pattern in the language of `regex`.
#[derive(Debug)]
pub(super) struct Translated {
    pub(super) text: String,
    /// The scripts in it, which only `regex` can tell from made-up names.
    pub(super) scripts: Vec<Script>,
}

/// A Unicode script that the pattern names.
#[derive(Debug)]
pub(super) struct Script {
    /// The class as `regex` writes it.
    pub(super) class: String,
    pub(super) found: String,
    pub(super) position: usize,
}

/// The pattern, how far it was read, and what was written.
pub(super) struct Scanner<'a> {
    whole: &'a str,
    pub(super) rest: &'a str,
    pub(super) output: String,
    pub(super) scripts: Vec<Script>,
    pub(super) groups: Vec<Group>,
}

pub(super) fn translate(pattern: &str) -> Result<Translated, PatternError> {
    let mut scanner = Scanner {
        whole: pattern,
        rest: pattern,
        output: String::with_capacity(2 * pattern.len()),
        scripts: Vec::new(),
        groups: vec![Group::new(0)],
    };
    loop {
        let position = scanner.position();
        let Some(character) = scanner.next() else {
            break;
        };
        match character {
            '\\' => scanner.escape(position)?,
            '[' => {
                scanner.class(position)?;
                scanner.piece();
            }
            '(' => scanner.open(position)?,
            ')' => scanner.close(position)?,
            '|' => {
                scanner.output.push('|');
                scanner.nothing();
            }
            '^' | '$' | '.' => {
                scanner.output.push(character);
                scanner.piece();
            }
            '*' => scanner.repeat(position, 0, None, false)?,
            '+' => scanner.repeat(position, 1, None, false)?,
            '?' => scanner.repeat(position, 0, Some(1), false)?,
            '{' => match scanner.counts() {
                Some((least, most)) => scanner.repeat(position, least, most, true)?,
                None => scanner.literal('{'),
            },
            literal => scanner.literal(literal),
        }
    }
    match scanner.groups.as_slice() {
        [_, .., open] => Err(PatternError::MissingParenthesis {
            position: open.position,
        }),
        _ => Ok(Translated {
            text: scanner.output,
            scripts: scanner.scripts,
        }),
    }
}

impl Scanner<'_> {
    pub(super) fn position(&self) -> usize {
        self.whole.len() - self.rest.len()
    }

    /// What was read since that position.
    pub(super) fn since(&self, position: usize) -> String {
        let read = self.whole.get(position..self.position());
        read.unwrap_or_default().to_owned()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let character = characters.next()?;
        self.rest = characters.as_str();
        Some(character)
    }

    /// Reads `expected` if it comes next.
    pub(super) fn take(&mut self, expected: &str) -> bool {
        let rest = self.rest.strip_prefix(expected);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Writes a character that stands for itself.
    pub(super) fn literal(&mut self, character: char) {
        self.character(character);
        self.piece();
    }

    /// Writes a character in the form that has no other meaning, in classes as outside.
    pub(super) fn character(&mut self, character: char) {
        if character.is_ascii_alphanumeric() {
            self.output.push(character);
        } else {
            let escaped = format!("\\x{{{:x}}}", u32::from(character));
            self.output.push_str(&escaped);
        }
    }

    /// Something that can be repeated was written.
    pub(super) fn piece(&mut self) {
        self.follow(Last::Piece(1));
    }

    /// What comes next may not be a repetition.
    pub(super) fn nothing(&mut self) {
        self.follow(Last::Nothing);
    }

    fn follow(&mut self, last: Last) {
        if let Some(group) = self.groups.last_mut() {
            group.copies = group.all_copies();
            group.last = last;
        }
    }

    fn open(&mut self, position: usize) -> Result<(), PatternError> {
        let opens = if self.take("?") {
            self.group(position)?
        } else {
            self.output.push_str("(?:");
            true
        };
        if !opens {
            self.nothing();
            return Ok(());
        }
        if self.groups.len() > DEEPEST_GROUP {
            return Err(PatternError::TooDeep { position });
        }
        self.groups.push(Group::new(position));
        Ok(())
    }

    /// Reads what follows `(?`; whether it opened a group, and did not merely set flags.
    fn group(&mut self, position: usize) -> Result<bool, PatternError> {
        if self.take("P<") || self.take("<") {
            let (name, rest) = self.rest.split_once('>').unwrap_or_default();
            let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            if name.is_empty() || !name.bytes().all(known) {
                return Err(self.no_group(position));
            }
            self.rest = rest;
            self.output.push_str("(?:");
            return Ok(true);
        }
        let (mut set, mut cleared) = (String::new(), String::new());
        let mut minus = false;
        let mut flags = 0;
        let end = loop {
            match self.next() {
                Some(flag @ ('i' | 'm' | 's' | 'U')) => {
                    flags += 1;
                    let list = if minus { &mut cleared } else { &mut set };
                    // `regex` refuses a flag that is named twice. It need not know U: see above.
                    if flag != 'U' && !list.contains(flag) {
                        list.push(flag);
                    }
                }
                Some('-') if !minus => {
                    minus = true;
                    flags = 0;
                }
                Some(end @ (':' | ')')) if !minus || flags > 0 => break end,
                _ => return Err(self.no_group(position)),
            }
        };
        set.retain(|flag| !cleared.contains(flag));
        let minus = if cleared.is_empty() { "" } else { "-" };
        let opens = end == ':';
        // Flags that set nothing are not written: `(?)` alone would be an error.
        if opens || !set.is_empty() || !cleared.is_empty() {
            self.output
                .push_str(&format!("(?{set}{minus}{cleared}{end}"));
        }
        Ok(opens)
    }

    fn no_group(&self, position: usize) -> PatternError {
        PatternError::Group {
            found: self.since(position),
            position,
        }
    }

    fn close(&mut self, position: usize) -> Result<(), PatternError> {
        match self.groups.pop() {
            Some(group) if !self.groups.is_empty() => {
                self.output.push(')');
                self.follow(Last::Piece(group.all_copies()));
                Ok(())
            }
            _ => Err(PatternError::UnexpectedParenthesis { position }),
        }
    }
}

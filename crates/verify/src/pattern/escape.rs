//! What a backslash introduces.

use super::PatternError;
use super::translate::{Scanner, Script};

/// The categories of Go, the major ones in front. `C` is left out, see [`super`].
const CATEGORIES: [&str; 36] = [
    "L", "M", "N", "P", "S", "Z", "Cc", "Cf", "Co", "Ll", "Lm", "Lo", "Lt", "Lu", "Mc", "Me", "Mn",
    "Nd", "Nl", "No", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "Sc", "Sk", "Sm", "So", "Zl", "Zp",
    "Zs", "Cn", "LC",
];

/// The scripts of four letters. Every other name of four letters is a script's abbreviation, which
/// `regex` knows and Go does not.
const SHORT_SCRIPTS: [&str; 8] = [
    "Ahom", "Cham", "Kawi", "Lisu", "Modi", "Newa", "Thai", "Toto",
];

impl Scanner<'_> {
    /// An escape outside of a class; its backslash was read.
    pub(super) fn escape(&mut self, position: usize) -> Result<(), PatternError> {
        if self.take("Q") {
            self.quoted();
            return Ok(());
        }
        let text = match self.rest.chars().next() {
            Some('A') => Some("\\A"),
            Some('z') => Some("\\z"),
            // Boundaries of words of ASCII: `regex` would otherwise ask for those of Unicode.
            Some('b') => Some("(?-u:\\b)"),
            Some('B') => Some("(?-u:\\B)"),
            _ => None,
        };
        if let Some(text) = text {
            self.next();
            self.output.push_str(text);
        } else if !self.class_escape(position)? {
            let character = self.character_escape(position)?;
            self.character(character);
        }
        self.piece();
        Ok(())
    }

    /// `\Q…\E`, whose end may be missing.
    fn quoted(&mut self) {
        let (text, rest) = self.rest.split_once("\\E").unwrap_or((self.rest, ""));
        self.rest = rest;
        if text.is_empty() {
            self.nothing();
        }
        for character in text.chars() {
            self.literal(character);
        }
    }

    /// Writes an escape that stands for a set of characters, if it is one.
    pub(super) fn class_escape(&mut self, position: usize) -> Result<bool, PatternError> {
        let class = match self.rest.chars().next() {
            Some('d') => "[0-9]",
            Some('D') => "[^0-9]",
            Some('s') => r"[\x{9}\x{a}\x{c}\x{d}\x{20}]",
            Some('S') => r"[^\x{9}\x{a}\x{c}\x{d}\x{20}]",
            Some('w') => r"[0-9A-Za-z\x{5f}]",
            Some('W') => r"[^0-9A-Za-z\x{5f}]",
            Some('p' | 'P') => {
                self.unicode_class(position)?;
                return Ok(true);
            }
            _ => return Ok(false),
        };
        self.next();
        self.output.push_str(class);
        Ok(true)
    }

    fn unicode_class(&mut self, position: usize) -> Result<(), PatternError> {
        let mut negated = self.next() == Some('P');
        let unknown = |found| PatternError::UnicodeClass { found, position };
        let start = self.rest;
        let name = if self.take("{") {
            let Some((name, rest)) = self.rest.split_once('}') else {
                return Err(unknown(self.since(position)));
            };
            self.rest = rest;
            name
        } else {
            self.next();
            start.strip_suffix(self.rest).unwrap_or_default()
        };
        let found = self.since(position);
        let name = name.strip_prefix('^').map_or(name, |name| {
            negated = !negated;
            name
        });
        let hat = if negated { "^" } else { "" };
        let class = match name {
            "C" => return Err(PatternError::AmbiguousClass { found, position }),
            "Any" => r"\x{0}-\x{10ffff}".to_owned(),
            // Surrogates, of which no text has any.
            "Cs" => r"[^\x{0}-\x{10ffff}]".to_owned(),
            category if CATEGORIES.contains(&category) => format!("\\p{{gc={category}}}"),
            script if is_script(script) => {
                let class = format!("\\p{{sc={script}}}");
                self.scripts.push(Script {
                    class: class.clone(),
                    found,
                    position,
                });
                class
            }
            _ => return Err(unknown(found)),
        };
        self.output.push_str(&format!("[{hat}{class}]"));
        Ok(())
    }

    /// Reads an escape that stands for one character; its backslash was read.
    pub(super) fn character_escape(&mut self, position: usize) -> Result<char, PatternError> {
        let value = match self.next() {
            Some(punctuation) if punctuation.is_ascii() && !punctuation.is_ascii_alphanumeric() => {
                Some(u32::from(punctuation))
            }
            Some('a') => Some(0x07),
            Some('f') => Some(0x0c),
            Some('n') => Some(0x0a),
            Some('r') => Some(0x0d),
            Some('t') => Some(0x09),
            Some('v') => Some(0x0b),
            Some('x') => self.hexadecimal(),
            Some(digit @ '0'..='7') => self.octal(digit),
            _ => None,
        };
        let found = self.since(position);
        match value.map(char::from_u32) {
            Some(Some(character)) => Ok(character),
            Some(None) => Err(PatternError::Surrogate { found, position }),
            None => Err(PatternError::Escape { found, position }),
        }
    }

    /// Up to three octal digits. A single one other than zero would be a back reference.
    fn octal(&mut self, first: char) -> Option<u32> {
        let mut value = first.to_digit(8)?;
        let mut digits = 1;
        while digits < 3 {
            let Some(digit) = self.rest.chars().next().and_then(|next| next.to_digit(8)) else {
                break;
            };
            self.next();
            value = value * 8 + digit;
            digits += 1;
        }
        (digits > 1 || first == '0').then_some(value)
    }

    /// Two hexadecimal digits, or any number of them in braces.
    fn hexadecimal(&mut self) -> Option<u32> {
        if !self.take("{") {
            let (high, low) = (self.next()?, self.next()?);
            return Some(high.to_digit(16)? * 16 + low.to_digit(16)?);
        }
        let (mut value, mut digits) = (0, 0);
        loop {
            match self.next()? {
                '}' if digits > 0 => return Some(value),
                digit => value = value * 16 + digit.to_digit(16)?,
            }
            if value > u32::from(char::MAX) {
                return None;
            }
            digits += 1;
        }
    }
}

/// Whether this may be a script as Go writes it: `Greek`, `Old_Italic`. `regex` also takes an `Is` in
/// front, and other spellings.
fn is_script(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    name.len() > 1
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(letter)
        && !name.starts_with("Is")
        && (name.len() != 4 || SHORT_SCRIPTS.contains(&name))
}

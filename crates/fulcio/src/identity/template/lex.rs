//! Texts and actions, and the words of an action.

use super::Problem;

/// What is wrong, and where.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) position: usize,
    pub(super) problem: Problem,
}

/// A piece of a template.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    /// The inside of `{{ … }}`, and where it begins.
    Action(&'a str, usize),
}

/// A word of an action, and where it begins.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) position: usize,
    pub(super) token: Token,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token {
    Dot,
    Field(String),
    Literal(String),
    Name(String),
    Open,
    Close,
}

/// The white space that trim markers take away, as Go has it.
const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// Splits a template at its actions, with comments dropped and trim markers applied.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, Fault> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut trimmed = false;
    loop {
        let position = text.len() - rest.len();
        let (before, after) = match rest.split_once("{{") {
            Some((before, after)) => (before, Some(after)),
            None => (rest, None),
        };
        let before = if trimmed {
            before.trim_start_matches(SPACE)
        } else {
            before
        };
        let Some(after) = after else {
            push(&mut pieces, before);
            return Ok(pieces);
        };
        let marked = after
            .strip_prefix('-')
            .filter(|rest| rest.starts_with(SPACE));
        let (inside, before) = match marked {
            Some(inside) => (inside, before.trim_end_matches(SPACE)),
            None => (after, before),
        };
        push(&mut pieces, before);
        let start = text.len() - inside.len();
        let unclosed = |problem| Fault { position, problem };
        let comment = inside.trim_start_matches(SPACE).starts_with("/*");
        let end = match comment {
            true => comment_end(inside).ok_or(unclosed(Problem::Comment))?,
            false => action_end(inside).ok_or(unclosed(Problem::Unclosed))?,
        };
        let (action, after) = inside.split_at(end);
        rest = after.strip_prefix("}}").unwrap_or(after);
        let unmarked = action
            .strip_suffix('-')
            .filter(|rest| rest.ends_with(SPACE));
        trimmed = unmarked.is_some();
        if !comment {
            pieces.push(Piece::Action(unmarked.unwrap_or(action), start));
        }
    }
}

fn push<'a>(pieces: &mut Vec<Piece<'a>>, text: &'a str) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
}

/// Where the `}}` after a comment is; nothing but a trim marker may stand before it.
fn comment_end(inside: &str) -> Option<usize> {
    let closed = inside.find("*/")? + 2;
    let after = inside.get(closed..)?;
    let end = after.find("}}")?;
    let between = after.get(..end)?;
    let fine = between.is_empty()
        || between
            .strip_suffix('-')?
            .chars()
            .all(|c| SPACE.contains(&c));
    fine.then_some(closed + end)
}

/// Where the `}}` of an action is: one inside a string literal does not count.
fn action_end(inside: &str) -> Option<usize> {
    let bytes = inside.as_bytes();
    let mut quote = None;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (quote, byte) {
            (None, b'"' | b'`') => quote = Some(*byte),
            (None, b'}') if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            (Some(b'"'), b'\\') => at += 1,
            (Some(open), close) if open == *close => quote = None,
            _ => {}
        }
        at += 1;
    }
    None
}

/// The words of an action that begins at `start`.
pub(super) fn words(action: &str, start: usize) -> Result<Vec<Word>, Fault> {
    let mut words: Vec<Word> = Vec::new();
    let mut rest = action;
    loop {
        let spaceless = rest.trim_start_matches(SPACE);
        let apart = spaceless.len() < rest.len() || words.is_empty();
        let position = start + action.len() - spaceless.len();
        let Some(first) = spaceless.chars().next() else {
            return Ok(words);
        };
        let fault = |problem| Fault { position, problem };
        let (token, after) = word(first, spaceless).map_err(fault)?;
        let opened = words.last().is_some_and(|last| last.token == Token::Open);
        if !apart && !opened && token != Token::Close {
            return Err(fault(Problem::Separator));
        }
        words.push(Word { position, token });
        rest = after;
    }
}

fn word(first: char, text: &str) -> Result<(Token, &str), Problem> {
    let name_length = |text: &str| {
        let end = text.find(|c: char| c != '_' && !c.is_alphanumeric());
        end.unwrap_or(text.len())
    };
    let unexpected = || Problem::Unexpected {
        found: first.to_string(),
    };
    let after = text.get(first.len_utf8()..).unwrap_or_default();
    match first {
        '(' => Ok((Token::Open, after)),
        ')' => Ok((Token::Close, after)),
        '"' => literal(after),
        '`' => {
            let (text, after) = after.split_once('`').ok_or(Problem::Literal)?;
            Ok((Token::Literal(text.to_owned()), after))
        }
        '.' => match after.split_at(name_length(after)) {
            ("", after) => Ok((Token::Dot, after)),
            (name, _) if name.starts_with(|c: char| c.is_numeric()) => Err(unexpected()),
            (name, after) => Ok((Token::Field(name.to_owned()), after)),
        },
        first if first == '_' || first.is_alphabetic() => {
            let (name, after) = text.split_at(name_length(text));
            Ok((Token::Name(name.to_owned()), after))
        }
        _ => Err(unexpected()),
    }
}

fn literal(text: &str) -> Result<(Token, &str), Problem> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => {
                let after = text.get(at + 1..).unwrap_or_default();
                return Ok((Token::Literal(value), after));
            }
            '\\' => value.push(match characters.next() {
                Some((_, same @ ('"' | '\\'))) => same,
                Some((_, 'n')) => '\n',
                Some((_, 't')) => '\t',
                _ => return Err(Problem::Literal),
            }),
            '\n' => return Err(Problem::Literal),
            other => value.push(other),
        }
    }
    Err(Problem::Literal)
}

//! From words to nodes.

use super::lex::{Fault, Piece, Token, Word, pieces, words};
use super::{DEEPEST, Expression, Node, Problem};

/// What ended a list of nodes.
enum Stop {
    Text,
    Else,
    /// The condition of `else if`.
    ElseIf(Expression),
    EndIf,
}

struct Nodes<'a> {
    pieces: std::vec::IntoIter<Piece<'a>>,
    length: usize,
}

/// Reads a whole template.
pub(super) fn nodes(text: &str) -> Result<Vec<Node>, Fault> {
    let mut reader = Nodes {
        pieces: pieces(text)?.into_iter(),
        length: text.len(),
    };
    let (nodes, end, position) = reader.list(0)?;
    let found = match end {
        Stop::Text => return Ok(nodes),
        Stop::Else | Stop::ElseIf(_) => "else",
        Stop::EndIf => "end",
    };
    let problem = Problem::Stray { found };
    Err(Fault { position, problem })
}

impl Nodes<'_> {
    /// Nodes up to the end of the text, an `else` or an `end`, and where that is.
    fn list(&mut self, depth: usize) -> Result<(Vec<Node>, Stop, usize), Fault> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.next() {
            let (action, position) = match piece {
                Piece::Text(text) => {
                    nodes.push(Node::Text(text.to_owned()));
                    continue;
                }
                Piece::Action(action, position) => (action, position),
            };
            let words = words(action, position)?;
            let fault = |problem| Fault { position, problem };
            let mut tokens = words.iter().map(|word| &word.token);
            let keyword = |token: Option<&Token>, name: &str| {
                token.is_some_and(|token| matches!(token, Token::Name(found) if found == name))
            };
            let first = tokens.next();
            if keyword(first, "end") && words.len() == 1 {
                return Ok((nodes, Stop::EndIf, position));
            }
            if keyword(first, "else") && words.len() == 1 {
                return Ok((nodes, Stop::Else, position));
            }
            if keyword(first, "else") && keyword(tokens.next(), "if") {
                let condition = whole(words.get(2..).unwrap_or_default(), position, depth)?;
                return Ok((nodes, Stop::ElseIf(condition), position));
            }
            if keyword(first, "if") {
                if depth == DEEPEST {
                    return Err(fault(Problem::TooDeep));
                }
                let condition = whole(words.get(1..).unwrap_or_default(), position, depth)?;
                nodes.push(self.branches(condition, depth + 1)?);
                continue;
            }
            nodes.push(Node::Value(whole(&words, position, depth)?));
        }
        Ok((nodes, Stop::Text, self.length))
    }

    /// What follows `if`, up to its `end`. A chain of `else if` is nested in itself.
    fn branches(&mut self, condition: Expression, depth: usize) -> Result<Node, Fault> {
        let (then, end, position) = self.list(depth)?;
        let fault = |position, problem| Fault { position, problem };
        let otherwise = match end {
            Stop::EndIf => Vec::new(),
            Stop::Text => return Err(fault(position, Problem::NoEnd)),
            Stop::ElseIf(_) if depth == DEEPEST => return Err(fault(position, Problem::TooDeep)),
            Stop::ElseIf(condition) => vec![self.branches(condition, depth + 1)?],
            Stop::Else => match self.list(depth)? {
                (otherwise, Stop::EndIf, _) => otherwise,
                (_, Stop::Text, position) => return Err(fault(position, Problem::NoEnd)),
                (_, _, position) => {
                    return Err(fault(position, Problem::Stray { found: "else" }));
                }
            },
        };
        Ok(Node::If {
            condition,
            then,
            otherwise,
        })
    }
}

/// The one value that these words are.
fn whole(words: &[Word], position: usize, depth: usize) -> Result<Expression, Fault> {
    let mut words = words.iter().peekable();
    let value = call(&mut words, position, depth)?;
    match words.next() {
        None => Ok(value),
        Some(word) => Err(Fault {
            position: word.position,
            problem: Problem::NotAFunction,
        }),
    }
}

type Words<'a> = std::iter::Peekable<std::slice::Iter<'a, Word>>;

/// A function with its arguments, or a single operand.
fn call(words: &mut Words<'_>, position: usize, depth: usize) -> Result<Expression, Fault> {
    let fault = |problem| Fault { position, problem };
    let Some(first) = words.peek() else {
        return Err(fault(Problem::Empty));
    };
    let Token::Name(name) = &first.token else {
        return operand(words, depth)?.ok_or(fault(Problem::Empty));
    };
    let at = first.position;
    words.next();
    let fault = |problem| Fault {
        position: at,
        problem,
    };
    if name == "index" {
        match words.next().map(|word| &word.token) {
            Some(Token::Dot) => {}
            _ => return Err(fault(Problem::Dot)),
        }
    }
    let mut arguments = Vec::new();
    while let Some(argument) = operand(words, depth)? {
        arguments.push(argument);
    }
    apply(name, arguments).map_err(fault)
}

fn apply(name: &str, mut arguments: Vec<Expression>) -> Result<Expression, Problem> {
    let found = arguments.len();
    let wrong = |function, expected| Problem::Arguments {
        function,
        found,
        expected,
    };
    match name {
        "index" => match (arguments.pop(), found) {
            (Some(key), 1) => Ok(Expression::Index(Box::new(key))),
            _ => Err(wrong("index", "the data and one key")),
        },
        "not" => match (arguments.pop(), found) {
            (Some(value), 1) => Ok(Expression::Not(Box::new(value))),
            _ => Err(wrong("not", "one")),
        },
        "ne" => match <[Expression; 2]>::try_from(arguments) {
            Ok(pair) => Ok(Expression::NotEqual(Box::new(pair))),
            Err(_) => Err(wrong("ne", "two")),
        },
        "eq" if found >= 2 => Ok(Expression::Equal(arguments)),
        "eq" => Err(wrong("eq", "two or more")),
        "and" if found >= 1 => Ok(Expression::And(arguments)),
        "and" => Err(wrong("and", "one or more")),
        "or" if found >= 1 => Ok(Expression::Or(arguments)),
        "or" => Err(wrong("or", "one or more")),
        "printf" => printf(arguments),
        other => Err(Problem::Unexpected {
            found: other.to_owned(),
        }),
    }
}

/// The next operand; `None` at the end of the words or before a closing parenthesis.
fn operand(words: &mut Words<'_>, depth: usize) -> Result<Option<Expression>, Fault> {
    let Some(word) = words.peek() else {
        return Ok(None);
    };
    let position = word.position;
    let fault = |problem| Fault { position, problem };
    let value = match &word.token {
        // At the outermost level nothing is open; `whole` then finds this word left over.
        Token::Close => return Ok(None),
        Token::Field(name) => Expression::Field(name.clone()),
        Token::Literal(text) => Expression::Literal(text.clone()),
        Token::Dot => return Err(fault(Problem::Dot)),
        Token::Name(name) => {
            let found = name.clone();
            return Err(fault(Problem::Unexpected { found }));
        }
        Token::Open => {
            if depth == DEEPEST {
                return Err(fault(Problem::TooDeep));
            }
            words.next();
            let value = call(words, position, depth + 1)?;
            return match words.next().map(|word| &word.token) {
                Some(Token::Close) => Ok(Some(value)),
                _ => Err(fault(Problem::NotAFunction)),
            };
        }
    };
    words.next();
    Ok(Some(value))
}

fn printf(mut arguments: Vec<Expression>) -> Result<Expression, Problem> {
    if arguments.is_empty() {
        return Err(Problem::Format);
    }
    let Expression::Literal(format) = arguments.remove(0) else {
        return Err(Problem::Format);
    };
    let mut texts = vec![String::new()];
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        let verb = (character == '%').then(|| characters.next());
        match (verb, texts.last_mut()) {
            (Some(Some('s' | 'v')), _) => texts.push(String::new()),
            (Some(Some('%')), Some(text)) => text.push('%'),
            (None, Some(text)) => text.push(character),
            _ => return Err(Problem::Format),
        }
    }
    match texts.len() == arguments.len() + 1 {
        true => Ok(Expression::Printf(texts, arguments)),
        false => Err(Problem::Format),
    }
}

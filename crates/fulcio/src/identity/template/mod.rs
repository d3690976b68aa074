//! The part of Go's `text/template` that Fulcio's configurations use for `ci-provider` issuers.
//!
//! ```text
//! refs/{{if eq .ref_type "branch"}}heads/{{ else }}tags/{{end}}{{ .ref }}
//! {{.api_url}}/pipeline/{{(index . "oidc.circleci.com/pipeline-id")}}/config
//! ```
//!
//! Understood: `.name`, `index . "key"`, string literals, parentheses, `if`, `else if`, `else`,
//! `end`, `eq`, `ne`, `and`, `or`, `not`, `printf` with `%s` and `%v`, comments and trim markers. All
//! data are texts. A `.name` without a value is an error (`missingkey=error`), `index` of a missing
//! key is the empty text, as in Go.
//!
//! Refused when the template is read, that is, at start: everything else, so that no certificate is
//! ever made from half a template.

mod lex;
mod parse;
mod render;

use std::borrow::Cow;

/// Longest template that is read, in bytes.
pub const LONGEST_TEMPLATE: usize = 4096;

/// Longest text that a template may become, in bytes.
pub const LONGEST_RESULT: usize = 16 * 1024;

/// How deeply `if` and parentheses may be nested.
const DEEPEST: usize = 16;

/// A template that was read and understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    nodes: Vec<Node>,
}

/// Why a template is refused, or has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// Longer than templates are read.
    #[error("a template of {length} bytes; at most {LONGEST_TEMPLATE} are read")]
    TooLong {
        /// Its length.
        length: usize,
    },
    /// Not a template, or one that needs more than is understood here.
    #[error("the template {template:?} at byte {position}: {problem}")]
    Syntax {
        /// The template.
        template: String,
        /// Where, counted from 0.
        position: usize,
        /// What is wrong.
        problem: Problem,
    },
    /// A field without a value.
    #[error("executing the template {template:?} at <.{name}>: map has no entry for key {name:?}")]
    MissingKey {
        /// The template.
        template: String,
        /// The field.
        name: String,
    },
    /// `eq` or `ne` between a text and a truth value.
    #[error("executing the template {template:?}: incompatible types for comparison")]
    Incomparable {
        /// The template.
        template: String,
    },
    /// A result without end.
    #[error("the template {template:?} gives more than {LONGEST_RESULT} bytes")]
    ResultTooLong {
        /// The template.
        template: String,
    },
}

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// `{{` without `}}`.
    #[error("the action is not closed by }}}}")]
    Unclosed,
    /// A comment without its end, or with something beside it.
    #[error("a comment must fill its action: {{{{/* … */}}}}")]
    Comment,
    /// A string literal without its end, with a line break, or with an escape that is not known.
    #[error("a string literal is not closed, or has an escape other than \\\" \\\\ \\n \\t")]
    Literal,
    /// A character that begins nothing that is understood.
    #[error(
        "{found:?} is not understood here; expected .name, index . \"key\", \"text\", parentheses, if, else, end, eq, ne, and, or, not or printf"
    )]
    Unexpected {
        /// The character or word.
        found: String,
    },
    /// Two operands without a space between them, among them `.a.b`.
    #[error("operands must be separated by a space; fields of fields are not understood")]
    Separator,
    /// An action that says nothing.
    #[error("an action needs a value")]
    Empty,
    /// Something after a whole value.
    #[error("a value cannot be called with arguments")]
    NotAFunction,
    /// `.` alone, other than as the first argument of `index`.
    #[error("the whole of the data is understood as the first argument of index alone")]
    Dot,
    /// Another number of arguments than the function has.
    #[error("{function} has {found} arguments; expected {expected}")]
    Arguments {
        /// The function.
        function: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: &'static str,
    },
    /// A format that is not a literal, or has other verbs than `%s`, `%v` and `%%`.
    #[error("printf needs a literal format with %s, %v and %% alone, and one argument for each")]
    Format,
    /// `else` or `end` without `if`, or twice.
    #[error("{found} without its if")]
    Stray {
        /// The word.
        found: &'static str,
    },
    /// `if` without `end`.
    #[error("an if is not closed by end")]
    NoEnd,
    /// Too many levels.
    #[error("more than {DEEPEST} levels of if and parentheses")]
    TooDeep,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Text(String),
    Value(Expression),
    If {
        condition: Expression,
        then: Vec<Self>,
        otherwise: Vec<Self>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Expression {
    Field(String),
    Literal(String),
    Index(Box<Self>),
    Equal(Vec<Self>),
    NotEqual(Box<[Self; 2]>),
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    /// The texts between the verbs, one more than there are arguments.
    Printf(Vec<String>, Vec<Self>),
}

impl Template {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let length = text.len();
        if length > LONGEST_TEMPLATE {
            return Err(TemplateError::TooLong { length });
        }
        let nodes = parse::nodes(text).map_err(|fault| TemplateError::Syntax {
            template: text.to_owned(),
            position: fault.position,
            problem: fault.problem,
        })?;
        let text = text.to_owned();
        Ok(Self { text, nodes })
    }

    /// Fills the template with what `data` has for each name.
    pub fn render<'a>(
        &'a self,
        data: &dyn Fn(&str) -> Option<Cow<'a, str>>,
    ) -> Result<String, TemplateError> {
        render::render(self, data)
    }
}

#[cfg(test)]
mod tests;

//! From nodes and data to a text.

use std::borrow::Cow;

use super::{Expression, LONGEST_RESULT, Node, Template, TemplateError};

/// What an expression can be.
#[derive(Debug, PartialEq, Eq)]
enum Value<'a> {
    Text(Cow<'a, str>),
    Truth(bool),
}

struct Renderer<'a, 'd> {
    template: &'a Template,
    data: &'d dyn Fn(&str) -> Option<Cow<'a, str>>,
}

pub(super) fn render<'a>(
    template: &'a Template,
    data: &dyn Fn(&str) -> Option<Cow<'a, str>>,
) -> Result<String, TemplateError> {
    let mut out = String::new();
    Renderer { template, data }.nodes(&template.nodes, &mut out)?;
    Ok(out)
}

impl<'a> Renderer<'a, '_> {
    fn nodes(&self, nodes: &'a [Node], out: &mut String) -> Result<(), TemplateError> {
        for node in nodes {
            match node {
                Node::Text(text) => out.push_str(text),
                Node::Value(expression) => out.push_str(&self.value(expression)?.text()),
                Node::If {
                    condition,
                    then,
                    otherwise,
                } => match self.value(condition)?.holds() {
                    true => self.nodes(then, out)?,
                    false => self.nodes(otherwise, out)?,
                },
            }
            self.check_length(out.len())?;
        }
        Ok(())
    }

    fn value(&self, expression: &'a Expression) -> Result<Value<'a>, TemplateError> {
        Ok(match expression {
            Expression::Literal(text) => Value::Text(Cow::Borrowed(text)),
            Expression::Field(name) => {
                let value = (self.data)(name);
                Value::Text(value.ok_or_else(|| TemplateError::MissingKey {
                    template: self.template.text.clone(),
                    name: name.clone(),
                })?)
            }
            Expression::Index(key) => {
                let key = self.value(key)?;
                let Value::Text(key) = key else {
                    return Err(self.incomparable());
                };
                Value::Text((self.data)(&key).unwrap_or_default())
            }
            Expression::Equal(values) => Value::Truth(self.equals_one(values)?),
            Expression::NotEqual(pair) => Value::Truth(!self.equals_one(pair.as_slice())?),
            Expression::Not(value) => Value::Truth(!self.value(value)?.holds()),
            Expression::And(values) => self.first(values, |value| !value.holds())?,
            Expression::Or(values) => self.first(values, Value::holds)?,
            Expression::Printf(texts, arguments) => {
                let mut out = String::new();
                let mut arguments = arguments.iter();
                for text in texts {
                    out.push_str(text);
                    if let Some(argument) = arguments.next() {
                        out.push_str(&self.value(argument)?.text());
                    }
                    self.check_length(out.len())?;
                }
                Value::Text(Cow::Owned(out))
            }
        })
    }

    /// Whether the first value equals one of the others.
    fn equals_one(&self, values: &'a [Expression]) -> Result<bool, TemplateError> {
        let mut values = values.iter();
        let Some(first) = values.next() else {
            return Ok(false);
        };
        let first = self.value(first)?;
        for other in values {
            let other = self.value(other)?;
            let comparable = matches!(first, Value::Text(_)) == matches!(other, Value::Text(_));
            if !comparable {
                return Err(self.incomparable());
            }
            if first == other {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The first value that decides, else the last; those after it are not evaluated.
    fn first(
        &self,
        values: &'a [Expression],
        decides: impl Fn(&Value<'a>) -> bool,
    ) -> Result<Value<'a>, TemplateError> {
        let mut last = Value::Truth(false);
        for value in values {
            last = self.value(value)?;
            if decides(&last) {
                break;
            }
        }
        Ok(last)
    }

    fn incomparable(&self) -> TemplateError {
        TemplateError::Incomparable {
            template: self.template.text.clone(),
        }
    }

    fn check_length(&self, length: usize) -> Result<(), TemplateError> {
        match length > LONGEST_RESULT {
            true => Err(TemplateError::ResultTooLong {
                template: self.template.text.clone(),
            }),
            false => Ok(()),
        }
    }
}

impl<'a> Value<'a> {
    fn holds(&self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::Truth(truth) => *truth,
        }
    }

    fn text(self) -> Cow<'a, str> {
        match self {
            Self::Text(text) => text,
            Self::Truth(true) => Cow::Borrowed("true"),
            Self::Truth(false) => Cow::Borrowed("false"),
        }
    }
}

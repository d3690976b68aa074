//! YAML as the configurations of the original use it: one document, anchors and aliases, aliases as
//! keys, merge keys.
//!
//! ```yaml
//! define:
//!   - &github-type "github-workflow"
//! ci-issuer-metadata:
//!   *github-type : {default-template-values: {url: "https://github.com"}}
//! ```
//!
//! The parser is `saphyr-parser`, which gives events; the tree is built here, so that what an alias
//! repeats is counted before it is copied. Refused: a second document, tags of one's own, a key that is
//! no scalar or that stands twice, more than 32 levels, and a tree of more than 4 MiB.

use std::collections::{BTreeMap, HashMap};

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};
use serde_json::{Map, Value};

/// How deeply lists and objects may be nested.
const DEEPEST: usize = 32;

/// Largest tree, in bytes of texts and 16 for each node. A list of nine lists of nine aliases, nine
/// times over, comes to nothing: it is refused when it would be copied.
const LARGEST_TREE: usize = 4 << 20;
const NODE: usize = 16;

/// Why a text is not YAML that is read here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("YAML, line {line}: {problem}")]
pub struct YamlError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: YamlProblem,
}

/// What is wrong with a YAML text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum YamlProblem {
    /// Not UTF-8.
    #[error("not UTF-8")]
    Encoding,
    /// Not YAML.
    #[error("{0}")]
    Syntax(String),
    /// A second document.
    #[error("a second document; expected one")]
    Documents,
    /// A key that is a list or an object.
    #[error("a key that is not a text")]
    Key,
    /// A key that stands twice.
    #[error("the key {0:?} twice in one object")]
    Twice(String),
    /// A merge key over something that is no object.
    #[error("<< needs an object, or a list of objects")]
    Merge,
    /// An alias inside of what it names, or of nothing.
    #[error("an alias of something that is not complete before it")]
    Alias,
    /// A tag that is not YAML's own.
    #[error("the tag {0} is not known")]
    Tag(String),
    /// Too deep.
    #[error("more than {DEEPEST} levels")]
    TooDeep,
    /// Too large.
    #[error("more than {LARGEST_TREE} bytes when every alias is written out")]
    TooLarge,
}

/// In which line each key and each item stands, in the tree's own shape; 0 where that is not known,
/// as in what an alias repeats.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines {
    pub(super) line: usize,
    pub(super) members: BTreeMap<String, Self>,
    pub(super) items: Vec<Self>,
}

struct Loader<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    anchors: HashMap<usize, (Value, usize)>,
    /// What the tree comes to so far.
    size: usize,
    line: usize,
}

/// Reads the one document of a text; no document is null.
pub(super) fn read(text: &[u8]) -> Result<(Value, Lines), YamlError> {
    let text = std::str::from_utf8(text).map_err(|_| YamlError {
        line: 1,
        problem: YamlProblem::Encoding,
    })?;
    let mut loader = Loader {
        parser: Parser::new_from_str(text),
        anchors: HashMap::new(),
        size: 0,
        line: 1,
    };
    let outcome = loader.document();
    outcome.map_err(|problem| YamlError {
        line: loader.line,
        problem,
    })
}

impl<'a> Loader<'a> {
    fn document(&mut self) -> Result<(Value, Lines), YamlProblem> {
        let mut document = None;
        loop {
            match self.next()? {
                Event::StreamStart | Event::DocumentEnd | Event::Nothing => {}
                Event::DocumentStart(_) if document.is_some() => {
                    return Err(YamlProblem::Documents);
                }
                Event::DocumentStart(_) => {
                    let first = self.next()?;
                    document = Some(self.value(first, 0)?);
                }
                Event::StreamEnd => return Ok(document.unwrap_or_default()),
                _ => return Err(YamlProblem::Syntax("an event out of place".to_owned())),
            }
        }
    }

    fn next(&mut self) -> Result<Event<'a>, YamlProblem> {
        let event: Option<Result<(Event<'a>, Span), ScanError>> = self.parser.next_event();
        match event {
            Some(Ok((event, span))) => {
                self.line = span.start.line();
                Ok(event)
            }
            Some(Err(error)) => {
                self.line = error.marker().line();
                Err(YamlProblem::Syntax(error.info().to_owned()))
            }
            None => Ok(Event::StreamEnd),
        }
    }

    fn value(&mut self, event: Event<'a>, depth: usize) -> Result<(Value, Lines), YamlProblem> {
        let before = self.size;
        let line = self.line;
        let at = |lines| Lines { line, ..lines };
        let ((value, lines), anchor) = match event {
            Event::Alias(anchor) => {
                let named = self.anchors.get(&anchor).ok_or(YamlProblem::Alias)?;
                let (value, size) = (&named.0, named.1);
                // Counted before it is copied.
                if self.size + size > LARGEST_TREE {
                    return Err(YamlProblem::TooLarge);
                }
                let value = value.clone();
                self.size += size;
                return match depth + levels(&value) > DEEPEST {
                    true => Err(YamlProblem::TooDeep),
                    false => Ok((value, at(Lines::default()))),
                };
            }
            Event::Scalar(text, style, anchor, tag) => {
                if let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) {
                    let tag = format!("{}{}", tag.handle, tag.suffix);
                    return Err(YamlProblem::Tag(tag));
                }
                self.count(text.len())?;
                ((scalar(text.into_owned(), style), Lines::default()), anchor)
            }
            Event::SequenceStart(anchor, _) => (self.list(depth)?, anchor),
            Event::MappingStart(anchor, _) => (self.object(depth)?, anchor),
            _ => return Err(YamlProblem::Syntax("expected a value".to_owned())),
        };
        if anchor != 0 {
            // The copy that is kept counts as well.
            let size = self.size - before;
            self.count(size)?;
            self.anchors.insert(anchor, (value.clone(), size));
        }
        Ok((value, at(lines)))
    }

    fn list(&mut self, depth: usize) -> Result<(Value, Lines), YamlProblem> {
        self.enter(depth)?;
        let (mut items, mut lines) = (Vec::new(), Lines::default());
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok((Value::Array(items), lines)),
                event => {
                    let (item, line) = self.value(event, depth + 1)?;
                    items.push(item);
                    lines.items.push(line);
                }
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<(Value, Lines), YamlProblem> {
        self.enter(depth)?;
        let (mut members, mut lines) = (Map::new(), Lines::default());
        let mut merged = Vec::new();
        loop {
            let key = match self.next()? {
                Event::MappingEnd => break,
                event => event,
            };
            let merges = matches!(
                &key,
                Event::Scalar(text, ScalarStyle::Plain, _, _) if text == "<<"
            );
            let key = match self.value(key, depth + 1)?.0 {
                Value::String(key) => key,
                Value::Null => String::new(),
                _ => return Err(YamlProblem::Key),
            };
            let line = self.line;
            let value = self.next()?;
            let (value, inside) = self.value(value, depth + 1)?;
            if merges {
                merged.push(value);
                continue;
            }
            if members.contains_key(&key) {
                self.line = line;
                return Err(YamlProblem::Twice(key));
            }
            lines.members.insert(key.clone(), Lines { line, ..inside });
            members.insert(key, value);
        }
        for value in merged {
            let sources = match value {
                Value::Array(list) => list,
                one => vec![one],
            };
            for source in sources {
                let Value::Object(source) = source else {
                    return Err(YamlProblem::Merge);
                };
                // What stands in the object itself, or came first, goes before.
                for (key, value) in source {
                    members.entry(key).or_insert(value);
                }
            }
        }
        Ok((Value::Object(members), lines))
    }

    fn enter(&mut self, depth: usize) -> Result<(), YamlProblem> {
        if depth == DEEPEST {
            return Err(YamlProblem::TooDeep);
        }
        self.count(0)
    }

    fn count(&mut self, bytes: usize) -> Result<(), YamlProblem> {
        self.size += NODE + bytes;
        match self.size > LARGEST_TREE {
            true => Err(YamlProblem::TooLarge),
            false => Ok(()),
        }
    }
}

fn scalar(text: String, style: ScalarStyle) -> Value {
    let null = matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL");
    match style {
        ScalarStyle::Plain if null => Value::Null,
        _ => Value::String(text),
    }
}

/// How many levels of lists and objects a value has.
fn levels(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(levels).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(levels).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn problem(text: &str) -> YamlProblem {
        super::read(text.as_bytes()).unwrap_err().problem
    }

    fn read(text: &[u8]) -> Result<Value, YamlError> {
        super::read(text).map(|(value, _)| value)
    }

    #[test]
    fn each_key_has_the_line_that_it_stands_in() {
        let text = b"a:\n  b: &x\n    c: 1\nd:\n  - e\n  -\n    f: 2\ng: *x\n";
        let (_, lines) = super::read(text).unwrap();
        let line = |path: &[&str]| {
            let inside = |lines: &Lines, key: &&str| match key.parse::<usize>() {
                Ok(item) => lines.items[item].clone(),
                Err(_) => lines.members.get(*key).cloned().unwrap_or_default(),
            };
            path.iter()
                .fold(lines.clone(), |lines, key| inside(&lines, key))
                .line
        };
        assert_eq!(
            (line(&["a"]), line(&["a", "b"]), line(&["a", "b", "c"])),
            (1, 2, 3)
        );
        assert_eq!((line(&["d", "0"]), line(&["d", "1", "f"])), (5, 7));
        assert_eq!((line(&["g"]), line(&["g", "c"])), (8, 0));
    }

    #[test]
    fn anchors_aliases_and_merges_are_followed() {
        let text = "define:\n  - &t \"github\"\n  - &m {a: 1, b: ~}\nx: {type: *t}\ny:\n  *t :\n    <<: *m\n    a: 2\n";
        assert_eq!(
            read(text.as_bytes()).unwrap(),
            json!({
                "define": ["github", {"a": "1", "b": null}],
                "x": {"type": "github"},
                "y": {"github": {"a": "2", "b": null}},
            })
        );
        assert_eq!(read(b"").unwrap(), Value::Null);
        assert_eq!(read(b"# nothing\n").unwrap(), Value::Null);
        assert_eq!(
            read(b"a: \"~\"\nb: 'null'").unwrap(),
            json!({"a": "~", "b": "null"})
        );
    }

    #[test]
    fn an_alias_bomb_is_refused_before_it_is_copied() {
        let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..12 {
            let alias = format!("*a{}", level - 1);
            let list = [alias.as_str(); 9].join(",");
            text.push_str(&format!("a{level}: &a{level} [{list}]\n"));
        }
        assert_eq!(problem(&text), YamlProblem::TooLarge);
        // Three levels of it are only 6561 words.
        let tame: String = text
            .lines()
            .take(3)
            .map(|line| format!("{line}\n"))
            .collect();
        assert!(read(tame.as_bytes()).is_ok());
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for (bad, good, expected) in [
            ("a: 1\na: 2", "a: 1\nb: 2", YamlProblem::Twice("a".into())),
            (
                "a: 1\n---\nb: 2",
                "---\na: 1\n...\n",
                YamlProblem::Documents,
            ),
            ("[a]: 1", "a: 1", YamlProblem::Key),
            ("a: {<<: b}", "a: {<<: {b: c}}", YamlProblem::Merge),
            (
                "a: !secret b",
                "a: !!str b",
                YamlProblem::Tag("!secret".into()),
            ),
            ("a: &a [*a]", "a: &a [b]", YamlProblem::Alias),
        ] {
            assert_eq!(problem(bad), expected, "{bad}");
            assert!(read(good.as_bytes()).is_ok(), "{good}");
        }
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(read(nested(DEEPEST).as_bytes()).is_ok());
        assert_eq!(problem(&nested(DEEPEST + 1)), YamlProblem::TooDeep);
        assert!(matches!(problem("a: [b"), YamlProblem::Syntax(_)));
        assert!(matches!(problem("a: *nowhere"), YamlProblem::Syntax(_)));
        let error = read(b"a: 1\nb: 2\na: 3\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "YAML, line 3: the key \"a\" twice in one object"
        );
        assert_eq!(read(b"a: \xff").unwrap_err().problem, YamlProblem::Encoding);
    }
}

//! Settings by their names, of which none may be unknown.
//!
//! ```text
//! line 12: limits.in-fligt: no setting has this name; did you mean in-flight?
//! ```
//!
//! Whoever reads a table asks for each name that it knows, and then [`Table::end`] refuses what is
//! left over: a setting that nobody reads is a mistake that would otherwise never be noticed.

use serde_json::{Map, Value};

use super::setting::{Setting, SettingError, kind};
use super::yaml::Lines;

/// An object of a configuration, or its absence.
#[derive(Debug)]
pub struct Table<'a> {
    place: String,
    line: usize,
    members: Option<&'a Map<String, Value>>,
    lines: Option<&'a Lines>,
    known: Vec<&'static str>,
}

impl<'a> Table<'a> {
    /// The whole of a file.
    pub(super) fn of(value: &'a Value, lines: &'a Lines) -> Result<Self, SettingError> {
        Self::at(String::new(), lines.line, value, Some(lines))
    }

    /// What stands at `place`; null is an empty table, as in a file whose settings are all comments.
    pub(super) fn at(
        place: String,
        line: usize,
        value: &'a Value,
        lines: Option<&'a Lines>,
    ) -> Result<Self, SettingError> {
        let members = match value {
            Value::Object(members) => Some(members),
            Value::Null => None,
            other => {
                return Err(SettingError::Type {
                    place: shown(&place),
                    line,
                    expected: "an object with settings",
                    found: kind(other),
                });
            }
        };
        Ok(Self {
            place,
            line,
            members,
            lines,
            known: Vec::new(),
        })
    }

    /// The setting of this name, if it is there and not null.
    pub fn setting(&mut self, name: &'static str) -> Option<Setting<'a>> {
        self.known.push(name);
        let value = self.members?.get(name).filter(|value| !value.is_null())?;
        let lines = self.lines.and_then(|lines| lines.members.get(name));
        Some(Setting {
            place: self.below(name),
            line: self.line_of(lines),
            value,
            lines,
        })
    }

    /// The table of this name, which is empty if it is not there.
    pub fn table(&mut self, name: &'static str) -> Result<Self, SettingError> {
        match self.setting(name) {
            Some(setting) => setting.table(),
            None => Ok(Self {
                place: self.below(name),
                line: self.line,
                members: None,
                lines: None,
                known: Vec::new(),
            }),
        }
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.members.is_none_or(Map::is_empty)
    }

    /// Refuses what nobody asked for.
    pub fn end(self) -> Result<(), SettingError> {
        let mut names = self.members.into_iter().flat_map(Map::keys);
        let Some(found) = names.find(|name| !self.known.contains(&name.as_str())) else {
            return Ok(());
        };
        let lines = self.lines.and_then(|lines| lines.members.get(found));
        let near = nearest(found, &self.known).map(|near| format!("did you mean {near}?"));
        let known = || format!("expected one of {}", self.known.join(", "));
        Err(SettingError::Unknown {
            place: self.below(&found.chars().take(64).collect::<String>()),
            line: self.line_of(lines),
            help: near.unwrap_or_else(known),
        })
    }

    fn below(&self, name: &str) -> String {
        match self.place.as_str() {
            "" => name.to_owned(),
            place => format!("{place}.{name}"),
        }
    }

    fn line_of(&self, lines: Option<&Lines>) -> usize {
        let line = lines.map_or(0, |lines| lines.line);
        if line == 0 { self.line } else { line }
    }
}

fn shown(place: &str) -> String {
    match place {
        "" => "the file".to_owned(),
        place => place.to_owned(),
    }
}

/// The name that differs least, if it differs little: up to a third of its letters.
fn nearest(found: &str, known: &[&'static str]) -> Option<&'static str> {
    // Names are short; what is much longer is near to none.
    let found: Vec<char> = found.to_ascii_lowercase().chars().take(64).collect();
    let distances = known.iter().map(|name| (distance(&found, name), *name));
    let (distance, name) = distances.min()?;
    (distance <= (name.len() / 3).max(1)).then_some(name)
}

/// How many letters must be changed, added or left out (Levenshtein). An underscore is as good as a
/// hyphen here.
fn distance(found: &[char], name: &str) -> usize {
    let mut row: Vec<usize> = (0..=found.len()).collect();
    for (line, letter) in name.chars().enumerate() {
        let mut before = line;
        let mut next = vec![line + 1];
        for (column, other) in found.iter().enumerate() {
            let same = letter == *other || (letter == '-' && *other == '_');
            let above = row.get(column + 1).copied().unwrap_or(usize::MAX);
            let left = next.last().copied().unwrap_or(usize::MAX);
            let least = (before + usize::from(!same)).min(above.saturating_add(1));
            next.push(least.min(left.saturating_add(1)));
            before = above;
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::Document;

    #[test]
    fn a_name_that_is_not_known_is_refused_with_its_line_and_the_nearest() {
        let refused = |text: &str| {
            let document = Document::read(text.as_bytes()).unwrap();
            let mut file = document.table().unwrap();
            let mut limits = file.table("limits").unwrap();
            limits.setting("in-flight");
            limits.setting("connections");
            let inner = limits.end();
            file.setting("listen");
            inner
                .and_then(|()| file.end())
                .map_err(|error| error.to_string())
        };
        for good in ["", "listen: a", "limits: {in-flight: 7, connections: ~}"] {
            assert_eq!(refused(good), Ok(()));
        }
        for (bad, expected) in [
            (
                "limits:\n  connections: 1\n  in_flight: 7",
                "line 3: limits.in_flight: no setting has this name; did you mean in-flight?",
            ),
            (
                "{\"limits\": {},\n\"Listen\": 1}",
                "line 2: Listen: no setting has this name; did you mean listen?",
            ),
            (
                "listen: a\nwholly-other: 1",
                "line 2: wholly-other: no setting has this name; expected one of limits, listen",
            ),
        ] {
            assert_eq!(refused(bad), Err(expected.to_owned()), "{bad}");
        }
    }

    #[test]
    fn a_table_is_an_object_or_nothing() {
        let document = Document::read(b"a: {}\nb: []\n").unwrap();
        let mut file = document.table().unwrap();
        assert!(file.table("a").unwrap().is_empty());
        assert!(file.table("absent").unwrap().is_empty());
        let error = file.table("b").unwrap_err();
        let expected = "line 2: b: expected an object with settings, found a list";
        assert_eq!(error.to_string(), expected);
        let document = Document::read(b"[]").unwrap();
        let error = document.table().unwrap_err();
        let expected = "line 1: the file: expected an object with settings, found a list";
        assert_eq!(error.to_string(), expected);
    }
}

//! Where each value stands in a JSON text, so that a mutation changes nothing but what it names.

use std::ops::Range;

/// A value in an object or an array.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    /// `/verificationMaterial/tlogEntries/0/logIndex`.
    pub(crate) path: String,
    /// From its name, if it has one, to its end.
    pub(crate) member: Range<usize>,
    /// The value alone.
    pub(crate) value: Range<usize>,
    /// Whether it is an element of an array.
    pub(crate) is_element: bool,
}

/// Every value of the document but the outermost, each before what is in it.
pub(crate) fn values(text: &str) -> Vec<Value> {
    let mut scanner = Scanner {
        text: text.as_bytes(),
        position: 0,
        values: Vec::new(),
    };
    scanner.value("");
    scanner.values
}

/// The innermost value that holds the byte at this place.
pub(crate) fn path_at(values: &[Value], place: usize) -> &str {
    let holds = |value: &&Value| value.member.contains(&place);
    values.iter().rfind(holds).map_or("", |value| &value.path)
}

struct Scanner<'a> {
    text: &'a [u8],
    position: usize,
    values: Vec<Value>,
}

impl Scanner<'_> {
    fn peek(&mut self) -> u8 {
        while self.text[self.position].is_ascii_whitespace() {
            self.position += 1;
        }
        self.text[self.position]
    }

    fn value(&mut self, path: &str) {
        match self.peek() {
            b'{' => self.members(path, b'}'),
            b'[' => self.members(path, b']'),
            b'"' => self.string(),
            _ => {
                while !matches!(self.text[self.position], b',' | b'}' | b']' | b'\n' | b' ') {
                    self.position += 1;
                }
            }
        }
    }

    fn members(&mut self, path: &str, close: u8) {
        self.position += 1;
        let mut index = 0;
        while self.peek() != close {
            if self.peek() == b',' {
                self.position += 1;
                self.peek();
            }
            let start = self.position;
            let mut name = index.to_string();
            if close == b'}' {
                self.string();
                name = String::from_utf8_lossy(&self.text[start + 1..self.position - 1]).into();
                assert_eq!(self.peek(), b':');
                self.position += 1;
                self.peek();
            }
            let path = format!("{path}/{name}");
            let (place, value) = (self.values.len(), self.position);
            self.values.push(Value {
                path: path.clone(),
                member: start..start,
                value: value..value,
                is_element: close == b']',
            });
            self.value(&path);
            self.values[place].member.end = self.position;
            self.values[place].value.end = self.position;
            index += 1;
        }
        self.position += 1;
    }

    fn string(&mut self) {
        self.position += 1;
        while self.text[self.position] != b'"' {
            self.position += 1 + usize::from(self.text[self.position] == b'\\');
        }
        self.position += 1;
    }
}

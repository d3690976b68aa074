//! One line for one step of a longer work: what, how it went, how long it took.
//!
//! ```text
//!   ✓ certificate   issued to alice@example.com by http://waxwing.localhost/oidc     1.8 ms
//!   ok certificate  …                                                    (not a terminal)
//! ```

use std::fmt::Write;
use std::time::Duration;

/// The width of the second and third column; longer texts push what follows to the right.
const NAME_WIDTH: usize = 13;
const DETAIL_WIDTH: usize = 62;

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It is done.
    Done,
    /// It failed.
    Failed,
    /// It was left out.
    Skipped,
}

/// A step of a longer work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step<'a> {
    /// How it went.
    pub mark: Mark,
    /// What it made or checked, in a word: `certificate`.
    pub name: &'a str,
    /// What is worth knowing about it.
    pub detail: &'a str,
    /// How long it took, if that was measured.
    pub took: Option<Duration>,
}

impl<'a> Step<'a> {
    /// A step that is done.
    pub fn done(name: &'a str, detail: &'a str, took: Duration) -> Self {
        Self {
            mark: Mark::Done,
            name,
            detail,
            took: Some(took),
        }
    }

    /// A step that failed.
    pub fn failed(name: &'a str, detail: &'a str) -> Self {
        Self {
            mark: Mark::Failed,
            name,
            detail,
            took: None,
        }
    }

    /// A step that was left out.
    pub fn skipped(name: &'a str, detail: &'a str) -> Self {
        Self {
            mark: Mark::Skipped,
            ..Self::failed(name, detail)
        }
    }

    /// The line, without its end.
    pub(crate) fn line(&self, terminal: bool, colour: bool) -> String {
        let (sign, word, code) = match self.mark {
            Mark::Done => ("✓", "ok", "32"),
            Mark::Failed => ("✗", "no", "31"),
            Mark::Skipped => ("–", "--", "33"),
        };
        let mark = if terminal { sign } else { word };
        let mut line = format!(
            "  {} {}",
            painted(mark, code, colour),
            padded(self.name, NAME_WIDTH)
        );
        match self.took {
            Some(took) => {
                line.push_str(&padded(self.detail, DETAIL_WIDTH));
                line.push_str(&painted(&format!("{:>9}", spoken(took)), "2", colour));
            }
            None => line.push_str(&plain(self.detail)),
        }
        line
    }
}

fn painted(text: &str, code: &str, colour: bool) -> String {
    match colour {
        true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        false => text.to_owned(),
    }
}

/// `text` with blanks after it up to `width`, and at least two.
fn padded(text: &str, width: usize) -> String {
    let mut padded = plain(text);
    let missing = width.saturating_sub(padded.chars().count());
    padded.extend(std::iter::repeat_n(' ', missing + 2));
    padded
}

/// Names in certificates come from strangers: what could steer a terminal is written out.
pub fn plain(text: &str) -> String {
    let mut plain = String::new();
    for character in text.chars() {
        let steers = character.is_control()
            || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        // Writing to a String cannot fail.
        let _ = match steers {
            true => write!(plain, "{}", character.escape_unicode()),
            false => write!(plain, "{character}"),
        };
    }
    plain
}

fn spoken(took: Duration) -> String {
    let seconds = took.as_secs_f64();
    match took.as_millis() {
        0..=999 => format!("{:.1} ms", seconds * 1000.0),
        1_000..=59_999 => format!("{seconds:.1} s"),
        _ => format!("{} min {} s", took.as_secs() / 60, took.as_secs() % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_spoken_in_the_unit_that_suits() {
        for (microseconds, expected) in [
            (0, "0.0 ms"),
            (40, "0.0 ms"),
            (1_849, "1.8 ms"),
            (999_900, "999.9 ms"),
            (1_000_000, "1.0 s"),
            (59_949_000, "59.9 s"),
            (61_500_000, "1 min 1 s"),
        ] {
            assert_eq!(spoken(Duration::from_micros(microseconds)), expected);
        }
    }

    #[test]
    fn nothing_in_a_name_steers_the_terminal() {
        let step = Step::failed("identity", "a\u{1b}]0;x\u{7}b\u{202e}c é");
        let expected = "  no identity       a\\u{1b}]0;x\\u{7}b\\u{202e}c é";
        assert_eq!(step.line(false, false), expected);
    }
}

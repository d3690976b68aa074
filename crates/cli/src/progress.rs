//! One line on a terminal that says how far a work is; nothing where nobody looks.
//!
//! ```text
//! [############             ]  48 %  2048 of 4096 MiB
//! ```

use crate::Output;

/// Files below this many bytes are read before anybody has seen a line.
const SMALL: u64 = 64 << 20;

/// How far a work is.
#[derive(Debug)]
pub struct Progress {
    /// The percentage on the line; `None` where nobody looks.
    shown: Option<u64>,
    unit: &'static str,
    /// How many of what is counted make one of the unit.
    each: u64,
    all: u64,
}

impl Progress {
    /// Of so many things, called by `unit`.
    pub fn of(output: &mut Output, unit: &'static str, all: u64) -> Self {
        let shown = output.stderr().is_terminal().then_some(u64::MAX);
        Self {
            shown,
            unit,
            each: 1,
            all,
        }
    }

    /// Of so many bytes, if they are many.
    pub fn bytes(output: &mut Output, all: u64) -> Self {
        let progress = Self::of(output, "MiB", all);
        Self {
            shown: progress.shown.filter(|_| all >= SMALL),
            each: 1 << 20,
            ..progress
        }
    }

    /// Shows the percentage, if it is another one than before. There may be more to do than was known.
    pub fn show_of(&mut self, output: &mut Output, done: u64, all: u64) {
        self.all = all;
        self.show(output, done);
    }

    /// Shows the percentage, if it is another one than before.
    pub fn show(&mut self, output: &mut Output, done: u64) {
        if self.shown.is_none() {
            return;
        }
        let percent = (u128::from(done) * 100)
            .checked_div(self.all.into())
            .map_or(100, |percent| percent.min(100) as u64);
        if self.shown == Some(percent) {
            return;
        }
        self.shown = Some(percent);
        let bar = "#".repeat(percent as usize / 4);
        let (done, all) = (done / self.each, self.all / self.each);
        // Nobody misses a line that cannot be shown.
        let _ = output.stderr().write(&format!(
            "\r[{bar:<25}] {percent:>3} %  {done} of {all} {}",
            self.unit
        ));
    }

    /// Takes the line away.
    pub fn end(self, output: &mut Output) {
        if self.shown.is_some_and(|shown| shown != u64::MAX) {
            let _ = output.stderr().write("\r\u{1b}[K");
        }
    }
}

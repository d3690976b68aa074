//! Writing Prometheus' text format ("Exposition formats", version 0.0.4).
//!
//! ```text
//! # HELP rekor_new_entries Entries added.
//! # TYPE rekor_new_entries counter
//! rekor_new_entries{kind="a \"b\""} 3
//! ```
//!
//! Backslash, quote and line feed of a label's value are escaped, backslash and line feed of a help.

use std::fmt::{self, Write};

use super::Distribution;

/// The page, family after family.
#[derive(Debug, Default)]
pub(super) struct Page(String);

/// A label's name and value.
pub(super) type Label<'a> = (&'a str, &'a str);

impl Page {
    /// Begins a family; all its samples follow.
    pub(super) fn family(&mut self, name: &str, kind: &str, help: &str) {
        let help = help.replace('\\', r"\\").replace('\n', r"\n");
        self.line(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    /// A value that is counted.
    pub(super) fn count(&mut self, name: &str, labels: &[Label<'_>], value: u64) {
        self.sample(name, "", labels, None, format_args!("{value}"));
    }

    /// A value that is measured.
    pub(super) fn measure(&mut self, name: &str, labels: &[Label<'_>], value: f64) {
        self.sample(name, "", labels, None, format_args!("{}", Number(value)));
    }

    /// The lines of a histogram.
    pub(super) fn distribution(&mut self, name: &str, labels: &[Label<'_>], seen: &Distribution) {
        self.scaled_distribution(name, labels, seen, 1.0);
    }

    /// The same in another unit, of which `scale` make one of the values.
    pub(super) fn scaled_distribution(
        &mut self,
        name: &str,
        labels: &[Label<'_>],
        seen: &Distribution,
        scale: f64,
    ) {
        for (bound, count) in seen.cumulative() {
            let value = format_args!("{count}");
            self.sample(name, "_bucket", labels, Some(bound * scale), value);
        }
        self.sum(name, labels, seen, scale);
    }

    /// Sum and number: the end of a histogram, and all of a summary without quantiles.
    pub(super) fn sum(
        &mut self,
        name: &str,
        labels: &[Label<'_>],
        seen: &Distribution,
        scale: f64,
    ) {
        let sum = Number(seen.sum() * scale);
        self.sample(name, "_sum", labels, None, format_args!("{sum}"));
        let count = seen.count();
        self.sample(name, "_count", labels, None, format_args!("{count}"));
    }

    /// The whole page.
    pub(super) fn finish(self) -> String {
        self.0
    }

    fn sample(
        &mut self,
        name: &str,
        suffix: &str,
        labels: &[Label<'_>],
        bound: Option<f64>,
        value: fmt::Arguments<'_>,
    ) {
        self.line(format_args!("{name}{suffix}"));
        let mut separator = '{';
        for (label, value) in labels {
            self.line(format_args!("{separator}{label}=\"{}\"", Escaped(value)));
            separator = ',';
        }
        if let Some(bound) = bound {
            self.line(format_args!("{separator}le=\"{}\"", Number(bound)));
            separator = ',';
        }
        if separator == ',' {
            self.0.push('}');
        }
        self.line(format_args!(" {value}\n"));
    }

    fn line(&mut self, text: fmt::Arguments<'_>) {
        // A string takes all that is written to it.
        let _ = self.0.write_fmt(text);
    }
}

/// A number as Go's `ParseFloat` reads it.
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            f64::INFINITY => formatter.write_str("+Inf"),
            f64::NEG_INFINITY => formatter.write_str("-Inf"),
            value if value.is_nan() => formatter.write_str("NaN"),
            value => value.fmt(formatter),
        }
    }
}

struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '\\' => formatter.write_str(r"\\")?,
                '"' => formatter.write_str("\\\"")?,
                '\n' => formatter.write_str(r"\n")?,
                other => formatter.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_a_line_is_escaped() {
        let mut page = Page::default();
        page.family("a", "counter", "one\\two\nthree \"four\"");
        page.count("a", &[("b", "\\ \" \n }"), ("c", "")], 7);
        page.count("a", &[], 8);
        let expected = concat!(
            "# HELP a one\\\\two\\nthree \"four\"\n# TYPE a counter\n",
            "a{b=\"\\\\ \\\" \\n }\",c=\"\"} 7\na 8\n",
        );
        assert_eq!(page.finish(), expected);
    }

    #[test]
    fn numbers_are_written_for_go() {
        let shown = |value| Number(value).to_string();
        let numbers = [0.0, 1.0, 0.005, -2.5, 1e21].map(shown);
        assert_eq!(
            numbers,
            ["0", "1", "0.005", "-2.5", "1000000000000000000000"]
        );
        let special = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN].map(shown);
        assert_eq!(special, ["+Inf", "-Inf", "NaN"]);
    }

    #[test]
    fn a_distribution_is_a_histogram() {
        let mut seen = Distribution::new(&[0.5]);
        seen.observe(0.25);
        seen.observe(2.0);
        let mut page = Page::default();
        page.distribution("h", &[("m", "GET")], &seen);
        page.distribution("h", &[], &Distribution::new(&[]));
        assert_eq!(
            page.finish(),
            "h_bucket{m=\"GET\",le=\"0.5\"} 1\nh_bucket{m=\"GET\",le=\"+Inf\"} 2\n\
             h_sum{m=\"GET\"} 2.25\nh_count{m=\"GET\"} 2\n\
             h_bucket{le=\"+Inf\"} 0\nh_sum 0\nh_count 0\n"
        );
    }
}

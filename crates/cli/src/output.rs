//! Where a program's words go: results to one stream, everything else to the other.
//!
//! Results, JSON among them, go to the standard output, which scripts read. Steps, notes, warnings
//! and errors go to the standard error, as in cosign:
//!
//! ```text
//! WARNING: the flag --tlog-upload is deprecated
//! Error: verifying the bundle: the certificate expired
//! ```
//!
//! Colour and signs beyond ASCII appear only on a terminal, and no colour when `NO_COLOR` is set
//! (<https://no-color.org>) or the terminal is `dumb`.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use clap::ValueEnum;
use serde::Serialize;

use crate::{Environment, Exit, Step};

/// The two streams of a program.
pub struct Output {
    stdout: Stream,
    stderr: Stream,
}

/// A stream and what it can show.
pub struct Stream {
    writer: Box<dyn Write + Send>,
    terminal: bool,
    colour: bool,
}

/// The value of `--output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// Sentences for people.
    #[default]
    Text,
    /// One JSON value on the standard output.
    Json,
}

impl Output {
    /// The output of a program with these streams, in this environment.
    pub fn new(stdout: Stream, stderr: Stream, environment: &Environment) -> Self {
        let plain =
            environment.value("NO_COLOR").is_some() || environment.value("TERM") == Some("dumb");
        let adapted = |stream: Stream| Stream {
            colour: stream.terminal && !plain,
            ..stream
        };
        Self {
            stdout: adapted(stdout),
            stderr: adapted(stderr),
        }
    }

    /// Lets results go to a file from now on.
    pub fn redirect(&mut self, path: &Path) -> anyhow::Result<()> {
        let file = File::create(path);
        let file = file.with_context(|| format!("writing {}", path.display()))?;
        self.stdout = Stream::new(file, false);
        Ok(())
    }

    /// The stream for results.
    pub fn stdout(&mut self) -> &mut Stream {
        &mut self.stdout
    }

    /// The stream for everything else.
    pub fn stderr(&mut self) -> &mut Stream {
        &mut self.stderr
    }

    /// Prints a line of the result.
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        self.stdout.write(&format!("{text}\n"))
    }

    /// Prints `value` as indented JSON with a newline at its end: the result of `--output json`.
    pub fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        let json = serde_json::to_string_pretty(value)?;
        self.line(&json)
    }

    /// Prints one step of what is being done, beside the result.
    pub fn step(&mut self, step: &Step<'_>) {
        let line = step.line(self.stderr.terminal, self.stderr.colour);
        self.aside(&line);
    }

    /// Tells something beside the result.
    pub fn note(&mut self, text: &str) {
        self.aside(text);
    }

    /// Warns of something that works but is not good.
    pub fn warn(&mut self, text: &str) {
        self.aside(&format!("WARNING: {text}"));
    }

    /// Says that a flag still works but should no longer be used, in pflag's words.
    pub fn deprecated_flag(&mut self, name: &str, advice: &str) {
        self.aside(&format!("Flag --{name} has been deprecated, {advice}"));
    }

    /// Says why the program fails.
    pub fn complain(&mut self, text: &str) {
        let label = match self.stderr.colour {
            true => "\u{1b}[1;31mError:\u{1b}[0m",
            false => "Error:",
        };
        self.aside(&format!("{label} {text}"));
    }

    /// How a program ends that is done, or that is not and says why.
    pub fn ended(&mut self, done: anyhow::Result<()>) -> Exit {
        match done {
            Ok(()) => Exit::Success,
            Err(error) => {
                self.error(&error);
                Exit::Failure
            }
        }
    }

    /// Says why the program fails, with all causes in one line. A cause that stands in the message
    /// before it is not said twice: errors of our libraries have their cause in them.
    pub fn error(&mut self, error: &anyhow::Error) {
        let mut text = String::new();
        for cause in error.chain().map(ToString::to_string) {
            if text.is_empty() {
                text = cause;
            } else if !text.contains(&cause) {
                text.push_str(": ");
                text.push_str(&cause);
            }
        }
        self.complain(&text);
    }

    /// What is said beside the result is lost if nobody can hear it; that is no reason to fail.
    fn aside(&mut self, text: &str) {
        let _ = self.stderr.write(&format!("{text}\n"));
    }
}

impl Stream {
    /// A stream; `terminal` says whether a person looks at it.
    pub fn new(writer: impl Write + Send + 'static, terminal: bool) -> Self {
        Self {
            writer: Box::new(writer),
            terminal,
            colour: terminal,
        }
    }

    /// Whether a person looks at it.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Whether colours are to be used.
    pub fn has_colour(&self) -> bool {
        self.colour
    }

    /// Writes `text` as it is, and passes it on at once.
    pub fn write(&mut self, text: &str) -> io::Result<()> {
        self.write_bytes(text.as_bytes())
    }

    /// Writes bytes that may not be text.
    pub fn write_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes)?;
        self.writer.flush()
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Stream(terminal: {})", self.terminal)
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Output({:?}, {:?})", self.stdout, self.stderr)
    }
}

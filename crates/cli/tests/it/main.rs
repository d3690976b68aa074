//! What a tool reads and prints, seen from outside.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod command_lines;
mod printed;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use waxwing_cli::{Environment, Output, Stream};

/// A writer whose content a test can read afterwards.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// An output on two papers.
struct Desk {
    output: Output,
    stdout: Paper,
    stderr: Paper,
}

fn desk(terminal: bool, environment: &Environment) -> Desk {
    let (stdout, stderr) = (Paper::default(), Paper::default());
    let streams = [&stdout, &stderr].map(|paper| Stream::new(paper.clone(), terminal));
    let [out, err] = streams;
    Desk {
        output: Output::new(out, err, environment),
        stdout,
        stderr,
    }
}

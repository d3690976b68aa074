//! A peer that serves as long as somebody wants it: it ends when its standard input does.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

/// It ends with this.
#[derive(Debug)]
pub(super) struct Server {
    process: Child,
    _stdin: ChildStdin,
}

/// Starts it; and the lines that it prints.
pub(super) fn start(command: &mut Command) -> (Server, impl Iterator<Item = String> + use<>) {
    let mut process = command
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the peer can be started");
    let stdin = process.stdin.take().expect("standard input is a pipe");
    let stdout = process.stdout.take().expect("standard output is a pipe");
    let lines = BufReader::new(stdout).lines().map_while(Result::ok);
    let server = Server {
        process,
        _stdin: stdin,
    };
    (server, lines)
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

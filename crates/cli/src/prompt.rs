//! Questions to people: passwords that a terminal does not show, and whether to go on. Where no terminal is,
//! the answer is what a program wrote to the standard input.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use anyhow::{Context, bail, ensure};
use zeroize::Zeroizing;

/// No password is longer, in bytes.
const LONGEST: u64 = 64 << 10;

/// Whether somebody sits at the standard input.
pub fn is_interactive() -> bool {
    io::stdin().is_terminal()
}

/// A password that is new: asked for twice on a terminal, else the first line of the standard input.
pub fn new_password() -> anyhow::Result<Zeroizing<String>> {
    if !is_interactive() {
        return first_line();
    }
    let first = hidden("Password: ")?;
    if *first != *hidden("Again: ")? {
        bail!("the two are not the same; nothing was changed");
    }
    Ok(first)
}

/// The password of a thing that is there: asked for on a terminal, else the first line of the standard
/// input.
pub fn known_password(what: &str) -> anyhow::Result<Zeroizing<String>> {
    match is_interactive() {
        true => hidden(&format!("Password of {what}: ")),
        false => first_line(),
    }
}

/// All of the standard input, of at most so many bytes.
pub fn standard_input(limit: usize) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = io::stdin()
        .lock()
        .take(limit as u64 + 1)
        .read_to_end(&mut bytes);
    read.context("reading the standard input")?;
    ensure!(
        bytes.len() <= limit,
        "the standard input has more than {limit} bytes, the most that is read of it"
    );
    Ok(bytes)
}

/// All of the standard input as a password, as it is.
pub fn everything() -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    let read = io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes);
    read.context("reading the standard input")?;
    ensure!(
        bytes.len() as u64 <= LONGEST,
        "the standard input has more than {LONGEST} bytes, the most that a password has"
    );
    Ok(bytes)
}

/// Whether to go on: the answer is one line of the standard input, whatever it is. Only `y` is a yes.
pub fn confirm(question: &str) -> anyhow::Result<()> {
    let mut stderr = io::stderr();
    let _ = write!(
        stderr,
        "{question}\nAre you sure you would like to continue? [y/N] "
    );
    let _ = stderr.flush();
    let mut line = String::new();
    let read = io::stdin().lock().take(LONGEST).read_line(&mut line);
    read.context("reading the answer")?;
    match line.trim() {
        "y" | "Y" => Ok(()),
        "" | "n" | "N" => bail!("user declined the prompt"),
        other => bail!("invalid input {other:?} (allowed values y, n)"),
    }
}

/// One line of the standard input, with what stands before it on a terminal; empty at its end.
pub fn line(question: &str) -> io::Result<Zeroizing<String>> {
    let mut stderr = io::stderr();
    let _ = write!(stderr, "{question}");
    let _ = stderr.flush();
    let mut line = Zeroizing::new(String::new());
    let read = io::stdin().lock().take(LONGEST).read_line(&mut line);
    // Where it was not typed, nobody ended the line.
    if !is_interactive() {
        let _ = writeln!(stderr);
    }
    read?;
    without_newline(&mut line);
    Ok(line)
}

/// Asks on the terminal, which shows nothing of the answer.
pub fn hidden(question: &str) -> anyhow::Result<Zeroizing<String>> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let stdin = io::stdin();
    let mut stderr = io::stderr();
    let _ = write!(stderr, "{question}");
    let _ = stderr.flush();
    let shown = tcgetattr(&stdin).context("the terminal")?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Flush, &hidden).context("the terminal")?;
    let mut line = Zeroizing::new(String::new());
    let read = stdin.lock().read_line(&mut line);
    let _ = tcsetattr(&stdin, OptionalActions::Flush, &shown);
    let _ = writeln!(stderr);
    read.context("reading the password")?;
    without_newline(&mut line);
    Ok(line)
}

fn first_line() -> anyhow::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    let read = io::stdin().lock().take(LONGEST).read_line(&mut line);
    read.context("reading the password")?;
    without_newline(&mut line);
    ensure!(
        !line.is_empty(),
        "the standard input has no password in its first line"
    );
    Ok(line)
}

fn without_newline(line: &mut String) {
    let length = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(length);
}

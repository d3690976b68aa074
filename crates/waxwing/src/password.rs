//! Passwords, from a terminal that does not show them, or from a program that knows them.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::{Context, bail, ensure};
use zeroize::Zeroizing;

/// A password that is new: asked for twice on a terminal, else the first line of the standard input.
pub(crate) fn new_password() -> anyhow::Result<Zeroizing<String>> {
    if !io::stdin().is_terminal() {
        return first_line();
    }
    let first = ask("Password: ")?;
    if *first != *ask("Again: ")? {
        bail!("the two are not the same; nothing was changed");
    }
    Ok(first)
}

/// The password of a thing that is there: asked for on a terminal, else the first line of the standard
/// input.
pub(crate) fn known_password(what: &str) -> anyhow::Result<Zeroizing<String>> {
    match io::stdin().is_terminal() {
        true => ask(&format!("Password of {what}: ")),
        false => first_line(),
    }
}

fn first_line() -> anyhow::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    let read = io::stdin().lock().read_line(&mut line);
    read.context("reading the password")?;
    let length = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(length);
    ensure!(
        !line.is_empty(),
        "the standard input has no password in its first line"
    );
    Ok(line)
}

/// Asks on the terminal, which shows nothing of the answer.
fn ask(question: &str) -> anyhow::Result<Zeroizing<String>> {
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
    let length = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(length);
    Ok(line)
}

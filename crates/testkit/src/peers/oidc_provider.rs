//! panva's `oidc-provider`: an OpenID provider that is not ours, with somebody logged in at it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

use super::{Peer, repository, require};

/// A provider that serves its documents as long as this lives.
#[derive(Debug)]
pub struct OidcProvider {
    /// Its issuer URL.
    pub issuer: String,
    /// A token of it, for the audience `sigstore`; empty if nobody logged in.
    pub token: String,
    process: Child,
    /// It ends when this is closed.
    _stdin: ChildStdin,
}

/// Starts the provider and logs somebody in, with a verified e-mail address; `None` if it is not installed.
///
/// # Panics
///
/// When it does not start, or does not give a token.
pub fn log_in(email: &str) -> Option<OidcProvider> {
    start(Some(email))
}

/// Starts the provider; whoever comes may log in. `None` if it is not installed.
///
/// # Panics
///
/// When it does not start.
pub fn serve() -> Option<OidcProvider> {
    start(None)
}

fn start(email: Option<&str>) -> Option<OidcProvider> {
    let installed = require(Peer::SigstoreJs)?;
    let mut process = Command::new(installed.program("node_modules/.bin/node"))
        .arg(repository().join("tests/peers/oidc.mjs"))
        .args(email)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("node can be started");
    let stdin = process.stdin.take().expect("standard input is a pipe");
    let stdout = process.stdout.take().expect("standard output is a pipe");
    let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
    // What it says for developers stands before.
    let mut value = |label: &str| {
        let found = lines.find_map(|line| line.strip_prefix(label).map(str::to_owned));
        found.unwrap_or_else(|| panic!("the provider did not say its {label}"))
    };
    let (issuer, token) = (
        value("issuer "),
        email.map_or(String::new(), |_| value("token ")),
    );
    // It ends when nobody reads what it goes on to say.
    std::thread::spawn(move || lines.for_each(drop));
    Some(OidcProvider {
        issuer,
        token,
        process,
        _stdin: stdin,
    })
}

impl Drop for OidcProvider {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

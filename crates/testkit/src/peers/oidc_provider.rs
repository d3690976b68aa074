//! panva's `oidc-provider`: an OpenID provider that is not ours, with somebody logged in at it.

use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Peer, repository, require, server};

/// A provider that serves its documents as long as this lives.
#[derive(Debug)]
pub struct OidcProvider {
    /// Its issuer URL.
    pub issuer: String,
    /// A token of it, for the audience `sigstore`; empty if nobody logged in.
    pub token: String,
    asked: Arc<Mutex<Vec<String>>>,
    _server: server::Server,
}

impl OidcProvider {
    /// What it was asked with parameters since the last call, in order.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
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
    let mut command = Command::new(installed.program("node_modules/.bin/node"));
    command
        .arg(repository().join("tests/peers/oidc.mjs"))
        .args(email);
    let (server, mut lines) = server::start(&mut command);
    // What it says for developers stands before.
    let mut value = |label: &str| {
        let found = lines.find_map(|line| line.strip_prefix(label).map(str::to_owned));
        found.unwrap_or_else(|| panic!("the provider did not say its {label}"))
    };
    let (issuer, token) = (
        value("issuer "),
        email.map_or(String::new(), |_| value("token ")),
    );
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let told = Arc::clone(&asked);
    // It ends when nobody reads what it goes on to say.
    std::thread::spawn(move || {
        for line in lines {
            let line = line.strip_prefix("asked ").map(str::to_owned);
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            told.extend(line);
        }
    });
    Some(OidcProvider {
        issuer,
        token,
        asked,
        _server: server,
    })
}

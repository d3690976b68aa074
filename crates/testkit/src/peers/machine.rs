//! What is around a machine that has tokens: an agent of SPIFFE on grpcio (`tests/peers/spiffe_agent.py`), and Google's
//! servers behind a proxy (`tests/peers/google_tokens.py`).

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use super::{installed, repository, server};

/// A server that gives out one token, as long as this lives.
#[derive(Debug)]
pub struct Machine {
    first: String,
    asked: Arc<Mutex<Vec<String>>>,
    _server: server::Server,
}

/// Starts an agent of SPIFFE at `socket`; with an empty token it knows nobody. `None` if grpcio is not installed.
///
/// It is asked for messages, of which each is told in hexadecimal, and beside it the header of workloads.
///
/// # Panics
///
/// When it does not start.
pub fn spiffe_agent(socket: &Path, token: &str) -> Option<Machine> {
    start("spiffe_agent.py", &[socket.as_os_str(), token.as_ref()])
}

/// Starts Google's servers, with a certificate and its key in files of PEM. `None` if the Python of grpcio is not
/// installed.
///
/// What it is asked is told in JSON: host, path, who asks, and the body.
///
/// # Panics
///
/// When it does not start.
pub fn google(certificate: &Path, key: &Path, token: &str) -> Option<Machine> {
    start(
        "google_tokens.py",
        &[certificate.as_os_str(), key.as_os_str(), token.as_ref()],
    )
}

fn start(script: &str, arguments: &[&OsStr]) -> Option<Machine> {
    let (home, _) = installed("grpc")?;
    let mut command = Command::new(home.join("bin/python"));
    command
        .arg(repository().join("tests/peers").join(script))
        .args(arguments);
    let (server, mut lines) = server::start(&mut command);
    let first = lines.next().expect("it says that it is ready");
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&asked);
    std::thread::spawn(move || lines.for_each(|line| kept.lock().expect("it is read").push(line)));
    Some(Machine {
        first,
        asked,
        _server: server,
    })
}

impl Machine {
    /// The proxy that leads there.
    ///
    /// # Panics
    ///
    /// Where there is none.
    pub fn proxy(&self) -> &str {
        self.first.strip_prefix("proxy ").expect("it has a proxy")
    }

    /// What it was asked since the last time.
    ///
    /// # Panics
    ///
    /// Never: nobody panics while it holds what it returns.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().expect("it is written"))
    }
}

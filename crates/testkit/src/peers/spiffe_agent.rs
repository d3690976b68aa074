//! An agent of SPIFFE on grpcio: `tests/peers/spiffe_agent.py`.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use super::{installed, repository, server};

/// An agent that gives out one token, as long as this lives.
#[derive(Debug)]
pub struct SpiffeAgent {
    asked: Arc<Mutex<Vec<String>>>,
    _server: server::Server,
}

/// Starts an agent at `socket`; with an empty token it knows nobody. `None` if grpcio is not installed.
///
/// # Panics
///
/// When it does not start.
pub fn start(socket: &Path, token: &str) -> Option<SpiffeAgent> {
    let (home, _) = installed("grpc")?;
    let mut command = Command::new(home.join("bin/python"));
    command
        .arg(repository().join("tests/peers/spiffe_agent.py"))
        .args([socket.as_os_str(), token.as_ref()]);
    let (server, mut lines) = server::start(&mut command);
    assert_eq!(lines.next().as_deref(), Some("ready"));
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&asked);
    std::thread::spawn(move || lines.for_each(|line| kept.lock().expect("it is read").push(line)));
    Some(SpiffeAgent {
        asked,
        _server: server,
    })
}

impl SpiffeAgent {
    /// What it was asked since the last time: each message in hexadecimal, and the header of workloads.
    ///
    /// # Panics
    ///
    /// Never: nobody panics while it holds what it returns.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().expect("it is written"))
    }
}

//! AWS KMS as moto has it: keys that sign, and that nobody sees.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{installed, repository, server};

/// What proves to the service who asks; nobody else gets to see it.
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// A service that keeps keys as long as this lives.
#[derive(Debug)]
pub struct Amazon {
    /// Its address.
    pub url: String,
    python: PathBuf,
    _server: server::Server,
}

/// Starts the service; `None` if it is not installed.
///
/// # Panics
///
/// When it does not start, or is missing and `CI` is `true`.
pub fn serve() -> Option<Amazon> {
    let (home, _) = installed("kms")?;
    let python = home.join("bin/python");
    let mut command = Command::new(&python);
    command.arg(repository().join("tests/peers/amazon_services.py"));
    let (server, mut lines) = server::start(&mut command);
    Some(Amazon {
        url: lines.next().expect("the service says its address"),
        python,
        _server: server,
    })
}

impl Amazon {
    /// What a program finds the service by.
    pub fn variables(&self) -> [(&str, &str); 4] {
        [
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL_KMS", &self.url),
        ]
    }

    /// Makes a key of a kind such as `ECC_NIST_P256` under `alias/NAME`; its public half, in PEM.
    ///
    /// # Panics
    ///
    /// When the service makes none.
    pub fn key(&self, spec: &str, alias: &str) -> String {
        // Not by `process::run`, which lets a peer reach nobody.
        let finished = Command::new(&self.python)
            .arg(repository().join("tests/peers/amazon_key.py"))
            .args([&self.url, spec, alias])
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .expect("the peer can be started");
        let made: Value = serde_json::from_slice(&finished.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&finished.stderr)));
        let pem = made["pem"].as_str().expect("the key has a public half");
        pem.to_owned()
    }
}

//! An instance with a configuration, and what it is asked.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use waxwing_crypto::{HashAlgorithm, KeyType, PrivateKey};
use waxwing_encoding::base64;

use crate::up::{Running, token};

pub(crate) struct Server {
    pub(crate) running: Running,
    pub(crate) folder: TempDir,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

/// A request over a connection of its own.
pub(crate) struct Ask<'a> {
    request: &'a str,
    headers: Vec<(&'a str, String)>,
    body: Vec<u8>,
}

impl Server {
    /// On a port that the system chooses.
    pub(crate) fn start(settings: &str) -> Self {
        Self::within(tempfile::tempdir().unwrap(), settings, &[])
    }

    /// In a folder that has files already, with further arguments.
    pub(crate) fn within(folder: TempDir, settings: &str, arguments: &[&str]) -> Self {
        std::fs::write(folder.path().join("up.yaml"), settings).unwrap();
        let known = folder.path().join("data/keyring.json").exists();
        let listens = settings.starts_with("listen:") || settings.contains("\nlisten:");
        let mut all = vec!["--config", "up.yaml"];
        if !known && !listens {
            all.extend(["--listen", "127.0.0.1:0"]);
        }
        all.extend(arguments);
        let running = Running::with(folder.path(), &all);
        Self { running, folder }
    }

    /// The same directory with other settings.
    pub(crate) fn again(self, settings: &str) -> Self {
        let Self { running, folder } = self;
        running.stop();
        Self::within(folder, settings, &[])
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.url().strip_prefix("http://").unwrap().parse().unwrap()
    }

    pub(crate) fn url(&self) -> &str {
        &self.running.url
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        Ask::new(&format!("GET {path}")).of(self.address())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        let body = serde_json::to_vec(body).unwrap();
        Ask::new(&format!("POST {path}"))
            .header("content-type", "application/json")
            .body(&body)
            .of(self.address())
    }

    /// What comes back for a token of the instance and a proof by this key.
    pub(crate) fn certificate(&self, key: &PrivateKey) -> Answer {
        let token = token(self.path());
        self.certificate_for(key, &token, "me@example.com")
    }

    pub(crate) fn certificate_for(&self, key: &PrivateKey, token: &str, name: &str) -> Answer {
        let proof = base64::encode(&key.sign(name.as_bytes()).unwrap());
        let body = json!({
            "credentials": {"oidcIdentityToken": token},
            "publicKeyRequest": {
                "publicKey": {"algorithm": "ECDSA", "content": key.public_key().to_pem()},
                "proofOfPossession": proof,
            },
        });
        self.post("/api/v2/signingCert", &body)
    }

    /// What the page of metrics says.
    pub(crate) fn metrics(&self) -> String {
        let mut lines = self.running.lines.iter();
        let line = lines.find_map(|line| line.strip_prefix("Metrics: http://"));
        let address = line.unwrap().strip_suffix("/metrics").unwrap();
        Ask::new("GET /metrics").of(address.parse().unwrap()).text()
    }
}

pub(crate) fn key(kind: KeyType) -> PrivateKey {
    PrivateKey::generate(kind).unwrap()
}

/// A proposal of this kind of key over an artifact.
pub(crate) fn proposal(key: &PrivateKey, artifact: &str, details: &str) -> Value {
    let signature = base64::encode(&key.sign(artifact.as_bytes()).unwrap());
    let hash = key.algorithm().hash().unwrap();
    json!({"hashedRekordRequestV002": {
        "digest": base64::encode(hash.digest(artifact.as_bytes()).as_bytes()),
        "signature": {
            "content": signature,
            "verifier": {
                "publicKey": {"rawBytes": base64::encode(key.public_key().spki_der())},
                "keyDetails": details,
            },
        },
    }})
}

/// A request for a timestamp in JSON.
pub(crate) fn query(artifact: &str) -> Value {
    let digest = HashAlgorithm::Sha256.digest(artifact.as_bytes());
    json!({
        "artifactHash": base64::encode(digest.as_bytes()), "hashAlgorithm": "sha256",
        "certificates": true,
    })
}

impl<'a> Ask<'a> {
    /// A method and a path.
    pub(crate) fn new(request: &'a str) -> Self {
        Self {
            request,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn header(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn body(self, body: &[u8]) -> Self {
        Self {
            body: body.to_vec(),
            ..self
        }
    }

    pub(crate) fn form(self, form: &str) -> Self {
        let kind = "application/x-www-form-urlencoded";
        self.header("content-type", kind).body(form.as_bytes())
    }

    pub(crate) fn of(self, address: SocketAddr) -> Answer {
        self.to(&mut TcpStream::connect(address).unwrap())
    }

    pub(crate) fn to(self, stream: &mut (impl Read + Write)) -> Answer {
        let length = self.body.len();
        let mut text = format!(
            "{} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n",
            self.request
        );
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("content-length: {length}\r\n\r\n"));
        stream.write_all(text.as_bytes()).unwrap();
        // Who refuses need not read on.
        let _ = stream.write_all(&self.body);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no answer to {}", self.request));
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body = answer[end + 4..].to_vec();
        Answer { status, head, body }
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self
            .head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "));
        let found = lines.find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{}: {}", self.head, self.text()))
    }

    /// Whether it is this status; shows the answer if not.
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.text());
        self
    }

    /// Seconds until another try is worth it.
    pub(crate) fn retry_after(&self) -> u64 {
        let value = self.header("retry-after");
        value
            .unwrap_or_else(|| panic!("{}", self.head))
            .parse()
            .unwrap()
    }
}

/// Tries until something holds, for some seconds.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..200 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{what} has not come to be");
}

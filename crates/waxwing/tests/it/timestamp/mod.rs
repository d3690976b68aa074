//! timestamp-cli and timestamp-server as people run them, and openssl beside them.

mod client;
mod conformance;
mod kms;
mod limits;
mod openssl;
mod page;
mod server;
mod signers;
mod tls;
mod verifying;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::thread;

use tempfile::TempDir;
use waxwing_crypto::{HashAlgorithm, KeyType, PrivateKey};
use waxwing_encoding::time::UnixTime;
use waxwing_pki::issue::{Authority, Purpose, SerialNumber, Validity};
use waxwing_pki::{Certificate, DistinguishedName};

use crate::configured::server::{Answer, Ask, query};
use crate::program::waxwing;

const STAMP: &str = "POST /api/v1/timestamp";

/// Flags that a test always gives: nobody outside is asked, and nobody outside may ask.
const ALONE: [&str; 5] = [
    "--disable-ntp-monitoring",
    "--metrics-address",
    "none",
    "--host",
    "127.0.0.1",
];

/// `timestamp-cli` in a folder with these variables.
fn cli_with(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    Command::new(waxwing())
        .arg("timestamp-cli")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

fn cli(folder: &Path, arguments: &[&str]) -> Output {
    cli_with(folder, &[], arguments)
}

/// A server that runs in a process of its own, until this is dropped.
struct Server {
    /// What it printed before it was ready.
    lines: Vec<String>,
    process: Child,
    stdout: BufReader<ChildStdout>,
}

/// A server that is to be started.
struct Start<'a> {
    folder: &'a Path,
    variables: &'a [(&'a str, &'a str)],
    arguments: Vec<&'a str>,
}

impl<'a> Start<'a> {
    fn at(folder: &'a Path) -> Self {
        Self {
            folder,
            variables: &[],
            arguments: ALONE.to_vec(),
        }
    }

    fn variables(self, variables: &'a [(&'a str, &'a str)]) -> Self {
        Self { variables, ..self }
    }

    fn flags(mut self, flags: &[&'a str]) -> Self {
        self.arguments.extend(flags);
        self
    }

    /// Only these flags.
    fn only(self, flags: &[&'a str]) -> Self {
        let arguments = flags.to_vec();
        Self { arguments, ..self }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(waxwing());
        command
            .args(["timestamp-server", "serve"])
            .args(&self.arguments)
            .current_dir(self.folder)
            .env_clear()
            .env("HOME", self.folder)
            .envs(self.variables.iter().copied());
        command
    }

    fn server(&self) -> Server {
        let mut process = self
            .command()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if stdout.read_line(&mut line).unwrap() == 0 {
                let mut reason = String::new();
                let stderr = process.stderr.as_mut().unwrap();
                stderr.read_to_string(&mut reason).unwrap();
                panic!("it ended: {reason}");
            }
            lines.push(line.trim_end().to_owned());
            if line.starts_with("Ready: ") {
                break;
            }
        }
        Server {
            lines,
            process,
            stdout,
        }
    }

    /// Why it does not start; it ends with 1.
    fn refusal(&self) -> String {
        let mut command = self.command();
        let (stdout, stderr) = (Stdio::piped(), Stdio::piped());
        let mut process = command.stdout(stdout).stderr(stderr).spawn().unwrap();
        let mut said = String::new();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        // One that starts all the same would never end.
        if stdout
            .lines()
            .any(|line| line.unwrap().starts_with("Ready: "))
        {
            process.kill().unwrap();
        }
        let stderr = process.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        let code = process.wait().unwrap().code();
        assert_eq!(code, Some(1), "{:?}: {said}", self.arguments);
        said
    }
}

/// With these flags beside those of every test.
fn serve(flags: &[&str]) -> (TempDir, Server) {
    let folder = tempfile::tempdir().unwrap();
    let server = Start::at(folder.path()).flags(flags).server();
    (folder, server)
}

impl Server {
    /// What stood behind these words before it was ready.
    fn said(&self, words: &str) -> &str {
        let mut lines = self.lines.iter();
        let found = lines.find_map(|line| line.strip_prefix(words));
        found.unwrap_or_else(|| panic!("{words} is not in {:?}", self.lines))
    }

    fn id(&self) -> u32 {
        self.process.id()
    }

    fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    fn address(&self) -> SocketAddr {
        let address = self.said("Serving timestamp server at http://");
        address.parse().unwrap()
    }

    fn get(&self, path: &str) -> Answer {
        Ask::new(&format!("GET {path}")).of(self.address())
    }

    /// A request in JSON, as a test that is about something else sends it.
    fn stamp(&self) -> Answer {
        self.post(&query("an artifact"))
    }

    fn post(&self, request: &serde_json::Value) -> Answer {
        Ask::new(STAMP)
            .header("content-type", "application/json")
            .body(&serde_json::to_vec(request).unwrap())
            .of(self.address())
    }

    /// Asks it to end; what it said on the standard error, if that was peaceful.
    fn stop(mut self) -> String {
        let id = self.process.id().to_string();
        let status = Command::new("kill").args(["-s", "TERM", &id]).status();
        assert!(status.unwrap().success());
        let status = self.process.wait().unwrap();
        let (mut said, mut rest) = (String::new(), String::new());
        let stderr = self.process.stderr.as_mut().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        self.stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(status.code(), Some(0), "{said}");
        assert_eq!(rest, "");
        said
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Whether these bytes are among those of an answer.
fn has(answer: &Answer, bytes: &[u8]) -> bool {
    let mut windows = answer.body.windows(bytes.len());
    windows.any(|window| window == bytes)
}

/// The certificates of an authority, and its key: what an operator of `--timestamp-signer file` has.
struct Chain {
    leaf: Authority,
    above: Vec<Certificate>,
}

impl Chain {
    /// A leaf with that kind of key, an intermediate, and a root.
    fn new(kind: KeyType, intermediate: Purpose) -> Self {
        let key = |kind| PrivateKey::generate(kind).unwrap();
        let serial = |number| SerialNumber::new([number; 20]);
        let name = |common_name: &str| DistinguishedName {
            organization: "test".into(),
            common_name: common_name.into(),
        };
        let at = |text| UnixTime::parse(text).unwrap();
        let validity = Validity {
            not_before: at("2020-01-01T00:00:00Z"),
            not_after: at("2090-01-01T00:00:00Z"),
        };
        let root = key(KeyType::EcdsaP384);
        let root = Authority::root(root, &name("root"), serial(1), validity).unwrap();
        let between = key(KeyType::EcdsaP256);
        let between =
            root.intermediate(between, &name("issuing"), serial(2), validity, intermediate);
        let between = between.unwrap();
        let leaf = between.timestamp_leaf(key(kind), &name("stamps"), serial(3), validity);
        Self {
            leaf: leaf.unwrap(),
            above: vec![between.certificate, root.certificate],
        }
    }

    /// Writes `tsa.key` and `chain.pem`.
    fn write(&self, folder: &Path) {
        let key = self.leaf.key.to_pem().unwrap();
        std::fs::write(folder.join("tsa.key"), key.as_bytes()).unwrap();
        self.write_chain(&folder.join("chain.pem"));
    }

    fn write_chain(&self, path: &Path) {
        let leaf = [&self.leaf.certificate];
        let chain = leaf.into_iter().chain(&self.above);
        let chain: String = chain.map(Certificate::to_pem).collect();
        std::fs::write(path, chain).unwrap();
    }
}

const FILE_SIGNER: [&str; 6] = [
    "--timestamp-signer",
    "file",
    "--file-signer-key-path",
    "tsa.key",
    "--certificate-chain-path",
    "chain.pem",
];

/// The digest of an artifact, in the imprint of a timestamp.
fn digest(artifact: &[u8]) -> Vec<u8> {
    HashAlgorithm::Sha256.digest(artifact).as_bytes().to_vec()
}

/// The address of a server that answers every request with these bytes.
fn answering(response: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            // The request is in one packet: its head, and a query of some fifty bytes.
            let _ = stream.read(&mut [0; 4096]);
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/timestamp-reply\r\n\
                 content-length: {}\r\nconnection: close\r\n\r\n",
                response.len()
            );
            let _ = stream.write_all(&[head.as_bytes(), &response].concat());
        }
    });
    url
}

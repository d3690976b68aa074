//! `fulcio` as a program of its own, beside an instance that has the issuer and the CT log.

mod flags;
mod kms;
mod page;
mod ports;
mod reloading;
mod road;
mod variables;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use waxwing_crypto::{KeyType, PrivateKey};
use waxwing_encoding::{base64, pem};
use waxwing_pki::Certificate;

use crate::configured::server::{Answer, Ask, Server};
use crate::program::{printed, waxwing};
use crate::up::token;

pub(crate) const NAME: &str = "me@example.com";
pub(crate) const PASSWORD: &str = "word";

/// `fulcio serve` in a process of its own, until this is dropped.
pub(crate) struct Fulcio {
    process: Child,
    /// What it has printed so far, by both streams.
    said: Arc<Mutex<String>>,
    readers: Vec<thread::JoinHandle<()>>,
}

impl Fulcio {
    /// Starts it, and waits until it listens.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::with(folder, arguments, &[])
    }

    /// The same with variables.
    pub(crate) fn with(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut process = command(folder, arguments, variables)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::<Mutex<String>>::default();
        let (stdout, stderr) = (process.stdout.take(), process.stderr.take());
        let readers = vec![
            reader(stdout.unwrap(), &said),
            reader(stderr.unwrap(), &said),
        ];
        let mut fulcio = Self {
            process,
            said,
            readers,
        };
        let began = Instant::now();
        while !fulcio.said().contains("listening on http") {
            if let Some(status) = fulcio.process.try_wait().unwrap() {
                fulcio.readers.drain(..).for_each(|one| one.join().unwrap());
                panic!("it ended with {status}: {}", fulcio.said());
            }
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "{}",
                fulcio.said()
            );
            thread::sleep(Duration::from_millis(10));
        }
        fulcio
    }

    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// The address behind `listening on WHAT at `.
    pub(crate) fn address(&self, what: &str) -> String {
        let said = self.said();
        let (_, rest) = said
            .split_once(&format!("listening on {what} at "))
            .unwrap_or_else(|| panic!("{what}: {said}"));
        let end = rest.find(['\n', '"']).unwrap();
        rest[..end].to_owned()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        Ask::new(&format!("GET {path}")).of(self.address("http").parse().unwrap())
    }

    /// What comes back for a token and a proof by a new key.
    pub(crate) fn certificate(&self, token: &str) -> Answer {
        certificate(&self.address("http"), token, KeyType::EcdsaP256)
    }

    pub(crate) fn metrics(&self) -> String {
        let address = self.address("metrics").parse().unwrap();
        Ask::new("GET /metrics").of(address).text()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status();
        assert!(status.unwrap().success());
    }

    /// Asks it to end; all that it said, if that was peaceful.
    pub(crate) fn stop(mut self) -> String {
        self.signal("TERM");
        let status = self.process.wait().unwrap();
        self.readers.drain(..).for_each(|one| one.join().unwrap());
        assert_eq!(status.code(), Some(0), "{}", self.said());
        self.said()
    }
}

impl Drop for Fulcio {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn reader(stream: impl Read + Send + 'static, said: &Arc<Mutex<String>>) -> thread::JoinHandle<()> {
    let said = Arc::clone(said);
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut said = said.lock().unwrap();
            said.push_str(&line);
            said.push('\n');
        }
    })
}

fn command(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(waxwing());
    command
        .args(["fulcio", "serve"])
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(variables.iter().copied());
    command
}

/// Runs it where it does not start; what it says.
#[track_caller]
pub(crate) fn refused(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let mut process = command(folder, arguments, variables)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let began = Instant::now();
    let ended = loop {
        match process.try_wait().unwrap() {
            None if began.elapsed() < Duration::from_secs(15) => {
                thread::sleep(Duration::from_millis(5));
            }
            ended => break ended,
        }
    };
    // It may have ended already.
    let _ = process.kill();
    let output = process.wait_with_output().unwrap();
    let said = printed(&output);
    let status = ended.unwrap_or_else(|| panic!("{arguments:?} was not refused: {said}"));
    assert_eq!(status.code(), Some(1), "{said}");
    said
}

/// What comes back at an address for a token and a proof by a new key.
pub(crate) fn certificate(address: &str, token: &str, kind: KeyType) -> Answer {
    let body = request(&PrivateKey::generate(kind).unwrap(), Some(token));
    let body = serde_json::to_vec(&body).unwrap();
    Ask::new("POST /api/v2/signingCert")
        .header("content-type", "application/json")
        .body(&body)
        .of(address.parse().unwrap())
}

pub(crate) fn request(key: &PrivateKey, token: Option<&str>) -> Value {
    let proof = base64::encode(&key.sign(NAME.as_bytes()).unwrap());
    json!({
        "credentials": {"oidcIdentityToken": token},
        "publicKeyRequest": {
            "publicKey": {"algorithm": "ECDSA", "content": key.public_key().to_pem()},
            "proofOfPossession": proof,
        },
    })
}

/// The certificates of an answer, in whichever form; the leaf first.
pub(crate) fn chain(answer: &Value) -> Vec<Certificate> {
    let forms = [
        "signedCertificateEmbeddedSct",
        "signedCertificateDetachedSct",
    ];
    let mut forms = forms.into_iter().map(|form| &answer[form]);
    let form = forms.find(|form| form.is_object());
    let form = form.unwrap_or_else(|| panic!("{answer}"));
    let chain = form["chain"]["certificates"].as_array().unwrap().iter();
    chain
        .map(|pem| Certificate::from_pem(pem.as_str().unwrap()).unwrap())
        .collect()
}

/// Runs openssl in a folder.
pub(crate) fn openssl(folder: &Path, line: &str) {
    let made = Command::new("openssl")
        .args(line.split_whitespace())
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{line}: {}", printed(&made));
}

/// An authority that openssl makes: `NAME.pem`, the chain, and `NAME.key`, encrypted; `root.pem` and
/// `root.key` are made if they are not there.
pub(crate) fn authority(folder: &Path, name: &str) {
    let purposes = "basicConstraints=critical,CA:TRUE,pathlen:0\n\
                    keyUsage=critical,keyCertSign,cRLSign\nextendedKeyUsage=codeSigning\n\
                    subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
    fs::write(folder.join("purposes"), purposes).unwrap();
    if !folder.join("root.pem").exists() {
        openssl(
            folder,
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout root.key \
             -out root.pem -days 30 -subj /O=test/CN=root \
             -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign",
        );
    }
    for line in [
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -pass pass:word -out NAME.key",
        "req -new -key NAME.key -passin pass:word -subj /O=test/CN=NAME -out NAME.csr",
        "x509 -req -in NAME.csr -CA root.pem -CAkey root.key -CAcreateserial -days 20 \
         -extfile purposes -out NAME.leaf",
    ] {
        openssl(folder, &line.replace("NAME", name));
    }
    let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
    let chain = read(&format!("{name}.leaf")) + &read("root.pem");
    fs::write(folder.join(format!("{name}.pem")), chain).unwrap();
}

/// An instance whose CT log knows the root of [`authority`], and the files of a Fulcio beside it:
/// `ca.pem`, `ca.key`, `issuers.yaml`, `ctlog.pub`, and `base.yaml`, which names them all.
pub(crate) struct World {
    pub(crate) server: Server,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::within("", &[])
    }

    /// The instance with further settings and arguments.
    pub(crate) fn within(settings: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        authority(folder.path(), "ca");
        let name = [
            "subjectAltName=IP:127.0.0.1",
            "basicConstraints=critical,CA:FALSE",
        ];
        crate::up::certify(folder.path(), "localhost", &name);
        let settings = format!("{settings}\nct: {{roots: [root.pem]}}\n");
        let server = Server::within(folder, &settings, arguments);
        let world = Self { server };
        world.write_files();
        world
    }

    fn write_files(&self) {
        let (folder, url) = (self.path(), self.server.url());
        let root = fs::read(folder.join("data/client/trusted_root.json")).unwrap();
        let root: Value = serde_json::from_slice(&root).unwrap();
        let key = root["ctlogs"][0]["publicKey"]["rawBytes"].as_str().unwrap();
        let key = pem::encode("PUBLIC KEY", &base64::decode(key).unwrap());
        fs::write(folder.join("ctlog.pub"), key).unwrap();
        let certificate = fs::read_to_string(folder.join("chain.pem")).unwrap();
        let issuer = json!({
            "issuer-url": format!("{url}/oidc"), "client-id": "sigstore", "type": "email",
            "ca-cert": if url.starts_with("https") { certificate } else { String::new() },
        });
        let issuers = json!({"oidc-issuers": {format!("{url}/oidc"): issuer}});
        fs::write(folder.join("issuers.yaml"), issuers.to_string()).unwrap();
        let base = json!({
            "ca": "fileca", "fileca-cert": "ca.pem", "fileca-key": "ca.key",
            "fileca-key-passwd": PASSWORD, "config-path": "issuers.yaml",
            "ct-log-url": format!("{url}/ct"), "ct-log-public-key-path": "ctlog.pub",
            "host": "127.0.0.1", "port": 0, "grpc-host": "localhost", "grpc-port": 0,
            "metrics-host": "127.0.0.1", "metrics-port": 0, "legacy-unix-domain-socket": "",
        });
        self.write("base.yaml", &base);
    }

    pub(crate) fn write(&self, name: &str, value: &Value) {
        fs::write(self.path().join(name), value.to_string()).unwrap();
    }

    /// The file that all flags of a good start stand in, without some.
    pub(crate) fn base_without(&self, names: &[&str]) -> Value {
        let base = fs::read(self.path().join("base.yaml")).unwrap();
        let mut base: Value = serde_json::from_slice(&base).unwrap();
        for name in names {
            assert!(base.as_object_mut().unwrap().remove(*name).is_some());
        }
        base
    }

    pub(crate) fn path(&self) -> &Path {
        self.server.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn token(&self) -> String {
        token(self.path())
    }

    /// Starts a Fulcio with these flags before `base.yaml`.
    pub(crate) fn fulcio(&self, arguments: &[&str]) -> Fulcio {
        self.fulcio_with(arguments, &[])
    }

    pub(crate) fn fulcio_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Fulcio {
        let all = [&["--config", "base.yaml"], arguments].concat();
        Fulcio::with(self.path(), &all, variables)
    }

    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        let all = [&["--config", "base.yaml"], arguments].concat();
        refused(self.path(), &all, &[])
    }
}

/// Which of these authorities issued the certificate of an answer.
pub(crate) fn issuing(answer: &Value) -> String {
    let subject = chain(answer)[1].subject_der().to_vec();
    // The common name is the last of its texts.
    let text = String::from_utf8_lossy(&subject).into_owned();
    let end = text.rfind(|character: char| !character.is_ascii_alphanumeric());
    text[end.map_or(0, |end| end + 1)..].to_owned()
}

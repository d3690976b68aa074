//! A repository with an HTTP server of its own, which does as it is told, and clients of it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::json;
use waxwing_client::trust::{FRESH_FOR, PUBLIC_GOOD, Settings, TRUSTED_ROOT, TrustStore};
use waxwing_crypto::{KeyType, PrivateKey, PublicKey};
use waxwing_encoding::time::{Clock, UnixTime};
use waxwing_net::{Client, Retry};
use waxwing_tuf::metadata::TopRole;
use waxwing_tuf::repository::{
    File, FirstRoot, Period, Quorum, Renewal, Repository, TargetEdit, first_root,
};

/// When it begins.
pub(crate) const BEGAN: &str = "2026-06-01T12:00:00Z";

/// A trusted root, to be given out.
pub(crate) const GIVEN_OUT: &[u8] = PUBLIC_GOOD.trusted_root;

/// A time after the beginning.
pub(crate) fn after(seconds: i64) -> UnixTime {
    UnixTime::parse(BEGAN).unwrap().plus_seconds(seconds)
}

pub(crate) const MINUTE: i64 = 60;
pub(crate) const DAY: i64 = 86_400;

/// A clock that stands where it is put.
#[derive(Clone)]
pub(crate) struct Hand(Arc<Mutex<UnixTime>>);

impl Hand {
    pub(crate) fn put(&self, seconds: i64) {
        *self.0.lock().unwrap() = after(seconds);
    }
}

impl Clock for Hand {
    fn now(&self) -> UnixTime {
        *self.0.lock().unwrap()
    }
}

/// What the server does instead of answering.
#[derive(Clone)]
pub(crate) enum Fault {
    /// This status, with HTML.
    Status(u16),
    /// These bytes.
    Bytes(Vec<u8>),
    /// Zeros without an end.
    Endless,
    /// Nothing at all.
    Hang,
}

#[derive(Default)]
struct Served {
    files: BTreeMap<String, Vec<u8>>,
    /// By a part of the path.
    faults: Vec<(String, Fault)>,
    connections: u32,
    requests: Vec<String>,
}

/// A repository that is published.
pub(crate) struct World {
    served: Arc<Mutex<Served>>,
    pub(crate) url: String,
    pub(crate) clock: Hand,
    repository: Repository,
    root_key: PrivateKey,
    online: PrivateKey,
    pub(crate) first_root: Vec<u8>,
}

fn quorum(key: &PrivateKey) -> Quorum {
    Quorum::new([key.public_key()], 1).unwrap()
}

impl World {
    /// A repository with a trusted root in it, whose timestamp lives for seven days.
    pub(crate) fn new() -> Self {
        let served = Arc::<Mutex<Served>>::default();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/tuf", listener.local_addr().unwrap());
        let of_server = Arc::clone(&served);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let served = Arc::clone(&of_server);
                served.lock().unwrap().connections += 1;
                // A client that goes away is none of the server's trouble.
                thread::spawn(move || answer(&stream, &served));
            }
        });
        let (root_key, online) = keys();
        let mut root = first_root(&FirstRoot {
            root: quorum(&root_key),
            timestamp: quorum(&online),
            snapshot: quorum(&online),
            targets: quorum(&root_key),
            consistent_snapshot: true,
            expires: after(3650 * DAY),
        })
        .unwrap();
        root.sign(&root_key).unwrap();
        let (repository, files) = Repository::create(root).unwrap();
        let mut world = Self {
            served,
            url,
            clock: Hand(Arc::new(Mutex::new(after(0)))),
            repository,
            root_key,
            online,
            first_root: files[0].bytes.clone(),
        };
        world.write(files);
        world.publish(TRUSTED_ROOT, GIVEN_OUT);
        world
    }

    /// Sets a target, and with it makes new targets, snapshot and timestamp.
    pub(crate) fn publish(&mut self, path: &str, content: &[u8]) {
        self.edit(TargetEdit::Set {
            path: path.to_owned(),
            content: content.to_vec(),
            custom: None,
        });
    }

    /// Sets the key of a log of Rekor as repositories had them without a trusted root.
    pub(crate) fn publish_log(&mut self, path: &str, key: &PublicKey) {
        let custom = json!({"sigstore": {"usage": "Rekor", "status": "Active", "uri": ""}});
        self.edit(TargetEdit::Set {
            path: path.to_owned(),
            content: key.to_pem().into_bytes(),
            custom: Some(custom),
        });
    }

    /// Removes a target.
    pub(crate) fn remove(&mut self, path: &str) {
        let path = path.to_owned();
        self.edit(TargetEdit::Remove { path });
    }

    fn edit(&mut self, edit: TargetEdit) {
        let expires = after(3650 * DAY);
        let (mut targets, files) = self.repository.draft_targets(&[edit], expires).unwrap();
        self.write(files);
        targets.sign(&self.root_key).unwrap();
        let files = self.repository.publish_targets(targets).unwrap();
        self.write(files);
        self.renew();
    }

    /// Makes a new timestamp, and a new snapshot if there is something new to say.
    pub(crate) fn renew(&mut self) {
        let now = self.clock.now();
        let renewal = Renewal {
            snapshot: Period {
                expires: now.plus_seconds(3650 * DAY),
                renew_before: now,
            },
            timestamp: Period {
                expires: now.plus_seconds(7 * DAY),
                renew_before: now.plus_seconds(70 * DAY),
            },
        };
        let files = self.repository.refresh(&[&self.online], &renewal).unwrap();
        self.write(files);
    }

    /// Exchanges the online key; what it signed is made anew by the new one.
    pub(crate) fn rotate(&mut self) {
        self.online = PrivateKey::generate(KeyType::EcdsaP256).unwrap();
        let rotated =
            [TopRole::Timestamp, TopRole::Snapshot].map(|role| (role, quorum(&self.online)));
        let root = self.repository.draft_root(&rotated, after(3650 * DAY));
        let mut root = root.unwrap();
        root.sign(&self.root_key).unwrap();
        let files = self.repository.publish_root(root).unwrap();
        self.write(files);
        self.renew();
    }

    fn write(&self, files: Vec<File>) {
        let mut served = self.served.lock().unwrap();
        for file in files {
            served
                .files
                .insert(format!("/tuf/{}", file.path), file.bytes);
        }
    }

    /// Everything that it serves.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        self.served.lock().unwrap().files.clone()
    }

    /// Serves this instead.
    pub(crate) fn serve(&self, files: BTreeMap<String, Vec<u8>>) {
        self.served.lock().unwrap().files = files;
    }

    /// From now on the server does this for every path with `part` in it.
    pub(crate) fn fault(&self, part: &str, fault: Fault) {
        let mut served = self.served.lock().unwrap();
        served.faults.push((part.to_owned(), fault));
    }

    /// Ends all faults.
    pub(crate) fn repair(&self) {
        self.served.lock().unwrap().faults.clear();
    }

    /// How many connections were made since the last call.
    pub(crate) fn connections(&self) -> u32 {
        std::mem::take(&mut self.served.lock().unwrap().connections)
    }

    /// What was asked for since the last call.
    pub(crate) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.served.lock().unwrap().requests)
    }

    /// What a client of it is told, that has its cache here.
    pub(crate) fn settings(&self, cache: &Path) -> Settings {
        Settings {
            cache: Some(cache.to_owned()),
            mirror: Some(self.url.clone()),
            root: Some(self.first_root.clone()),
            fresh_for: FRESH_FOR,
            offline: false,
        }
    }

    pub(crate) fn client(&self, cache: &Path) -> TrustStore {
        self.client_with(self.settings(cache))
    }

    pub(crate) fn client_with(&self, settings: Settings) -> TrustStore {
        TrustStore::new(settings, http(), Arc::new(self.clock.clone()))
    }
}

/// A client that is not patient.
pub(crate) fn http() -> Client {
    let settings = waxwing_net::Settings {
        timeout: Duration::from_millis(1500),
        retry: Retry::never(),
        ..waxwing_net::Settings::default()
    };
    Client::network(settings).unwrap()
}

fn keys() -> (PrivateKey, PrivateKey) {
    let key = || PrivateKey::generate(KeyType::EcdsaP256).unwrap();
    (key(), key())
}

fn answer(mut stream: &TcpStream, served: &Mutex<Served>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let (fault, file) = {
        let mut served = served.lock().unwrap();
        served.requests.push(path.clone());
        let mut faults = served.faults.iter();
        let fault = faults.find(|(part, _)| path.contains(part.as_str()));
        (
            fault.map(|fault| fault.1.clone()),
            served.files.get(&path).cloned(),
        )
    };
    let html = b"<html><body>Please log in</body></html>".to_vec();
    let (status, body) = match (fault, file) {
        (Some(Fault::Status(status)), _) => (status, html),
        (Some(Fault::Bytes(bytes)), _) | (None, Some(bytes)) => (200, bytes),
        (None, None) => (404, html),
        (Some(Fault::Endless), _) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            loop {
                stream.write_all(&[b'0'; 4096])?;
            }
        }
        (Some(Fault::Hang), _) => {
            thread::sleep(Duration::from_secs(30));
            return Ok(());
        }
    };
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(&body)
}
